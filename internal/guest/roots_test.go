package guest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// on gives filesystems of one device, of which some things were seen.
func on(device, kind string, all ...surveyed) []surveyed {
	for i := range all {
		all[i].device, all[i].kind = device, kind
	}
	return all
}

func sub(name string, what ...string) surveyed {
	s := surveyed{filesystem: filesystem{subvolume: name}}
	for _, w := range what {
		switch w {
		case "default":
			s.byDefault = true
		case "system":
			s.hasSystem = true
		case "itself":
			s.namesItself = true
		default:
			s.lines = append(s.lines, w)
		}
	}
	return s
}

func TestTheRootIsTheOneThatTheKernelTakes(t *testing.T) {
	boot := on("/dev/b", "ext4", sub("", "root=LABEL=x rootflags=compress=zstd,subvol=@ quiet"))
	for name, c := range map[string]struct {
		all               []surveyed
		device, subvolume string
		want              string
	}{
		"the only system": {append(on("/dev/b", "vfat", sub("", "system")), on("/dev/r", "xfs", sub("", "system"))...),
			"", "", "/dev/r"},
		"none": {on("/dev/b", "ext4", sub("", "default")), "", "", ""},
		"of btrfs as a whole": {
			on("/dev/r", "btrfs", sub("/", "default", "system"), sub("/x")), "", "", "/dev/r,subvol=/"},
		"the default subvolume": {
			on("/dev/r", "btrfs", sub("/@/.snapshots/1/snapshot", "default", "system"), sub("/"),
				sub("/@")), "", "", "/dev/r,subvol=/@/.snapshots/1/snapshot"},
		"the only subvolume": {
			on("/dev/r", "btrfs", sub("/", "default"), sub("/root", "system"), sub("/home")),
			"", "", "/dev/r,subvol=/root"},
		"by the boot entries": {
			append(boot, on("/dev/r", "btrfs", sub("/", "default", "system"), sub("/@", "system"),
				sub("/old", "system", "itself"))...), "", "", "/dev/r,subvol=/@"},
		"before the default": {
			append(boot, on("/dev/r", "btrfs", sub("/old", "default", "system"), sub("/@", "system"))...),
			"", "", "/dev/r,subvol=/@"},
		"by what fstab says": {
			on("/dev/r", "btrfs", sub("/", "default"), sub("/a", "system", "itself"),
				sub("/b", "system")), "", "", "/dev/r,subvol=/a"},
		"the device that is meant": {
			append(on("/dev/q", "ext4", sub("", "system")), on("/dev/r", "ext4", sub("", "system"))...),
			"/dev/r", "", "/dev/r"},
		"one without a system": {on("/dev/r", "ext4", sub("", "default")), "/dev/r", "", "/dev/r"},
		"the subvolume that is meant": {append(boot, on("/dev/r", "btrfs", sub("/@", "system"), sub("/b/c"))...),
			"/dev/r", "b/c", "/dev/r,subvol=/b/c"},
	} {
		t.Run(name, func(t *testing.T) {
			f, err := chosenRoot(c.all, c.device, c.subvolume)
			require.NoError(t, err)
			if c.want == "" {
				assert.Empty(t, f.device)
				return
			}
			assert.Equal(t, c.want, f.String())
		})
	}
}

func TestAFilesystemWithoutASubvolumeIsTheDefaultOne(t *testing.T) {
	at := func(device, subvolume string) filesystem { return filesystem{device, "btrfs", subvolume} }
	for name, c := range map[string]struct {
		seen  surveyed
		named filesystem
		want  bool
	}{
		"the same":           {surveyed{filesystem: at("/dev/a", "/@")}, at("/dev/a", "/@"), true},
		"the default":        {surveyed{filesystem: at("/dev/a", "/@"), byDefault: true}, at("/dev/a", ""), true},
		"another":            {surveyed{filesystem: at("/dev/a", "/@"), byDefault: true}, at("/dev/a", "/"), false},
		"none that is named": {surveyed{filesystem: at("/dev/a", "/home")}, at("/dev/a", ""), false},
		"another device":     {surveyed{filesystem: at("/dev/b", ""), byDefault: true}, at("/dev/a", ""), false},
		"no root":            {surveyed{filesystem: at("/dev/b", ""), byDefault: true}, filesystem{}, false},
	} {
		assert.Equal(t, c.want, c.seen.is(c.named), name)
	}
}

