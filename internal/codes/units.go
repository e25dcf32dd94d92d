package codes

import "strings"

// The codes of units, and of what is applied to a directory.
const (
	UnitPath                Code = "unit-path"
	UnitNameExtension       Code = "unit-name-extension"
	UnitNameSlash           Code = "unit-name-slash"
	UnitNameByte            Code = "unit-name-byte"
	UnitNameEmpty           Code = "unit-name-empty"
	UnitNameLong            Code = "unit-name-long"
	DropinNameExtension     Code = "dropin-name-extension"
	UnitSectionOpen         Code = "unit-section-open"
	UnitSectionTail         Code = "unit-section-tail"
	UnitNoEquals            Code = "unit-no-equals"
	QuadletSyntax           Code = "quadlet-syntax"
	UnitLineLong            Code = "unit-line-long"
	UnitNamePath            Code = "unit-name-path"
	UnitMaskedEnabled       Code = "unit-masked-enabled"
	UnitOtherName           Code = "unit-other-name"
	UnitMaskedContents      Code = "unit-masked-contents"
	UnitSectionName         Code = "unit-section-name"
	TemplateWithoutInstance Code = "template-without-instance"
	UnitState               Code = "unit-state"
	UnitNotInstallable      Code = "unit-not-installable"
	UnitOnlyAlso            Code = "unit-only-also"
	TemplateNotInstallable  Code = "template-not-installable"
	NotApplied              Code = "not-applied"
	InTheWay                Code = "in-the-way"
	CannotApply             Code = "cannot-apply"
	NotKnown                Code = "not-known"
)

// unitNamed is a config with a unit of some name.
func unitNamed(wrong, right string) *Pair {
	return unit(`"name": "~~", "contents": "[Unit]\n"`, wrong, right)
}

// unitText is a config with a service of some text.
func unitText(wrong, right string) *Pair {
	return unit(`"name": "web.service", "contents": "~~"`, wrong, right)
}

