package tests

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A unitFile is a systemd unit as other units and drop-ins of distributions count on it: "Unit.Before" has all values,
// in order.
type unitFile map[string][]string

// readUnit reads a unit file. Lists of names are taken apart.
func readUnit(t *testing.T, path string) unitFile {
	t.Helper()
	file, err := os.Open(path)
	require.NoError(t, err)
	defer file.Close()
	unit, section := unitFile{}, ""
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
		case strings.HasPrefix(line, "["):
			section = strings.Trim(line, "[]")
		default:
			key, value, isKey := strings.Cut(line, "=")
			require.True(t, isKey, "%s: %s", path, line)
			name := section + "." + key
			switch key {
			case "After", "Before", "Requires", "Conflicts", "OnFailure", "WantedBy":
				unit[name] = append(unit[name], strings.Fields(value)...)
			default:
				unit[name] = append(unit[name], value)
			}
		}
	}
	return unit
}

// installed is a folder with what some targets of the Makefile install, all made in this test run.
func installed(t *testing.T, targets ...string) string {
	t.Helper()
	dir := t.TempDir()
	// What is built is not asked here, and would take the time of a build.
	c := exec.Command("make",
		append([]string{"-s", "-o", "build", "DESTDIR=" + dir, "BIN=" + fakeBinaries(t)}, targets...)...)
	c.Dir = ".."
	out, err := c.CombinedOutput()
	require.NoError(t, err, "make %v: %s", targets, out)
	return dir
}

// fakeBinaries stand for the programs.
func fakeBinaries(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"ignition", "glowplug", "glowplug-validate"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755))
	}
	return dir
}

// installedFiles has the files of a folder by their names, with their mode, or where they lead as links.
func installedFiles(t *testing.T, dir string) map[string]string {
	t.Helper()
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		info, err := entry.Info()
		if err != nil {
			return err
		}
		name := path[len(dir)+1:]
		all[name] = fmt.Sprintf("%04o", info.Mode().Perm())
		if info.Mode()&fs.ModeSymlink != 0 {
			link, err := os.Readlink(path)
			all[name] = "-> " + filepath.Join(filepath.Dir(name), link)
			return err
		}
		return nil
	}))
	return all
}

const moduleFolder = "usr/lib/dracut/modules.d/30ignition/"

// The names and places that images build on (docs/peer/initramfs.md §1, §10), and nothing else.
func TestWhatIsInstalledIsWhereImagesLookForIt(t *testing.T) {
	want := map[string]string{
		moduleFolder + "module-setup.sh":                         "0755",
		moduleFolder + "ignition":                                "0755",
		moduleFolder + "ignition-kargs-helper.sh":                "0755",
		moduleFolder + "99-xx-ignition-systemd-cryptsetup.rules": "0644",
		moduleFolder + "ignition-luks.conf":                      "0644",
		moduleFolder + "ignition-cex":                            "0644",
		moduleFolder + "ignition-complete.target":                "0644",
		moduleFolder + "ignition-diskful.target":                 "0644",
		moduleFolder + "ignition-subsequent.target":              "0644",
		moduleFolder + "ignition-diskful-subsequent.target":      "0644",
		moduleFolder + "ignition-remount-sysroot.service":        "0644",
		moduleFolder + "ignition-report.service":                 "0644",
		"usr/bin/glowplug-validate":                              "0755",
		"usr/lib/systemd/system/ignition-delete-config.service":  "0644",
		"usr/libexec/ignition-apply":                             "-> " + moduleFolder + "ignition",
		"usr/libexec/ignition-rmcfg":                             "-> " + moduleFolder + "ignition",
		"usr/bin/glowplug":                                       "0755",
		"usr/bin/butane":                                         "-> usr/bin/glowplug",
		"usr/bin/ignition-validate":                              "-> usr/bin/glowplug-validate",
	}
	for _, stage := range stageUnits {
		want[moduleFolder+"ignition-"+stage+".service"] = "0644"
	}
	for _, page := range []string{"man1/glowplug.1", "man1/glowplug-validate.1", "man1/butane.1",
		"man1/ignition-validate.1", "man8/ignition.8", "man8/ignition-apply.8", "man8/ignition-rmcfg.8",
		"man8/ignition-generator.8"} {
		want["usr/share/man/"+page] = "0644"
	}
	assert.Equal(t, want, installedFiles(t, installed(t, "install")))
}

