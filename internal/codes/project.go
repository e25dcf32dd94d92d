package codes

// The codes of the project file and of comments, and of what is held against an image.
const (
	ProjectFile   Code = "project-file"
	IgnoreComment Code = "ignore-comment"
	ImageConflict Code = "image-conflict"
	ImageUnit     Code = "image-unit"
	ImageShell    Code = "image-shell"
	ImageTool     Code = "image-tool"
	ImageSELinux  Code = "image-selinux"
	ImageUnjudged Code = "image-unjudged"
)

func projectRows() []Row {
	return []Row{{
		Code: ProjectFile, Also: []Kind{Warning},
		Line: "the project file, .glowplug.yaml, has a setting that is not known or cannot be followed; a warning " +
			"where this program has no such option",
		Do: "correct the line that is shown, or take it out",
		Why: `A setting that nothing follows would be one that everybody relies on. The configs are checked all the
			same, as if the line were not there. The file comes with the configs, so it has no setting for what is
			written, its paths stay in the project, and no error is ignored because of it.`,
	}, {
		Code: IgnoreComment, Kind: Warning, Also: []Kind{Advice},
		Line: "a comment that is to silence problems names no code, or that of an error; advice where it silences " +
			"nothing",
		Do: "write `# glowplug: ignore CODE` behind what the warning is about, or in a line above",
		Why: `A comment with a misspelt code looks as if it were heard. What silences nothing any more would
				silence the next mistake in its line. It is said only where all problems of its code are told.`,
	}}
}

func imageRows() []Row {
	rows := []Row{
		{
			Code: ImageConflict, Line: "an entry of the config cannot be had on this image",
			Do: "change the entry, or the image",
			Why: `The planners of a first boot were asked, with the root that --root names: a user of the config is in a
				group that neither of the two has, an owner is not known, a file stands where a directory is to be, or
				is there without that the entry may overwrite it. The boot would stop before it writes anything.`,
		},
		{
			Code: ImageUnit, Also: []Kind{Warning},
			Line: "a unit cannot be enabled on this image; a warning where another one decides whether it is",
			Do:   "correct its name, give it an [Install] section, or take an image that has it",
			Why: `A unit that neither the config nor the image has is enabled by nothing, and a first boot says so in
				its log only. A warning is about what a preset of the image, or Also= of another unit, decides otherwise.`,
		},
		{
			Code: ImageShell, Line: "the shell of a user is neither in the image nor made by the config",
			Do:  "write a shell that the image has, such as /bin/sh",
			Why: `The account is made all the same, and nobody can log in with it: neither by ssh nor on the console.`,
		},
		{
			Code: ImageTool, Also: []Kind{Warning},
			Line: "a program that the disks of a config need is not in the image; a warning where the filesystem may " +
				"be there already",
			Do: "add the program to the image and its initramfs",
			Why: `Filesystems, volumes and arrays are made by the programs of the initramfs, which is made of the image.
				The stage of the disks stops before it changes anything where one is missing.`,
		},
		{
			Code: ImageSELinux, Line: "SELinux is to be enforced, and neither the image nor the config has the policy",
			Do: "write SELINUX=permissive, or take an image with the policy",
			Why: `systemd stops a boot that is to be enforcing and has no policy, before any unit is started: nobody
				gets in any more.`,
		},
		{
			Code: ImageUnjudged, Kind: Warning,
			Line: "a config that is merged with others cannot be held against an image by itself",
			Do:   "merge the configs first",
			Why: `What one of them lacks another may bring, such as a group or a unit. Nothing was said about the image
				then, so this must not pass for a check.`,
		},
	}
	return rows
}

// projectPairs are the examples of these rows.
func projectPairs() map[Code]*Pair {
	return map[Code]*Pair{
		IgnoreComment: fcos("storage:\n  files:\n    - path: /run/a  # glowplug: ignore ~~\n", "path-volatil",
			"path-volatile").by(ByWhole),
		ProjectFile: pair("strict: true\n~~: line\n", "fromat", "format").by(ByProject),
	}
}

// imagePairs are the examples of these rows.
func imagePairs() map[Code]*Pair {
	return map[Code]*Pair{
		ImageConflict: user(`"name": "core", "groups": ["~~"]`, "docker", "wheel"),
		ImageUnit:     unit(`"name": "~~.service", "enabled": true`, "sshdd", "sshd"),
		ImageShell:    user(`"name": "core", "shell": "~~"`, "/bin/zsh", "/bin/sh"),
		ImageTool: newest(`"storage": {"filesystems": [`+
			`{"device": "/dev/vdb", "format": "~~", "wipeFilesystem": true}]}`, "btrfs", "ext4"),
		ImageSELinux: file(`"path": "/etc/selinux/config", "contents": {"source": "data:,SELINUX=~~%0A"}`, "enforcing",
			"permissive"),
		ImageUnjudged: ignition(`"config": {~~}`, `"merge": [{"source": "https://example.com/a.ign"}]`, ""),
	}
}
