package codes

// The codes of mount units, quadlets and the boot loader's users, and of what a variant takes.
const (
	MountPathMissing   Code = "mount-path-missing"
	MountFormatMissing Code = "mount-format-missing"
	MountPathVolatile  Code = "mount-path-volatile"
	QuadletExtension   Code = "quadlet-extension"
	QuadletInstance    Code = "quadlet-instance"
	GRUBUser           Code = "grub-user"
	MetadataName       Code = "metadata-name"
	MetadataRole       Code = "metadata-role"
	KernelType         Code = "kernel-type"
	RawIgnored         Code = "raw-ignored"
	Unsupported        Code = "unsupported"
	CEXArgument        Code = "cex-argument"
)

// mounted is a document with a filesystem that gets a mount unit.
func mounted(members, wrong, right string) *Pair {
	return fcos("storage:\n  filesystems:\n    - device: /dev/vdb\n      with_mount_unit: true\n"+members, wrong, right)
}

// quadlet is a document with a quadlet.
func quadlet(members, wrong, right string) *Pair {
	return document("fcos", "1.8.0-experimental", "systemd:\n  quadlets:\n    - name: "+members, wrong, right)
}

// machineConfig is a document that OpenShift takes.
func machineConfig(more, wrong, right string) *Pair {
	return document("openshift", "4.19.0", "metadata:\n  name: 50-web\n  labels:\n"+
		"    machineconfiguration.openshift.io/role: worker\n"+more, wrong, right)
}

func sugarRows() []Row {
	return []Row{
		{
			Code: MountPathMissing, Line: "a mount unit without a path", Do: "add `path`",
			Why: `A mount unit is about one path, and even its name is made of it. Swap needs none.`,
		},
		{
			Code: MountFormatMissing, Line: "a mount unit without a format", Do: "add `format`",
			Why: `The unit says what kind of filesystem is mounted; for swap it is another kind of unit.`,
		},
		{
			Code: MountPathVolatile, Line: "a mount unit where the image cannot be written to",
			Do: "choose a path below `/var`",
			Why: `The root of such an image is made anew by each update; only /etc and /var are the machine's own. A
				mount point elsewhere could not be made.`,
		},
		{
			Code: QuadletExtension, Line: "a name that is not one of a quadlet",
			Do: "end it in `.container` or the like",
			Why: `The end of the name says what podman makes of the file: .container, .volume, .network, .kube,
				.image, .build, .pod or .artifact.`,
		},
		{
			Code: QuadletInstance, Line: "an instance of a template with a text of its own",
			Do: "give it to the template, or write a drop-in",
			Why: `An instance is a link to its template, web@.container, and has its text. What differs stands in a
				drop-in.`,
		},
		{
			Code: GRUBUser, Line: "a user of the boot loader without a name or a password", Do: "add what is missing",
			Why: `A password without a name lets nobody in, and a name without a password would lock the boot loader
				for everybody. "grub-mkpasswd-pbkdf2" prints a hash.`,
		},
	}
}

func variantRows() []Row {
	return []Row{
		{
			Code: Unsupported, Also: []Kind{OurError}, Line: "what machines of the variant can do nothing with",
			Do: "remove it, or do what the hint says",
			Why: `The table above says what each variant does not support. Such a system would ignore it, fail at
				boot, or see its machines drift from what they were given.`,
		},
		{
			Code: MetadataName, Also: []Kind{OurError},
			Line: "a MachineConfig without a name, or with one that Kubernetes does not take",
			Do:   "write `metadata.name` in lower-case letters, digits, `-` and `.`",
			Why: `Objects of Kubernetes go by their names, and the operator merges MachineConfigs in the order of
				these.`,
		},
		{
			Code: MetadataRole, Line: "a MachineConfig without a role",
			Do:  "add the label: worker, master or the name of another pool",
			Why: `The label says to which pool of machines the MachineConfig goes. Without it no machine gets it.`,
		},
		{
			Code: KernelType, Line: "there is no such kernel type", Do: "write `default` or `realtime`",
			Why: `These are the kernels that OpenShift has.`,
		},
		{
			Code: CEXArgument, Line: "Crypto Express without the kernel argument that it needs",
			Do: "add `rd.luks.key=/etc/luks/cex.key` to `openshift.kernel_arguments`",
			Why: `The initramfs finds the key of the boot disk by this argument. Elsewhere it is added by itself; the
				operator of OpenShift owns the arguments and would remove it.`,
		},
		{
			Code: RawIgnored, Kind: Warning, Line: "what a raw config cannot say",
			Do: "leave it out, or convert without `--raw`",
			Why: `With --raw comes the config alone, without the MachineConfig around it that has the kernel's
				arguments and type, extensions and FIPS.`,
		},
	}
}

// sugarPairs are the examples of these rows.
func sugarPairs() map[Code]*Pair {
	return map[Code]*Pair{
		MountPathMissing:   mounted("      format: xfs\n~~", "", "      path: /var/data\n"),
		MountFormatMissing: mounted("      path: /var/data\n~~", "", "      format: xfs\n"),
		MountPathVolatile:  mounted("      format: xfs\n      path: ~~\n", "/srv", "/var/srv"),
		QuadletExtension: quadlet(
			"web.~~\n      contents: |\n        [Container]\n        Image=example.com/web\n", "service",
			"container"),
		QuadletInstance: quadlet("web@~~.container\n      contents: |\n        [Container]\n"+
			"        Image=example.com/web\n", "1", ""),
		GRUBUser: fcos("grub:\n  users:\n    - name: root\n~~", "",
			"      password_hash: grub.pbkdf2.sha512.10000.5F6A.9B1C\n"),
	}
}

// variantPairs are the examples of these rows.
func variantPairs() map[Code]*Pair {
	role := "machineconfiguration.openshift.io/role: worker"
	return map[Code]*Pair{
		Unsupported: document(
			"r4e", "1.1.0", "~~\n", "storage:\n  disks:\n    - device: /dev/vdb\n      wipe_table: true",
			"passwd:\n  users:\n    - name: core"),
		MetadataName: document("openshift", "4.19.0", "metadata:\n  ~~\n  labels:\n    "+role+"\n", "# no name",
			"name: 50-web"),
		MetadataRole: document("openshift", "4.19.0", "metadata:\n  name: 50-web\n  ~~\n", "# no label",
			"labels:\n    "+role),
		KernelType: machineConfig("openshift:\n  kernel_type: ~~\n", "rt", "realtime"),
		CEXArgument: machineConfig("boot_device:\n  layout: s390x-eckd\n  luks:\n    device: /dev/dasda\n    cex:\n"+
			"      enabled: true\n~~", "",
			"openshift:\n  kernel_arguments:\n    - rd.luks.key=/etc/luks/cex.key\n"),
		RawIgnored: machineConfig("~~", "openshift:\n  kernel_type: realtime\n", "").by(ByRaw),
	}
}