func TestWhatIsInstalledOnRequest(t *testing.T) {
	const network = "usr/lib/dracut/modules.d/35ignition-network/"
	for target, want := range map[string]map[string]string{
		"install-grub-for-bootupd": {"usr/lib/bootupd/grub2-static/configs.d/05_ignition.cfg": "0644"},
		"install-network": {network + "module-setup.sh": "0755", network + "ignition-network.sh": "0755",
			network + "ignition-network.service": "0644"},
		"install-firstboot-complete": {
			"usr/libexec/ignition-firstboot-complete":                    "0755",
			"usr/lib/systemd/system/ignition-firstboot-complete.service": "0644"},
		"install-dracut-conf":   {"usr/lib/dracut/dracut.conf.d/30-ignition.conf": "0644"},
		"install-kargs-entries": {moduleFolder + "ignition-kargs-helper.sh": "0755"},
	} {
		assert.Equal(t, want, installedFiles(t, installed(t, target)), target)
	}
	helper, err := os.ReadFile(filepath.Join(installed(t, "install", "install-kargs-entries"), moduleFolder,
		"ignition-kargs-helper.sh"))
	require.NoError(t, err)
	assert.Contains(t, string(helper), "loader/entries",
		"the helper takes the place of the one that has nothing to say")
}

// An initramfs without the module comes up as if there were nothing to provision: check() has it only where somebody
// asks for it.
func TestInstallSaysWhatIsLeftToDo(t *testing.T) {
	c := exec.Command("make", "-s", "-o", "build", "DESTDIR="+t.TempDir(), "BIN="+fakeBinaries(t), "install")
	c.Dir = ".."
	out, err := c.Output()
	require.NoError(t, err)
	for _, word := range []string{`add_dracutmodules+=" ignition "`, "make install-dracut-conf", "make install-network",
		"ignition.firstboot", "docs/operations.md"} {
		assert.Contains(t, string(out), word)
	}
	assert.True(t, strings.HasSuffix(string(out), "\n  add_dracutmodules+=\" ignition \"\n"),
		"it is not the last line of\n%s", out)
	conf, err := os.ReadFile(filepath.Join(installed(t, "install-dracut-conf"),
		"usr/lib/dracut/dracut.conf.d/30-ignition.conf"))
	require.NoError(t, err)
	got, err := exec.Command("bash", "-c",
		"add_dracutmodules=' other '; "+string(conf)+"\necho $add_dracutmodules").Output()
	require.NoError(t, err)
	assert.Equal(t, "other ignition\n", string(got))
}

var stageUnits = []string{"fetch-offline", "fetch", "kargs", "disks", "mount", "files"}

// edges are what orders the units of a first boot (docs/peer/initramfs.md §4), beside what all services have in common.
var edges = map[string]unitFile{
	"fetch-offline": {
		"Unit.After":  {"basic.target"},
		"Unit.Before": {"ignition-complete.target", "ignition-fetch.service"},
	},
	"fetch": {
		"Unit.After":               {"basic.target", "ignition-fetch-offline.service", "network.target"},
		"Unit.Before":              {"ignition-complete.target", "ignition-disks.service"},
		"Unit.ConditionPathExists": {"/etc/initrd-release", "/run/ignition/neednet", "!/run/ignition.json"},
	},
	"kargs": {
		"Unit.After":         {"ignition-fetch.service"},
		"Unit.Before":        {"ignition-complete.target", "ignition-disks.service"},
		"Service.MountFlags": {"slave"},
	},
	"disks": {
		"Unit.After":    {"ignition-fetch.service", "systemd-udevd.service"},
		"Unit.Requires": {"systemd-udevd.service"},
		"Unit.Before": {"ignition-complete.target", "ignition-mount.service", "initrd-root-device.target",
			"sysroot.mount", "systemd-fsck-root.service"},
	},
	"mount": {
		"Unit.After": {"ignition-disks.service", "ignition-remount-sysroot.service", "initrd-root-fs.target",
			"network.target"},
		"Unit.Requires": {"initrd-root-fs.target"},
		"Unit.Before":   {"ignition-complete.target", "ignition-files.service", "initrd-switch-root.target"},
		"Service.ExecStop": {"/usr/bin/ignition --root=/sysroot --platform=${PLATFORM_ID} --stage=umount " +
			"${IGNITION_ARGS}"},
	},
	"files": {
		"Unit.After":  {"ignition-mount.service"},
		"Unit.Before": {"ignition-complete.target", "initrd-parse-etc.service"},
	},
}

