package codes

import "strings"

// The codes of files, directories and links.
const (
	OwnerTwice        Code = "owner-twice"
	ModeRange         Code = "mode-range"
	ModeOctal         Code = "mode-octal"
	ModeSpecial       Code = "mode-special"
	OverwriteNothing  Code = "overwrite-nothing"
	BelowLink         Code = "below-link"
	OverMount         Code = "over-mount"
	BelowFile         Code = "below-file"
	TargetMissing     Code = "target-missing"
	HardLinkDirectory Code = "hard-link-directory"
	PathReserved      Code = "path-reserved"
	HardLinkOwner     Code = "hard-link-owner"
	HardLinkTarget    Code = "hard-link-target"
	PathRoot          Code = "path-root"
	PathLong          Code = "path-long"
	OwnerName         Code = "owner-name"
)

// link is a config with one link.
func link(members, wrong, right string) *Pair {
	return newest(`"storage": {"links": [{`+members+`}]}`, wrong, right)
}

func nodeRows() []Row {
	return []Row{
		{
			Code: PathRoot, Kind: OurError, Line: "a file, a link or a directory with `overwrite` is to stand at `/`",
			Do: "choose another path; a directory may name it without `overwrite`",
			Why: `The root directory is there whenever files are written, and nothing can take its place. Ignition finds
				out when it writes the entry, and stops.`,
		},
		{
			Code: PathLong, Kind: OurError,
			Line: "a path has more than 4095 bytes, or a name in it more than 255", Do: "shorten it",
			Why: `Linux takes no longer paths, and no filesystem that it boots from has room for longer names.`,
		},
		{
			Code: OwnerName, Kind: OurError, Line: "no user or group can be called as the owner of an entry is",
			Do: "name one that is there, or that the config makes",
			Why: `A name stands in a line of passwd or group, between colons. Lines that begin with "#", "+" or "-" are
				not those of accounts.`,
		},
		{
			Code: HardLinkTarget, Kind: OurError,
			Line: "a hard link names itself, a directory of the same config, or what lies below a file",
			Do:   "name another file, or make it a symbolic link",
			Why: `Hard links to directories do not exist, and the target has to be there before its second name. A
				relative target is from the root on, and not from where the link is.`,
		},
		{
			Code: OwnerTwice,
			Line: "a user or group is given by id and by name; after merging, both may come from different configs",
			Do:   "keep one of the two",
			Why:  `Nothing says which of the two counts where they are not those of one account.`,
		},
		{
			Code: ModeRange, Line: "a mode is below 0 or above 4095",
			Do: "write permission bits as a decimal number: 0644 is 420",
			Why: `Twelve bits are permissions. A larger number is often octal digits with the type of the file before
				them, as "ls" or "git" have it: 100644.`,
		},
		{
			Code: ModeOctal, Kind: OurWarning,
			Line: "a mode looks like octal digits that were written as a decimal number",
			Do:   "write what the hint says; 0644 is 420",
			Why: `JSON has decimal numbers only. 644 there is 01204 in octal: the owner could write and not read, and
				others would have a sticky bit.`,
		},
		{
			Code: ModeSpecial, Kind: Warning, Also: []Kind{PeersWarning},
			Line: "before version 3.6.0 the set-id and sticky bits have no effect",
			Do:   "raise `ignition.version` to 3.6.0, or remove the bits",
			Why: `Engines of that time took the lower nine bits only, and a config of an old version means the same
				today. Where such a number is most likely made of octal digits, as 644 is, mode-octal is told
				instead.`,
		},
		{
			Code: OverwriteNothing, Line: "a file is to overwrite another and has no content",
			Do: "set `contents.source`; `data:,` is an empty file",
			Why: `Overwriting removes what is there, and nothing says what comes in its place. A file without
				"overwrite" and without content is made empty if it is not there.`,
		},
		{
			Code: BelowLink, Line: "something is to stand below a link of the same config",
			Do: "use the path that the link points at",
			Why: `Links are made last, so the folder would be made in the link's place first. What is written through
				a link also lies somewhere else than its path says.`,
		},
		{
			Code: OverMount, Kind: OurError,
			Line: "a file, or a directory with `overwrite`, is where the config mounts a filesystem, or above that; " +
				"a mount point stays",
			Do: "choose another path, or remove `overwrite`",
			Why: `A mount point can be neither replaced nor removed while something is mounted there, and the boot
				would stop after the disks were made.`,
		},
		{
			Code: BelowFile, Kind: OurError, Line: "something is to stand below a file of the same config",
			Do:  "make that file a directory",
			Why: `A file cannot hold others. One of the two paths has a name too many or too few.`,
		},
		{
			Code: PathReserved, Kind: OurError,
			Line: "something is to stand in `/etc/.glowplug`, or in its place",
			Do:   "choose another path",
			Why: `The engine keeps there what it has to know when it runs again: what it has appended to, which keys and
				links are its own. A boot refuses to write there before it changes any file.`,
		},
		{
			Code: TargetMissing, Also: []Kind{OurError}, Line: "a link has no target", Do: "add it",
			Why: `A link is its target. A link that is to be removed is a file or a directory that takes its place.`,
		},
		{
			Code: HardLinkDirectory, Line: "a hard link points at a directory", Do: "make it a symbolic link",
			Why: `Linux has no hard links to directories.`,
		},
		{
			Code: HardLinkOwner, Kind: Warning,
			Line: "a hard link has an owner, which is its target's and not its own", Do: "set it on the target",
			Why: `A hard link is another name of one file, and the owner belongs to the file. So it is not set here.`,
		},
	}
}

