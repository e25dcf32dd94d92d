package engine

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/tool"
)

// The forms of docs/peer/initramfs.md §3. A bare platform is none, and quotes are read: docs/peer/initramfs.md §11.
func TestTheCommandLineSaysWhetherABootIsTheFirst(t *testing.T) {
	for line, want := range map[string]firstBoot{
		"": {}, "quiet root=LABEL=root": {},
		"ignition.firstboot ignition.platform.id=qemu\n":           {true, "qemu"},
		"ignition.firstboot=1":                                     {true, ""},
		"ignition.firstboot=false":                                 {true, ""}, // no word for no that there is
		"ignition.firstboot=yes ignition.firstboot=0":              {},
		"ignition.firstboot=0 ignition.firstboot":                  {true, ""},
		"ignition.firstboot=":                                      {},
		"ignition.firstboot=off":                                   {},
		"ignition.firstboot=no":                                    {},
		"ignition.firstbooted xignition.firstboot":                 {},
		"ignition.firstboot ignition.platform.id":                  {true, ""},
		"ignition.platform.id=a=b":                                 {false, "a=b"},
		`x="a ignition.firstboot b" ignition.platform.id="aws"`:    {false, "aws"},
		"ignition.platform.id=aws ignition.platform.id=gcp\tquiet": {false, "gcp"},
		"ignition.platform.id=aws ignition.platform.id=":           {false, "aws"},
		`"ignition.firstboot" "ignition.platform.id=qemu"`:         {true, "qemu"},
		`ignition.firstboot="0" ignition.platform.id='qemu'`:       {false, "qemu"},
		`x="a ignition.firstboot ignition.platform.id=qemu`:        {true, "qemu"}, // as no quote ends
	} {
		assert.Equal(t, want, parseFirstBoot(line), line)
	}
}

// generated runs the generator on a kernel command line, and gives what it left, its complaints and its error.
func generated(t *testing.T, line string, live bool) (left map[string]string, said string, err error) {
	t.Helper()
	dir := t.TempDir()
	tools := map[string]string{"is-live-image": "/bin/false"}
	if live {
		tools["is-live-image"] = "/bin/true"
	}
	require.NoError(t, os.WriteFile(filepath.Join(dir, "cmdline"), []byte(line+"\n"), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "units"), 0o755))
	var log bytes.Buffer
	g := generator{
		folder: filepath.Join(dir, "units"), environment: filepath.Join(dir, "ignition.env"),
		commandLine: filepath.Join(dir, "cmdline"),
		tools:       tool.New(tools, nil), log: &log,
	}
	// The second time is that of initrd-parse-etc.service, which has systemd read its units again.
	for range 2 {
		log.Reset()
		err = g.run(t.Context())
	}
	left = map[string]string{}
	text, _ := os.ReadFile(g.environment)
	left["env"] = string(text)
	require.NoError(t, filepath.WalkDir(g.folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type() == fs.ModeSymlink {
			left[path[len(g.folder)+1:]], err = os.Readlink(path)
		}
		return err
	}))
	return left, log.String(), err
}

func TestTheGeneratorHasTheTargetsOfThisBootRequired(t *testing.T) {
	const complete, diskful = "initrd.target.requires/ignition-complete.target",
		"ignition-complete.target.requires/ignition-diskful.target"
	const subsequent, later = "initrd.target.requires/ignition-subsequent.target",
		"ignition-subsequent.target.requires/ignition-diskful-subsequent.target"
	for name, test := range map[string]struct {
		line string
		live bool
		want map[string]string
	}{
		"a first boot": {"ignition.firstboot ignition.platform.id=qemu", false, map[string]string{
			"env": "PLATFORM_ID=qemu\n", complete: "../ignition-complete.target",
			diskful: "../ignition-diskful.target"}},
		"a first boot from memory": {"ignition.firstboot ignition.platform.id=metal", true, map[string]string{
			"env": "PLATFORM_ID=metal\n", complete: "../ignition-complete.target"}},
		"a later boot": {"ignition.platform.id=qemu", false, map[string]string{
			"env": "PLATFORM_ID=qemu\n", subsequent: "../ignition-subsequent.target",
			later: "../ignition-diskful-subsequent.target"}},
		"a later boot from memory": {"quiet", true, map[string]string{
			"env": "PLATFORM_ID=\n", subsequent: "../ignition-subsequent.target"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, said, err := generated(t, test.line, test.live)
			require.NoError(t, err)
			assert.Empty(t, said)
			assert.Equal(t, test.want, got)
		})
	}
}

