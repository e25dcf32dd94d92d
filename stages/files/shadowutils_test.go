package files

import (
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/users"
)

// fakeAccountTools put their arguments and their input into a file; useradd also makes the line that others look for.
func fakeAccountTools(t *testing.T, root string) (tools *tool.Set, calls func() string) {
	t.Helper()
	dir := t.TempDir()
	script := `#!/bin/sh
{ printf '%s' "${0##*/}"; printf ' [%s]' "$@"; printf ' < %s\n' "$(cat)"; } >> ` + dir + `/calls
case ${0##*/} in
useradd) for name; do :; done; echo "$name:x:4242:4343::/home/$name:/bin/sh" >> ` + root + `/etc/passwd ;;
esac
`
	names := map[string]string{}
	for _, name := range []string{"useradd", "usermod", "userdel", "groupadd", "groupmod", "groupdel", "chpasswd",
		"chgpasswd"} {
		names[name] = filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(names[name], []byte(script), 0o755))
	}
	return tool.New(names, slog.New(slog.DiscardHandler)), func() string {
		text, err := os.ReadFile(filepath.Join(dir, "calls"))
		require.NoError(t, err)
		return strings.ReplaceAll(string(text), root, "ROOT")
	}
}

// docs/peer/engine.md §11.5.
func TestTheRootsOwnToolsAreCalledAsThePeerCallsThem(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "etc"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etc/passwd"),
		[]byte("old:x:5:5::/home/old:/bin/sh\ngone:x:6:6::/:/bin/sh\n"), 0o644))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etc/group"), []byte("wheel:x:10:\nbye:x:11:\n"), 0o644))
	root, err := root.Open(dir)
	require.NoError(t, err)
	defer root.Close()
	tools, calls := fakeAccountTools(t, dir)
	cfg := parse(t, `{"passwd":{
		"groups":[{"name":"new","gid":7,"system":true,"passwordHash":"SECRET1"},{"name":"wheel","gid":12},{"name":"bye","shouldExist":false},{"name":"never","shouldExist":false}],
		"users":[
			{"name":"core","uid":4242,"homeDir":"/h","gecos":"C","primaryGroup":"new","groups":["wheel","new"],"shell":"/bin/sh","noLogInit":true,"passwordHash":"SECRET2"},
			{"name":"svc","system":true,"noCreateHome":true,"noUserGroup":true},
			{"name":"old","homeDir":"/n","groups":["wheel"],"passwordHash":""},
			{"name":"gone","shouldExist":false}]}}`)
	steps, err := PlanTools(cfg, target.Of(root), Options{Means: target.Means{Root: root, Tools: tools}})
	require.NoError(t, err)
	require.NoError(t, steps.Run(t.Context(), plan.Options{}))
	assert.Equal(t, `groupadd [--root] [ROOT] [--gid] [7] [--system] [new] < 
chgpasswd [--root] [ROOT] [--encrypted] < new:SECRET1
groupmod [--root] [ROOT] [--gid] [12] [wheel] < 
groupdel [--root] [ROOT] [bye] < 
useradd [--root] [ROOT] [--home-dir] [/h] [--create-home] [--no-log-init] [--password] [*] [--uid] [4242] [--comment] [C] [--gid] [new] [--groups] [wheel,new] [--shell] [/bin/sh] [core] < 
chpasswd [--root] [ROOT] [--encrypted] < core:SECRET2
useradd [--root] [ROOT] [--no-create-home] [--no-user-group] [--system] [--password] [*] [svc] < 
usermod [--root] [ROOT] [--home] [/n] [--move-home] [--password] [*] [--groups] [wheel] [old] < 
userdel [--root] [ROOT] [--remove] [gone] < 
`, calls())
	assert.NotContains(t, steps.String(), "SECRET")
}

func TestKeysGoToWhoTheToolsHaveMade(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "etc"), 0o755))
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "home/core"), 0o755))
	root, err := root.Open(dir)
	require.NoError(t, err)
	defer root.Close()
	tools, _ := fakeAccountTools(t, dir)
	cfg := parse(t, `{"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["ssh-ed25519 AAAA"]}]}}`)
	steps, err := PlanTools(cfg, target.Of(root), Options{Means: target.Means{Root: root, Tools: tools}})
	require.NoError(t, err)
	err = steps.Run(t.Context(), plan.Options{})
	if os.Geteuid() != 0 {
		require.ErrorContains(t, err, "become user 4242", "only root can become the user that the tools have made")
		return
	}
	require.NoError(t, os.Chown(filepath.Join(dir, "home/core"), 4242, 4343))
	require.NoError(t, os.Chmod(dir, 0o755))
	require.NoError(t, steps[len(steps)-1:].Run(t.Context(), plan.Options{}))
	text, err := os.ReadFile(filepath.Join(dir, "home/core/.ssh/authorized_keys"))
	require.NoError(t, err)
	assert.Equal(t, "ssh-ed25519 AAAA\n", string(text))
}

