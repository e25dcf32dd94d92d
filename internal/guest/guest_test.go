package guest

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
)

func TestPartitionsAreCalledAsUdevAndTheKernelCallThem(t *testing.T) {
	for name, want := range map[string]string{
		"/dev/vda":                 `SYMLINK+="vda%n"`,
		"/dev/nvme0n1":             `SYMLINK+="nvme0n1p%n"`,
		"/dev/disk/by-id/virtio-7": `SYMLINK+="disk/by-id/virtio-7-part%n"`,
	} {
		text := rules("sdb", []string{name})
		assert.Contains(t, text, `KERNEL=="sdb", SYMLINK+="`+strings.TrimPrefix(name, "/dev/")+`"`+"\n")
		assert.Contains(t, text, `KERNELS=="sdb", `+want+"\n")
	}
}

func TestNamesThatNoDiskCanHave(t *testing.T) {
	for _, name := range []string{"/dev/vda", "/dev/disk/by-id/scsi-3600", "/dev/disk/by-path/pci-0000:00:05.0"} {
		assert.NoError(t, Nameable(name), name)
	}
	for _, name := range []string{"/srv/disk", "/dev/", "/dev/md0", "/dev/md/data", "/dev/mapper/root", "/dev/dm-0",
		"/dev/a b", "/dev/a\"", "/dev/a%n", "/dev/a\n", "/dev/é"} {
		assert.Error(t, Nameable(name), name)
	}
}

func TestTheMarkIsTakenOutOfEntries(t *testing.T) {
	for entry, want := range map[string]string{
		"options root=LABEL=x ignition.firstboot ro\n":                  "options root=LABEL=x ro\n",
		"options ignition.firstboot\n":                                  "options\n",
		"options ignition.firstboot=1 quiet":                            "options quiet",
		"options a \"ignition.firstboot=x y\" b\n":                      "options a b\n",
		"options a='ignition.firstboot x' b\n":                          "options a='ignition.firstboot x' b\n",
		"\toptions\tx ignition.firstboot\n":                             "\toptions\tx\n",
		"title ignition.firstboot\noptions x\n":                         "title ignition.firstboot\noptions x\n",
		"options ignition.firstboots\n":                                 "options ignition.firstboots\n",
		"linux /vmlinuz\noptions ignition.firstboot ignition.firstboot": "linux /vmlinuz\noptions",
	} {
		assert.Equal(t, want, unmarked(entry), entry)
	}
}

func TestMarksOfAllKindsAreCleared(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"ignition.firstboot": "", "ignition/x": "", "loader/entries/a.conf": "options a ignition.firstboot\n",
		"loader/entries/b.conf": "options b\n", "loader/addons/ignition.firstboot.addon.efi": "",
		"loader/addons/other.addon.efi": "", "EFI/Linux/x.efi.extra.d/ignition.firstboot.addon.efi": "",
	} {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o640))
	}
	gone, texts, err := marks(dir)
	require.NoError(t, err)
	require.NoError(t, clearMarks(gone, texts))
	for _, name := range []string{"ignition.firstboot", "ignition", "loader/addons/ignition.firstboot.addon.efi",
		"EFI/Linux/x.efi.extra.d/ignition.firstboot.addon.efi"} {
		assert.NoFileExists(t, filepath.Join(dir, name))
	}
	assert.NoDirExists(t, filepath.Join(dir, "ignition"))
	assert.FileExists(t, filepath.Join(dir, "loader/addons/other.addon.efi"))
	text, err := os.ReadFile(filepath.Join(dir, "loader/entries/a.conf"))
	require.NoError(t, err)
	assert.Equal(t, "options a\n", string(text))
	gone, texts, err = marks(dir)
	require.NoError(t, err)
	assert.Empty(t, gone)
	assert.Empty(t, texts)
}

func TestARootIsMadeOneThatWasNeverStarted(t *testing.T) {
	const file, system = "etc/machine-id", "usr/lib/systemd/systemd"
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"an id goes":                            {map[string]string{file: "0123456789abcdef\n"}, "uninitialized\n"},
		"an empty file, which is no first boot": {map[string]string{file: ""}, "uninitialized\n"},
		"what is not there is made":             {map[string]string{system: "", "etc/x": ""}, "uninitialized\n"},
		"with SELinux it stays missing":         {map[string]string{system: "", "etc/selinux/config": ""}, ""},
		"without systemd there is none":         {map[string]string{"etc/x": ""}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir()
			for name, text := range c.files {
				require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(root, name)), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(root, name), []byte(text), 0o644))
			}
			require.NoError(t, forget(root))
			text, err := os.ReadFile(filepath.Join(root, file))
			if c.want == "" {
				require.ErrorIs(t, err, os.ErrNotExist)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, c.want, string(text))
		})
	}
}