func TestAFirstBootWithoutAPlatformIsComplainedOfAtOnce(t *testing.T) {
	got, said, err := generated(t, "ignition.firstboot", false)
	require.NoError(t, err)
	assert.Len(t, got, 3)
	assert.Equal(t, "<3>ignition-generator: this is a first boot, "+
		"but the kernel command line has no ignition.platform.id=ID: no stage can find a config\n", said)
	_, said, err = generated(t, "quiet", false)
	require.NoError(t, err)
	assert.Empty(t, said, "on a later boot nobody asks for a config")
}

func TestAnIDThatIsNoneCannotWriteIntoTheUnitsEnvironment(t *testing.T) {
	for id, want := range map[string]string{"qemu": "qemu", "a b": "a?b", "a\nB=c": "a?B=c", `$(x)\'`: "??x???",
		"é": "?"} {
		assert.Equal(t, "PLATFORM_ID="+want+"\n", firstBoot{platform: id}.environment(), id)
	}
}

// A machine must not come up unprovisioned because something went wrong here.
func TestAGeneratorThatCannotWriteItsFileStillRequiresTheTargets(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t,
		os.WriteFile(filepath.Join(dir, "cmdline"), []byte("ignition.firstboot ignition.platform.id=qemu"), 0o600))
	var log bytes.Buffer
	g := generator{
		folder: filepath.Join(dir, "units"), environment: filepath.Join(dir, "none", "ignition.env"),
		commandLine: filepath.Join(dir, "cmdline"),
		tools:       tool.New(map[string]string{"is-live-image": "/bin/false"}, nil), log: &log,
	}
	require.Error(t, g.run(t.Context()))
	assert.Contains(t, log.String(), "<3>ignition-generator: ")
	_, err := os.Lstat(filepath.Join(g.folder, "initrd.target.requires/ignition-complete.target"))
	require.NoError(t, err)
}

// The places that other programs of an image know (docs/peer/initramfs.md §10.1, docs/peer/engine.md §2.4).
func TestPathsThatImagesKnow(t *testing.T) {
	assert.Equal(t, "/run/ignition.env", environmentFile)
	d := defaultDistribution()
	assert.Equal(t,
		[]string{"/proc/cmdline", "/run/ignition", "/etc/ignition", "/usr/lib/ignition", "/etc/.ignition-result.json"},
		[]string{d.KernelCommandLine, d.RuntimeConfigDir, d.LocalConfigDir, d.SystemConfigDir, d.ResultFile})
}

func TestWhatAGeneratorCannotDoItComplainsOf(t *testing.T) {
	dir := t.TempDir()
	var log bytes.Buffer
	g := generator{
		folder: filepath.Join(dir, "units"), environment: filepath.Join(dir, "ignition.env"),
		commandLine: filepath.Join(dir, "none"),
		tools:       tool.New(map[string]string{"is-live-image": "/bin/false"}, nil), log: &log,
	}
	require.ErrorIs(t, g.run(t.Context()), fs.ErrNotExist)
	assert.Regexp(t, `^<3>ignition-generator: open .*/none: no such file or directory\n$`, log.String())

	log.Reset()
	require.NoError(t,
		os.WriteFile(filepath.Join(dir, "none"), []byte("ignition.firstboot ignition.platform.id=qemu"), 0o600))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	g.folder = filepath.Join(dir, "file")
	require.Error(t, g.run(t.Context()))
	assert.Equal(t, 2, strings.Count(log.String(), "<3>ignition-generator: mkdir "), log.String())
}
