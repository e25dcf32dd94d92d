package codes

import "strings"

// The codes of advice.
const (
	SourceUnverified Code = "source-unverified"
	PasswordWeak     Code = "password-weak"
	SSHKeyData       Code = "ssh-key-data"
	NoLogin          Code = "no-login"
	IDSubordinate    Code = "id-subordinate"
	PathVolatile     Code = "path-volatile"
	HomeParents      Code = "home-parents"
	ScriptMode       Code = "script-mode"
	SecretReadable   Code = "secret-readable"
	PasswordLength   Code = "password-length"
	FileUnread       Code = "file-unread"
	SourcePage       Code = "source-page"
	PartitionType    Code = "partition-type"
	OnlyKept         Code = "only-kept"
	ArrayName        Code = "array-name"
)

func adviceRows() []Row {
	rows := []Row{
		{
			Code: SourceUnverified,
			Line: "something is fetched by http or tftp, and nothing proves that it is what was meant",
			Do:   "add `verification.hash`, or fetch it by https",
			Why: `Whoever is on the way, or answers first, can put anything in its place, as root and before the machine
				has any other protection.`,
		},
		{
			Code: PasswordWeak, Line: "the hash of a password is made by a method that is quickly tried out",
			Do: "make a new one, such as by `mkpasswd --method=yescrypt`",
			Why: `User data is often readable by all that runs on the machine. What a graphics card tries out
				billions of times a second is then as good as the password itself.`,
		},
		{
			Code: SSHKeyData,
			Line: "an SSH key is cut off, of another kind than its line says, or one that sshd does not take",
			Do:   "take the line from the .pub file again; make new keys of kind ed25519",
			Why:  `A key that was copied in part looks like a key, and nobody logs in by it.`,
		},
		{
			Code: NoLogin, Line: "none of the users of a config has a key or a password",
			Do: "give one of them `sshAuthorizedKeys`",
			Why: `Users without both can be used by services, but nobody logs in as one of them. Where the config
				merges or is replaced by another one, that one may say more.`,
		},
		{
			Code: IDSubordinate,
			Line: "the number of a user is in the range that is given to users for their containers",
			Do:   "choose a number between 1000 and 60000",
			Why: `From 100000 on, useradd gives ranges of numbers to users, for the users inside of their containers
				(login.defs(5), SUB_UID_MIN). A process in such a container could then be this user outside.`,
		},
		{
			Code: PathVolatile, Line: "something is to stand where other contents are mounted once the machine runs",
			Do: "write it somewhere else, or have systemd-tmpfiles make it at each boot",
			Why: `/proc, /sys, /dev, /run and often /tmp are filesystems of their own, mounted over the root after
				the stages of the first boot (file-hierarchy(7)).`,
		},
		{
			Code: HomeParents, Line: "directories on the way to what a user owns are made, and belong to root",
			Do: "add each directory on the way to `directories`, with the user",
			Why: `Directories that a config needs and does not name belong to root. Programs of the user cannot write in
				~/.config then, which few of them say.`,
		},
		{
			Code: ScriptMode, Line: "a file begins like a program and nobody may execute it",
			Do:  "set `mode` to 0755",
			Why: `A file without a mode gets 0644. systemd says "Permission denied" of it when the unit is started.`,
		},
		{
			Code: SecretReadable, Line: "a file holds a private key that others than its owner may read",
			Do:  "set `mode` to 0600",
			Why: `Programs such as sshd refuse a key like that, others use it, and every process of the machine can.`,
		},
	}
	rows = append(append(rows, passedOverRows()...), perhapsRows()...)
	for i := range rows {
		rows[i].Kind = Advice
	}
	return rows
}

// perhapsRows are about what some disks take, or some releases of the tools.
func perhapsRows() []Row {
	return []Row{
		{
			Code: OnlyKept,
			Line: "a partition or a filesystem cannot be made as the config has it, only kept where it is there",
			Do:   "choose what can be made, unless all disks that the config is for have it",
			Why: `On a disk that has it not the boot stops before it writes to it. A new partition table has 128
				entries, mkfs.fat takes few signs in a label, and a new ext4 has a UUID.`,
		},
		{
			Code: ArrayName, Line: "the name of an array is one that newer releases of mdadm refuse",
			Do: "choose one of letters, digits, dots, underscores and dashes, with no dot or dash in front",
			Why: `mdadm 4.2 takes more than that. mdadm 4.4 refuses such an array, be it new or there already, and the
				boot stops when disks are written already.`,
		},
	}
}