func TestALinkInThePlaceOfTheMachineIDIsNotFollowed(t *testing.T) {
	root := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(root, "etc"), 0o755))
	require.NoError(t, os.Symlink("/tmp/elsewhere", filepath.Join(root, "etc/machine-id")))
	assert.ErrorContains(t, forget(root), "is no file")
}

func TestWhatMachinesWouldShareIsSaid(t *testing.T) {
	root := t.TempDir()
	assert.Empty(t, clones(root))
	for _, name := range []string{"etc/ssh/ssh_host_rsa_key", "etc/ssh/ssh_host_ed25519_key"} {
		require.NoError(t, os.MkdirAll(filepath.Join(root, "etc/ssh"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, name), nil, 0o600))
	}
	assert.Equal(t, []string{"the image has host keys of sshd, which all machines made of it share"}, clones(root))
}

func TestEventsSayTheSameOnTheOtherSide(t *testing.T) {
	sent := plan.Event{Turn: plan.Finished, Done: 2, All: 3, Step: plan.Step{ID: "file:/x", Subject: "file /x",
		Effect: plan.Create, Origin: "$.storage.files.0", Detail: "0644"}}
	text, err := line(Saying{Event: eventOf(sent)})
	require.NoError(t, err)
	said, err := Heard(text)
	require.NoError(t, err)
	assert.Equal(t, sent, said.Event.Of())
	_, err = Heard([]byte("Linux version"))
	assert.ErrorContains(t, err, "no report")
}

func TestWhatNeedsARoot(t *testing.T) {
	path := "/srv"
	for want, c := range map[string]config.Config{
		"":                         {Storage: config.Storage{Filesystems: []config.Filesystem{{Device: "/dev/vda"}}}},
		"a filesystem with a path": {Storage: config.Storage{Filesystems: []config.Filesystem{{Path: &path}}}},
		"users or groups":          {Passwd: config.Passwd{Users: []config.PasswdUser{{Name: "core"}}}},
		"files":                    {Storage: config.Storage{Links: []config.Link{{}}}},
		"units":                    {Systemd: config.Systemd{Units: []config.Unit{{Name: "x.service"}}}},
	} {
		assert.Equal(t, want, needsRoot(c))
	}
	volume := config.Config{Storage: config.Storage{Luks: []config.Luks{{Name: "v"}}}}
	assert.Equal(t, "volumes, whose keys are left in a root", needsRoot(volume))
}

func TestFilesystemsAreLaidOuterOnesFirstAndForReading(t *testing.T) {
	var s config.Storage
	for _, each := range [][3]string{{"/dev/c", "ext4", "/srv/a/b"}, {"/dev/s", "swap", ""}, {"/dev/n", "none", "/x"},
		{"/dev/b", "btrfs", "/srv/a/"}, {"/dev/a", "xfs", "/"}} {
		s.Filesystems = append(s.Filesystems, config.Filesystem{Device: each[0], Format: &each[1], Path: &each[2],
			MountOptions: []string{"rw"}})
	}
	var all []string
	for _, f := range mounted(s) {
		all = append(all, f.device+" "+f.at+" "+f.options)
	}
	assert.Equal(t, []string{"/dev/a / rw,ro", "/dev/b /srv/a rw,ro", "/dev/c /srv/a/b rw,ro"}, all)
}

