package codes

import "strings"

// The codes of a text as a whole, and of its version.
const (
	Unreadable         Code = "unreadable"
	Empty              Code = "empty"
	TooLarge           Code = "too-large"
	UserDataSize       Code = "user-data-size"
	JSONSyntax         Code = "json-syntax"
	YAMLSyntax         Code = "yaml-syntax"
	YAMLDocuments      Code = "yaml-documents"
	NotUTF8            Code = "not-utf8"
	ByteOrderMark      Code = "byte-order-mark"
	InvisibleCharacter Code = "invisible-character"
	VersionMissing     Code = "version-missing"
	VersionSyntax      Code = "version-syntax"
	VersionUnknown     Code = "version-unknown"
	VersionInside      Code = "version-inside"
)

const smallest = "{\"ignition\": {\"version\": \"3.6.0\"}}\n"

func textRows() []Row {
	return []Row{
		{
			Code: Unreadable, Line: "the file cannot be read, or a folder has no config",
			Do: "check its name and its permissions",
			Why: `Nothing could be said about the file, so it counts as invalid: a check that passes over a file that
				is not there would find nothing wrong with a misspelt name.`,
		},
		{
			Code: Empty, Line: "the text has no bytes",
			Do: "write at least `{\"ignition\": {\"version\": \"3.6.0\"}}`",
			Why: `An empty text is more often the output of a command that failed than the wish to configure nothing.
				A platform without any config is another thing: a machine boots as its image is then.`,
		},
		{
			Code: TooLarge, Line: "the text is larger than a config can be",
			Do: "fetch the content of files instead of writing it into the config",
			Why: `More than 256 MiB are taken from nowhere, be it a file, a pipe, a server or a platform: it may never
				end. Nor has the 65,536th config that is merged into one a place to be shown. Most platforms hand
				out configs of some 16 to 64 KiB only.`,
		},
		{
			Code: UserDataSize, Also: []Kind{Warning},
			Line: "the config is larger than the user data that a platform takes; a warning where a version, a " +
				"setting or compression decides",
			Do: "fetch large contents from a server, or let a small config merge a large one",
			Why: `Platforms refuse a machine with more, or cut the text off. What counts is the text that is handed over:
				of a Butane document the config that is made of it. Some count it in base64, which makes four bytes of
				three.`,
		},
		{
			Code: JSONSyntax,
			Line: "the text is not JSON, is blank, has NUL bytes, or is of another program's form (a script, " +
				"YAML, an error page of a server)",
			Do: "correct the place that is shown; nothing after it has been looked at",
			Why: `JSON has no comments, no comma after the last item, and only double quotes. What stands behind the
				first mistake cannot be told for certain, so correct it and look again.`,
		},
		{
			Code: YAMLSyntax,
			Line: `the text is not YAML; the place is that of the mistake as far as it can be told, such as an open
				quote or a line that has slipped out of a block of text`,
			Do: "correct the place that is shown; nothing after it has been looked at",
			Why: `YAML goes by the columns in which lines begin. Text with a colon and a blank, a leading *, & or %,
				or a # after a blank means something else than its letters unless it stands in quotes. Aliases may
				stand for 500,000 values in all: a few lines of them can mean billions.`,
		},
		{
			Code: YAMLDocuments, Kind: OurError, Line: "the text holds a second YAML document, which nobody reads",
			Do: "put it into a file of its own",
			Why: `A line of three dashes begins a new document, and only the first one of a text is read. Butane
				passes over the others in silence, so that half of a config may be missing on the machine.`,
		},
		{
			Code: NotUTF8, Kind: OurError,
			Line: "the text has bytes that are not UTF-8, which other programs replace by U+FFFD",
			Do:   "save it as UTF-8, or write such content base64-encoded",
			Why: `JSON and YAML are UTF-8. A byte that is none becomes a replacement character in what other engines
				make of the config: a file would have another name or another content than was written.`,
		},
		{
			Code: ByteOrderMark, Kind: LaxWarning,
			Line: "a config in JSON starts with a byte order mark or is in UTF-16, which other engines refuse",
			Do:   "save it as UTF-8 without a mark",
			Why: `Some editors put three invisible bytes before a text or save it as UTF-16. This program reads both.
				RFC 8259 forbids the mark, and other engines stop at it.`,
		},
		{
			Code: InvisibleCharacter, Kind: OurWarning,
			Line: "a key or a value of YAML, without quotes, has a character that looks like a blank or like nothing",
			Do:   "write a usual blank, or nothing, in its place; or put the key or the value into quotes",
			Why: `A no-break space, a mark of direction and their kin get into a text from web pages and word
				processors. For YAML they are letters: a line does not start where it seems to, and a name is another
				than is seen.`,
		},
		{
			Code: VersionMissing, Line: "the config does not say which version of the language it is written in",
			Do: "set `ignition.version`; configs of spec 1 and 2 must be rewritten",
			Why: `The version decides which keys there are and what they mean, so nothing else can be judged without
				it. A config with "ignitionVersion" is of spec 1.`,
		},
		{
			Code: VersionSyntax, Line: "the version is not three numbers", Do: "write it like `3.6.0`",
			Why: `A version is compared number by number, as semantic versions are: "3.4" or "v3.4.0" is none.`,
		},
		{
			Code: VersionUnknown, Line: "there is no such version, or it is newer than this program",
			Do: "write a version from 3.0.0 to 3.6.0",
			Why: `Each version has a zero at its end. Spec 2 has another shape, so its configs must be rewritten; a
				newer one may have keys that this program does not know, and leaving them out would make another
				machine.`,
		},
		{
			Code: VersionInside, Line: "a config inside of another cannot be brought to the version of `convert --to`",
			Do: "change the line that is shown, or choose a newer version",
			Why: `A config that is merged as a data: URL is converted together with the one that it is in, because an
				old engine reads both. What the old version cannot say in the inner one stops it as in the outer one.`,
		},
	}
}