// passedOverRows are about what the program that it is for does not take.
func passedOverRows() []Row {
	return []Row{
		{
			Code: PasswordLength, Line: "the hash of a password is cut off, or has something more at its end",
			Do: "copy the hash whole, as `mkpasswd` prints it",
			Why: `Whatever is typed in, its hash has another length than this one. Shells put the value of a variable in
				the place of a $ and the word behind it, unless the hash is in single quotes.`,
		},
		{
			Code: SourcePage, Line: "something is fetched from a page that shows a file, and not the file itself",
			Do: "write the address of the raw file",
			Why: `github.com and gitlab.com answer with HTML, which then stands in the file, or is refused as a
				config.`,
		},
		{
			Code: PartitionType, Line: "the type of a partition is misspelt, or is not that of what is on it",
			Do: "give the partition the type that the hint has, or none",
			Why: `Firmware, systemd and boot loaders find partitions by their types, and take what is on them for what
				the type says. Of a disk with the root systemd mounts some where their types say.`,
		},
		{
			Code: FileUnread, Line: "the program that a file is for passes over it, because of its mode or its name",
			Do: "set the mode that the hint has, or give it another name",
			Why: `NetworkManager, sudo and sshd do not trust files that others than root may write or, where they hold
				secrets, read. They say so in their logs alone. A file without a mode gets 0644.`,
		},
	}
}

// advicePairs are the examples of these rows.
func advicePairs() map[Code]*Pair {
	const key = `"sshAuthorizedKeys": ["ssh-ed25519 ` +
		`AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR~~ me"]`
	whole := strings.ReplaceAll(key, mark, "4f")
	return map[Code]*Pair{
		SourceUnverified: file(`"path": "/etc/motd", "contents": {"source": "~~://example.com/motd"}`, "http", "https"),
		PasswordWeak: user(`"name": "core", "passwordHash": "~~"`, "$1$salt$UsCvf7Y6vJXnmmZxbdyBb1",
			"$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."),
		SSHKeyData:    user(`"name": "core", `+key, "4", "4f"),
		NoLogin:       user(`"name": "core"~~`, "", ", "+whole),
		IDSubordinate: user(`"name": "core", `+whole+`, "uid": ~~`, "100500", "1500"),
		PathVolatile:  file(`"path": "/~~/lock", "overwrite": false`, "run", "var/lib"),
		HomeParents: newest(`"storage": {"files": [{"path": "/home/core/~~.bashrc", "user": {"name": "core"}}]}`,
			".config/", ""),
		ScriptMode: file(`"path": "/opt/run", "contents": {"source": "data:,%23!/bin/sh%0A"}~~`, "", `, "mode": 493`),
		SecretReadable: file(`"path": "/etc/key", "mode": ~~, `+
			`"contents": {"source": "data:,-----BEGIN%20PRIVATE%20KEY-----"}`,
			"420", "384"),
	}
}

// passedOverPairs are the examples of these rows.
func passedOverPairs() map[Code]*Pair {
	const sha512 = "$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy"
	return map[Code]*Pair{
		PartitionType: newest(`"storage": {"disks": [{"device": "/dev/vda", "partitions": [{"label": "esp", "number": 1,
    "typeGuid": "c12a7328-f81f-11d2-ba4b-00a0c93ec93b"}]}],
  "filesystems": [{"device": "/dev/disk/by-partlabel/esp", "format": "~~"}]}`, "ext4", "vfat"),
		OnlyKept: newest(`"storage": {"filesystems": [{"device": "/dev/vda1", "format": "vfat", "label": "~~"}]}`,
			"EFI.SYS", "EFI-SYS"),
		ArrayName: newest(`"storage": {"raid": [{"name": "~~", "level": "raid0", "devices": ["/dev/vdb"]}]}`, "a+b",
			"a-b"),
		PasswordLength: user(`"name": "core", "passwordHash": "`+sha512+`~~"`, "", ".g."),
		SourcePage: file(`"path": "/opt/run", "contents": {"source": "https://~~/run"}`, "github.com/me/x/blob/main",
			"raw.githubusercontent.com/me/x/main"),
		FileUnread: file(`"path": "/etc/NetworkManager/system-connections/lan.nmconnection", `+
			`"contents": {"source": "data:,%5Bconnection%5D"}, "mode": ~~`, "420", "384"),
	}
}
