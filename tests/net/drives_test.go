//go:build disk

package net_test

import (
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// drive makes a filesystem with a file on it, and gives its image.
func drive(t *testing.T, file, text string) (image string) {
	t.Helper()
	dir := t.TempDir()
	at := filepath.Join(dir, "tree", file)
	require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(t, os.WriteFile(at, []byte(text), 0o644))
	require.NoError(t, os.Symlink("/etc/hosts", filepath.Join(dir, "tree/away")))
	image = filepath.Join(dir, "image")
	out, err := exec.Command("mkfs.ext4", "-q", "-d", filepath.Join(dir, "tree"), image, "2M").CombinedOutput()
	require.NoError(t, err, "%s", out)
	return image
}

// label has an image appear as udev would show a device with that label.
func label(t *testing.T, name, image string) {
	link := "/dev/disk/by-label/" + name
	assert.NoError(t, os.Symlink(image, link))
	t.Cleanup(func() { assert.NoError(t, os.Remove(link)) })
}

const onConfig2 = "openstack/latest/user_data"

// openstack is its metadata service.
func openstack(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/openstack/latest/user_data" {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
}

func TestOpenStack(t *testing.T) {
	for name, test := range map[string]struct {
		prepare func(t *testing.T)
		want    string // in the config
		log     string
	}{
		"on a drive": {func(t *testing.T) { label(t, "config-2", drive(t, onConfig2, given)) }, "/from/the/cloud", ""},
		"on a drive with its label in capitals": {
			func(t *testing.T) { label(t, "CONFIG-2", drive(t, onConfig2, given)) }, "/from/the/cloud", ""},
		"by IPv4": {func(t *testing.T) { serve(t, openstack(200, given), v4) }, "/from/the/cloud", ""},
		"by IPv6": {func(t *testing.T) { serve(t, openstack(200, given), v6Link) }, "/from/the/cloud",
			"GET http://[fe80::a9fe:a9fe%25eth0]/openstack/latest/user_data"},
		"a drive that comes late counts more than a service that has none": {func(t *testing.T) {
			serve(t, openstack(404, ""), v4, v6Link)
			image := drive(t, onConfig2, given)
			timer := time.AfterFunc(time.Second, func() { label(t, "config-2", image) })
			t.Cleanup(func() { timer.Stop() })
		}, "/from/the/cloud", ""},
		"a service that comes late counts more than a drive that has none": {func(t *testing.T) {
			label(t, "config-2", drive(t, "other", ""))
			serveLate(t, time.Second, openstack(200, given), v4)
		}, "/from/the/cloud", ""},
		"a drive that cannot be read is passed over": {func(t *testing.T) {
			image := filepath.Join(t.TempDir(), "image")
			require.NoError(t, os.WriteFile(image, make([]byte, 1<<20), 0o644))
			label(t, "config-2", image)
			serveLate(t, time.Second, openstack(200, given), v4)
		}, "/from/the/cloud", "passed over: /dev/disk/by-label/config-2: mount: exit status 32"},
		"a drive that has none, and a service that has none": {func(t *testing.T) {
			label(t, "config-2", drive(t, "other", ""))
			serve(t, openstack(404, ""), v4, v6Link)
		}, `"version"`, "there is no user config"},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMachine(t, "openstack")
			test.prepare(t)
			log := m.passes("fetch")
			assert.Contains(t, m.read("run/ignition.json"), test.want)
			assert.Contains(t, log, test.log)
		})
	}
	t.Run("the network is asked for, and nobody else before it is there", func(t *testing.T) {
		label(t, "config-2", drive(t, onConfig2, given))
		offline(t, row{id: "openstack", at: []string{v4}, v6: v6Link})
	})
}

