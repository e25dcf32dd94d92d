package butane_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// codesAt gives the codes and paths of problems, without their places.
func codesAt(audience diag.Audience, r *butane.Result) (all []string) {
	for _, p := range diag.For(audience, r.Problems) {
		all = append(all, string(p.Code)+" "+p.Path)
	}
	return all
}

func TestWarningsBesideAnErrorOfARuleAreToldThePeer(t *testing.T) {
	text := "variant: fcos\nversion: 1.5.0\nstorage: {directories: [{path: /a, mode: 755}], " +
		"filesystems: [{device: /dev/a, format: xfs, with_mount_unit: true}]}\n" +
		"boot_device: {mirror: {devices: [/dev/a, /dev/b]}}\n"
	assert.ElementsMatch(t, []string{"mode-decimal $.storage.directories.0.mode",
		"mount-path-missing $.storage.filesystems.0.path", "layout-missing $.boot_device.mirror"},
		codesAt(diag.Peer, translate(t, text, butane.Options{Peer: true})))
}

func TestTwoContentsAreToldThePeerWhereTheInlineOneIs(t *testing.T) {
	text := "variant: fcos\nversion: 1.0.0\nstorage: {files: [{path: /a, contents: {source: \"data:,\", inline: b}}]}\n"
	problems := translate(t, text, butane.Options{Peer: true}).Problems
	require.Equal(t, []string{"3:67 error source-twice $.storage.files.0.contents.inline"}, told(diag.Peer, problems))
	assert.Equal(t, "remove inline, or source", problems[0].Hint)
	assert.Equal(t, "$.storage.files.0.contents.source a.bu:3:49", problems[0].Related[0].Path+" "+
		problems[0].Related[0].Place.String(), "the other one")
}

func TestAWrongKindIsToldAlone(t *testing.T) {
	for text, path := range map[string]string{
		"boot_device: {luks: {tpm2: maybe}}":                              "$.boot_device.luks.tpm2",
		"boot_device: {luks: {tang: {url: x}}}":                           "$.boot_device.luks.tang",
		"boot_device: {luks: {cex: 7}}":                                   "$.boot_device.luks.cex",
		"boot_device: {layout: [], mirror: {devices: [/dev/a, /dev/b]}}":  "$.boot_device.layout",
		"boot_device: {layout: [], luks: {cex: {enabled: true}}}":         "$.boot_device.layout",
		"boot_device: {layout: s390x-eckd, luks: []}":                     "$.boot_device.luks",
		"boot_device: {layout: s390x-eckd, luks: {device: []}}":           "$.boot_device.luks.device",
		"boot_device: {layout: x86_64, mirror: {devices: [[], /dev/b]}}":  "$.boot_device.mirror.devices.0",
		"storage: {links: [{path: [], target: /a}], files: [{path: /b}]}": "$.storage.links.0.path",
		"systemd: {quadlets: [{name: []}]}\nstorage: {files: [{path: /etc/containers/systemd/users/a}]}": "$.systemd." +
			"quadlets.0.name",
	} {
		r := translate(t, "variant: fcos\nversion: 1.8.0-experimental\n"+text+"\n", butane.Options{})
		assert.Equal(t, []string{"wrong-type " + path}, codesAt(diag.Workstation, r), text)
	}
}

func TestOnlyWhatAFeatureWouldHaveMadeIsNotMissed(t *testing.T) {
	for text, want := range map[string]string{
		"boot_device: {layout: foo}\nstorage: {files: [{mode: 1}], filesystems: [{device: /dev/a, path: /a}], " +
			"raid: [{name: md-boot}]}": "layout-unknown,path-missing,format-missing,raid-level,raid-devices",
		"boot_device: {layout: foo, mirror: {devices: [/dev/a, /dev/b]}}\nstorage: {raid: [{name: md-boot}, " +
			"{name: x, level: raid0}], filesystems: [{device: /dev/md/md-root, path: /a}]}": "layout-unknown," +
			"raid-devices",
		"boot_device: {luks: {tpm2: maybe}}\nstorage: {luks: [{name: root}]}": "wrong-type",
		"storage: {trees: [{local: nope, path: /usr}], links: [{path: /etc/x}, {path: /usr/x}], " +
			"files: [{path: /etc/z, overwrite: true}, {path: /usr/z, overwrite: true}]}": "local-unreadable," +
			"target-missing,overwrite-nothing",
	} {
		r := translate(t, "variant: fcos\nversion: 1.8.0-experimental\n"+text+"\n",
			butane.Options{Files: fstest.MapFS{}, FilesDir: "/files"})
		got := []string{}
		for _, p := range codesAt(diag.Workstation, r) {
			code, _, _ := strings.Cut(p, " ")
			got = append(got, code)
		}
		assert.ElementsMatch(t, strings.Split(want, ","), got, text)
	}
}

func TestAUnitThatFilesystemsMakeTwiceIsSaidToBeTheirs(t *testing.T) {
	text := "variant: fcos\nversion: 1.5.0\nsystemd: {units: [{name: a.mount, enabled: true}]}\n" +
		"storage:\n  filesystems:\n" +
		"    - {device: /dev/a, path: /a, format: xfs, with_mount_unit: true}\n" +
		"    - {device: /dev/b, path: /a, format: xfs, with_mount_unit: true}\n"
	told := diag.For(diag.Workstation, translate(t, text, butane.Options{}).Problems)
	var notes []string
	for _, r := range told[0].Related {
		notes = append(notes, r.Path)
	}
	assert.Equal(t, []string{"$.storage.filesystems.0.with_mount_unit"}, notes)
}
