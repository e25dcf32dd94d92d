package files

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestTheVersionOfAnInstalledPackage(t *testing.T) {
	long := "Description: " + strings.Repeat("x", 200<<10) + "\n"
	for _, c := range []struct{ name, status, want string }{
		{"is in the paragraph of the package", "Package: login\nVersion: 1\n\nPackage: passwd\n" +
			"Status: install ok installed\nVersion: 1:4.13-1\n\nPackage: x\nVersion: 3\n", "1:4.13-1"},
		{"is found behind lines of any length",
			"Package: a\n" + long + "Version: 2\n\nPackage: passwd\n" + long + "Version: 4.17\n", "4.17"},
		{"is not that of another", "Package: passwd-extra\nVersion: 1\n\nPackage: a\nReplaces: passwd\nVersion: 2\n",
			""},
		{"is not in what follows on a line", "Package: a\nDescription: x\n Package: passwd\n Version: 1\nVersion: 3\n",
			""},
		{"is unknown if it is not there", "Package: passwd\n\nPackage: b\nVersion: 2\n", ""},
		{"is unknown if there is nothing", "", ""},
		{"needs no line end", "Package: passwd\nVersion: 4.14", "4.14"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := installed(strings.NewReader(c.status), "passwd")
			require.NoError(t, err)
			assert.Equal(t, c.want, got)
		})
	}
}

// Old tools know no GROUPS, and let a name with a "@" pass.
func TestAccountsAreAsTheRootsOwnToolsMakeThem(t *testing.T) {
	root := func(version string) fake {
		f := fake{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/etc/group": "root:x:0:\nadm:x:4:\n",
			"/etc/default/useradd": "GROUPS=adm\n"}
		if version != "" {
			f["/var/lib/dpkg/status"] = "Package: passwd\nVersion: " + version + "\n"
		}
		return f
	}
	o := Options{Privileged: true, Accounts: &Accounts{Today: 20000}}
	one, odd := parse(t, `{"passwd":{"users":[{"name":"core"}]}}`),
		parse(t, `{"passwd":{"users":[{"name":"me@there"}]}}`)
	for version, old := range map[string]bool{"1:4.13+dfsg1-1+deb12u2": true, "1:4.17.4-2": false, "": false} {
		plan, err := Plan(one, root(version), o)
		require.NoError(t, err)
		assert.Equal(t, !old, strings.Contains(plan.String(), "groups adm"), version)
		_, err = Plan(odd, root(version), o)
		assert.Equal(t, old, err == nil, version)
	}
}
