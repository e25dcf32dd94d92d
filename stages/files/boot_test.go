package files

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/leave"
)

// bootTools stand in for what a boot runs: cryptsetup knows a volume by the last part of its device, setfiles notes
// what it is told, is-live-image is one if it is told so by a file.
const bootTools = `#!/bin/sh
case ${0##*/} in
cryptsetup) test "$1" = luksUUID && echo "uuid-of-${2##*/}" ;;
setfiles) { echo "$@"; tr '\0' '\n'; } >"${0%/*}/labelled" ;;
is-live-image) test -e "${0%/*}/live" ;;
esac
`

// withBoot gives options tools of a boot, and the folder where these are.
func withBoot(t *testing.T, o Options, b Boot) (Options, string) {
	t.Helper()
	dir := t.TempDir()
	names := map[string]string{}
	for _, tool := range []string{"cryptsetup", "setfiles", "is-live-image"} {
		names[tool] = filepath.Join(dir, tool)
		require.NoError(t, os.WriteFile(names[tool], []byte(bootTools), 0o755))
	}
	names["systemctl"] = filepath.Join(dir, "systemctl")
	require.NoError(t, os.WriteFile(names["systemctl"], []byte(systemctl), 0o755))
	o.Tools = tool.New(names, nil)
	if b.Now == nil {
		b.Now = func() time.Time { return time.Date(2026, 11, 21, 23, 0, 0, 0, time.UTC) }
	}
	if b.BootID == "" {
		b.BootID = "9e6d\n"
	}
	return b.on(o), dir
}

// volumes are a config's, one for each way to open one.
const volumesText = `{"storage":{"luks":[
	{"name":"data","device":"/dev/vdb","keyFile":{"source":"data:,k"}},
	{"name":"made","device":"/dev/vdc"},
	{"name":"tpm","device":"/dev/vdd","clevis":{"tpm2":true}},
	{"name":"tang","device":"/dev/vde","clevis":{"tang":[{"url":"http://t","thumbprint":"x"}]}},
	{"name":"pin","device":"/dev/vdf","clevis":{"custom":{"pin":"p","config":"{}","needsNetwork":true}}},
	{"name":"many","device":"/dev/vdg","clevis":{"threshold":2}}]},
	"systemd":{"units":[]}}`

// secrets are keys as the disks stage leaves them; no text that anybody sees may hold them.
func secrets() handoff.State {
	return handoff.State{
		LuksPersistKeyFiles: map[string]diag.Secret{"data": "data:,SECRET-one", "made": "data:,SECRET-two"},
		LuksVolumeKeyFiles: map[string]diag.Secret{"ignition-luks-cex.skey": "data:,SECRET-three",
			"ignition-luks-cex.info": "data:,SECRET-four"},
		ProviderOutputFiles: []json.RawMessage{
			json.RawMessage(`{"path":"/var/lib/hv/pool","contents":{"source":"data:,pool"},"mode":420}`)},
		FetchedConfigs: []handoff.FetchedConfig{{Kind: "user"}},
	}
}

func TestBootPlans(t *testing.T) {
	root := fake{"/etc/selinux/config": "SELINUXTYPE=t\n", "/etc/selinux/t/contexts/files/file_contexts": "",
		"/etc/crypttab": "# mine\n", "/usr/": ""}
	cfg := parse(t, volumesText)
	cfg.Storage.Files = []config.File{{Node: config.Node{Path: "/srv/a/f"}}}
	plan, err := Plan(cfg, root,
		Boot{State: secrets(), ResultFile: target.DefaultResultFile}.on(asRoot()))
	require.NoError(t, err)
	if d := cmp.Diff(`
~ record of SELinux labels                /etc/.glowplug/relabel.json, until they are set
+ file /srv/a/f                           empty, 0644, makes /srv
+ directory /etc/luks                     0700
~ record of keys                          /etc/.glowplug/keys.json
+ key of luks data                        /etc/luks/data, 0600
+ key of luks made                        /etc/luks/made, 0600
~ file /etc/crypttab                      0600, data UUID=… /etc/luks/data luks,x-initrd.attach; made UUID=… /etc/luks/made luks,x-initrd.attach; tpm UUID=… none luks,x-initrd.attach; tang UUID=… none luks,_netdev,x-initrd.attach; pin UUID=… none luks,_netdev,x-initrd.attach; many UUID=… none luks,x-initrd.attach
~ record of keys                          /etc/.glowplug/keys.json
+ secure key ignition-luks-cex.info       /etc/zkey/repository/ignition-luks-cex.info, 0600
+ secure key ignition-luks-cex.skey       /etc/zkey/repository/ignition-luks-cex.skey, 0600
+ platform's file /var/lib/hv/pool        0600
+ result file /etc/.ignition-result.json  0600
? SELinux labels                          of 7 paths, if the root has a policy
`, "\n"+plan.String()); d != "" {
		t.Error(d)
	}
	plan, err = Plan(config.Config{}, fake{}, Boot{}.on(Options{}))
	require.NoError(t, err)
	assert.Empty(t, plan, "a boot that has nothing to say about anything")
}