// nodePairs are the examples of these rows.
func nodePairs() map[Code]*Pair {
	return map[Code]*Pair{
		PathRoot:       file(`"path": "/~~"`, "", "motd"),
		PathLong:       file(`"path": "/~~"`, strings.Repeat("x", 256), strings.Repeat("x", 255)),
		OwnerName:      file(`"path": "/etc/motd", "user": {"name": "~~"}`, "web:web", "web"),
		HardLinkTarget: link(`"path": "/srv/motd", "hard": true, "target": "~~"`, "srv/motd", "/etc/motd"),
		TargetMissing:  link(`"path": "/etc/localtime"~~`, "", `, "target": "../usr/share/zoneinfo/UTC"`),
		OwnerTwice:     file(`"path": "/etc/motd", "user": {"id": 1500~~}`, `, "name": "web"`, ""),
		ModeRange:      file(`"path": "/etc/motd", "mode": ~~`, "100644", "420"),
		ModeOctal:      file(`"path": "/etc/motd", "mode": ~~`, "644", "420"),
		ModeSpecial: old(
			"~~", `"storage": {"directories": [{"path": "/srv/shared", "mode": 1533}]}`, "3.5.0", "3.6.0"),
		OverwriteNothing: file(`"path": "/etc/motd", "overwrite": true~~`, "", `, "contents": {"source": "data:,"}`),
		BelowLink: newest(`"storage": {
  "links": [{"path": "/srv/www", "target": "/var/www"}],
  "files": [{"path": "~~/index.html"}]
}`, "/srv/www", "/var/www"),
		OverMount: newest(`"storage": {
  "filesystems": [{"device": "/dev/vdb", "format": "ext4", "path": "/srv/data"}],
  "directories": [{"path": "/srv"~~}]
}`, `, "overwrite": true`, ""),
		BelowFile:    newest(`"storage": {"files": [{"path": "/etc/app"}, {"path": "/etc/~~/conf"}]}`, "app", "app.d"),
		PathReserved: file(`"path": "/etc/~~motd"`, ".glowplug/", ""),
		HardLinkDirectory: newest(`"storage": {
  "directories": [{"path": "/srv/www"}],
  "links": [{"path": "/www", "target": "/srv/www"~~}]
}`, `, "hard": true`, ""),
		HardLinkOwner: link(`"path": "/srv/b", "target": "/srv/a", "hard": true~~`, `, "user": {"name": "root"}`, ""),
	}
}
