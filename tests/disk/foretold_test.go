//go:build disk

package disk

import (
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/stages/mounts"
	"github.com/glowplug-os/glowplug/tests/chain"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

// asForetold is disks.Run, with what `glowplug plan` says before and after it.
func asForetold(ctx context.Context, t *testing.T, s config.Storage, o disks.Options) (disks.Keys, error) {
	t.Helper()
	keys, faults, err := foretold.Disks(ctx, s, o)
	assert.Empty(t, faults)
	if err == nil {
		faults, failed := foretold.DisksAgain(ctx, s)
		assert.NoError(t, failed)
		assert.Empty(t, faults)
	}
	return keys, err
}

func treeOf(t *testing.T, root string) foretold.Tree {
	t.Helper()
	tree, err := foretold.Look(root)
	require.NoError(t, err)
	return tree
}

// nothingLeft: a second plan of a config is empty.
func nothingLeft(t *testing.T, second foretold.Plan, config string) (faults []string) {
	t.Helper()
	rows, err := foretold.Exceptions()
	require.NoError(t, err)
	text, err := os.ReadFile(config)
	require.NoError(t, err)
	return rows.Empty(second, text)
}

// appliedAsForetold runs `glowplug apply`, and, if that goes well, holds it against what `glowplug plan` says before
// and after it.
func appliedAsForetold(t *testing.T, a *foretold.Application, command *exec.Cmd) (code int, out string) {
	t.Helper()
	ask := func() foretold.Plan {
		c := a.Command("")
		c.Env, c.Dir, c.SysProcAttr = command.Env, command.Dir, command.SysProcAttr
		var p foretold.Plan
		var err error
		assert.Empty(t, traced(t, c, func(c *exec.Cmd) { p, err = foretold.Ask(c) }))
		require.NoError(t, err)
		return p
	}
	plan, before := ask(), treeOf(t, a.Root)
	if code, out = called(t, command); code == 0 {
		faults := append(plan.Trees(before, treeOf(t, a.Root)), a.Said(&plan, out)...)
		faults = append(faults, nothingLeft(t, ask(), a.Config)...)
		c := a.Verification("")
		c.Env, c.Dir, c.SysProcAttr = command.Env, command.Dir, command.SysProcAttr
		var d foretold.Drift
		var err error
		assert.Empty(t, traced(t, c, func(c *exec.Cmd) { d, err = foretold.Verified(c) }))
		require.NoError(t, err)
		assert.Empty(t, append(faults, d.Differs()...))
	}
	return code, out
}

// filesForetold tells what the files stage will do; verify holds it against what that has logged and done.
func filesForetold(t *testing.T, root, config string) (verify func(log string)) {
	t.Helper()
	ask := func() foretold.Plan {
		p, err := foretold.ForStage(t.Context(), root, config, nil)
		require.NoError(t, err)
		return p
	}
	plan, before := ask(), treeOf(t, root)
	return func(log string) {
		t.Helper()
		faults := plan.Trees(before, treeOf(t, root))
		faults = append(faults, foretold.Deeds(plan.Of("files"),
			foretold.WithoutLeft(foretold.Logged(log, "files: ")))...)
		d, err := foretold.Verify(t.Context(), root, config, nil)
		require.NoError(t, err)
		assert.Empty(t, append(append(faults, nothingLeft(t, ask(), config)...), d.Differs()...))
	}
}

// provisionedConfig gives nothing up. @ is the disk.
const provisionedConfig = `{
  "ignition": {"version": "3.4.0"},
  "passwd": {"users": [{"name": "core", "homeDir": "/var/home/core", "passwordHash": "$6$x",
    "sshAuthorizedKeys": ["ssh-ed25519 AAAA"]}]},
  "storage": {
    "disks": [{"device": "@",
      "partitions": [{"number": 1, "label": "srv", "sizeMiB": 64}, {"number": 2, "label": "var"}]}],
    "filesystems": [{"device": "@p1", "format": "ext4", "label": "srv", "path": "/srv"},
      {"device": "@p2", "format": "xfs", "path": "/var"}],
    "files": [{"path": "/srv/index.html", "contents": {"source": "data:,hello"}, "append": [{"source": "data:,more"}]},
      {"path": "/var/home/core/note", "user": {"name": "core"}, "contents": {"source": "data:,note"}}],
    "links": [{"path": "/var/www", "target": "/srv"}]
  },
  "systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[Install]\nWantedBy=multi-user.target\n"}]}
}`

func TestAMachineThatIsProvisionedHasNothingToDo(t *testing.T) {
	ownMounts(t)
	disk := ptNew(t, 512, 512).node
	m := chain.New(t, program(t, "ignition"), strings.ReplaceAll(provisionedConfig, "@", disk))
	ask := func() foretold.Plan {
		p, err := foretold.ForBoot(t.Context(), m.Root(), m.Dir+"/config.ign")
		require.NoError(t, err)
		return p
	}
	assert.Equal(t, 3, ask().Exit)
	_, err := m.Boot(t.Context())
	require.NoError(t, err)
	later := ask()
	assert.Equal(t, 3, later.Exit, "what filesystems hold that are not mounted is not known")
	assert.Empty(t, nothingLeft(t, later, m.Dir+"/config.ign"))
	must(t, "mount", disk+"p1", m.Root()+"/srv")
	must(t, "mount", disk+"p2", m.Root()+"/var")
	assert.Equal(t, "nothing to do; ", ask().Summary[:15])
	assert.Zero(t, ask().Exit)
}

// mountedAsForetold is mounts.Mount, which does what a plan says before: the same mounts in the same order, and no new
// directory of which it says nothing. A plan takes the root that it is given for the one that is mounted as such.
func mountedAsForetold(t *testing.T, s config.Storage, dir string, o mounts.Options) (made []string, err error) {
	t.Helper()
	in, err := root.Open(dir)
	require.NoError(t, err)
	defer in.Close()
	told, _, refused := mounts.Preview(s, target.Of(in), func(int) mounts.Content { return mounts.Unknown })
	before, deeds, tell := treeOf(t, dir), []foretold.Deed(nil), o.Tell
	hear := foretold.Heard(&deeds)
	o.Tell = func(e plan.Event) {
		hear(e)
		if tell != nil {
			tell(e)
		}
	}
	if made, err = mounts.Mount(t.Context(), s, dir, o); err != nil {
		return made, err
	}
	require.NoError(t, refused)
	require.Len(t, deeds, len(told))
	for i, d := range deeds {
		assert.Equal(t, told[i].ID, d.ID)
	}
	for _, each := range made {
		if told[0].Subject == "mount /" || before.Has(each) {
			continue
		}
		assert.True(t, slices.ContainsFunc(told, func(step plan.Step) bool {
			return strings.Contains(step.Detail+",", " "+each+",") || // or it may be on what is mounted
				step.Effect == plan.Deferred && strings.HasPrefix(step.Subject+"/", "mount "+each+"/")
		}), each)
	}
	return made, nil
}