// The stage has passed in another try of this boot, and the key is in the root alone.
func TestAKeyThatARunHasMadeIsKeptWhereTheConfigHasAFile(t *testing.T) {
	for claim, root := range map[string]fake{
		"it is there":                          {"/etc/luks/data": "key"},
		"the entry makes a file where none is": {},
	} {
		root[keyRecordPath] = `{"version":1,"files":["/etc/luks/data"]}`
		steps, err := Plan(parse(t, `{"storage":{"luks":[{"name":"data","device":"/dev/vdb"}],`+
			`"files":[{"path":"/etc/luks/data"}]}}`), root, Boot{}.on(asRoot()))
		require.NoError(t, err, claim)
		assert.Contains(t, steps.String(), "= key of luks data ", claim)
	}
}

// An earlier boot's report is no sign that this boot has made the entry whose place it takes.
func TestAReportOfAnotherBootIsNotThisBoots(t *testing.T) {
	for boot, want := range map[string]string{"mine": "is result file /r by now", "other": "", "": ""} {
		view := fake{"/r": `{"provisioningBootID":"` + boot + `"}`}
		steps, err := Plan(storage(t, `'files':[{'path':'/r','overwrite':true,'contents':{'source':'data:,x'}}]`), view,
			Boot{ResultFile: "/r", BootID: "mine\n"}.on(inlined(asRoot())))
		require.NoError(t, err)
		assert.Equal(t, want != "", strings.Contains(steps.String(), "is result file /r by now"), boot)
	}
}

func TestBootsThatCannotBePlanned(t *testing.T) {
	for name, c := range map[string]struct {
		root  fake
		cfg   string
		state handoff.State
		b     Boot
		err   string
	}{
		"no key for a volume": {fake{}, volumesText, handoff.State{}, Boot{},
			"key of luks data ($.storage.luks.0): the disks stage has left no key for it\n" +
				"key of luks made ($.storage.luks.1): the disks stage has left no key for it"},
		"a directory where a key goes": {fake{"/etc/luks/data/": ""}, volumesText, secrets(), Boot{},
			"key of luks data ($.storage.luks.0): a directory is there"},
		"a link where crypttab is": {fake{"/etc/crypttab": "-> x"}, volumesText, secrets(), Boot{},
			"file /etc/crypttab ($.storage.luks): a symbolic link is there"},
		"a secure key that leads out": {fake{},
			`{}`, handoff.State{LuksVolumeKeyFiles: map[string]diag.Secret{"../x": "data:,y"}}, Boot{},
			"secure key ../x: not the name of a file"},
		"a platform's file that is none": {fake{},
			`{}`, handoff.State{ProviderOutputFiles: []json.RawMessage{[]byte(`{"path":"SECRET","mode":"x"}`)}}, Boot{},
			"file 0 of the platform: not a file as a config spells it"},
		"a platform's file nowhere": {fake{}, `{}`,
			handoff.State{ProviderOutputFiles: []json.RawMessage{[]byte(`{"path":"x","contents":{"source":""}}`)}},
			Boot{}, "file 0 of the platform: the path is not absolute"},
		"a platform's file in place of all": {fake{}, `{}`, platformFile(`"path":"/x/..","contents":{"source":""}`),
			Boot{}, "platform's file /x/..: the root directory itself cannot be replaced"},
		"a platform's file without contents": {fake{"/x": "kept"}, `{}`,
			platformFile(`"path":"/x","append":[{"source":"data:,y"}]`), Boot{},
			"file 0 of the platform: overwrite needs contents to write"},
		"a platform's file of nobody": {fake{}, `{}`,
			platformFile(`"path":"/x","contents":{"source":""},"user":{"name":"core"}`), Boot{},
			`platform's file /x: user "core" does not exist in the root`},
		"no key where the config has a file": {fake{"/etc/luks/data": "x"}, `{"storage":{"luks":[{"name":"data",` +
			`"device":"/dev/vdb"}],"files":[{"path":"/etc/luks/data"}]}}`, handoff.State{}, Boot{},
			"key of luks data ($.storage.luks.0): the disks stage has left no key for it"},
		"labels without a policy": {fake{}, `{"storage":{"files":[{"path":"/f"}]}}`, handoff.State{},
			Boot{Relabel: target.RelabelOn}, "SELinux labels: the root has no SELinux policy, and labels are on"},
		"a policy that leads out": {fake{"/etc/selinux/config": "SELINUXTYPE=../x\n"}, `{}`, handoff.State{}, Boot{},
			"SELinux labels: /etc/selinux/config: SELINUXTYPE is no name of a policy"},
		"a damaged record of keys": {fake{keyRecordPath: "x"}, volumesText, secrets(), Boot{},
			"record of keys: /etc/.glowplug/keys.json: not a record of keys"},
		"a result file below another one": {fake{"/etc": "x"}, `{}`, handoff.State{}, Boot{ResultFile: "/etc/r"},
			"result file /etc/r: is below /etc, which is a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			c.b.State = c.state
			_, err := Plan(parse(t, c.cfg), c.root, c.b.on(asRoot()))
			require.EqualError(t, err, c.err)
		})
	}
}

