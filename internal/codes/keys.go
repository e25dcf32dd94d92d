package codes

import "strings"

// The codes of keys and of single values.
const (
	WrongType      Code = "wrong-type"
	NullObject     Code = "null-object"
	KeyUnknown     Code = "key-unknown"
	KeyTooNew      Code = "key-too-new"
	KeyCase        Code = "key-case"
	KeyDuplicate   Code = "key-duplicate"
	Duplicate      Code = "duplicate"
	NameEmpty      Code = "name-empty"
	NumberNegative Code = "number-negative"
	PathMissing    Code = "path-missing"
	PathRelative   Code = "path-relative"
	PathUnclean    Code = "path-unclean"
	FieldCharacter Code = "field-character"
	FieldLong      Code = "field-long"
)

func keyRows() []Row {
	return []Row{
		{
			Code: WrongType,
			Line: `a value is of another kind than its key takes, or a number is no integer of 64 bits; the rest of
				its object is not judged`,
			Do: "write what the message asks for",
			Why: `Quotes make text of a number, and brackets a list. An engine stops here, before it has looked at
				anything else. Modes are numbers, in JSON decimal ones; versions are text.`,
		},
		{
			Code: NullObject, Kind: Warning, Line: "null stands where an object belongs and is ignored",
			Do: "write `{}`, or leave the key out",
			Why: `It is what a template leaves when it had nothing to fill in, or what a key in YAML means whose
				lines are not indented. Whatever was to stand there is missing.`,
		},
		{
			Code: KeyUnknown, Kind: Warning, Line: "the language has no such key here, so it is ignored",
			Do: "correct the spelling, put it where the hint says that it belongs, or remove it",
			Why: `A misspelt key changes nothing on the machine and stops nothing, so the machine comes up without
				what it was to say. The hint has the key that is spelled most alike. The same key may exist at
				another place.`,
		},
		{
			Code: KeyTooNew, Kind: Warning, Also: []Kind{PeersWarning},
			Line: "a later version brought the key; in a config of this version it is ignored",
			Do:   "raise `ignition.version` to what the hint says",
			Why: `The version of the config decides, not that of the program that reads it: newer engines ignore the
				key in an old config as well, so that a config means the same everywhere.`,
		},
		{
			Code: KeyCase, Kind: Warning,
			Line: "the key differs from a known one in capitals only; other programs may ignore it",
			Do:   "write it as the hint does",
			Why: `Engines written in Go take keys whatever their case, other programs do not. Two keys that differ in
				case only are worse: the later one counts, and which one that is cannot be seen at a glance.`,
		},
		{
			Code: KeyDuplicate, Kind: OurError, Also: []Kind{Error},
			Line: "an object has the key twice; of two values the later counts, two objects are put together",
			Do:   "remove one",
			Why: `One of the two does not count, and few readers see which. In YAML every engine refuses it; in JSON
				other engines take the later one in silence.`,
		},
		{
			Code: Duplicate,
			Line: `two items of a list, or of lists that share their names such as files, directories and links, mean
				the same thing`,
			Do: "remove one, or put what they say into one",
			Why: `Nothing says which of the two is meant. In one config this is a mistake; when configs are merged,
				the later item is put over the earlier one instead. Two kernel arguments or SSH keys that are equal
				count as well.`,
		},
		{
			Code: NameEmpty, Kind: OurError, Line: "a user, a group, an array or an encrypted volume has no name",
			Do: "name it",
			Why: `Ignition takes such a config, and the first boot stops when the thing is to be made. A name that is
				missing is often a key that is misspelt.`,
		},
		{
			Code: NumberNegative, Kind: OurError, Line: "a number that counts something is below zero",
			Do: "write zero or more",
			Why: `Sizes, ids, limits and counts begin at zero. Tools take a dash for an option, so the boot would
				stop with a message about something else.`,
		},
		{
			Code: PathMissing, Line: "a path is missing", Do: "add an absolute one",
			Why: `A file, directory, link or disk without its path is nothing that could be made. In Butane this may
				be a key that is indented too far or too little.`,
		},
		{
			Code: PathRelative, Line: "a path does not start with `/`", Do: "write it from the root on",
			Why: `A config has no current directory that a path could start from: "etc/motd" may be meant below / or
				below a home. Devices are paths as well, such as /dev/vda. A mount point is the path on the machine
				that comes up.`,
		},
		{
			Code: PathUnclean, Line: "a path has `.`, `..`, two slashes in a row or one at its end",
			Do: "write its shortest form",
			Why: `Two spellings of a path are one file, and a config that is to say each thing once must be able to
				compare them. ".." may also lead elsewhere than it looks, behind a link.`,
		},
		{
			Code: FieldCharacter, Kind: OurError,
			Line: `a field that becomes a line of a file, an argument or a name holds a line end or the like, or a
				label what mkfs.fat refuses`,
			Do: "leave it out; [validate.md](validate.md#characters) has the table",
			Why: `A line end in a kernel argument, a mount option or a name begins another line in the file that it
				is written to; a leading dash makes an option of a name. It is mostly the line end of a command's
				output.`,
		},
		{
			Code: FieldLong, Kind: OurError,
			Line: "the name of an encrypted volume has more than 127 bytes, that of an array more than 32, or the " +
				"label of a btrfs that is wiped more than 254",
			Do: "shorten it",
			Why: `The device mapper, which gives the open volume its name in /dev/mapper, refuses longer ones, and
				the boot would stop after the volume was made. mdadm refuses longer names of arrays, and mkfs.btrfs
				longer labels.`,
		},
	}
}

// keyPairs are the examples of these rows.
func keyPairs() map[Code]*Pair {
	return map[Code]*Pair{
		WrongType:    file(`"path": "/etc/motd", "mode": ~~`, `"0644"`, `420`),
		NullObject:   newest(`"storage": ~~`, "null", "{}"),
		KeyUnknown:   file(`"path": "/etc/motd", "~~": 420`, "mood", "mode"),
		KeyTooNew:    old("~~", `"kernelArguments": {"shouldExist": ["quiet"]}`, "3.2.0", "3.3.0"),
		KeyCase:      file(`"path": "/etc/motd", "~~": 420`, "Mode", "mode"),
		KeyDuplicate: file(`"path": "/etc/motd"~~`, `, "path": "/etc/issue"`, ""),
		Duplicate: newest(`"storage": {"files": [
  {"path": "/etc/motd", "mode": 420},
  {"path": "~~", "mode": 384}
]}`, "/etc/motd", "/etc/issue"),
		NameEmpty:      user(`~~"uid": 1500`, "", `"name": "web", `),
		NumberNegative: disk(`{"number": 1, "sizeMiB": ~~}`, "-1", "0"),
		PathMissing:    newest(`"storage": {"directories": [{~~"mode": 493}]}`, "", `"path": "/srv/www", `),
		PathRelative:   file(`"path": "~~"`, "etc/motd", "/etc/motd"),
		PathUnclean:    newest(`"storage": {"directories": [{"path": "~~"}]}`, "/srv/www/", "/srv/www"),
		FieldCharacter: newest(`"kernelArguments": {"shouldExist": ["~~"]}`, `quiet\n`, "quiet"),
		FieldLong: newest(`"storage": {"luks": [{"name": "~~",
				"device": "/dev/vdb"}]}`, strings.Repeat("data-", 26), "data"),
	}
}
