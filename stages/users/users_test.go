package users

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/root"
)

func TestWhoMayMakeAHome(t *testing.T) {
	for claim, c := range map[string]struct {
		uid, owner, mode uint32
		may              bool
	}{
		"root":                          {0, 5, 0, true},
		"the owner":                     {5, 5, 0o300, true},
		"an owner who may not search":   {5, 5, 0o200, false},
		"a stranger":                    {5, 6, 0o755, false},
		"anybody":                       {5, 6, 0o1777, true},
		"some group, or a list behind":  {5, 6, 0o770, true},
		"a group that may only look in": {5, 6, 0o750, false},
	} {
		u := UserKeys{Account: Account{UID: c.uid}}
		assert.Equal(t, c.may, u.mayMake(root.Facts{Kind: root.Directory, UID: c.owner, Mode: c.mode}), claim)
	}
}

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

func TestAHashCannotSetAnotherPassword(t *testing.T) {
	ta := toolAccounts{root: &root.Root{}} // no tool is looked for
	require.ErrorContains(t, ta.password(t.Context(), "chpasswd", "core", "x\nroot:y"), "line break")
}
