package butane

import (
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
)

// Sugar is everything that a document can say beyond the config that comes out of it: the whole difference between the
// two languages but for the spelling of keys. With the history of the config language it decides which keys each
// dialect has.
func Sugar() []language.Sugar {
	const v0, v1, v4, v5, v6, v7 = config.V3_0, config.V3_1, config.V3_4, config.V3_5, config.V3_6, config.V3_7
	rows := []language.Sugar{
		{Path: "variant", Required: true, Kind: "string", Line: "The system that the document is for."},
		{Path: "version", Required: true, Kind: "string",
			Line: "The version of the variant that the document is written in."},
		{Path: "passwd.users.*.ssh_authorized_keys_local", Kind: "[string]", Since: v4,
			Line: "Local files with public keys, one a line."},
		{Path: "storage.filesystems.*.with_mount_unit", Kind: "bool", Since: v1,
			Line: "Also make a unit that mounts the filesystem, or swaps to it, on every boot."},
		{Path: "storage.trees", Kind: "[object]", Since: v1,
			Line: "Local directories to embed with everything below them."},
		{Path: "storage.trees.*.local", Required: true, Kind: "string", Since: v1, Line: "The local directory."},
		{Path: "storage.trees.*.path", Kind: "string", Since: v1, Line: "Where its contents go; default /."},
		{Path: "storage.trees.*.group", Kind: "=storage.files.*.group", Since: v6,
			Line: "The owning group of everything in the tree."},
		{Path: "storage.trees.*.user", Kind: "=storage.files.*.user", Since: v6,
			Line: "The owner of everything in the tree."},
		{Path: "storage.trees.*.file_mode", Kind: "number", Since: v6,
			Line: "Permission bits of files; default 0755 for those that somebody may execute, 0644 for others."},
		{Path: "storage.trees.*.dir_mode", Kind: "number", Since: v6,
			Line: "Permission bits of directories; they are made only if this or an owner is given."},
		{Path: "systemd.units.*.contents_local", Kind: "string", Since: v4, Line: "A local file with the unit's text."},
		{Path: "systemd.units.*.dropins.*.contents_local", Kind: "string", Since: v4,
			Line: "A local file with the drop-in's text."},
		{Path: "systemd.quadlets", Kind: "[object]", Since: v7, Line: "Podman quadlets to write."},
		{Path: "systemd.quadlets.*.contents", Kind: "string", Since: v7, Line: "The quadlet's text.", Secret: true},
		{Path: "systemd.quadlets.*.contents_local", Kind: "string", Since: v7,
			Line: "A local file with the quadlet's text."},
		{Path: "systemd.quadlets.*.name", Required: true, Kind: "string", Since: v7,
			Line: "Name with its extension; name@instance.container is a link to its template."},
		{Path: "systemd.quadlets.*.rootful", Kind: "bool", Since: v7,
			Line: "For the system's podman instead of the users'."},
		{Path: "systemd.quadlets.*.dropins", Kind: "=systemd.units.*.dropins", Since: v7,
			Line: "Drop-ins of the quadlet."},
		{Path: "boot_device", Kind: "object", In: "boot_device",
			Line: "Encryption and mirroring of the disk that the machine boots from."},
		{Path: "boot_device.layout", Kind: "string", In: "boot_device",
			Line: "How the disk is partitioned: aarch64, ppc64le, s390x-eckd, s390x-virt, s390x-zfcp, x86_64."},
		{Path: "boot_device.luks", Kind: "object", In: "boot_device", Line: "Encrypt the root filesystem."},
		{Path: "boot_device.luks.cex", Kind: "=storage.luks.*.cex", Since: v5, In: "boot_device",
			Line: "Keys of a Crypto Express adapter (s390x)."},
		{Path: "boot_device.luks.device", Kind: "string", Since: v5, In: "boot_device",
			Line: "The whole disk, for the layouts s390x-eckd and s390x-zfcp."},
		{Path: "boot_device.luks.discard", Kind: "bool", Since: v4, In: "boot_device", Line: "Pass discards through."},
		{Path: "boot_device.luks.tang", Kind: "=storage.luks.*.clevis.tang", In: "boot_device", Line: "Tang servers."},
		{Path: "boot_device.luks.threshold", Kind: "number", In: "boot_device",
			Line: "How many servers and TPMs must agree; default 1."},
		{Path: "boot_device.luks.tpm2", Kind: "bool", In: "boot_device", Line: "Bind to the TPM."},
		{Path: "boot_device.mirror", Kind: "object", In: "boot_device", Line: "Mirror the disk."},
		{Path: "boot_device.mirror.devices", Kind: "[string]", In: "boot_device",
			Line: "The disks, at least two. Everything on them is lost."},
		{Path: "grub", Kind: "object", In: "grub", Line: "The boot loader."},
		{Path: "grub.users", Kind: "[object]", In: "grub", Line: "Who may edit boot entries and use its command line."},
		{Path: "grub.users.*.name", Required: true, Kind: "string", In: "grub", Line: "The user's name."},
		{Path: "grub.users.*.password_hash", Required: true, Kind: "string", In: "grub",
			Line: "Hash of the password as grub2-mkpasswd-pbkdf2 prints it.", Secret: true},
		{Path: "metadata", Required: true, Kind: "object", In: "openshift", Line: "What the MachineConfig is called."},
		{Path: "metadata.labels", Required: true, Kind: "labels", In: "openshift",
			Line: "Its labels; machineconfiguration.openshift.io/role is needed."},
		{Path: "metadata.name", Required: true, Kind: "string", In: "openshift", Line: "Its name."},
		{Path: "openshift", Kind: "object", In: "openshift", Line: "What else the MachineConfig sets."},
		{Path: "openshift.extensions", Kind: "[string]", In: "openshift", Line: "Extensions of the system."},
		{Path: "openshift.fips", Kind: "bool", In: "openshift", Line: "FIPS mode."},
		{Path: "openshift.kernel_arguments", Kind: "[string]", In: "openshift", Line: "Kernel arguments.",
			Secret: true},
		{Path: "openshift.kernel_type", Kind: "string", In: "openshift", Line: "default or realtime."},
	}
	for _, r := range []struct {
		path   string
		inline config.Version
	}{
		{"ignition.config.merge.*", v1}, {"ignition.config.replace", v1},
		{"ignition.security.tls.certificate_authorities.*", v1},
		{"storage.files.*.append.*", v0}, {"storage.files.*.contents", v0}, {"storage.luks.*.key_file", config.V3_2},
	} {
		rows = append(rows,
			language.Sugar{Path: r.path + ".inline", Kind: "string", Since: r.inline,
				Line: "The content itself, instead of a source.", Secret: true},
			language.Sugar{Path: r.path + ".local", Kind: "string", Since: max(r.inline, v1),
				Line: "A local file with the content, instead of a source."})
	}
	return rows
}

// documents is the shape of a whole document.
var documents = sync.OnceValue(func() *language.Shape { return language.Documents(Sugar()) })