func TestTheKernelCommandLineNamesADrive(t *testing.T) {
	m := newMachine(t, "metal")
	label(t, "setup", drive(t, "configs/web.ign", given))
	m.write("cmdline", "ignition.config.device=setup ignition.config.path=configs/../configs/web.ign")
	m.passes("fetch-offline")
	assert.NoFileExists(t, m.path("run/ignition/neednet"), "no network is needed for it")
	assert.Contains(t, m.read("run/ignition.json"), "/from/the/cloud")
	assert.Contains(t, m.read("run/ignition/state"), `{"kind":"user","source":"cmdline","referenced":false}`)

	for path, want := range map[string]string{
		"gone.ign":   "kernel command line: /dev/disk/by-label/setup: .*gone.ign: no such file or directory",
		"/away":      "kernel command line: /dev/disk/by-label/setup: .*away: path escapes from parent",
		"lost+found": "kernel command line: /dev/disk/by-label/setup: lost.found: not a regular file",
	} {
		m.write("cmdline", "ignition.config.device=setup ignition.config.path="+path)
		assert.Regexp(t, "(?m)^Ignition failed: fetch-offline: "+want, m.fails("fetch-offline"), path)
	}
	m.write("cmdline", "ignition.config.device=../setup ignition.config.path=/configs/web.ign")
	assert.Contains(t, m.fails("fetch-offline"), "a label of a filesystem is meant, not a path")
}

// Something else may look at a drive just when it is to be unmounted. That passes, or the drive is left to the kernel.
func TestADriveThatIsInUseIsUnmountedLater(t *testing.T) {
	real, err := exec.LookPath("mount")
	require.NoError(t, err)
	label(t, "setup", drive(t, "web.ign", given))
	for seconds, told := range map[string]bool{"1.5": false, "4": true} {
		t.Run(seconds+" s", func(t *testing.T) {
			m := newMachine(t, "metal")
			m.write("cmdline", "ignition.config.device=setup ignition.config.path=web.ign")
			require.NoError(t, os.Mkdir(m.path("bin"), 0o755))
			fake := "#!/bin/sh -e\necho \"$@\" >" + m.path("called") + "\n" + real + " \"$@\"\nsleep " +
				seconds + " <$6/web.ign >/dev/null 2>&1 &\n"
			require.NoError(t, os.WriteFile(m.path("bin/mount"), []byte(fake), 0o755))
			log := m.passes("fetch-offline")
			assert.Regexp(t, "^-o ro -t auto /dev/disk/by-label/setup "+m.path("tmp/ignition-configdrive-")+"[0-9]+\n$",
				m.read("called"))
			assert.Contains(t, m.read("run/ignition.json"), "/from/the/cloud")
			const left = "WARNING  : /dev/disk/by-label/setup stays mounted as long as it is used: device or " +
				"resource busy"
			if told {
				assert.Contains(t, log, left)
			} else {
				assert.NotContains(t, log, left)
			}
		})
	}
}

// Drives are waited for, some without end; but not longer than a boot may take.
func TestADriveThatDoesNotAppearIsNotWaitedForBeyondTheTimeOfTheBoot(t *testing.T) {
	for name, test := range map[string]struct{ platform, cmdline, want string }{
		"the kernel command line's": {"metal", "ignition.config.device=absent ignition.config.path=/x",
			`kernel command line: waiting for a device with the label "absent": `},
		"nutanix's": {"nutanix", "quiet", `platform nutanix: waiting for a device with the label "config-2": `},
		"openstack's": {"openstack", "quiet",
			"platform openstack: http://169.254.169.254/openstack/latest/user_data: the answer has the status 403"},
	} {
		t.Run(name, func(t *testing.T) {
			serve(t, openstack(403, ""), v4, v6Link)
			m := newMachine(t, test.platform)
			m.write("cmdline", test.cmdline)
			m.hurry(3 * time.Second)
			log := m.fails("fetch")
			assert.Contains(t, log, "Ignition failed: fetch: "+test.want)
			assert.Contains(t, log, "which glowplug.timeout.boot sets")
		})
	}
}

func TestAConfigThatCannotBeDeletedIsSaidNotToBe(t *testing.T) {
	m := newMachine(t, "virtualbox")
	code, said := m.run("ignition-rmcfg", "--platform=virtualbox", "--log-to-stdout")
	assert.Equal(t, 1, code)
	assert.True(t, strings.HasPrefix(said,
		"CRITICAL : the config is not deleted: platform virtualbox: delete guest property /Ignition/Config"), said)
}
