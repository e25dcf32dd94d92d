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
)

func adviceRows() []Row {
	const key = `"sshAuthorizedKeys": ["ssh-ed25519 ` +
		`AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR~~ me"]`
	whole := strings.ReplaceAll(key, mark, "4f")
	rows := []Row{
		{
			Code: SourceUnverified,
			Line: "something is fetched by http or tftp, and nothing proves that it is what was meant",
			Do:   "add `verification.hash`, or fetch it by https",
			Why: `Whoever is on the way, or answers first, can put anything in its place, as root and before the machine
				has any other protection.`,
			Show: file(`"path": "/etc/motd", "contents": {"source": "~~://example.com/motd"}`, "http", "https"),
		},
		{
			Code: PasswordWeak, Line: "the hash of a password is made by a method that is quickly tried out",
			Do: "make a new one, such as by `mkpasswd --method=yescrypt`",
			Why: `User data is often readable by all that runs on the machine. What a graphics card tries out
				billions of times a second is then as good as the password itself.`,
			Show: user(`"name": "core", "passwordHash": "~~"`, "$1$salt$UsCvf7Y6vJXnmmZxbdyBb1",
				"$6$salt$IxDD3jeSOb5eB1CX5LBsqZFVkJdido3OUILO5Ifz5iwMuTS4XMS130MTSuDDl3aCI6WouIL9AjRbLCelDCy.g."),
		},
		{
			Code: SSHKeyData,
			Line: "an SSH key is cut off, of another kind than its line says, or one that sshd does not take",
			Do:   "take the line from the .pub file again; make new keys of kind ed25519",
			Why:  `A key that was copied in part looks like a key, and nobody logs in by it.`,
			Show: user(`"name": "core", `+key, "4", "4f"),
		},
		{
			Code: NoLogin, Line: "none of the users of a config has a key or a password",
			Do: "give one of them `sshAuthorizedKeys`",
			Why: `Users without both can be used by services, but nobody logs in as one of them. Where the config
				merges or is replaced by another one, that one may say more.`,
			Show: user(`"name": "core"~~`, "", ", "+whole),
		},
		{
			Code: IDSubordinate,
			Line: "the number of a user is in the range that is given to users for their containers",
			Do:   "choose a number between 1000 and 60000",
			Why: `From 100000 on, useradd gives ranges of numbers to users, for the users inside of their containers
				(login.defs(5), SUB_UID_MIN). A process in such a container could then be this user outside.`,
			Show: user(`"name": "core", `+whole+`, "uid": ~~`, "100500", "1500"),
		},
		{
			Code: PathVolatile, Line: "something is to stand where other contents are mounted once the machine runs",
			Do: "write it somewhere else, or have systemd-tmpfiles make it at each boot",
			Why: `/proc, /sys, /dev, /run and often /tmp are filesystems of their own, mounted over the root after
				the stages of the first boot (file-hierarchy(7)).`,
			Show: file(`"path": "/~~/lock", "overwrite": false`, "run", "var/lib"),
		},
		{
			Code: HomeParents, Line: "directories on the way to what a user owns are made, and belong to root",
			Do: "add each directory on the way to `directories`, with the user",
			Why: `Directories that a config needs and does not name belong to root. Programs of the user cannot write in
				~/.config then, which few of them say.`,
			Show: newest(`"storage": {"files": [{"path": "/home/core/~~.bashrc", "user": {"name": "core"}}]}`,
				".config/", ""),
		},
		{
			Code: ScriptMode, Line: "a file begins like a program and nobody may execute it",
			Do:   "set `mode` to 0755",
			Why:  `A file without a mode gets 0644. systemd says "Permission denied" of it when the unit is started.`,
			Show: file(`"path": "/opt/run", "contents": {"source": "data:,%23!/bin/sh%0A"}~~`, "", `, "mode": 493`),
		},
		{
			Code: SecretReadable, Line: "a file holds a private key that others than its owner may read",
			Do:  "set `mode` to 0600",
			Why: `Programs such as sshd refuse a key like that, others use it, and every process of the machine can.`,
			Show: file(`"path": "/etc/key", "mode": ~~, `+
				`"contents": {"source": "data:,-----BEGIN%20PRIVATE%20KEY-----"}`,
				"420", "384"),
		},
	}
	for i := range rows {
		rows[i].Kind, rows[i].Show.By = Advice, ByLint
	}
	return rows
}