func TestUnitsOfStagesAreInTheOrderThatOthersHookInto(t *testing.T) {
	for stage, want := range edges {
		t.Run(stage, func(t *testing.T) {
			got := readUnit(t, "../dracut/30ignition/ignition-"+stage+".service")
			common := unitFile{
				"Unit.ConditionPathExists": {"/etc/initrd-release"}, "Unit.DefaultDependencies": {"no"},
				"Unit.OnFailure": {"emergency.target"}, "Unit.OnFailureJobMode": {"isolate"},
				"Service.Type": {"oneshot"}, "Service.RemainAfterExit": {"yes"},
				"Service.EnvironmentFile": {"/run/ignition.env"},
				"Service.ExecStart": {"/usr/bin/ignition --root=/sysroot --platform=${PLATFORM_ID} --stage=" + stage +
					" ${IGNITION_ARGS}"},
			}
			for key, values := range want {
				common[key] = values
			}
			delete(got, "Unit.Description")
			delete(got, "Unit.Documentation")
			for setting := range confinement(t, "ignition-"+stage) {
				delete(got, "Service."+setting)
			}
			for key, values := range got {
				if key == "Unit.After" || key == "Unit.Before" {
					slices.Sort(values)
				}
			}
			assert.Equal(t, common, got)
		})
	}
}

func TestTargetsStopWithTheInitramfsAndBeforeAnEmergencyShell(t *testing.T) {
	before := map[string]string{
		"complete": "initrd.target", "diskful": "ignition-complete.target",
		"subsequent": "initrd.target", "diskful-subsequent": "ignition-subsequent.target",
	}
	for name, next := range before {
		unit := readUnit(t, "../dracut/30ignition/ignition-"+name+".target")
		delete(unit, "Unit.Description")
		delete(unit, "Unit.Documentation")
		assert.Equal(t, unitFile{
			"Unit.ConditionPathExists": {"/etc/initrd-release"}, "Unit.Before": {next},
			"Unit.Conflicts": {"initrd-switch-root.target", "umount.target", "dracut-emergency.service",
				"emergency.service", "emergency.target"},
		}, unit, name)
	}
}

