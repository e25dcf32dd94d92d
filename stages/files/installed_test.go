package files

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

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
	o := withUsers(asRoot())
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
