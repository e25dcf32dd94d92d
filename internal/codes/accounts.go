package codes

// The codes of users and groups.
const (
	AccountName    Code = "account-name"
	AccountNameOld Code = "account-name-old"
	AccountField   Code = "account-field"
	IDRange        Code = "id-range"
	IDTwice        Code = "id-twice"
	GroupMissing   Code = "group-missing"
	OwnerDeleted   Code = "owner-deleted"
	PasswordHash   Code = "password-hash"
	SSHKey         Code = "ssh-key"
	KeysNoHome     Code = "keys-no-home"
	RootDeleted    Code = "root-deleted"
)

func accountRows() []Row {
	return []Row{
		{
			Code: AccountName, Kind: OurError, Line: "no release of shadow-utils makes a user or group of this name",
			Do: "use letters, digits, `_`, `-` and `.`; begin with a letter",
			Why: `A name is a field of /etc/passwd and the name of a home. With a colon, a slash or a blank it would
				be something else there. Some releases take less than others; a name of small letters is taken
				everywhere.`,
		},
		{
			Code: AccountNameOld, Kind: OurWarning,
			Line: "only old releases of shadow-utils, as in Debian 12, " +
				"make a user or group of this name: a number, or " +
				"with letters such as `ä`, `@` or characters that nobody sees",
			Do: "use letters, digits, `_`, `-` and `.`; begin with a letter",
			Why: `A config that is to make machines of more than one system fails on the newer ones, where useradd refuses
				the name. A number is also taken for a uid wherever a user may be given either way.`,
		},
		{
			Code: AccountField, Kind: OurError,
			Line: `a comment, home, shell or hash holds a colon or a control character, or a home or shell is no
				absolute path`,
			Do: "take the character out, often the line end of a command's output; write the whole path",
			Why: `Fields of /etc/passwd end at a colon and entries at a line end: the rest of the value would become
				another field, or another user.`,
		},
		{
			Code: IDRange, Kind: OurError, Line: "the number of a user or group is past 4294967294",
			Do:  "choose a smaller one",
			Why: `Linux has 32 bits for it, and the largest number means none.`,
		},
		{
			Code: IDTwice, Kind: OurError, Line: "two users have one `uid`, or two groups one `gid`",
			Do: "choose another, or leave one out",
			Why: `Files belong to numbers, so the two would own each other's. useradd and groupadd refuse it, when
				the first of the two is there already.`,
		},
		{
			Code: GroupMissing, Kind: OurError,
			Line: "a user is to be in a group that the same config deletes, or that cannot exist",
			Do:   "keep the group, or take the user out of it",
			Why: `Groups are worked on before users, so the group is gone when the user is to join it. An empty name,
				as a comma too many leaves it, is that of no group.`,
		},
		{
			Code: OwnerDeleted, Kind: OurError,
			Line: "something is to belong to a user or group that the same config deletes", Do: "name another owner",
			Why: `Accounts are worked on before files, so the name means nobody when the file is written. To give a
				file to a number that no user has, write "id".`,
		},
		{
			Code: PasswordHash, Kind: OurWarning,
			Line: "no password has this hash, by crypt(5): it has a blank, or is the password itself",
			Do:   "write what `openssl passwd -6` or `mkpasswd` prints",
			Why: `Whatever password is typed in, its hash will not be this one, so nobody can log in with one. A
				password in plain text is also there for all who can read the config.`,
		},
		{
			Code: SSHKey, Kind: OurWarning, Line: "an entry of `sshAuthorizedKeys` is no key, or holds none",
			Do: "write a line of a `.pub` file",
			Why: `sshd passes over lines that it cannot read, so nobody could log in with the key that is meant. What
				is missing is often the kind before the key.`,
		},
		{
			Code: KeysNoHome, Kind: OurWarning,
			Line: "a user with `noCreateHome` has SSH keys, which are refused at boot if the root has no home for " +
				"them; the config's own directories come after the keys",
			Do: "remove `noCreateHome`",
			Why: `Keys are written to .ssh in the user's home, as that user, who could not make a home. If the image
				has the home, all is well.`,
		},
		{
			Code: RootDeleted, Kind: OurWarning, Line: "the user or group root is deleted, the user with `/root`",
			Do:  "to lock the user, set `passwordHash` to `!`",
			Why: `Most of the system runs as root and belongs to root; without the name few things start.`,
		},
	}
}

// accountPairs are the examples of these rows.
func accountPairs() map[Code]*Pair {
	return map[Code]*Pair{
		AccountName:    user(`"name": "~~"`, "web/admin", "web-admin"),
		AccountNameOld: user(`"name": "~~"`, "1234", "web"),
		AccountField:   user(`"name": "core", "homeDir": "~~"`, "srv/core", "/srv/core"),
		IDRange:        user(`"name": "core", "uid": ~~`, "4294967295", "1500"),
		IDTwice:        user(`"name": "web", "uid": 1500}, {"name": "db", "uid": ~~`, "1500", "1501"),
		GroupMissing: newest(`"passwd": {
  "groups": [{"name": "wheel"~~}],
  "users": [{"name": "core", "groups": ["wheel"]}]
}`, `, "shouldExist": false`, ""),
		OwnerDeleted: newest(`"passwd": {"users": [{"name": "web", "shouldExist": false}]},
"storage": {"files": [{"path": "/srv/index", "user": {"name": "~~"}}]}`, "web", "root"),
		PasswordHash: user(`"name": "core", "passwordHash": "~~"`, "secret",
			"$6$XhNQ3dDo$zyxY0L6ZkpcvFEBLHk2Wb5gMbW7Cq8m5vY4VN6rTL0dcWx9tYVqHq6cJ1Tn9o4m8o5m3QnYc0v2C3mWq8yZdN/"),
		SSHKey: user(`"name": "core", "sshAuthorizedKeys": ["~~"]`, "AAAAC3NzaC1lZDI1NTE5AAAAIA me@example.com",
			"ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me@example.com"),
		KeysNoHome: user(`"name": "web", ~~"sshAuthorizedKeys": ["ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIA me"]`,
			`"noCreateHome": true, `, ""),
		RootDeleted: user(`"name": "root", ~~`, `"shouldExist": false`, `"passwordHash": "!"`),
	}
}