// shown runs a plan and gives all that a person sees of it.
func shown(cfg config.Config, o Options) (string, error) {
	steps, err := Plan(cfg, target.Of(o.Root), o)
	if err != nil {
		return err.Error(), err
	}
	err = steps.Run(context.Background(), plan.Options{})
	return fmt.Sprint(steps, err), err
}

func TestKeysGetIntoTheRoot(t *testing.T) {
	dir, o := newRoot(t, map[string]string{"etc/crypttab": "# mine\n"})
	o, _ = withBoot(t, o, Boot{State: secrets()})
	cfg := parse(t, volumesText)
	text, err := shown(cfg, o)
	require.NoError(t, err)
	assert.NotContains(t, text, "SECRET")
	owner := fmt.Sprintf("%d:%d", os.Getuid(), os.Getgid())
	all := snapshot(t, dir)
	assert.Equal(t, "drwx------ "+owner, all["/etc/luks"])
	for file, content := range map[string]string{
		"/etc/luks/data": "SECRET-one",
		"/etc/luks/made": "SECRET-two", "/etc/zkey/repository/ignition-luks-cex.skey": "SECRET-three",
		"/etc/zkey/repository/ignition-luks-cex.info": "SECRET-four",
		"/var/lib/hv/pool":                            "pool",
		"/etc/crypttab": `# mine
data UUID=uuid-of-vdb /etc/luks/data luks,x-initrd.attach
made UUID=uuid-of-vdc /etc/luks/made luks,x-initrd.attach
tpm UUID=uuid-of-vdd none luks,x-initrd.attach
tang UUID=uuid-of-vde none luks,_netdev,x-initrd.attach
pin UUID=uuid-of-vdf none luks,_netdev,x-initrd.attach
many UUID=uuid-of-vdg none luks,x-initrd.attach
`,
	} {
		assert.Equal(t, "-rw------- "+owner+" "+content, all[file])
	}

	o.Boot.State = leave.HandedOver(o.Boot.State)
	assert.Nil(t, o.Boot.State.LuksPersistKeyFiles)
	_, err = shown(cfg, o)
	require.NoError(t, err, "the stage runs once more, without the keys")
	assert.Equal(t, all, snapshot(t, dir))
}

