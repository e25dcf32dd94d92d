package facts

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/unit"
)

func TestOfSettingsForRootOnlyWhatPlannersGoByIsNoted(t *testing.T) {
	t.Parallel()
	for at, test := range map[string]struct{ text, noted string }{
		"/etc/ssh/sshd_config": {"# SECRET\nPort 22\nInclude=\"/etc/ssh/sshd_config.d/*.conf\"\n",
			"Include /etc/ssh/sshd_config.d/*.conf\n"},
		"/etc/ssh/sshd_config.d/a.conf": {"AuthorizedKeysCommand /bin/x SECRET\n  authorizedkeysFILE a b # c\n" +
			"Include\n",
			"authorizedkeyscommand (hidden)\nauthorizedkeysFILE a b # c\n"},
		"/etc/ssh/b.conf":                     {"AuthorizedKeysCommand none", "authorizedkeyscommand none\n"},
		"/etc/login.defs":                     {"UID_MIN 5\n", "UID_MIN 5\n"},
		"/etc/subuid":                         {"a:1:1\n", "a:1:1\n"},
		"/usr/lib/sysusers.d/a.conf":          {"u a\n", "u a\n"},
		"/run/systemd/system-preset/a.preset": {"enable *\n", "enable *\n"},
		"/usr/lib/systemd/system/a.service": {"[Service]\nEnvironment=SECRET\n[Install]\nX-Key=SECRET\n" +
			"WantedBy=a \\\n b\n[Unit]\nAlias=SECRET", "[Install]\nWantedBy=a \\\n b"},
		"/etc/systemd/system/a@b.timer":             {"", ""},
		"/etc/systemd/system/b.socket":              {"[Socket]\n", "[Install]"},
		"/opt/c.service":                            {"[SECRET", "["},
		"/etc/systemd/system/a.service.d/50-x.conf": {"[Install]\nAlias=\n[Service]\nA=SECRET\n", "[Install]\nAlias="},
	} {
		noted, is := settingOf(at, test.text)
		assert.True(t, is, at)
		assert.Equal(t, test.noted, noted, at)
	}
	for _, at := range []string{"/etc/ssl/a.conf", "/root/notes", "/etc/app.d/a.conf", "/etc/shadow", "/etc/ssh2"} {
		_, is := settingOf(at, "SECRET")
		assert.False(t, is, at)
	}
}

// What is noted of a unit enables it as the unit does.
func TestWhatIsNotedOfAUnitReadsAlike(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "\n", "[Install]\nWantedBy=a b\nWantedBy=\nRequiredBy=c\\\n  d\n" +
		"Alias=e.service\nDefaultInstance=f\nAlso=g\nUpheldBy=h\n",
		"[Unit]\nA=b\n[Install]\nWantedBy=x\n[X-Install]\nWantedBy=y\n",
		"no unit", "[Install", "[Install]\nWantedBy=a\\"} {
		want, fine := unit.ReadInstall(text)
		got, same := unit.ReadInstall(installOnly(text))
		require.Equal(t, fine, same, "%q", text)
		assert.Equal(t, want, got, "%q", text)
		assert.Equal(t, text == "", installOnly(text) == "", "%q", text)
	}
}
