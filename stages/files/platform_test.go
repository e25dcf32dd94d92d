package files

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

func platformFile(text string) handoff.State {
	return handoff.State{ProviderOutputFiles: []json.RawMessage{[]byte("{" + text + "}")}}
}

func TestAPlatformsFileIsOnlyReadFromElsewhereToBeWritten(t *testing.T) {
	for source, c := range map[string]struct {
		there string
		want  string
		fetch bool
	}{
		"data:,x":    {"x", "=", true},
		"data:,y":    {"y", "~", false},
		"data:,z":    {"other", "~", true},
		"http://h/x": {"x", "~", true},
	} {
		dir, o := newRoot(t, map[string]string{"p": c.there})
		require.NoError(t, os.Chmod(filepath.Join(dir, "p"), 0o600))
		asked := 0
		o.Fetch = nil
		if c.fetch {
			o.Fetch = func(ctx context.Context, r config.Resource, to target.Sink) error {
				asked += map[bool]int{true: 0, false: 1}[target.Local(&r)]
				return inline(ctx, r, to)
			}
		}
		steps, err := Plan(config.Config{}, target.Of(o.Root),
			Boot{State: platformFile(`"path":"/p","contents":{"source":"` + source + `"}`)}.on(o))
		require.NoError(t, err)
		step := steps[slices.IndexFunc(steps, func(s plan.Step) bool { return s.ID == "platform-file:/p" })]
		assert.Equal(t, c.want, step.Effect.Sign(), source)
		assert.Zero(t, asked, source)
	}
}

func TestAPlatformsFileHasTheOwnerThatItNames(t *testing.T) {
	dir, o := newRoot(t, nil)
	o, _ = withBoot(t, o, Boot{State: platformFile(fmt.Sprintf(`"path":"/p","contents":{"source":"data:,x"},`+
		`"user":{"id":%d},"group":{"id":%d}`, os.Getuid()+map[bool]int{true: 7}[o.Privileged], os.Getgid()))})
	require.NoError(t, apply(config.Config{}, o))
	in, err := root.Open(dir)
	require.NoError(t, err)
	defer in.Close()
	found, err := in.Lstat("/p")
	require.NoError(t, err)
	assert.Equal(t, o.Privileged, found.UID == 7)
	assert.EqualValues(t, 0o600, found.Mode)
}

// A user may swap a link in below a home after the plan is made.
func TestALinkThatIsSwappedInLeadsAPlatformsFileNowhere(t *testing.T) {
	for claim, what := range map[string]string{"a new file": "home/", "a directory in its place": "home/p/"} {
		t.Run(claim, func(t *testing.T) {
			dir, o := newRoot(t, map[string]string{"etc/p/kept": "x", what: ""})
			o, _ = withBoot(t, o, Boot{State: platformFile(`"path":"/home/p","contents":{"source":"data:,x"}`)})
			other, err := root.Open(dir) // the steps' own has no folder open yet
			require.NoError(t, err)
			defer other.Close()
			steps, err := Plan(config.Config{}, target.Of(other), o)
			require.NoError(t, err)
			require.NoError(t, os.RemoveAll(filepath.Join(dir, "home")))
			require.NoError(t, os.Symlink("etc", filepath.Join(dir, "home")))
			require.Error(t, steps.Run(t.Context(), plan.Options{}))
			assert.FileExists(t, filepath.Join(dir, "etc/p/kept"))
		})
	}
}
