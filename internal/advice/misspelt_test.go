package advice_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/advice"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// read gives what is told on a workstation of a text that has one problem.
func read(t *testing.T, text string) diag.Problem {
	t.Helper()
	problems := load.Read(tree.NewArena(), "a", text).Problems
	advice.Give(problems)
	problems = diag.For(diag.Workstation, problems)
	require.Len(t, problems, 1, "%s: %v", text, problems)
	return problems[0]
}

func TestAMisspeltVariantIsToldAtItsKey(t *testing.T) {
	const missing = "variant-missing write variant in place of "
	for text, want := range map[string]string{
		"Variant: fcos\nversion: 1.5.0\n":           "a:1:1 " + missing + "Variant",
		"# mine\nVARIANT: x\nstorage: {}\n":         "a:2:1 " + missing + "VARIANT",
		"version: 1.5.0\nvarient: fcos\n":           "a:2:1 " + missing + "varient",
		`{"Variant": "fcos", "version": "1.5.0"}`:   "a:1:2 " + missing + "Variant",
		"variant: fcos\nVersion: 1.5.0\n":           "a:2:1 version-missing write version in place of Version",
		"varient: x\nversion: 1.5.0\nstorage: {}\n": "a:1:1 json-syntax add the lines variant: fcos and version: 1.7.0",
		`{"Variant": "fcos", "ignition": {}}`:       `a:1:1 version-missing add "ignition": {"version": "3.6.0"}`,
		"Variant: a\nIgnition: {version: 3.4.0}\n":  `a:1:1 json-syntax a config is a JSON object: {"ignition": `,
		`{"Variant": "fcos", "version": "1.5.0",}`:  "a:1:39 json-syntax remove this comma",
	} {
		p := read(t, text)
		told := p.Place.String() + " " + string(p.Code) + " " + p.Hint
		assert.True(t, strings.HasPrefix(told, want), "%s: %s", text, told)
	}
}

func TestADiskThatAMirrorNamesTwiceIsToldThere(t *testing.T) {
	const mirror = "variant: fcos\nversion: 1.5.0\n" +
		"boot_device: {layout: x86_64, mirror: {devices: [/dev/a, /dev/b, /dev/a]}}\n"
	for claim, text := range map[string]string{
		"alone":                   mirror,
		"where it is a disk too":  mirror + "storage: {disks: [{device: /dev/a}]}\n",
		"where both are disks":    mirror + "storage: {disks: [{device: /dev/a}, {device: /dev/b}]}\n",
		"where another is a disk": mirror + "storage: {disks: [{device: /dev/c}]}\n",
	} {
		p := read(t, text)
		assert.Equal(t, "a:3:66 $.boot_device.mirror.devices.2", p.Place.String()+" "+p.Path, claim)
		first := p.Related[0]
		assert.Equal(t, "a:3:50 $.boot_device.mirror.devices.0", first.Place.String()+" "+first.Path, claim)
	}
	p := read(t, "variant: fcos\nversion: 1.5.0\nstorage: {disks: [{device: /dev/a}, {device: /dev/a}]}\n")
	assert.Equal(t, "$.storage.disks.1", p.Path, "another double stays where it is")
}