func TestAnotherKeyIsOnlyReplacedWhereAnEarlierRunMadeIt(t *testing.T) {
	cfg := parse(t, `{"storage":{"luks":[{"name":"data","device":"/dev/vdb"}]}}`)
	state := func(key diag.Secret) handoff.State {
		return handoff.State{LuksPersistKeyFiles: map[string]diag.Secret{"data": "data:," + key}}
	}
	dir, o := newRoot(t, map[string]string{"etc/luks/data": "the image's"})
	o, _ = withBoot(t, o, Boot{State: state("SECRET")})
	text, err := shown(cfg, o)
	require.EqualError(t, err, "key of luks data ($.storage.luks.0): another key is there")
	assert.NotContains(t, text, "SECRET")
	assert.Equal(t, "the image's", readDeep(t, dir, "etc/luks/data"))

	require.NoError(t, os.WriteFile(filepath.Join(dir, "etc/luks/data"), []byte("SECRET"), 0o644))
	require.NoError(t, apply(cfg, o), "the same key may be there")
	assert.Contains(t, snapshot(t, dir)["/etc/luks/data"], "-rw------- ")
	assert.NoFileExists(t, filepath.Join(dir, keyRecordPath))

	dir, o = newRoot(t, nil)
	o, _ = withBoot(t, o, Boot{State: state("first")})
	o.Boot.UUID = func(_ context.Context, volume string) (string, error) { return "one-" + volume, nil }
	require.NoError(t, apply(cfg, o))
	require.NoError(t, os.RemoveAll(filepath.Join(dir, "var")), "it is on the volume, perhaps")
	o.Boot.State = state("second")
	o.Boot.UUID = func(_ context.Context, volume string) (string, error) { return "two-" + volume + "\n", nil }
	require.NoError(t, apply(cfg, o), "formatted anew in a boot that repeats one that was cut off")
	assert.Equal(t, "second", readDeep(t, dir, "etc/luks/data"))
	assert.Equal(t, "data UUID=two-data /etc/luks/data luks,x-initrd.attach\n", readDeep(t, dir, "etc/crypttab"))

	for _, uuid := range []string{"", "two words"} {
		o.Boot.UUID = func(context.Context, string) (string, error) { return uuid, nil }
		require.ErrorContains(t, apply(cfg, o), "cryptsetup printed no UUID")
	}
}

func TestResultFile(t *testing.T) {
	const own = `{
  "provisioningBootID": "9e6d",
  "provisioningDate": "2026-11-21T23:00:00Z",
  "userConfigProvided": true
}
`
	nested := strings.Replace(own, "true\n}", `true,
  "previousReport": {
    "provisioningDate": "1"
  }
}`, 1)
	for name, c := range map[string]struct {
		before string // "" for no file
		live   bool
		after  string
		err    string
	}{
		"the first provisioning":              {"", false, own, ""},
		"one before is kept within":           {`{"provisioningDate":"1"}`, false, nested, ""},
		"a live system has none before":       {`{"provisioningDate":"1"}`, true, own, ""},
		"a live system does not even read it": {`{`, true, own, ""},
		"what is no report": {`{`, false, `{`,
			"result file /etc/r: the report of an earlier provisioning is not JSON"},
		"of this boot: not for one before":    {own, false, own, ""},
		"of this boot with one before: stays": {nested, false, nested, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, o := newRoot(t, nil)
			o, tools := withBoot(t, o, Boot{State: secrets(), ResultFile: "/etc/r"})
			o.Boot.State.LuksVolumeKeyFiles = nil
			if c.before != "" {
				populate(t, dir, map[string]string{"etc/r": c.before})
			}
			if c.live {
				require.NoError(t, os.WriteFile(filepath.Join(tools, "live"), nil, 0o600))
			}
			err := apply(config.Config{}, o)
			if c.err == "" {
				require.NoError(t, err)
				assert.Contains(t, snapshot(t, dir)["/etc/r"], "-rw------- ")
			} else {
				require.EqualError(t, err, c.err)
			}
			assert.Equal(t, c.after, readDeep(t, dir, "etc/r"))
			if c.err == "" {
				o.Boot.Now = func() time.Time { return time.Unix(0, 0) }
				require.NoError(t, apply(config.Config{}, o))
				assert.Equal(t, c.after, readDeep(t, dir, "etc/r"), "once more in this boot, later")
			}
		})
	}
}

func TestResultFileInTheWay(t *testing.T) {
	dir, o := newRoot(t, map[string]string{"r/x": "", "link": "-> /none", "other": "x"})
	for _, file := range []string{"/r", "/link"} {
		o, _ = withBoot(t, o, Boot{ResultFile: file})
		require.NoError(t, apply(config.Config{}, o))
		assert.Contains(t, snapshot(t, dir)[file], `"userConfigProvided": false`)
	}
	o, _ = withBoot(t, o, Boot{})
	require.NoError(t, apply(config.Config{}, o), "no result file")
}

