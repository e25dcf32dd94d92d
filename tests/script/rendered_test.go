package script

import (
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// What a boot has left is told by its place, so this needs a /run of its own.
func TestWhatABootHasLeftIsNotMergedAgain(t *testing.T) {
	const child = `data:;base64,eyJpZ25pdGlvbiI6IHsidmVyc2lvbiI6ICIzLjAuMCJ9LCAic3RvcmFnZSI6IHsiZmlsZXMiOiBb` +
		`eyJwYXRoIjogIi9mIiwgImFwcGVuZCI6IFt7InNvdXJjZSI6ICJkYXRhOixiIn1dfV19fQ==`
	const config = `{"ignition": {"version": "3.4.0", "config": {"merge": [{"source": "` + child + `"}]}},` +
		` "storage": {"files": [{"path": "/f", "append": [{"source": "data:,a"}, {"source": "data:,b"}]}]}}`
	out, err := exec.CommandContext(t.Context(), "unshare", "-rm", "true").CombinedOutput()
	if err != nil {
		t.Skipf("no namespaces: %v %s", err, out)
	}
	for claim, line := range map[string]string{
		"apply":          "glowplug apply --root $root /run/ignition.json",
		"a link to it":   "ln -s /run/ignition.json $root/link; glowplug apply --root $root $root/link",
		"ignition-apply": "container=podman ignition-apply --root $root /run/ignition.json",
		"plan": "glowplug apply --root $root /run/ignition.json; glowplug plan --root " +
			"$root /run/ignition.json",
		"render, for elsewhere": "glowplug render /run/ignition.json >$root/web.ign; ! grep -q merge $root/web.ign; " +
			"glowplug apply --root $root $root/web.ign",
	} {
		t.Run(claim, func(t *testing.T) {
			root := t.TempDir()
			c := exec.CommandContext(t.Context(), "unshare", "-rm", "sh", "-ec", "mount -t tmpfs none /run\n"+
				"cat >/run/ignition.json\n"+line+" >&2\ncat $root/f")
			c.Env = append(c.Environ(), "root="+root, "PATH="+programs+":/usr/sbin:/usr/bin:/sbin:/bin")
			c.Stdin = strings.NewReader(config)
			out, err := c.Output()
			require.NoError(t, err)
			assert.Equal(t, "ab", string(out))
		})
	}
}