func unitRows() []Row {
	return []Row{
		{
			Code: UnitPath, Also: []Kind{OurError},
			Line: "a file, directory or link stands where the config also writes a unit or drop-in, or below that",
			Do:   "keep one of the two",
			Why:  `Units and drop-ins with a text become files in /etc/systemd/system, and one path is one file.`,
		},
		{
			Code: UnitNameExtension, Line: "the name of a unit does not end in a kind of unit",
			Do: "end it in `.service` or the like",
			Why: `systemd tells kinds of units by the ends of their names, in small letters, and reads no other
				files.`,
		},
		{
			Code: UnitNameSlash, Kind: OurError, Line: "the name of a unit or drop-in has a slash",
			Do: "write the name of the file only",
			Why: `Units stand in one folder. A slash would lead to another one; in the name of a mount unit the
				slashes of the path are written as dashes.`,
		},
		{
			Code: UnitNameByte, Kind: OurError, Line: "systemd does not take a character of the name",
			Do: "use letters, digits and `:-_.\\@`",
			Why: `systemd would neither load nor enable the unit. Other characters of a path or an instance are
				escaped: systemd-escape prints how.`,
		},
		{
			Code: UnitNameEmpty, Kind: OurError,
			Line: "nothing stands before the kind of unit, or a drop-in is a hidden file",
			Do:   "write a name like `web.service` or `10-web.conf`",
			Why:  `systemd takes no unit without a name, and passes over files whose names begin with a dot.`,
		},
		{
			Code: UnitNameLong, Kind: OurError, Line: "the name of a unit or drop-in has more than 255 bytes",
			Do:  "shorten it",
			Why: `Linux takes no longer names of files, and systemd no longer names of units.`,
		},
		{
			Code: DropinNameExtension, Line: "the name of a drop-in does not end in `.conf`",
			Do:  "end it so; systemd reads no others",
			Why: `What stands in the file would have no effect, and nothing would say so.`,
		},
		{
			Code: UnitSectionOpen, Line: "a section of a unit has no closing bracket", Do: "write `[Name]`",
			Why: `systemd passes over the line, and what follows belongs to the section before it.`,
		},
		{
			Code: UnitSectionTail, Line: "something follows a section on its line", Do: "put it on a line of its own",
			Why: `A section stands alone on its line; a comment has a line of its own, with # or ; in front.`,
		},
		{
			Code: UnitNoEquals, Line: "a line of a unit is no assignment",
			Do: "write `Name=value`, or end the line before it with a backslash",
			Why: `A value goes on in the next line only where its line ends in a backslash. In JSON a backslash is
				written twice.`,
		},
		{
			Code: QuadletSyntax, Kind: OurError,
			Line: "a file below `containers/systemd` has not the grammar of a unit",
			Do:   "correct the line that is shown",
			Why: `podman makes units of these files at each boot, and passes over what it cannot read: the container
				would not be there. A line is a section, Name=value, or a comment.`,
		},
		{
			Code: UnitLineLong, Kind: LaxWarning,
			Line: "a line of a unit has more than 2047 bytes, which other engines refuse",
			Do:   "split it with backslashes",
			Why: `systemd takes lines of up to a mebibyte. Ignition's reader has a buffer of 2048 bytes, so that the
				config would not be valid there.`,
		},
		{
			Code: UnitNamePath, Kind: OurWarning,
			Line: "systemd refuses the unit, because the name of a mount, automount or swap unit has to be its path",
			Do:   "name it as `systemd-escape --path` writes the path",
			Why:  `A slash is written as a dash and a dash as \x2d, so that /srv/data is srv-data.mount.`,
		},
		{
			Code: UnitMaskedEnabled, Kind: OurWarning, Line: "a unit is both masked and enabled, so it stays masked",
			Do:  "remove `mask` or `enabled`",
			Why: `A masked unit is a link to /dev/null and never starts, whatever asks for it.`,
		},
		{
			Code: UnitOtherName, Kind: OurWarning,
			Line: "a unit is enabled, and masked or disabled under another name: as an alias, or by its template",
			Do:   "remove one of the two",
			Why: `An alias is the unit that it stands for, and an instance without a file of its own is its template's.
				systemctl enables no unit that is masked under any of its names.`,
		},
		{
			Code: UnitMaskedContents, Kind: OurWarning,
			Line: "a unit is masked and has contents, or a file in its place, which are not written",
			Do:   "remove `mask` or the contents",
			Why: `A masked unit is a link to /dev/null, which stands where its file would. To have the text there and
				the unit not started, leave mask out and say "enabled": false.`,
		},
		{
			Code: UnitSectionName, Kind: OurWarning,
			Line: "a section of a unit is called almost like one of systemd's",
			Do:   "write it as the hint does, capitals included",
			Why: `systemd passes over sections that it does not know, with all that is in them: a service in [service]
				starts nothing, and a unit with [Instal] cannot be enabled. Sections of other programs begin with X-.`,
		},
		{
			Code: TemplateWithoutInstance, Kind: OurWarning,
			Line: "a template is enabled that has no default instance, and no instance of it is",
			Do:   "add `DefaultInstance=` to `[Install]`, or enable an instance",
			Why: `A template is no unit by itself: what runs is an instance of it, with a name between the @ and the
				dot. systemd enables nothing here.`,
		},
		{
			Code: UnitState, Kind: Warning,
			Line: "when a config is applied: a unit cannot be enabled, or a first boot may not leave it as " +
				"the config has it",
			Do: "what the message says",
			Why: `A directory has no running systemd that could be asked, so apply makes the links by which systemctl
				enables a unit. It warns where there is no such unit to enable, and where a first boot would enable
				or disable the unit by a preset of the image, against the config.`,
		},
		{
			Code: UnitNotInstallable, Kind: Warning, Also: []Kind{PeersWarning},
			Line: "a unit is enabled and says nothing about installing, so enabling it does nothing",
			Do:   "add `WantedBy=` in `[Install]`, or remove `enabled`",
			Why: `Enabling a unit makes the links that its [Install] names. Without them nothing starts it, unless
				another unit does. A drop-in may have the section; other engines do not look there.`,
		},
		{
			Code: UnitOnlyAlso, Kind: OurWarning,
			Line: "a unit is enabled whose `[Install]` has only `Also=`, which enables others and not the unit",
			Do:   "add `WantedBy=` in `[Install]`, or enable what `Also=` names",
			Why: `systemctl enables what Also= names and makes no link for the unit itself, so that nothing starts it
				but a unit that needs it. That is right where a socket starts a service.`,
		},
		{
			Code: TemplateNotInstallable, Kind: Warning, Also: []Kind{PeersWarning},
			Line: "an instance is enabled, and its template says nothing about installing",
			Do:   "add `WantedBy=` in `[Install]` of the template",
			Why: `An instance has the text of its template, and so its [Install]. Without one enabling it does
				nothing.`,
		},
	}
}

func applyRows() []Row {
	return []Row{
		{
			Code: NotApplied, Kind: Warning,
			Line: "with `--ignore-unsupported`, a part of the config that needs disks or a running machine " +
				"was left out",
			Do: "apply the config at boot to have it",
			Why: `A directory has no disks, kernel arguments or arrays. Without the option the command stops instead,
				so that nobody takes the directory for what the config describes.`,
		},
		{
			Code: InTheWay, Kind: Error,
			Line: "when a config is planned: a disk or a root has something that keeps an entry from being as the " +
				"config has it",
			Do: "what the hint says, or change what is there",
			Why: `Only the machine knows this, so a check of the config alone does not find it. A boot, and apply, stop
				for it before they write anything of that part.`,
		},
		{
			Code: CannotApply,
			Line: "no root and no disks can have an entry as the config has it",
			Do:   "what the hint says, or change one of the two places",
			Why: `What plans a machine was asked for one that suits the config as well as any can: with blank disks, and
				a root in which nothing is in the way. What is refused there is refused everywhere. Only "glowplug
				validate" has the planners; rules tell most of this at a better place.`,
		},
		{
			Code: NotKnown, Kind: Error,
			Line: "when a config is planned: a device is not there, or cannot be read, so it is not known what " +
				"becomes of it",
			Do: "what the message says is missing: an image, a device, the right to read it",
			Why: `What depends on the device is planned as decided later, and the rest in full. The plan ends with the
				status of an error, so that nobody takes it for a whole one.`,
		},
	}
}