func TestHomesThatTheToolsHaveMadeAreLabelled(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "etc"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "etc/passwd"),
		[]byte("b:x:5:5::/srv/b:/bin/sh\na:x:6:6::/home/a:/bin/sh\nother:x:7:7::/o:/bin/sh\n"), 0o644))
	root, err := root.Open(dir)
	require.NoError(t, err)
	defer root.Close()
	homes, err := users.Homes(parse(t,
		`{"passwd":{"users":[{"name":"b"},{"name":"a"},{"name":"gone","shouldExist":false}]}}`).Passwd, target.Of(root))
	require.NoError(t, err)
	assert.Equal(t, []string{"/home/a", "/srv/b"}, homes)
	_, err = users.Homes(parse(t, `{"passwd":{"users":[{"name":"new"}]}}`).Passwd, target.Of(root))
	require.EqualError(t, err, "user new is not there after it was made")
}

func TestDefaultsOfNewUsersAreNotLookedAtWithoutUsers(t *testing.T) {
	root := fake{"/etc/default/useradd": "INACTIVE=never\nEXPIRE=soon\n", "/etc/passwd": "core:x:1000:1000::/:\n"}
	cfg := parse(t, `{"storage":{"files":[{"path":"/a","user":{"name":"core"}}]}}`)
	_, err := Plan(cfg, root, withUsers(asRoot()))
	require.NoError(t, err)
}

// No edit of ours makes an account of this root: its own tools may.
func TestWhatNoRootTakesIsRefusedBeforeTheToolsRunWhateverTheyWillMake(t *testing.T) {
	root := fake{}
	const user = `{"passwd":{"users":[{"name":"core","primaryGroup":"nosuch"}]},"storage":{`
	for storage, want := range map[string]string{
		`"files":[{"path":"/a\u0000"}]`: "the path has a NUL byte",
		`"links":[{"path":"/a"}]`:       "the link has no target",
		`"directories":[{"path":"d"}]`:  "the path is not absolute",
		`"files":[{"path":"/a"}]`:       "",
	} {
		_, err := PlanTools(parse(t, user+storage+`}}`), root, inlined(asRoot()))
		if want == "" {
			require.NoError(t, err)
			continue
		}
		require.ErrorContains(t, err, want)
	}
}

func TestWhatTheFilesPlanRefusesIsRefusedBeforeTheToolsRun(t *testing.T) {
	const user = `"passwd":{"users":[{"name":"core","sshAuthorizedKeys":["ssh-ed25519 AAAA"]}]}`
	for name, c := range map[string]struct{ storage, want string }{
		"a file in the way": {`"files":[{"path":"/etc/taken","contents":{"source":"data:,new"}}]`,
			"/etc/taken ($.storage.files.0): a file with other content"},
		"a link in the way": {`"links":[{"path":"/etc/taken","target":"/x"}]`,
			"/etc/taken ($.storage.links.0): a regular file is there"},
		"below a file": {`"directories":[{"path":"/etc/taken/d"}]`, "is below /etc/taken"},
		"an owner whom nobody makes": {`"files":[{"path":"/a","user":{"name":"other"}}]`,
			`user "other" does not exist`},
		"a file of the skeleton": {`"files":[{"path":"/home/core/.profile","user":{"name":"core"},` +
			`"contents":{"source":"data:,mine"}}]`, "a file is there"},
		"the keys themselves": {`"files":[{"path":"/home/core/.ssh/authorized_keys.d/ignition",` +
			`"contents":{"source":"data:,mine"}}]`, "a file is there"},
		"the skeleton's file as it is": {`"files":[{"path":"/home/core/.profile","user":{"name":"core"},` +
			`"group":{"name":"users"},"contents":{"source":"data:,profile"}}]`, ""},
		"an owner whom the tools make": {`"files":[{"path":"/a","user":{"name":"core"}}]`, ""},
		"a file below a home that will be made": {`"files":[{"path":"/home/core/notes","user":{"name":"core"},` +
			`"contents":{"source":"data:,x"}}]`, ""},
		"what stands there and may go": {`"files":[{"path":"/etc/taken","overwrite":true,` +
			`"contents":{"source":"data:,new"}}]`, ""},
	} {
		t.Run(name, func(t *testing.T) {
			root := fake{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/etc/group": "root:x:0:\nusers:x:100:\n",
				"/etc/taken": "old", "/etc/skel/.profile": "profile", "/home/": ""}
			cfg := parse(t, `{`+user+`,"storage":{`+c.storage+`}}`)
			o := inlined(asRoot())
			o.Image.KeysFragment = true
			_, err := PlanTools(cfg, root, o)
			if c.want == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, c.want)
		})
	}
}
