package tests

import (
	"bufio"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A unitFile is a systemd unit as other units and drop-ins of distributions count on it: "Unit.Before" has all values, in order.
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

// installed is a folder with what `make install` installs, all made in this test run.
func installed(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	// What is built is not asked here, and would take the time of a build.
	c := exec.Command("make", "-s", "-o", "build", "install", "install-grub-for-bootupd", "DESTDIR="+dir, "BIN="+fakeBinaries(t))
	c.Dir = ".."
	out, err := c.CombinedOutput()
	require.NoError(t, err, "make install: %s", out)
	return dir
}

// fakeBinaries stand for the two programs.
func fakeBinaries(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range []string{"glowplug", "glowplug-validate"} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"), 0o755))
	}
	return dir
}

// The names and places that images build on (reference: initramfs §1, §10).
func TestWhatIsInstalledIsWhereImagesLookForIt(t *testing.T) {
	root := installed(t)
	const module = "usr/lib/dracut/modules.d/30ignition/"
	modes := map[string]os.FileMode{
		module + "module-setup.sh":                               0o755,
		module + "ignition":                                      0o755,
		module + "ignition-kargs-helper.sh":                      0o755,
		module + "99-xx-ignition-systemd-cryptsetup.rules":       0o644,
		module + "ignition-luks.conf":                            0o644,
		module + "ignition-cex":                                  0o644,
		"usr/bin/glowplug-validate":                              0o755,
		"usr/lib/systemd/system/ignition-delete-config.service":  0o644,
		"usr/lib/bootupd/grub2-static/configs.d/05_ignition.cfg": 0o644,
		module + "ignition-complete.target":                      0o644,
		module + "ignition-diskful.target":                       0o644,
		module + "ignition-subsequent.target":                    0o644,
		module + "ignition-diskful-subsequent.target":            0o644,
		module + "ignition-remount-sysroot.service":              0o644,
	}
	for _, stage := range stageUnits {
		modes[module+"ignition-"+stage+".service"] = 0o644
	}
	for name, mode := range modes {
		info, err := os.Lstat(filepath.Join(root, name))
		if assert.NoError(t, err) {
			assert.Equal(t, mode, info.Mode(), name)
		}
	}
	links := map[string]string{
		"usr/libexec/ignition-apply": module + "ignition",
		"usr/libexec/ignition-rmcfg": module + "ignition",
		"usr/bin/glowplug":           module + "ignition",
		"usr/bin/butane":             module + "ignition",
		"usr/bin/ignition-validate":  "usr/bin/glowplug-validate",
	}
	for name, target := range links {
		link, err := os.Readlink(filepath.Join(root, name))
		if assert.NoError(t, err) {
			assert.Equal(t, target, filepath.Join(filepath.Dir(name), link), name)
		}
	}
}

var stageUnits = []string{"fetch-offline", "fetch", "kargs", "disks", "mount", "files"}

// edges are what orders the units of a first boot (reference: initramfs §4), beside what all services have in common.
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
		"Unit.Before":   {"ignition-complete.target", "ignition-mount.service", "initrd-root-device.target", "sysroot.mount"},
	},
	"mount": {
		"Unit.After":       {"ignition-disks.service", "ignition-remount-sysroot.service", "initrd-root-fs.target", "network.target"},
		"Unit.Requires":    {"initrd-root-fs.target"},
		"Unit.Before":      {"ignition-complete.target", "ignition-files.service", "initrd-switch-root.target"},
		"Service.ExecStop": {"/usr/bin/ignition --root=/sysroot --platform=${PLATFORM_ID} --stage=umount ${IGNITION_ARGS}"},
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
				"Service.Type": {"oneshot"}, "Service.RemainAfterExit": {"yes"}, "Service.EnvironmentFile": {"/run/ignition.env"},
				"Service.ExecStart": {"/usr/bin/ignition --root=/sysroot --platform=${PLATFORM_ID} --stage=" + stage + " ${IGNITION_ARGS}"},
			}
			for key, values := range want {
				common[key] = values
			}
			delete(got, "Unit.Description")
			delete(got, "Unit.Documentation")
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
			"Unit.Conflicts": {"initrd-switch-root.target", "umount.target", "dracut-emergency.service", "emergency.service", "emergency.target"},
		}, unit, name)
	}
}

func TestTheRootIsRemountedBeforeTheTargetThatNeedsADisk(t *testing.T) {
	unit := readUnit(t, "../dracut/30ignition/ignition-remount-sysroot.service")
	assert.Equal(t, []string{"ignition-diskful.target"}, unit["Unit.Before"])
	assert.Equal(t, []string{"sysroot.mount"}, unit["Unit.After"])
	assert.Equal(t, []string{"!/sysroot"}, unit["Unit.ConditionPathIsReadWrite"])
	assert.Equal(t, []string{"/bin/mount -o remount,rw /sysroot"}, unit["Service.ExecStart"])
}

func TestTheConfigIsDeletedOnceWhereTheHypervisorKeepsIt(t *testing.T) {
	unit := readUnit(t, "../dracut/systemd/ignition-delete-config.service")
	assert.Equal(t, []string{"true"}, unit["Unit.ConditionFirstBoot"])
	assert.Equal(t, []string{"/run/ignition.env"}, unit["Unit.ConditionPathExists"])
	assert.Equal(t, []string{"|ignition.platform.id=virtualbox", "|ignition.platform.id=vmware"}, unit["Unit.ConditionKernelCommandLine"])
	assert.Equal(t, []string{"sysinit.target"}, unit["Unit.Before"])
	assert.Equal(t, []string{"oneshot"}, unit["Service.Type"], "distributions add an ExecStart")
	assert.Equal(t, []string{"/usr/libexec/ignition-rmcfg --platform=${PLATFORM_ID}"}, unit["Service.ExecStart"])
	assert.Equal(t, []string{"sysinit.target"}, unit["Install.WantedBy"], "a config may mask it")
}

// The module is found by its name, installs what it says it does, and enables each unit for the target that requires it.
func TestTheDracutModuleInstallsEveryUnit(t *testing.T) {
	text, err := os.ReadFile("../dracut/30ignition/module-setup.sh")
	require.NoError(t, err)
	script := string(text)
	for _, part := range []string{
		"return 255", "echo qemu systemd url-lib network",
		`inst_simple "$moddir/ignition" /usr/bin/ignition`,
		`inst_script "$moddir/ignition-kargs-helper.sh" /usr/sbin/ignition-kargs-helper`,
		"/usr/lib/systemd/system-generators/ignition-generator",
		"/usr/lib/udev/rules.d/99-xx-ignition-systemd-cryptsetup.rules", "60-cdrom_id.rules",
		"/etc/security/pwquality.conf.d/ignition-luks.conf", "/etc/luks/cex.key",
		"for target in complete diskful subsequent diskful-subsequent",
		"for stage in " + strings.Join(stageUnits, " "),
		`install_unit "ignition-$stage.service" ignition-complete.target`,
		"install_unit ignition-remount-sysroot.service ignition-diskful.target",
		`add-requires "$2" "$1"`,
	} {
		assert.Contains(t, script, part)
	}
	out, err := exec.Command("bash", "-n", "../dracut/30ignition/module-setup.sh").CombinedOutput()
	assert.NoError(t, err, "%s", out)
}