// policyTree is a root with a policy, as far as we look at it.
func policyTree(more map[string]string) map[string]string {
	tree := map[string]string{"etc/selinux/config": "# SELINUXTYPE=no\nSELINUX=enforcing\nSELINUXTYPE=targeted \n" +
		"SELINUXTYPE=other\n", "etc/selinux/targeted/contexts/files/file_contexts": ""}
	maps.Copy(tree, more)
	return tree
}

// labelled gives the arguments and paths that setfiles was last told, without the root, and forgets them.
func labelled(t *testing.T, tools, root string) (args string, paths []string) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(tools, "labelled"))
	if errors.Is(err, os.ErrNotExist) {
		return "", nil
	}
	require.NoError(t, err)
	require.NoError(t, os.Remove(filepath.Join(tools, "labelled")))
	lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
	for _, p := range lines[1:] {
		rel, ok := strings.CutPrefix(p, root)
		require.True(t, ok, p)
		paths = append(paths, rel)
	}
	if root != "" {
		lines[0] = strings.ReplaceAll(lines[0], root, "ROOT")
	}
	return lines[0], paths
}

func TestWhatIsLabelled(t *testing.T) {
	tree := policyTree(map[string]string{
		"etc/passwd":  "core:x:7:7::/home/core:/bin/sh\nlate:x:8:8::/home/late:/bin/sh\n",
		"etc/passwd-": "", "etc/shadow": "", "etc/groups": "", "etc/hosts": "", "srv/there/": "",
		"home": "-> var/home", "var/home/core/": "",
		"etc/systemd/system/old.service.d/x.conf": "",
	})
	cfg := parse(t, `{"passwd":{"users":[{"name":"core"},{"name":"late"}]},"storage":{
		"directories":[{"path":"/new/dir"},{"path":"/new/dir/below"}],
		"files":[{"path":"/srv/there/f"},{"path":"/srv/made/a/f"},{"path":"/srv/made/b"},{"path":"/home/file"}],
		"links":[{"path":"/srv/dangling","target":"/nowhere"}]},
		"systemd":{"units":[{"name":"a.service","contents":"[Unit]\n","dropins":[{"name":"1.conf","contents":""},{"name":"2.conf","contents":""}]},{"name":"old.service","mask":true,"dropins":[{"name":"y.conf","contents":""}]},
			{"name":"on.service","enabled":true},{"name":"nothing.service"}]}}`)
	dir, o := newRoot(t, tree)
	o, tools := withBoot(t, o,
		Boot{ResultFile: target.DefaultResultFile})
	o.Accounts = MadeByTools
	require.NoError(t, apply(cfg, o))
	args, paths := labelled(t, tools, dir)
	assert.Equal(t, "-vF0 -r ROOT ROOT/etc/selinux/targeted/contexts/files/file_contexts -f -", args)
	assert.Equal(t, []string{
		"/etc/.glowplug", "/etc/.ignition-result.json", "/etc/groups", "/etc/passwd", "/etc/passwd-", "/etc/shadow",
		"/etc/systemd/system-preset", "/etc/systemd/system/a.service", "/etc/systemd/system/a.service.d",
		"/etc/systemd/system/old.service", "/etc/systemd/system/old.service.d",
		"/new", "/srv/dangling", "/srv/made", "/srv/there/f", "/var/home/core", "/var/home/file",
	}, paths)
	assert.NoFileExists(t, filepath.Join(dir, relabelRecordPath))
}