func TestRootsThatAreNotClearAreRefused(t *testing.T) {
	for name, c := range map[string]struct {
		all               []surveyed
		device, subvolume string
		says, hint        string
	}{
		"two devices": {
			append(on("/dev/q", "ext4", sub("", "system")), on("/dev/r", "xfs", sub("", "system"))...), "", "",
			"2 filesystems have a system on them: /dev/q, /dev/r", "--root-device DEVICE,"},
		"two subvolumes": {
			on("/dev/r", "btrfs", sub("/", "default"), sub("/a", "system"), sub("/b", "system")), "", "",
			"2 filesystems have a system on them: /dev/r,subvol=/a, /dev/r,subvol=/b",
			"--root-device DEVICE,subvol=NAME"},
		"entries of both": {on("/dev/r", "btrfs", sub("/", "default", "rootflags=subvol=a", "rootflags=subvol=/b"),
			sub("/a", "system", "itself"), sub("/b", "system")), "", "", "2 filesystems", "subvol=NAME"},
		"a swap partition": {on("/dev/r", "ext4", sub("")), "/dev/s", "", "has no filesystem of ext2, ", ""},
		"another subvolume": {
			on("/dev/r", "btrfs", sub("/", "default", "system")), "/dev/r", "x", "not this subvolume", ""},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := chosenRoot(c.all, c.device, c.subvolume)
			require.ErrorContains(t, err, c.says)
			if c.hint != "" {
				assert.Contains(t, diag.Hints(err)[0], c.hint)
			}
		})
	}
}

func TestTheRootOfAFstab(t *testing.T) {
	for tab, want := range map[string]bool{
		"UUID=x / btrfs rw,subvol=@ 0 0\n":                           true,
		"UUID=x\t/\tbtrfs\tsubvol=/@,rw 0 0":                         true,
		"UUID=x / btrfs subvol=@home 0 0\n":                          false,
		"UUID=x /home btrfs subvol=@ 0 0\n":                          false,
		"# UUID=x / btrfs subvol=@ 0 0\nUUID=x / btrfs defaults 0 0": false,
		"\nUUID=x /\n": false,
	} {
		assert.Equal(t, want, rootOfTab(tab, "/@"), tab)
	}
}

func TestTheSubvolumeThatIsMounted(t *testing.T) {
	const info = "22 1 0:20 / / rw - ext4 /dev/vda rw\n30 22 0:31 /old /run/look rw - btrfs /dev/vdb rw\n" +
		"31 22 0:32 /a\\040b /run/look ro - btrfs /dev/vdb rw\n"
	mounts, err := block.ParseMounts([]byte(info))
	require.NoError(t, err)
	assert.Equal(t, "/a b", mountedSubvolume(mounts, "/run/look"))
	assert.Equal(t, "/", mountedSubvolume(mounts, "/run/none"))
}

func TestNamedRoots(t *testing.T) {
	for text, want := range map[string][2]string{"/dev/a": {"/dev/a", ""}, "/dev/a,subvol=/@/x": {"/dev/a", "@/x"}} {
		device, subvolume := namedRoot(text)
		assert.Equal(t, want, [2]string{device, subvolume})
	}
}

func TestEntriesOfBootLoadersAreFound(t *testing.T) {
	for name, c := range map[string]struct {
		files map[string]string
		want  entries
	}{
		"of the specification": {map[string]string{"loader/entries/a.conf": "linux /a\noptions a  b\n\noptions c\n",
			"loader/entries/b.conf": "uki /x.efi\n", "loader/entries/c.conf": "efi /shell.efi\noptions x\n"},
			entries{lines: []string{"a b c", ""}}},
		"of GRUB": {
			map[string]string{"grub/grub.cfg": "menuentry x {\n\tlinux /a b\n\tlinuxefi /b c\n}\n"},
			entries{lines: []string{"/a b", "/b c"}}},
		"a grub.cfg of none": {map[string]string{"grub2/grub.cfg": "blscfg\n"}, entries{}},
		"unified": {map[string]string{"EFI/Linux/x.efi": "MZ....linux\x00\x00\x00", "EFI/BOOT/BOOTX64.EFI": "MZ.text",
			"EFI/Linux/y.efi": ".linux\x00\x00"}, entries{unified: []string{"EFI/Linux/x.efi"}}},
		"nothing": {nil, entries{}},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			for name, text := range c.files {
				at := filepath.Join(dir, name)
				require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
				require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
			}
			for i := range c.want.unified {
				c.want.unified[i] = filepath.Join(dir, c.want.unified[i])
			}
			assert.Equal(t, c.want, entriesIn(dir))
		})
	}
}

func TestSubvolumesOfCommandLines(t *testing.T) {
	for line, want := range map[string]string{
		"root=x rootflags=subvol=@ quiet":            "@",
		"rootflags=a,subvol=/r rootflags=subvolid=5": "",
		"rootflags=\"subvol=/a b\"":                  "a b",
		"subvol=x":                                   "",
	} {
		assert.Equal(t, want, subvolumeOf(line), line)
	}
}