// others are the units that run no stage (docs/peer/initramfs.md §4, §8; those in folders of their own are ours).
var others = map[string]unitFile{
	"30ignition/ignition-remount-sysroot.service": {
		"Unit.ConditionPathExists": {"/etc/initrd-release"}, "Unit.ConditionPathIsReadWrite": {"!/sysroot"},
		"Unit.DefaultDependencies": {"no"},
		"Unit.Before":              {"ignition-diskful.target"}, "Unit.After": {"sysroot.mount"},
		"Unit.OnFailure": {"emergency.target"}, "Unit.OnFailureJobMode": {"isolate"},
		"Service.Type": {"oneshot"}, "Service.RemainAfterExit": {"yes"},
		"Service.ExecStart":       {"/bin/mount -o remount,rw /sysroot"},
		"Service.NoNewPrivileges": {"yes"}, "Service.MemoryDenyWriteExecute": {"yes"},
		"Service.RestrictNamespaces": {"yes"}, "Service.LockPersonality": {"yes"},
		"Service.RestrictRealtime": {"yes"}, "Service.SystemCallArchitectures": {"native"},
	},
	// Distributions add an ExecStart, so it is oneshot; a config may mask it, so it is wanted only.
	"systemd/ignition-delete-config.service": {
		"Unit.ConditionFirstBoot": {"true"}, "Unit.ConditionPathExists": {"/run/ignition.env"},
		"Unit.ConditionKernelCommandLine": {"|ignition.platform.id=virtualbox", "|ignition.platform.id=vmware"},
		"Unit.DefaultDependencies":        {"no"}, "Unit.Before": {"sysinit.target"},
		"Unit.OnFailure": {"emergency.target"}, "Unit.OnFailureJobMode": {"isolate"},
		"Service.Type": {"oneshot"}, "Service.RemainAfterExit": {"yes"},
		"Service.EnvironmentFile": {"/run/ignition.env"},
		"Service.ExecStart":       {"/usr/libexec/ignition-rmcfg --platform=${PLATFORM_ID}"},
		"Install.WantedBy":        {"sysinit.target"},
	},
	// The network is there before fetch, and network.target says so to whoever else is ordered after it.
	"35ignition-network/ignition-network.service": {
		"Unit.ConditionPathExists": {"/etc/initrd-release", "/run/ignition/neednet"},
		"Unit.DefaultDependencies": {"no"},
		"Unit.After":               {"ignition-fetch-offline.service", "systemd-udevd.service"},
		"Unit.Wants":               {"network.target"},
		"Unit.Before":              {"ignition-complete.target", "ignition-fetch.service", "network.target"},
		"Service.Type":             {"oneshot"}, "Service.RemainAfterExit": {"yes"},
		"Service.ExecStart": {"/usr/sbin/ignition-network"},
	},
	"firstboot/ignition-firstboot-complete.service": {
		"Unit.ConditionKernelCommandLine": {"ignition.firstboot"},
		"Unit.ConditionPathExists":        {"/run/ignition.json", "!/run/glowplug/failure.json"},
		"Unit.RequiresMountsFor":          {"/boot /efi /boot/efi"},
		"Service.Type":                    {"oneshot"}, "Service.RemainAfterExit": {"yes"},
		"Service.ExecStart": {"/usr/libexec/ignition-firstboot-complete"},
		"Install.WantedBy":  {"multi-user.target"},
	},
	// By then presets are applied, and the config is there.
	"verify/glowplug-record.service": {
		"Unit.ConditionPathExists": {"/usr/lib/glowplug/distribution.json", "/run/ignition.json"},
		"Unit.After":               {"local-fs.target"},
		"Service.Type":             {"oneshot"}, "Service.RemainAfterExit": {"yes"},
		"Service.NoNewPrivileges": {"yes"},
		"Service.ExecStart":       {"/usr/bin/glowplug record --output image /run/ignition.json"},
		"Install.WantedBy":        {"multi-user.target"},
	},
	"verify/glowplug-verify.service": {
		"Unit.ConditionPathExists": {"/usr/lib/glowplug/distribution.json"},
		"Unit.After":               {"glowplug-record.service", "local-fs.target"},
		"Service.Type":             {"oneshot"}, "Service.SuccessExitStatus": {"4"},
		"Service.NoNewPrivileges": {"yes"}, "Service.ExecStart": {"/usr/bin/glowplug verify"},
	},
	"verify/glowplug-verify.timer": {
		"Timer.OnCalendar": {"daily"}, "Timer.RandomizedDelaySec": {"1h"}, "Timer.Persistent": {"yes"},
		"Install.WantedBy": {"timers.target"},
	},
	// Nothing is ordered behind these, and a server that does not answer is no failure.
	"30ignition/ignition-report.service": {
		"Unit.ConditionPathExists": {"/etc/initrd-release", "/run/glowplug/failure.json"},
		"Unit.DefaultDependencies": {"no"},
		"Service.Type":             {"oneshot"}, "Service.TimeoutStartSec": {"90"},
		"Service.ExecStart": {"-/usr/bin/ignition report --send image"},
	},
	"report/glowplug-report.service": {
		"Unit.ConditionPathExists": {"/run/glowplug/report.json"},
		"Unit.After":               {"local-fs.target", "network-online.target"},
		"Service.Type":             {"oneshot"}, "Service.RemainAfterExit": {"yes"},
		"Service.TimeoutStartSec": {"90"}, "Service.NoNewPrivileges": {"yes"},
		"Service.ExecStart": {"-/usr/bin/glowplug report --send image"},
		"Install.WantedBy":  {"multi-user.target"},
	},
	"facts/glowplug-facts.service": {
		"Unit.ConditionPathExists": {"/usr/lib/glowplug/distribution.json"},
		"Unit.After":               {"local-fs.target", "network-online.target"},
		"Service.Type":             {"oneshot"}, "Service.TimeoutStartSec": {"90"},
		"Service.NoNewPrivileges": {"yes"},
		"Service.ExecStart":       {"-/usr/bin/glowplug facts --send image"},
		"Install.WantedBy":        {"multi-user.target"},
	},
}

func TestUnitsThatRunNoStage(t *testing.T) {
	for name, want := range others {
		got := readUnit(t, "../dracut/"+name)
		delete(got, "Unit.Description")
		delete(got, "Unit.Documentation")
		slices.Sort(got["Unit.Before"])
		slices.Sort(got["Unit.After"])
		assert.Equal(t, want, got, name)
	}
}

