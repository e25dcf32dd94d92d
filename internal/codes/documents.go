package codes

// The codes of Butane documents as such, and of what they bring along from local files.
const (
	VariantMissing  Code = "variant-missing"
	VariantUnknown  Code = "variant-unknown"
	NullItem        Code = "null-item"
	NumberFraction  Code = "number-fraction"
	NumberDigit     Code = "number-digit"
	ModeDecimal     Code = "mode-decimal"
	KeyMerge        Code = "key-merge"
	ContextMismatch Code = "context-mismatch"
	VersionTooOld   Code = "version-too-old"
	TargetLacks     Code = "target-lacks"
	SourceTwice     Code = "source-twice"
	ContentsTwice   Code = "contents-twice"
	InlineInvalid   Code = "inline-invalid"
	InlineVersion   Code = "inline-version"
	NoFilesDir      Code = "no-files-dir"
	LocalMissing    Code = "local-missing"
	LocalEscapes    Code = "local-escapes"
	LocalUnreadable Code = "local-unreadable"
	LocalNoFolder   Code = "local-no-folder"
	LocalKind       Code = "local-kind"
	NodeOccupied    Code = "node-occupied"
)

func documentRows() []Row {
	return []Row{
		{
			Code: VariantMissing, Line: "there is no `variant`", Do: "add it, and `version`",
			Why: `The variant says for which system a document is, and so which keys there are and what its machines
				can do. For a plain Fedora CoreOS, write "variant: fcos".`,
		},
		{
			Code: VariantUnknown, Line: "there is no such variant",
			Do: "write one that the hint lists",
			Why: `Variants are fcos, flatcar, r4e, fiot and openshift. Each has versions of its own; those that are
				not stable end in -experimental.`,
		},
		{
			Code: NullItem, Kind: OurWarning, Line: "an item of a list says nothing and is dropped",
			Do:  "remove its line, or write what belongs there",
			Why: `A dash alone is an item without a value. Its lines may be indented too little to belong to it.`,
		},
		{
			Code: NumberFraction, Kind: OurWarning, Line: "a number is not whole, and its fraction is cut off",
			Do:  "write a whole number",
			Why: `Sizes, ids and modes are whole numbers. Sizes are in MiB: half a GiB is 512.`,
		},
		{
			Code: NumberDigit, Kind: OurError, Also: []Kind{OurWarning},
			Line: "a number that starts with 0 and is not octal; an error where it is a mode",
			Do:   "write octal digits, or leave the 0 out",
			Why: `A 0 in front makes a number octal, and 8 and 9 are no octal digits. YAML reads such a number as a
				decimal one then, which would be other permissions.`,
		},
		{
			Code: ModeDecimal, Kind: Warning, Also: []Kind{OurWarning, PeersWarning},
			Line: "a mode that makes sense in octal, without its leading zero",
			Do:   "write the zero",
			Why: `YAML takes 644 for a decimal number, which is 01204 in octal: the owner could write and not read. A
				zero in front makes it octal. In a document in JSON, which has no such numbers, write 420. Butane does not
				warn of modes with set-id and sticky bits, as 1755, and of those of trees.`,
		},
		{
			Code: KeyMerge, Kind: PeersWarning, Line: "Butane warns of merge keys",
			Do: "write the members out to have no warning",
			Why: `A merge key (<<) brings the members of another mapping along. Butane takes it for a key that it
				does not know, and merges all the same.`,
		},
		{
			Code: ContextMismatch, Kind: PeersWarning,
			Line: "Butane does not look for unknown keys here, and says so",
			Do:   "write the value out to have no warning",
			Why: `Butane looks for unknown keys in the text, by path, and stops where an alias stands or where a
				dropped item of a list has moved the others.`,
		},
		{
			Code: TargetLacks, Line: "what a release that `--target` names cannot read",
			Do: "write the config at the version that it reads, or have machines of a newer release",
			Why: `An engine refuses a config whose version it does not know, and a first boot that stops is the most
				expensive place to learn of it. Of each key and value the hint says from which release on it is read.`,
		},
		{
			Code: VersionTooOld, Line: "what the version of `--to` cannot say",
			Do: "choose a newer version, or change the line",
			Why: `An older engine would ignore the key or refuse the value, so that the machine would be another one.
				What says nothing, such as an empty list, is left out instead.`,
		},
		{
			Code: SourceTwice, Line: "more than one of `inline`, `local` and `source`", Do: "keep one",
			Why: `Each of them gives the whole content. "inline" is the text itself, "local" a file beside the
				document, "source" a URL.`,
		},
		{
			Code: ContentsTwice, Line: "both `contents` and `contents_local`", Do: "keep one",
			Why: `Each of them gives the whole text of a unit or a drop-in.`,
		},
		{
			Code: InlineInvalid, Kind: PeersError, Also: []Kind{PeersWarning},
			Line: "a config to merge that cannot be read", Do: "correct it",
			Why: `What is wrong within a config to merge is told at its own place elsewhere. Butane has no places
				there and says it at the line that brings the config along.`,
		},
		{
			Code: InlineVersion, Kind: PeersWarning,
			Line: "a config to merge of another version", Do: "nothing; it is merged at boot",
			Why: `Butane judges a config to merge by the version that the document itself makes, and does not look at
				one of another version.`,
		},
	}
}

