package main

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/tests/trees"
)

func TestWhetherSSHDReadsTheKeysIsLookedAtInItsConfiguration(t *testing.T) {
	const names, snippet = "AuthorizedKeysFile a %h/.ssh/authorized_keys.d/ignition\n", "/etc/ssh/sshd_config.d/a.conf"
	for claim, c := range map[string]struct {
		config, snippet string
		told            bool
	}{
		"it says nothing of keys":           {"UsePAM yes\n", names, true},
		"a comment does not count":          {"#" + names, "", true},
		"it names another file":             {"AuthorizedKeysFile .ssh/authorized_keys\n", "", true},
		"it names the file":                 {names, "", false},
		"in other letters":                  {"authorizedkeysfile .ssh/authorized_keys.d/ignition", "", false},
		"behind =, in quotes":               {"AuthorizedKeysFile=\".ssh/authorized_keys.d/ignition\"\n", "", false},
		"a program gives keys":              {"AuthorizedKeysCommand /usr/libexec/ssh-key-dir %u\n", "", false},
		"the program is none":               {"AuthorizedKeysCommand none\n", "", true},
		"an included file names it":         {"Include /etc/ssh/sshd_config.d/*.conf\n", names, false},
		"a pattern is relative to /etc/ssh": {"Include sshd_config.d/a.conf\n", names, false},
		"a pattern leaves the file out":     {"Include sshd_config.d/b*\n", names, true},
		"a folder is not there":             {"Include more/*\n", "", true},
		"it includes itself":                {"Include sshd_config\n", "", false},
		"a pattern of folders":              {"Include */*.conf\n", "", false},
	} {
		dir := t.TempDir()
		trees.Populate(t, dir, map[string]string{sshdConfig: c.config, snippet: c.snippet})
		in, core := viewOf(t, dir), []string{"core"}
		assert.Equal(t, c.told, unreadKeys(in, core) != "", claim)
		assert.Empty(t, unreadKeys(in, nil), "nobody has keys")
		assert.Empty(t, unreadKeys(viewOf(t, t.TempDir()), core), "a root without sshd")
	}
}

func viewOf(t *testing.T, dir string) target.View {
	t.Helper()
	in, err := root.Open(dir)
	require.NoError(t, err)
	t.Cleanup(func() { _ = in.Close() })
	return target.Of(in)
}