func TestWhatAnFstabHidesIsSaid(t *testing.T) {
	const tab = "# /dev/x /srv ext4 defaults\n/dev/a / ext4 defaults 0 1\n/dev/b /var ext4 defaults\n" +
		"/dev/c none swap sw\nLABEL=h /home btrfs subvol=home\n/dev/d /mnt/a\\040b ext4 ro\n/dev/e /opt xfs noauto\nx\n"
	file := func(paths ...string) (cfg config.Config) {
		for _, p := range paths {
			cfg.Storage.Files = append(cfg.Storage.Files, config.File{Node: config.Node{Path: p}})
		}
		return cfg
	}
	user := func(u config.PasswdUser) config.Config {
		return config.Config{Passwd: config.Passwd{Users: []config.PasswdUser{u}}}
	}
	over, deeper := file("/var/lib/f"), file("/var/lib/x/f", "/var/lib/y")
	ext4, elsewhere, no := "ext4", "/opt/home", false
	for cfg, at := range map[*config.Config]string{&over: "/var", &deeper: "/var/lib/x"} {
		cfg.Storage.Filesystems = []config.Filesystem{{Device: "/dev/b", Format: &ext4, Path: &at}}
	}
	key := []string{"ssh-ed25519 A"}
	for name, c := range map[string]struct {
		cfg  config.Config
		want string
	}{
		"nothing below":                {file("/etc/f", "/srv/f", "/opt/f", "/varnish"), ""},
		"the place itself":             {file("/var"), ""},
		"below":                        {file("/var/a", "/var/b"), "hide /var/a and 1 more path:"},
		"a name with a blank":          {file("/mnt/a b/f"), `at "/mnt/a b", which will hide "/mnt/a b/f":`},
		"the config mounts it":         {over, ""},
		"the config mounts below it":   {deeper, "at /var, which will hide /var/lib/y:"},
		"a new user":                   {user(config.PasswdUser{Name: "new"}), "at /home, which will hide /home/new:"},
		"one who is there":             {user(config.PasswdUser{Name: "old"}), ""},
		"keys of one who is there":     {user(config.PasswdUser{Name: "old", SSHAuthorizedKeys: key}), "/home/elder:"},
		"one who is to be no more":     {user(config.PasswdUser{Name: "new", ShouldExist: &no}), ""},
		"one with a home of their own": {user(config.PasswdUser{Name: "new", HomeDir: &elsewhere}), ""},
	} {
		all := strings.Join(hidden(c.cfg, tab, "old:x:1:1::/home/elder:/bin/sh\n"), "\n")
		assert.Contains(t, all, c.want, name)
		assert.Equal(t, c.want == "", all == "", "%s: %s", name, all)
	}
}

func TestTheCardIsOfTheStageThatFailed(t *testing.T) {
	err := at("files", errors.New("x"))
	failed := &stageError{}
	require.ErrorAs(t, err, &failed)
	assert.Equal(t, "files", failed.stage)
	assert.NoError(t, at("files", nil))
}

func TestWritesThatADiskHasNotTakenAreFound(t *testing.T) {
	for line, want := range map[string]string{
		"3,412,5;I/O error, dev vda, sector 2048 op 0x1:(WRITE) flags 0x800\n SUBSYSTEM=block\n"://
		"I/O error, dev vda, sector 2048 op 0x1:(WRITE) flags 0x800",
		"2,9,5;critical space allocation error, dev sda, sector 8 op 0x1:(WRITE) flags 0x0\n"://
		"critical space allocation error, dev sda, sector 8 op 0x1:(WRITE) flags 0x0",
		"3,9,5;operation not supported error, dev sda, sector 8 op 0x9:(WRITE_ZEROES) flags 0x0\n": "",
		"3,9,5;I/O error, dev fd0, sector 0 op 0x0:(READ) flags 0x0\n":                             "",
		"6,9,5;EXT4-fs (vda1): mounted filesystem\n":                                               "",
	} {
		assert.Equal(t, want, refused(line), line)
	}
}

// An image may have anything in the place of a file: a pipe would be waited for without end.
func TestOnlyFilesOfAnImageAreRead(t *testing.T) {
	dir := t.TempDir()
	for _, at := range []string{"loader/entries/pipe.conf", "EFI/Linux/pipe.efi", "etc/fstab"} {
		file := filepath.Join(dir, at)
		require.NoError(t, os.MkdirAll(filepath.Dir(file), 0o755))
		require.NoError(t, syscall.Mkfifo(file, 0o600))
	}
	huge := filepath.Join(dir, "loader/entries/huge.conf")
	require.NoError(t, os.WriteFile(huge, []byte("linux /vmlinuz\n"), 0o600))
	require.NoError(t, os.Truncate(huge, 1<<40))
	s := surveyed{}
	s.look(dir)
	assert.Equal(t, surveyed{}, s)
	require.NoError(t, os.Remove(huge))
	_, _, err := marks(dir)
	require.ErrorIs(t, err, errNoFile)
}