func localRows() []Row {
	return []Row{
		{
			Code: NoFilesDir, Line: "a local file is named, but there are none",
			Do: "say with `--files-dir` in which folder they are",
			Why: `Local files are looked for in one folder only, so that a document cannot bring along what was not
				meant for it. A machine that boots has no such folder: give it what "glowplug convert" makes.`,
		},
		{
			Code: LocalMissing, Line: "a tree without a folder", Do: "add `local`",
			Why: `"local" is the folder that is brought along, "path" is where it is put.`,
		},
		{
			Code: LocalEscapes, Line: "a name that leads out of the folder of local files",
			Do: "copy the file into the folder",
			Why: `A document from elsewhere could take any file of yours into the config, keys and passwords
				included.`,
		},
		{
			Code: LocalUnreadable, Line: "a local file that cannot be read",
			Do:  "check its name, relative to `--files-dir`, and its permissions",
			Why: `It is not there, is no regular file, may not be read, or is larger than 256 MiB.`,
		},
		{
			Code: LocalNoFolder, Line: "a tree of something that is no folder",
			Do:  "a single file goes into `storage.files`, with `contents.local`",
			Why: `A tree brings along all that is in a folder. A file has no place of its own in it.`,
		},
		{
			Code: LocalKind, Line: "a tree with something that is neither a file nor a folder nor a link",
			Do:  "take it out of the folder",
			Why: `A socket, a pipe or a device has no content that a config could have.`,
		},
		{
			Code: NodeOccupied, Line: "a tree or a quadlet makes what the document has already",
			Do: "remove one of the two",
			Why: `One path is one file. To change the owner or mode of a file in a tree, list the file under
				"storage.files" without content.`,
		},
	}
}

// documentPairs are the examples of these rows.
func documentPairs() map[Code]*Pair {
	return map[Code]*Pair{
		VariantMissing: pair("~~version: 1.7.0\n", "variant:\n", "variant: fcos\n"),
		VariantUnknown: pair("variant: ~~\nversion: 1.1.0\n", "rhcos", "fcos"),
		NullItem:       fcos("passwd:\n  users:\n    - name: core\n~~", "    -\n", ""),
		NumberFraction: fcos("storage:\n  disks:\n    - device: /dev/vda\n      partitions:\n"+
			"        - number: 1\n          size_mib: ~~\n", "512.5", "512"),
		NumberDigit: fcos("storage:\n  files:\n    - path: /etc/motd\n      mode: ~~\n", "0689", "0644"),
		ModeDecimal: fcos("storage:\n  files:\n    - path: /etc/motd\n      mode: ~~\n", "644", "0644"),
		KeyMerge: fcos("storage:\n  files:\n    - &a\n      path: /etc/a\n    - ~~\n      path: /etc/b\n", "<<: *a",
			"# as the first").by(ByButane),
		ContextMismatch: fcos("storage:\n  files:\n    - path: /etc/a\n      user: &u {name: root}\n"+
			"    - path: /etc/b\n      user: ~~\n", "*u", "{name: root}").by(ByButane),
		VersionTooOld: newest(`"kernelArguments": {"shouldExist": [~~]}`, `"quiet"`, "").by(ByConvert),
		SourceTwice: fcos("storage:\n  files:\n    - path: /etc/motd\n      contents:\n        inline: hello\n~~",
			"        source: https://example.com/motd\n", ""),
		ContentsTwice: fcos("systemd:\n  units:\n    - name: web.service\n      contents_local: web.service\n~~",
			"      contents: |\n        [Unit]\n", "").with("web.service"),
		InlineInvalid: fcos("ignition:\n  config:\n    merge:\n      - inline: '~~'\n", "{",
			`{"ignition": {"version": "3.6.0"}}`).
			by(ByButane),
		InlineVersion: fcos(
			"ignition:\n  config:\n    merge:\n      - inline: '{\"ignition\": {\"version\": \"~~\"}}'\n",
			"3.3.0", "3.6.0").by(ByButane),
	}
}

// localPairs are the examples of these rows.
func localPairs() map[Code]*Pair {
	tree := "storage:\n  trees:\n    - local: ~~\n      path: /srv/www\n"
	return map[Code]*Pair{
		NoFilesDir: fcos("storage:\n  files:\n    - path: /etc/motd\n      contents:\n        ~~\n",
			"local: motd", "inline: hello"),
		LocalMissing: fcos(
			"storage:\n  trees:\n    - ~~path: /srv/www\n", "", "local: www\n      ").with("www/index.html"),
		LocalEscapes:    fcos(tree, "../www", "www").with("www/index.html"),
		LocalUnreadable: fcos(tree, "wwww", "www").with("www/index.html"),
		LocalNoFolder:   fcos(tree, "www/index.html", "www").with("www/index.html"),
		LocalKind:       fcos(tree, "run", "www").with("www/index.html", "run/pipe (a pipe)"),
		NodeOccupied: fcos("storage:\n  files:\n    - path: /srv/www/~~\n      contents:\n        inline: hello\n"+
			"  trees:\n    - local: www\n      path: /srv/www\n", "index.html", "hello.txt").with("www/index.html"),
	}
}
