package stages

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/providers"
)

// newRun is a stage that has not begun, with tools that only say how they are called.
func newRun(t *testing.T) (r *run, log *bytes.Buffer) {
	log = &bytes.Buffer{}
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	tools := map[string]string{}
	for _, name := range []string{"modprobe", "vmur"} {
		tools[name] = filepath.Join(t.TempDir(), name)
		write(t, tools[name], fmt.Sprintf("#!/bin/sh\necho %s \"$@\"\n[ \"$1\" != absent ]\n", name), 0o755)
	}
	r = &run{Boot: Boot{Log: logger, Tools: tool.New(tools, logger)},
		fetch: fetcher{Client: fetch.New(logger, "1")}}
	return r, log
}

// Hyper-V gives its pairs once: what fetch-offline got is there for fetch, and for the files stage in the end.
func TestFilesOfThePlatformAreHandedOnAndKnownToLaterStages(t *testing.T) {
	t.Parallel()
	r, log := newRun(t)
	assert.Empty(t, r.machine().Kept)
	given := []providers.File{{Path: "/var/lib/hyperv/.kvp_pool_0", Mode: 0o600, Text: "SECRET"},
		{Path: "/b", Mode: 0o644}}
	require.NoError(t, r.take(given))
	assert.Len(t, r.state.ProviderOutputFiles, 2)
	assert.Equal(t, given, r.machine().Kept)
	require.NoError(t, r.take(nil))
	assert.Empty(t, r.machine().Kept)
	assert.Empty(t, log.String())
}

func TestPlatformsRunTheImagesTools(t *testing.T) {
	t.Parallel()
	r, _ := newRun(t)
	m := r.machine()
	require.NoError(t, m.Modprobe(t.Context(), "vmur"))
	require.EqualError(t, m.Modprobe(t.Context(), "absent"), "modprobe: exit status 1: modprobe absent")
	out, err := m.Run(t.Context(), "vmur", "li")
	require.NoError(t, err)
	assert.Equal(t, "vmur li\n", string(out))
	_, err = m.Run(t.Context(), "glowplug-none")
	require.ErrorIs(t, err, tool.ErrNotFound)
}

// A stage that knows the region from an earlier one does not ask: with the network down, as here, it could not.
func TestARegionThatIsKnownIsNotAskedForAgain(t *testing.T) {
	t.Parallel()
	r, _ := newRun(t)
	r.Platform, _ = providers.Find("aws")
	r.fetch.Client.Offline = true
	require.ErrorIs(t, r.findRegion(t.Context(), r.machine()), fetch.ErrNeedNet)
	r.state.Region = "eu-west-1"
	require.NoError(t, r.findRegion(t.Context(), r.machine()))
	assert.Equal(t, "eu-west-1", r.fetch.Client.Machine.Region)
}

func TestTheFolderOfADriveThatCannotBeMountedIsGone(t *testing.T) {
	temporary := t.TempDir()
	t.Setenv("TMPDIR", temporary)
	r, log := newRun(t)
	r.Tools = tool.New(map[string]string{"mount": "false"}, r.Log)
	err := r.lend(t.Context(), "/dev/sr0", "udf", nil)
	require.EqualError(t, err, "mount: exit status 1")
	left, err := os.ReadDir(temporary)
	require.NoError(t, err)
	assert.Empty(t, left)
	assert.Contains(t, log.String(), `\"-o\" \"ro\" \"-t\" \"udf\" \"/dev/sr0\"`)
	assert.NotContains(t, log.String(), "level=WARN")
}

// What is received from a card reader is gone from it, and the network comes up between the two stages that get a
// config.
func TestAConfigThatIsGivenOnceIsThereForTheStageWithTheNetwork(t *testing.T) {
	t.Parallel()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, `{"ignition": {"version": "3.0.0"}, "storage": {"files": [{"path": "/child"}]}}`)
	}))
	defer server.Close()
	m := newMachine(t, "")
	m.write(t, "spool", fmt.Sprintf(`{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": %q}]}}, `+
		`"storage": {"files": [{"path": "/SECRET"}]}}`, server.URL))
	m.write(t, "tool", fmt.Sprintf(`#!/bin/sh -e
cd %q
case "$1" in
li) [ ! -e spool ] || echo MAINT 0042 A PUN 00000017 001 NONE 07/01 10:20:30 NODE1 ign X1 ;;
re) mv spool "$4" ;;
esac
`, m.dir))
	require.NoError(t, os.Chmod(filepath.Join(m.dir, "tool"), 0o755))
	tools := map[string]string{}
	for _, name := range []string{"modprobe", "chccwdev", "udevadm", "vmur"} {
		tools[name] = filepath.Join(m.dir, "tool")
	}
	zvm, _ := providers.Find("zvm")
	stage := func(name string) error {
		log := slog.New(slog.NewTextHandler(&m.log, nil))
		return Run(t.Context(), Boot{
			Stage: name, Platform: zvm, Root: filepath.Join(m.dir, "root"), Paths: m.paths(),
			CommandLine:  filepath.Join(m.dir, "cmdline"),
			FetchTimeout: m.patience, Log: log, Tools: tool.New(tools, log), Now: time.Now,
			Getenv: func(string) string {
				return ""
			},
		})
	}
	require.NoError(t, stage("fetch-offline"))
	assert.FileExists(t, m.paths().NeedNet)
	assert.NoFileExists(t, m.paths().Config)
	assert.NoFileExists(t, filepath.Join(m.dir, "spool"))
	require.NoError(t, stage("fetch"))
	text, err := m.paths().LoadConfig()
	require.NoError(t, err)
	assert.Contains(t, string(text), "/SECRET")
	assert.Contains(t, string(text), "/child")
	state, err := m.paths().LoadState()
	require.NoError(t, err)
	assert.Empty(t, state.Said, "nobody has to ask again")
	assert.NotContains(t, m.log.String(), "SECRET")
}

// The helper may quote what it was asked for: which device is meant may be known, other values not.
func TestValuesOfKernelArgumentsAreNotTold(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []diag.Secret{"", "", "hunter2"},
		values([]string{"--should-exist", "quiet", "root=UUID=1", "a=/dev/vda", "boot=LABEL=b", "token=hunter2"}))
}
