package codes

// The codes of advice about units, and about files like them.
const (
	UnitSectionUnknown   Code = "unit-section-unknown"
	UnitDirectiveUnknown Code = "unit-directive-unknown"
	UnitDirectiveNewer   Code = "unit-directive-newer"
	UnitValue            Code = "unit-value"
	UnitValueTwice       Code = "unit-value-twice"
	UnitExecShell        Code = "unit-exec-shell"
	UnitRefused          Code = "unit-refused"
	UnitNoTemplate       Code = "unit-no-template"
	UnitInstallNothing   Code = "unit-install-nothing"
	UnitFileUnread       Code = "unit-file-unread"
	QuadletSection       Code = "quadlet-section"
)

// service is a config with a service of some text.
func service(text, wrong, right string) *Pair {
	return unit(`"name": "web.service", "contents": "`+text+`"`, wrong, right)
}

func unitAdviceRows() []Row {
	rows := []Row{
		{
			Code: UnitSectionUnknown, Line: "systemd does not have a section, or not in a unit of this kind",
			Do: "move what stands in it to a unit of the right kind, or write the section's name right",
			Why: `systemd passes over the section with all that is in it, and says so in the journal alone. Sections of
				other programs begin with X-.`,
		},
		{
			Code: UnitDirectiveUnknown, Line: "a section of a unit does not have the setting that stands in it",
			Do: "write its name right, capitals included, or move it to the section that the hint names",
			Why: `systemd passes over the line, so that the setting keeps its default. What is known is what systemd 257
				has and what came up to 262; names that begin with X- are for other programs.`,
		},
		{
			Code: UnitDirectiveNewer, Line: "a setting of a unit came after the systemd that the unit is for",
			Do: "have machines with the systemd that the message names, or do without the setting",
			Why: `An older systemd passes over the line, so that the setting keeps its default. It is known of most of
				the releases that --target takes which systemd they have, and --root looks at what the image has.`,
		},
		{
			Code: UnitValue, Line: "a setting of a unit does not take the value",
			Do: "write one that it takes, with nothing behind it",
			Why: `systemd passes over most such values and keeps the default; with some it does not load the unit. A
				comment has a line of its own: behind a value it is a part of it. Of a timer without any valid time
				systemd does not load the unit. Names of targets that are one letter off are told too.`,
		},
		{
			Code: UnitValueTwice, Line: "a setting that has one value is said twice in a text, and the last one counts",
			Do:  "remove one of the two",
			Why: `What stands first looks as if it held. An empty value between the two shows that it is meant so.`,
		},
		{
			Code: UnitExecShell, Line: "a command line of a service has what only a shell understands",
			Do: "write `/bin/sh -c '...'` around it",
			Why: `systemd runs the program itself, with each word as an argument. Signs such as |, && and > are words
				like any other, and so are $(...), backticks, assignments and words of shells, such as export.`,
		},
		{
			Code: UnitRefused, Line: "systemd does not load a unit: a setting is missing, or two do not go together",
			Do: "what the hint says",
			Why: `A service needs a program, a timer a time, a socket an address, a path unit a path, a mount a source.
				Drop-ins of the config are counted in; where another config may bring some, nothing is said.`,
		},
		{
			Code: UnitNoTemplate, Line: "a unit that is no template uses what only instances of one have",
			Do: "put an @ at the end of the unit's name, or remove what is for instances",
			Why: `%i stands for what is between the @ and the dot of an instance's name, and is empty elsewhere. A
				percent sign is written twice.`,
		},
		{
			Code: UnitInstallNothing, Line: "a unit is enabled, and what it says about installing starts nothing",
			Do: "add `WantedBy=` to `[Install]`, or remove `enabled`",
			Why: `As with unit-not-installable, of which other engines know; this is about units of other kinds, units
				that are written as files, and sections without any name of a unit.`,
		},
		{
			Code: UnitFileUnread, Line: "systemd does not read a file that stands where units do, or a line of it",
			Do: "what the hint says",
			Why: `systemd reads units of the kinds that it knows, and drop-ins whose names end in .conf. Of scopes and
				devices there are no files: they come and go while the machine runs.`,
		},
		{
			Code: QuadletSection, Line: "a file for podman lacks its section or its image, or has another's section",
			Do: "end the file's name in the kind that is meant, or write the section's name right",
			Why: `podman tells by the end of a file's name what it is to make of it, and reads the section of that name:
				[Container] in a .container. Without it, with others, or without Image= and Rootfs= in [Container], it
				makes no unit.`,
		},
	}
	for i := range rows {
		rows[i].Kind = Advice
	}
	return rows
}

// unitAdvicePairs are the examples of these rows.
func unitAdvicePairs() map[Code]*Pair {
	return map[Code]*Pair{
		UnitSectionUnknown:   service(`[~~]\nOnCalendar=daily\n[Service]\nExecStart=/bin/web\n`, "Timer", "X-Web"),
		UnitDirectiveUnknown: service(`[Service]\nExecStart=/bin/web\n~~=always\n`, "Restrat", "Restart"),
		UnitValue:            service(`[Service]\nExecStart=/bin/web\nRestart=~~\n`, "yes", "always"),
		UnitValueTwice:       service(`[Service]\nExecStart=/bin/web\nRestart=~~\nRestart=always\n`, "no", "always"),
		UnitExecShell:        service(`[Service]\nExecStart=/bin/web ~~ /var/log/web\n`, ">", "--log"),
		UnitRefused:          service(`[Service]\nType=oneshot\n~~`, "", `ExecStart=/bin/web\n`),
		UnitNoTemplate:       service(`[Service]\nExecStart=/bin/web ~~\n`, "%i", "%%i"),
		UnitInstallNothing: unit(`"name": "web@a.service", "enabled": true,`+"\n"+
			`  "contents": "[Service]\nExecStart=/bin/web\n[Install]\n~~"`,
			`DefaultInstance=a\n`, `WantedBy=multi-user.target\n`),
		UnitFileUnread: file(`"path": "/etc/systemd/system/web.service.d/web~~"`, "", ".conf"),
		QuadletSection: file(`"path": "/etc/containers/systemd/web.~~",
      "contents": {"source": "data:,%5BContainer%5D%0AImage=example.com/web%0A"}`, "pod", "container"),
	}
}