// unitPairs are the examples of these rows.
func unitPairs() map[Code]*Pair {
	return map[Code]*Pair{
		UnitPath: newest(`"storage": {"files": [{"path": "/etc/systemd/system/~~.service"}]},
"systemd": {"units": [{"name": "web.service", "contents": "[Unit]\n"}]}`, "web", "other"),
		UnitNameExtension: unitNamed("web", "web.service"),
		UnitNameSlash:     unitNamed("srv/data.service", "srv-data.service"),
		UnitNameByte:      unitNamed("my web.service", `my\\x20web.service`),
		UnitNameEmpty:     unitNamed(".service", "web.service"),
		UnitNameLong:      unitNamed(strings.Repeat("web-", 63)+".service", "web.service"),
		DropinNameExtension: unit(
			`"name": "sshd.service", "dropins": [{"name": "10-port~~", "contents": "[Unit]\n"}]`, "",
			".conf"),
		UnitSectionOpen: unitText(`[Service\nExecStart=/bin/web\n`, `[Service]\nExecStart=/bin/web\n`),
		UnitSectionTail: unitText(`[Service] # web\nExecStart=/bin/web\n`, `# web\n[Service]\nExecStart=/bin/web\n`),
		UnitNoEquals: unitText(`[Service]\nExecStart=/bin/web\n  --port 80\n`,
			`[Service]\nExecStart=/bin/web \\\n  --port 80\n`),
		QuadletSyntax: file(`"path": "/etc/containers/systemd/web.container",
      "contents": {"source": "data:,%5BContainer~~%0AImage=example.com/web%0A"}`, "", "%5D"),
		UnitLineLong: unitText(
			`[Service]\nEnvironment=A=`+strings.Repeat("x", 2048)+`\n`, `[Service]\nEnvironment=A=x\n`).
			said("(a unit with a line of 2062 bytes)"),
		UnitNamePath: unit(`"name": "~~.mount", "contents": "[Mount]\nWhat=/dev/vdb\nWhere=/srv/data\n"`, "data",
			"srv-data"),
		UnitMaskedEnabled: unit(`"name": "web.service", ~~"enabled": true`, `"mask": true, `, ""),
		UnitOtherName: newest(`"systemd": {"units": [
  {"name": "web@.service", "mask": ~~}, {"name": "web@a.service", "enabled": true}
]}`, "true", "false"),
		UnitMaskedContents: unit(`"name": "web.service", ~~"contents": "[Unit]\n"`, `"mask": true, `, ""),
		UnitSectionName:    unitText(`[service]\nExecStart=/bin/web\n`, `[Service]\nExecStart=/bin/web\n`),
		TemplateWithoutInstance: unit("\n"+`  "name": "web@~~.service", "enabled": true,`+"\n"+
			`  "contents": "[Install]\nWantedBy=multi-user.target\n"`+"\n", "", "1"),
		UnitState: unit(`"name": "web.service", "enabled": true~~`, "",
			`, "contents": "[Install]\nWantedBy=multi-user.target\n"`).by(ByApply),
		UnitNotInstallable: unit(
			`"name": "web.service", "enabled": true, "contents": "[Service]\nExecStart=/bin/web\n~~"`, "",
			`[Install]\nWantedBy=multi-user.target\n`),
		UnitOnlyAlso: unit(`"name": "web.service", "enabled": true, "contents": "[Service]\nExecStart=/bin/web\n`+
			`[Install]\nAlso=web.socket\n~~"`, "", `WantedBy=multi-user.target\n`),
		TemplateNotInstallable: unit(`"name": "web@1.service", "enabled": true},`+"\n"+
			`  {"name": "web@.service", "contents": "[Service]\nExecStart=/bin/web\n~~"`, "",
			`[Install]\nWantedBy=multi-user.target\n`),
	}
}

// applyPairs are the examples of these rows.
func applyPairs() map[Code]*Pair {
	return map[Code]*Pair{
		NotApplied: newest(`"storage": {~~"files": [{"path": "/etc/motd"}]}`,
			`"disks": [{"device": "/dev/vdb", "wipeTable": true}], `, "").by(ByApply),
		InTheWay: newest(`"storage": {"links": [{"path": "/motd", "target": "/etc/motd"~~}]}`, `, "hard": true`, "").
			by(ByPlan),
		CannotApply: newest(`"storage": {
    "luks": [{"name": "data", "device": "/dev/vdb"}],
    "directories": [{"path": "/etc/~~"}]
  }`, "crypttab", "crypttab.d").by(ByWhole),
		NotKnown: newest(`"storage": {"disks": [{"device": "/dev/~~"}]}`, "vdb", "vda").by(ByImage),
	}
}
