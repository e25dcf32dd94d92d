package check_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/zip"
)

// sizedConfig is a config of some length, with so many blanks.
func sizedConfig(length, blanks int) string {
	const frame = `{"ignition":{"version":"3.6.0"},"storage":{"files":[{"path":"/x","contents":{"source":"data:,%s"}}]}}`
	return strings.Repeat(" ", blanks) + fmt.Sprintf(frame, strings.Repeat("a", length-blanks-len(frame)+2))
}

// full is the command with what compresses content.
func full() cli.Command {
	return check.ValidateBy("glowplug validate",
		check.Means{Zip: func(much bool) butane.Zipper { return zip.New(much) }})
}

func TestConfigsThatAPlatformDoesNotTakeAreTold(t *testing.T) {
	document := func(variant string, lines int) string {
		return "variant: " + variant + "\nstorage:\n  files:\n  - path: /x\n    contents:\n      inline: |\n" +
			strings.Repeat("        hello, world\n", lines)
	}
	for _, c := range []struct {
		claim, platforms, text string
		code                   int
		want                   string // beginning of the line without its place, "" for no line
		alone                  string // the same where nothing is compressed, "" for as before
	}{
		{"as large as can be", "aws", sizedConfig(16384, 0), 0, "", ""},
		{"one byte more", "aws", sizedConfig(16385, 0), 1,
			"error[user-data-size] aws takes 16384 bytes of user data, and this config has 16385 ($)", ""},
		{"in base64", "openstack", sizedConfig(49153, 0), 1, "error[user-data-size] openstack takes 65535 bytes of " +
			"user data, counted in base64, and this config has 65540 ($)", ""},
		{"only in some versions", "virtualbox", sizedConfig(2000, 0), 0,
			"warning[user-data-size] virtualbox takes 1024 bytes of user data, and this config has 2000 ($)", ""},
		{"the blanks of a file count", "aws", sizedConfig(16385, 9000), 1, "error[user-data-size] aws takes", ""},
		{"of a document the config counts", "aws", "variant: fcos\nversion: 1.7.0\n#" + strings.Repeat(" ", 20000),
			0, "", ""},
		{"what is compressed in it too", "aws", document("fcos\nversion: 1.7.0", 3000), 0, "",
			"warning[user-data-size] aws takes 16384 bytes of user data, and this config has 52124 where nothing in " +
				"it is compressed ($)"},
		{"a MachineConfig is no user data", "aws", document("openshift\nversion: 4.20.0\nmetadata: {name: a, labels: "+
			"{machineconfiguration.openshift.io/role: a}}", 3000), 0, "", ""},
	} {
		t.Run(c.claim, func(t *testing.T) {
			args := []string{"--no-project", "--lint=none", "--format=line", "--platform", c.platforms, "-"}
			got := runs(full(), strings.NewReader(c.text), false, args...)
			_, line, _ := strings.Cut(got.out, ":1:1: ")
			assert.Equal(t, c.code, got.code, got.out)
			assert.Equal(t, c.want == "", got.out == "", got.out)
			assert.True(t, strings.HasPrefix(line, c.want), line)
			alone := validate(c.text, args...)
			if c.alone == "" {
				assert.Equal(t, got, alone)
			} else {
				assert.Equal(t, "standard input:1:1: "+c.alone+"\n", alone.out)
			}
		})
	}
}

func TestHintsSayHowAConfigWouldFit(t *testing.T) {
	hints := func(platform, text string) (int, string) {
		got := runs(full(), strings.NewReader(text), false, "--no-project", "--lint=none", "--platform", platform, "-")
		_, hint, _ := strings.Cut(got.out, "hint: ")
		hint, _, _ = strings.Cut(hint, "\n")
		return got.code, hint
	}
	code, hint := hints("aws", sizedConfig(16385, 9000))
	assert.Equal(t, 1, code)
	assert.Equal(t, "without blanks it has 7386 bytes, which fits: glowplug convert writes it so", hint)
	code, hint = hints("vmware", sizedConfig(2_000_000, 0))
	assert.Equal(t, 0, code)
	assert.Regexp(t, `^as gzip in base64 it has \d+ bytes, which fits: gzip -9c FILE \| base64 -w0$`, hint)
	code, hint = hints("digitalocean", sizedConfig(2_000_000, 0))
	assert.Equal(t, 1, code)
	assert.Equal(t, "fetch large contents from a server, or let a small config merge a large one", hint)
	for _, args := range [][]string{{"--platform", "qemu"}, {"--platform", "aws,"}} {
		assert.Equal(t, 2, validate(good, append(args, "-")...).code)
	}
	twice := validate(good, "--platform=aws", "--platform=gcp,azure", "--target=fcos:44", "--target=flatcar:4799",
		"--exclude=a", "--exclude=b", "--no-project", "-")
	assert.Equal(t, 0, twice.code, twice.err)
}