func TestWhenLabelsAreSet(t *testing.T) {
	file := `{"storage":{"files":[{"path":"/f"}]}}`
	own := `{"storage":{"files":[{"path":"/etc/selinux/config","contents":{"source":"data:,SELINUXTYPE=x%0a"}},` +
		`{"path":"/etc/selinux/x/contexts/files/file_contexts"}]}}`
	none := `{"storage":{"files":[{"path":"/etc/selinux/other"}]}}`
	for name, c := range map[string]struct {
		tree map[string]string
		cfg  string
		mode target.Relabel
		want []string
		err  string
	}{
		"auto, with a policy": {policyTree(nil), file, target.RelabelAuto, []string{"/f"}, ""},
		"on, with a policy":   {policyTree(nil), file, target.RelabelOn, []string{"/f"}, ""},
		"off, with a policy":  {policyTree(nil), file, target.RelabelOff, nil, ""},
		"auto, without":       {nil, file, target.RelabelAuto, nil, ""},
		"auto, with a config but no policy": {map[string]string{"etc/selinux/config": "SELINUXTYPE=targeted\n"}, file,
			target.RelabelAuto, nil, ""},
		"auto, the usual policy": {map[string]string{"etc/selinux/config": "\n",
			"etc/selinux/targeted/contexts/files/file_contexts": ""}, file, target.RelabelAuto, []string{"/f"}, ""},
		"auto, a policy of the config's": {nil, own, target.RelabelAuto, []string{"/etc"}, ""},
		"auto, what looks like one":      {nil, none, target.RelabelAuto, nil, ""},
		"on, what looks like one": {nil, none, target.RelabelOn, nil,
			"SELinux labels: the root has no SELinux policy, and labels are on"},
		"on, without, and nothing to be labelled": {nil, `{}`, target.RelabelOn, nil, ""},
		"on, and nothing to be labelled":          {policyTree(nil), `{}`, target.RelabelOn, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			dir, o := newRoot(t, c.tree)
			o, tools := withBoot(t, o, Boot{Relabel: c.mode})
			if err := apply(parse(t, c.cfg), o); c.err == "" {
				require.NoError(t, err)
			} else {
				require.EqualError(t, err, c.err)
			}
			_, paths := labelled(t, tools, dir)
			assert.Equal(t, c.want, slices.DeleteFunc(paths, func(p string) bool { return p == target.StateDir }))
		})
	}
}

// bootEverything is a config, a root and a state that use all of a boot.
func bootEverything(t *testing.T) (config.Config, map[string]string, Boot) {
	t.Helper()
	cfg := parse(t, volumesText)
	cfg.Storage.Directories = []config.Directory{{Node: config.Node{Path: "/srv/a/b"}}}
	cfg.Systemd.Units = parse(t,
		`{"systemd":{"units":[{"name":"a.service","contents":"[Unit]\n","enabled":true}]}}`).Systemd.Units
	data := func(s string) config.Resource { s = "data:," + s; return config.Resource{Source: &s} }
	mode := 0o640
	// Nodes at places where the boot writes after them.
	cfg.Storage.Files = append(cfg.Storage.Files, config.File{Node: config.Node{Path: "/srv/a/b/c/f"}},
		config.File{Node: config.Node{Path: "/etc/crypttab"}, Contents: data("%23 the user's%0a"), Mode: &mode},
		config.File{Node: config.Node{Path: "/var/lib/hv/pool"}, Contents: data("early")},
		config.File{Node: config.Node{Path: "/etc/luks/data"}, Contents: data("SECRET-one")},
		config.File{Node: config.Node{Path: target.DefaultResultFile}, Append: []config.Resource{data("{}")}})
	cfg.Passwd.Users = []config.PasswdUser{{Name: "core"}}
	return cfg, policyTree(map[string]string{"home/core/": "", "etc/passwd": "core:x:7:7::/home/core:/bin/sh\n"}),
		Boot{State: secrets(), ResultFile: target.DefaultResultFile}
}

func TestABootSurvivesACutAnywhere(t *testing.T) {
	cfg, tree, b := bootEverything(t)
	dir, o := newRoot(t, tree)
	o, tools := withBoot(t, o, b)
	o.Accounts = MadeByTools
	steps, err := Plan(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
	require.NoError(t, apply(cfg, o))
	want := snapshot(t, dir)
	_, paths := labelled(t, tools, dir)
	assert.Contains(t, want[target.DefaultResultFile], `"previousReport": {}`)
	require.Greater(t, len(steps), 15)
	for k := 1; k <= len(steps); k++ {
		dir, o := newRoot(t, tree)
		o, tools := withBoot(t, o, b)
		o.Accounts = MadeByTools
		applyFirst(t, k, cfg, o)
		_, before := labelled(t, tools, dir)
		require.NoError(t, apply(cfg, o), "after step %d", k)
		require.Empty(t, cmp.Diff(want, snapshot(t, dir)), "after step %d", k)
		_, after := labelled(t, tools, dir)
		if before == nil {
			assert.Equal(t, paths, after, "after step %d", k)
		}
	}
}