// plainLines are the lines of a file that are neither empty nor comments.
func plainLines(t *testing.T, path string) []string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var lines []string
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' {
			lines = append(lines, line)
		}
	}
	return lines
}

// What other programs read (docs/peer/initramfs.md §2, §5).
func TestFilesForUdevGRUBAndPwmake(t *testing.T) {
	assert.Equal(t, []string{`ACTION!="remove", SUBSYSTEM=="block", ` +
		`ENV{DM_UUID}=="CRYPT-*", ENV{ID_PART_TABLE_TYPE}=="", ENV{ID_FS_USAGE}=="", \`, `ENV{SYSTEMD_READY}="1"`},
		plainLines(t, "../dracut/30ignition/99-xx-ignition-systemd-cryptsetup.rules"))
	assert.Equal(t, []string{"dictcheck = 0"}, plainLines(t, "../dracut/30ignition/ignition-luks.conf"))
	assert.Equal(t, []string{
		`set ignition_firstboot=""`,
		`if [ -f "/ignition.firstboot" ]; then`,
		`set ignition_network_kcmdline=''`,
		`source "/ignition.firstboot"`,
		`set ignition_firstboot="ignition.firstboot ${ignition_network_kcmdline}"`,
		`fi`,
	}, plainLines(t, "../dracut/grub/05_ignition.cfg"))
}

// Volumes that have been made with this text can be opened with no other.
func TestTheTextForVolumesOfCryptoExpressNeverChanges(t *testing.T) {
	text, err := os.ReadFile("../dracut/30ignition/ignition-cex")
	require.NoError(t, err)
	assert.Equal(t, "8874db97d58de5ce6f375dca3f18c4567827f05d9a9bee71d640f805d0d25d60",
		fmt.Sprintf("%x", sha256.Sum256(text)))
}

// An imageBuild is dracut's part in making an image: it tells what a module asks for. Tools that start with lack- are
// not there.
type imageBuild struct {
	machine  string
	required string // ignition_required_tools
	settings string // distribution.json, "" for none
	epoch    bool   // there is a clock-epoch
	without  string // a part of what is asked for that cannot be done
}

// dracutFunctions stand for dracut's own (dracut-init.sh), as far as the modules use them.
const dracutFunctions = `
asked() {
	[ -z "$without" ] || case "$*" in *"$without"*) return 1 ;; esac
	echo "$*" >&3
}
inst_multiple() {
	asked inst_multiple "$@" || return 1
	case " $*" in *" lack-"*) return 1 ;; esac
}
inst_simple() { asked inst_simple "${1/#$moddir\//}" "${@:2}"; }
inst_script() { asked inst_script "${1/#$moddir\//}" "${@:2}"; }
inst_rules() { asked inst_rules "$@"; }
inst_libdir_file() { asked inst_libdir_file "$@"; }
instmods() { asked instmods "$@"; }
ln_r() { asked ln_r "$@"; }
systemctl() { asked systemctl "$@"; }
find_binary() { [ "$1" != mdadm ]; }
dwarn() { asked dwarn "$@"; }
dfatal() { echo "$*" >&2; }
`

// run gives what the module has asked for, one a line, and the end of the build, if it ended.
func (b imageBuild) run(t *testing.T, name string) (asked []string, err error) {
	t.Helper()
	root := t.TempDir()
	if b.settings != "" {
		require.NoError(t, os.MkdirAll(filepath.Join(root, "usr/lib/glowplug"), 0o755))
		require.NoError(t,
			os.WriteFile(filepath.Join(root, "usr/lib/glowplug/distribution.json"), []byte(b.settings), 0o600))
	}
	if b.epoch {
		require.NoError(t, os.MkdirAll(filepath.Join(root, "usr/lib"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(root, "usr/lib/clock-epoch"), nil, 0o600))
	}
	c := exec.Command("bash", "-c", dracutFunctions+`. "$moddir/module-setup.sh"
		echo depends $(depends) >&3; check; echo check $? >&3; install; installkernel 2>/dev/null; echo the build goes on >&3`)
	moddir, err := filepath.Abs("../dracut/" + name)
	require.NoError(t, err)
	c.Env = append(os.Environ(), "moddir="+moddir, "initdir=/initdir",
		"systemdsystemunitdir=/units", "systemdutildir=/systemd", "dracutsysrootdir="+root, "DRACUT_ARCH="+b.machine,
		"ignition_required_tools="+b.required, "without="+b.without)
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	c.ExtraFiles = []*os.File{writer}
	var said bytes.Buffer
	c.Stderr = &said
	require.NoError(t, c.Start())
	writer.Close()
	text, err := io.ReadAll(reader)
	require.NoError(t, err)
	if err = c.Wait(); err != nil {
		err = fmt.Errorf("%w: %s", err, said.String())
	}
	return strings.Split(strings.TrimSpace(string(text)), "\n"), err
}

// What the module asks dracut for, in the order of docs/peer/initramfs.md §2, with what its tools need that is left to
// other modules there.
func TestTheDracutModule(t *testing.T) {
	asked, err := imageBuild{machine: "x86_64"}.run(t, "30ignition")
	require.NoError(t, err)
	want := []string{
		"depends qemu systemd url-lib network", "check 255",
		"inst_multiple basename lsblk blkid mount umount udevadm modprobe",
		"inst_multiple -o TOOLS",
		"dwarn ignition: configs that need one of these will fail, as the image has none: mdadm",
		"inst_libdir_file libtss2-tcti-device.so*",
		"inst_simple ignition /usr/bin/ignition",
		"inst_script ignition-kargs-helper.sh /usr/sbin/ignition-kargs-helper",
		"ln_r /usr/bin/ignition /usr/lib/systemd/system-generators/ignition-generator",
		"inst_simple 99-xx-ignition-systemd-cryptsetup.rules " +
			"/usr/lib/udev/rules.d/99-xx-ignition-systemd-cryptsetup.rules",
		"inst_rules 60-cdrom_id.rules",
		"inst_simple ignition-luks.conf /etc/security/pwquality.conf.d/ignition-luks.conf",
	}
	for _, target := range []string{"complete", "diskful", "subsequent", "diskful-subsequent"} {
		want = append(want, "inst_simple ignition-"+target+".target /units/ignition-"+target+".target")
	}
	unit := func(name, target string) {
		want = append(want, "inst_simple "+name+" /units/"+name,
			"systemctl -q --root=/initdir add-requires "+target+" "+name)
	}
	for _, stage := range stageUnits {
		unit("ignition-"+stage+".service", "ignition-complete.target")
	}
	unit("ignition-remount-sysroot.service", "ignition-diskful.target")
	want = append(want, "inst_simple ignition-report.service /units/ignition-report.service",
		"systemctl -q --root=/initdir add-wants emergency.target ignition-report.service")
	want = append(want, "instmods hv_utils", "instmods -c vsock", "instmods -c vmw_vsock_virtio_transport_common",
		"instmods -c vmw_vsock_virtio_transport", "the build goes on")
	require.Greater(t, len(asked), 3)
	tools := strings.Fields(asked[3])[2:]
	asked[3] = "inst_multiple -o TOOLS"
	assert.Equal(t, want, asked)
	assert.Equal(t, strings.Fields("mkfs.btrfs mkfs.ext4 mkfs.fat mkfs.xfs mkswap wipefs mdadm cryptsetup dmsetup "+
		"setfiles systemctl "+
		"clevis clevis-encrypt-sss clevis-encrypt-tang clevis-encrypt-tpm2 clevis-luks-bind "+
		"clevis-luks-common-functions clevis-luks-unlock "+
		"clevis-decrypt clevis-decrypt-sss clevis-decrypt-tang clevis-decrypt-tpm2 clevis-encrypt-null "+
		"clevis-decrypt-null "+
		"pwmake jose curl tpm2_create tpm2_createpolicy tpm2_createprimary tpm2_flushcontext tpm2_load tpm2_pcrread "+
		"tpm2_unseal "+
		"bash sort find touch id grep sed cat head tail tr mktemp rm is-live-image"), tools)
}

// dracut's emergency shell sources it last before its prompt.
func TestTheEmergencyShellShowsTheCardAgainOnEveryConsole(t *testing.T) {
	module, err := filepath.Abs("../dracut/30ignition/module-setup.sh")
	require.NoError(t, err)
	text, err := exec.Command("bash", "-c", ". "+module+"; ignition_profile").Output()
	require.NoError(t, err)
	dir := t.TempDir()
	profile := string(text)
	for _, folder := range []string{"/run/glowplug", "/proc", "/dev"} {
		require.Contains(t, profile, folder+"/")
	}
	profile = strings.NewReplacer("/run/glowplug/", dir+"/", "/proc/", dir+"/", "/dev/null", "/dev/null", "/dev/",
		dir+"/").Replace(profile)
	require.NoError(t, os.WriteFile(filepath.Join(dir, "consoles"),
		[]byte("tty0   -WU (EC  p  )    4:7\ngone/tty -W- (E)\nttyS0  -W- (E   p  )    4:64\n"), 0o600))
	source := func() {
		out, err := exec.Command("sh", "-c", profile+"echo the prompt").CombinedOutput()
		require.NoError(t, err)
		assert.Equal(t, "the prompt\n", string(out))
	}
	source()
	assert.NoFileExists(t, filepath.Join(dir, "tty0"), "nothing has failed")
	const card = "=====\nIgnition failed: disks\n  because \\n %s\n=====\n"
	require.NoError(t, os.WriteFile(filepath.Join(dir, "failure.txt"), []byte(card), 0o600))
	source()
	for _, console := range []string{"tty0", "ttyS0"} {
		shown, err := os.ReadFile(filepath.Join(dir, console))
		require.NoError(t, err)
		assert.Equal(t, card, string(shown), console)
	}
}

// difference is what a build asks for, beside what a plain one does.
func difference(t *testing.T, b imageBuild) []string {
	t.Helper()
	plain, err := imageBuild{machine: "x86_64"}.run(t, "30ignition")
	require.NoError(t, err)
	asked, err := b.run(t, "30ignition")
	require.NoError(t, err)
	return slices.DeleteFunc(asked, func(line string) bool { return slices.Contains(plain, line) })
}

func TestWhatElseTheDracutModuleInstalls(t *testing.T) {
	assert.Equal(t, []string{
		"inst_multiple chccwdev cio_ignore vmur zkey zkey-cryptsetup", "inst_simple ignition-cex /etc/luks/cex.key",
		"instmods -c zcrypt_cex4 pkey_cca",
	}, difference(t, imageBuild{machine: "s390x"}))
	assert.Equal(t, []string{"instmods -c mlxbf_bootctl"}, difference(t, imageBuild{machine: "aarch64"}))
	assert.Equal(t, []string{"inst_multiple mkfs.xfs mdadm"},
		difference(t, imageBuild{required: "mkfs.xfs mdadm", machine: "x86_64"}))
	assert.Equal(t, []string{"inst_simple /usr/lib/clock-epoch"},
		difference(t, imageBuild{epoch: true, machine: "x86_64"}))
	const settings = "inst_simple /usr/lib/glowplug/distribution.json"
	assert.Equal(t, []string{settings},
		difference(t, imageBuild{settings: `{"accountBackend": "native"}`, machine: "x86_64"}))
	assert.Equal(t,
		[]string{settings, "inst_multiple groupadd groupmod groupdel chgpasswd useradd usermod userdel chpasswd"},
		difference(t, imageBuild{settings: `{"accountBackend": "shadow-utils"}`, machine: "x86_64"}))
}

func TestABuildEndsWithoutWhatTheImageIsToHave(t *testing.T) {
	for name, test := range map[string]struct {
		build imageBuild
		says  string
	}{
		"a tool that the distribution enabled": {imageBuild{required: "mkfs.xfs lack-mdadm"},
			"the image is to have mkfs.xfs lack-mdadm, of which some are missing"},
		"a tool that all need": {imageBuild{without: " udevadm"}, "udevadm modprobe, of which some are missing"},
		"a tool of the machine's kind": {imageBuild{machine: "s390x", without: "zkey"},
			"zkey-cryptsetup, of which some are missing"},
		"the tools that make accounts": {imageBuild{settings: `"shadow-utils"`, without: "useradd"}, "useradd usermod"},
		"the program":                  {imageBuild{without: "/usr/bin/ignition"}, "the program is not in"},
		"the link to a stage": {imageBuild{without: "add-requires ignition-complete.target ignition-disks"},
			"ignition-disks.service cannot be made part of ignition-complete.target"},
	} {
		asked, err := test.build.run(t, "30ignition")
		require.Error(t, err, name)
		require.ErrorContains(t, err, test.says, name)
		assert.NotContains(t, asked, "the build goes on", name)
	}
	for _, without := range []string{"networkd", "add-requires"} {
		_, err := imageBuild{without: without}.run(t, "35ignition-network")
		require.Error(t, err, without)
	}
}

func TestTheDracutModuleOfTheNetwork(t *testing.T) {
	asked, err := imageBuild{}.run(t, "35ignition-network")
	require.NoError(t, err)
	assert.Equal(t, []string{
		"depends ignition systemd-networkd", "check 255",
		"inst_multiple cat mkdir rm sed systemctl tr /systemd/systemd-networkd-wait-online",
		"inst_script ignition-network.sh /usr/sbin/ignition-network",
		"inst_simple ignition-network.service /units/ignition-network.service",
		"systemctl -q --root=/initdir add-requires ignition-complete.target ignition-network.service",
		"systemctl -q --root=/initdir disable systemd-networkd.service systemd-networkd.socket " +
			"systemd-networkd-wait-online.service",
		"the build goes on",
	}, asked)
}

// fakeNetwork is a root for the network's script: wait-online fails as often as it is told to.
func fakeNetwork(t *testing.T, failures int) (root string, env []string) {
	t.Helper()
	root = bootFolder(t, map[string]string{
		"usr/lib/systemd/systemd-networkd-wait-online": "#!/bin/sh\necho \"$*\" >>\"$IGNITION_ROOT/waits\"\n" +
			"[ $(wc -l <\"$IGNITION_ROOT/waits\") -gt " + fmt.Sprint(failures) + " ]\n",
		"bin/systemctl":           "#!/bin/sh\necho \"$*\" >\"$IGNITION_ROOT/systemctl\"\n",
		"run/systemd/netif/state": "OPER_STATE=routable\nDNS=192.0.2.1 2001:db8::1\n",
	})
	for _, name := range []string{"usr/lib/systemd/systemd-networkd-wait-online", "bin/systemctl"} {
		require.NoError(t, os.Chmod(filepath.Join(root, name), 0o755))
	}
	require.NoError(t, os.Mkdir(filepath.Join(root, "etc"), 0o755))
	require.NoError(t, os.Symlink("../run/systemd/resolve/resolv.conf", filepath.Join(root, "etc/resolv.conf")))
	return root, append(os.Environ(), "IGNITION_ROOT="+root, "PATH="+filepath.Join(root, "bin")+":"+os.Getenv("PATH"))
}

// The unit is required: were it to fail, the boot would end.
func TestTheNetworkIsBroughtUpAndWaitedForWithoutFailing(t *testing.T) {
	for failures, waits := range []string{"--any --timeout=60\n", "--any --timeout=60\n--any --timeout=0\n"} {
		root, env := fakeNetwork(t, failures)
		c := exec.Command("sh", "../dracut/35ignition-network/ignition-network.sh")
		c.Env = env
		out, err := c.CombinedOutput() // until the last process that the script has left is gone
		require.NoError(t, err, "%s", out)
		got := contents(t, root)
		assert.Equal(t, waits, got["waits"])
		assert.Equal(t, "restart --no-block systemd-networkd.service\n", got["systemctl"])
		assert.Equal(t, "[Match]\nType=ether\nKind=!*\n[Network]\nDHCP=yes\n",
			got["run/systemd/network/90-ignition.network"])
		assert.Equal(t, "nameserver 192.0.2.1\nnameserver 2001:db8::1\n", got["etc/resolv.conf"])
		assert.Equal(t, failures == 1, strings.Contains(string(out), "not there after a minute"))

		require.NoError(t, os.WriteFile(filepath.Join(root, "etc/resolv.conf"), []byte("the image's own"), 0o600))
		c = exec.Command("sh", "../dracut/35ignition-network/ignition-network.sh")
		c.Env = env
		require.NoError(t, c.Run())
		assert.Equal(t, "the image's own", contents(t, root)["etc/resolv.conf"])
	}
}

func TestTheHelperOfNoDistributionSaysSoWithoutTheArguments(t *testing.T) {
	out, err := exec.Command("sh", "../dracut/30ignition/ignition-kargs-helper.sh", "--should-exist",
		"password=letmein").CombinedOutput()
	require.Error(t, err)
	assert.Contains(t, string(out), "/usr/sbin/ignition-kargs-helper")
	assert.NotContains(t, string(out), "letmein")
}
