package codes

import "strings"

// The codes of encrypted volumes.
const (
	LUKSName            Code = "luks-name"
	LUKSLabelLong       Code = "luks-label-long"
	LUKSUUID            Code = "luks-uuid"
	LUKSKeyEmpty        Code = "luks-key-empty"
	ClevisMixed         Code = "clevis-mixed"
	ClevisThreshold     Code = "clevis-threshold"
	ClevisPinMissing    Code = "clevis-pin-missing"
	ClevisPin           Code = "clevis-pin"
	ClevisConfigMissing Code = "clevis-config-missing"
	TangURL             Code = "tang-url"
	TangThumbprint      Code = "tang-thumbprint"
	TangAdvertisement   Code = "tang-advertisement"
	CEXClevis           Code = "cex-clevis"
	CEXKey              Code = "cex-key"
)

// tang is a config with a volume that a Tang server opens.
func tang(members, wrong, right string) *Pair {
	return volume(`"clevis": {"tang": [{`+members+`}]}`, wrong, right)
}

func luksRows() []Row {
	return []Row{
		{
			Code: LUKSName, Line: "the name of a volume has a slash", Do: "replace it",
			Why: `The name becomes a file in /dev/mapper. Other characters that the device mapper does not take are
				told as field-character, which tells of the slash as well.`,
		},
		{
			Code: LUKSLabelLong, Line: "the label of a volume has more than 47 bytes", Do: "shorten it",
			Why: `The header of a LUKS2 volume has 48 bytes for it, with a NUL byte at the end.`,
		},
		{
			Code: LUKSUUID, Kind: OurError, Line: "the UUID of a volume is malformed",
			Do:  "write 8, 4, 4, 4 and 12 hexadecimal digits with dashes between them",
			Why: `cryptsetup refuses another one, when the disk has been changed already.`,
		},
		{
			Code: LUKSKeyEmpty, Kind: OurError, Line: "the key has no bytes: its source, or its digest, says so",
			Do: "write a key, or leave `keyFile` out for a random one",
			Why: `Whoever has the disk opens a volume whose key is empty. It is mostly the output of a command that
				failed. Also the digest of nothing tells.`,
		},
		{
			Code: ClevisMixed, Line: "a custom pin stands beside tang, tpm2 or a threshold", Do: "keep either",
			Why: `One volume is bound once. Tang servers and a TPM can be combined with a threshold; a custom pin
				takes a config in which sss combines what it wants.`,
		},
		{
			Code: ClevisThreshold, Kind: OurError, Line: "more pins are to open a volume than it has, or none are",
			Do: "choose a threshold from 1 to the number of Tang servers and TPMs",
			Why: `clevis refuses to bind the volume, when it has been formatted already. A TPM counts as one pin, and so
				does each Tang server. The config of a custom pin has a threshold of its own.`,
		},
		{
			Code: ClevisPinMissing, Line: "a custom pin has no name", Do: "add `pin`",
			Why: `The name decides which program of clevis is run: clevis-encrypt-PIN.`,
		},
		{
			Code: ClevisPin, Line: "the config's version does not know this pin",
			Do: "use tpm2, tang or sss, or raise `ignition.version` to 3.6.0",
			Why: `Up to 3.5.0 only these three could be named. From 3.6.0 on a pin may be any that the image has a
				program for, and another one is found out when the volume is bound.`,
		},
		{
			Code: ClevisConfigMissing, Line: "a custom pin has no config", Do: "add `config`",
			Why: `It is the JSON text that clevis gets after the name of the pin; "{}" is the least.`,
		},
		{
			Code: TangURL, Line: "the URL of a Tang server is not http or https", Do: "write `http://host`",
			Why: `Tang speaks HTTP. Its answers are signed, so http will do; the thumbprint says whose signature it
				has to be.`,
		},
		{
			Code: TangThumbprint, Line: "a Tang server has no thumbprint",
			Do: "add what `tang-show-keys` prints on the server",
			Why: `Nobody is there to say yes at a first boot. Without the thumbprint any server that answers would
				get to bind the volume.`,
		},
		{
			Code: TangAdvertisement, Line: "the advertisement of a Tang server is not JSON",
			Do: "copy what the server answers to `GET /adv`",
			Why: `With it a volume can be bound to a server that cannot be reached at the first boot. It is the whole
				answer, as text in quotes.`,
		},
		{
			Code: CEXClevis, Line: "Crypto Express stands beside Clevis", Do: "keep one of the two",
			Why: `The adapter of a mainframe holds the key of the volume, and Clevis would bind another one that
				nobody uses. In Butane the same is true of "boot_device".`,
		},
		{
			Code: CEXKey, Line: "Crypto Express stands beside a key file", Do: "remove the key file",
			Why: `The adapter makes the key and does not give it away, so there is no place for another one.`,
		},
	}
}

// luksPairs are the examples of these rows.
func luksPairs() map[Code]*Pair {
	return map[Code]*Pair{
		LUKSName:         newest(`"storage": {"luks": [{"name": "~~", "device": "/dev/vdb"}]}`, "srv/data", "srv-data"),
		LUKSLabelLong:    volume(`"label": "~~"`, strings.Repeat("label-", 8), "label"),
		LUKSUUID:         volume(`"uuid": "~~"`, noGUID, strings.ToLower(aGUID)),
		LUKSKeyEmpty:     volume(`"keyFile": {"source": "~~"}`, "data:,", "data:,correct-horse"),
		ClevisMixed:      volume(`"clevis": {~~"custom": {"pin": "tpm2", "config": "{}"}}`, `"tpm2": true, `, ""),
		ClevisThreshold:  volume(`"clevis": {"tpm2": true, "threshold": ~~}`, "2", "1"),
		ClevisPinMissing: volume(`"clevis": {"custom": {~~"config": "{}"}}`, "", `"pin": "tpm2", `),
		ClevisPin: old("~~", `"storage": {"luks": [{
  "name": "data", "device": "/dev/vdb", "clevis": {"custom": {"pin": "yubikey", "config": "{}"}}
}]}`, "3.5.0", "3.6.0"),
		ClevisConfigMissing: volume(`"clevis": {"custom": {"pin": "tpm2"~~}}`, "", `, "config": "{}"`),
		TangURL: tang(`"url": "~~", "thumbprint": "REPLACE-WITH-THE-THUMBPRINT"`, "tang.example.com",
			"http://tang.example.com"),
		TangThumbprint: tang(`"url": "http://tang.example.com"~~`, "", `, "thumbprint": "REPLACE-WITH-THE-THUMBPRINT"`),
		TangAdvertisement: tang("\n"+`  "url": "http://tang.example.com", "thumbprint": "REPLACE-WITH-THE-THUMBPRINT",
  "advertisement": "~~"`+"\n", "http://tang.example.com/adv", `{\"payload\": \"…\"}`),
		CEXClevis: volume(`"cex": {"enabled": true}~~`, `, "clevis": {"tpm2": true}`, ""),
		CEXKey:    volume(`"cex": {"enabled": true}~~`, `, "keyFile": {"source": "data:,correct-horse"}`, ""),
	}
}