// textPairs are the examples of these rows.
func textPairs() map[Code]*Pair {
	return map[Code]*Pair{
		Unreadable: &Pair{Wrong: "no-such-file.ign", Right: smallest, By: ByMissing},
		Empty:      (&Pair{Wrong: "", Right: smallest}).said("(a file of 0 bytes)"),
		TooLarge:   (&Pair{Right: smallest, By: ByFull}).said("(a file of more than 256 MiB)"),
		UserDataSize: (&Pair{Wrong: strings.Repeat(" ", 16384) + smallest, Right: smallest, By: ByPlatform}).
			said("(a config of more than 16 KiB, for aws)"),
		JSONSyntax: newest(`"storage": {"files": [{"path": "/etc/motd"}~~]}`, ",", ""),
		YAMLSyntax: fcos(`
storage:
  files:
    - path: ~~
      mode: 0644
`, `"/etc/motd`, `"/etc/motd"`),
		YAMLDocuments: fcos("~~\npasswd:\n  users:\n    - name: core\n", "---", "# of the first machine"),
		NotUTF8:       file(`"path": "/etc/~~"`, "M\xfcller", "Müller"),
		ByteOrderMark: pair(
			"~~"+smallest, "\ufeff", "").said("(the bytes EF BB BF, then) " + strings.TrimSpace(smallest)),
		InvisibleCharacter: fcos(
			"storage:\n  files:\n    - path: /etc/motd~~\n", "\u00a0", "").said("path: /etc/motd(U+00A0)"),
		VersionMissing: pair("{~~\"passwd\": {\"users\": [{\"name\": \"core\"}]}}\n", "",
			`"ignition": {"version": "3.6.0"}, `),
		VersionSyntax:  pair("{\"ignition\": {\"version\": \"~~\"}}\n", "3.4", "3.4.0"),
		VersionUnknown: pair("{\"ignition\": {\"version\": \"~~\"}}\n", "2.3.0", "3.0.0"),
		VersionInside: ignition(`"config": {"merge": [{"source": "data:,~~"}]}`,
			"%7B%22ignition%22:%7B%22version%22:%223.3.0%22%7D,%22storage%22:%7B%22filesystems%22:"+
				"%5B%7B%22device%22:%22/dev/vdb%22,%22format%22:%22none%22%7D%5D%7D%7D",
			"%7B%22ignition%22:%7B%22version%22:%223.3.0%22%7D%7D").by(ByConvert),
	}
}
