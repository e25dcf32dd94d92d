package files

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/leave"
)

// linking is a systemctl that makes and removes the link of a unit's WantedBy=, as the real one does.
const linking = `#!/bin/sh
link=$2/etc/systemd/system/multi-user.target.wants/$4
case $3 in
is-enabled) test -L "$link" ;;
disable) rm "$link" ;;
enable) mkdir -p "${link%/*}"; ln -sf "/etc/systemd/system/$4" "$link" ;;
esac
`

// A plan of what was done already has nothing but steps that keep what is there.
func TestASecondPlanIsEmpty(t *testing.T) {
	dir, o := newRoot(t, policyTree(map[string]string{"log": "before\n", "etc/passwd": "root:x:0:0::/root:/bin/sh\n",
		"etc/group": "root:x:0:\n", "etc/systemd/system/multi-user.target.wants/off.service": "-> ../off.service",
		"etc/systemd/system/off.service": hooked}))
	o, tools := withBoot(t, o, Boot{State: secrets(), ResultFile: target.DefaultResultFile})
	require.NoError(t, os.WriteFile(filepath.Join(tools, "systemctl"), []byte(linking), 0o755))
	o.Boot.UUID = func(_ context.Context, volume string) (string, error) { return "of-" + volume, nil }
	o.NoOwner = !o.Privileged
	o.Enable = true
	cfg := parse(t, `{"passwd":{"groups":[{"name":"apps"}],"users":[{"name":"core","groups":["apps"],"passwordHash":"x",
		"sshAuthorizedKeys":["k"]}]},
		"storage":{"directories":[{"path":"/srv/d","mode":448}],"links":[{"path":"/srv/l","target":"d"},
			{"path":"/srv/h","target":"/srv/d/f","hard":true}],
		"files":[{"path":"/srv/d/f","contents":{"source":"data:,x"}},{"path":"/log","append":[{"source":"data:,more"}]},
			{"path":"/new","append":[{"source":"data:,a"},{"source":"data:,b"}]},
			{"path":"/home/core/.profile","contents":{"source":"data:,p"}},
			{"path":"/etc/systemd/system/u.service","contents":{"source":"data:,early"}},
			{"path":"/etc/crypttab","contents":{"source":"data:,%23%20mine%0A"}}],
		"luks":[{"name":"data","device":"/dev/vdb"}]},
		"systemd":{"units":[{"name":"u.service","enabled":true,"contents":"[Install]\nWantedBy=multi-user.target\n",
			"dropins":[{"name":"a.conf","contents":"[Unit]\n"}]},
			{"name":"off.service","enabled":false},{"name":"m.service","mask":true}]}}`)
	cfg.Storage.Files[0].Overwrite = nil
	o.Accounts = MakeAccounts
	first, err := Plan(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
	assert.Contains(t, first.String(), "+ file /new")
	require.NoError(t, first.Run(t.Context(), plan.Options{}))
	want := snapshot(t, dir)

	o.Boot.State = leave.HandedOver(o.Boot.State)
	again, err := Plan(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
	for _, s := range again {
		switch {
		case s.ID == "relabel", s.ID == "crypttab": // setfiles and cryptsetup have the last word
			assert.Equal(t, plan.Deferred, s.Effect, s.Subject)
		default:
			assert.Equal(t, plan.Keep, s.Effect, "%s: %s", s.Subject, s.Detail)
		}
	}
	require.NoError(t, again.Run(t.Context(), plan.Options{}))
	assert.Equal(t, want, snapshot(t, dir))
}

func TestWhatEachRunMakesAnew(t *testing.T) {
	dir, _ := newRoot(t, nil)
	cfg := storage(t, `'directories':[{'path':'/d','overwrite':true}],'files':[
		{'path':'/d/f','contents':{'source':'data:,f'}},
		{'path':'/far','overwrite':true,'contents':{'source':'http://h/small'}},
		{'path':'/here','overwrite':true,'contents':{'source':'data:,x'}}],
		'links':[{'path':'/l','target':'/far','hard':true},{'path':'/d/m','target':'/here','hard':true}]`)
	require.NoError(t, apply(cfg, options(t, dir)))
	want := snapshot(t, dir)
	populate(t, dir, map[string]string{"d/others": "x"})
	o := options(t, dir)
	steps, err := Plan(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
	assert.Equal(t, `
- directory /d    0755, removes what is there with all below it
- file /far       from http://h/small, 0644, replaces what is there
= file /here      inline, 0644
+ file /d/f       inline, 0644
? hard link /l    to /far, linked to the new file if it is a copy of that, refused otherwise
+ hard link /d/m  to /here
`, "\n"+steps.String())
	require.NoError(t, apply(cfg, o))
	assert.Equal(t, want, snapshot(t, dir), "also what others have put into the directory is gone")
}

func TestWhatIsInTheWayIsToldAllAtOnce(t *testing.T) {
	view := fake{"/etc/passwd": "root:x:0:0::/root:/bin/sh\n", "/etc/group": "root:x:0:\n", "/f": "old", "/d/": "",
		"/etc/systemd/system/u.service/": "", "/etc/luks/data": "another"}
	o := withUsers(inlined(asRoot()))
	o = Boot{State: secrets()}.on(o)
	steps, err := Plan(parse(t, `{"passwd":{"users":[{"name":"core","noCreateHome":true,"sshAuthorizedKeys":["k"]}]},
		"storage":{"files":[{"path":"/f","contents":{"source":"data:,new"}},{"path":"/d"},{"path":"/x/../d"},
			{"path":"/a","user":{"name":"nobody-here"}},{"path":"rel"},{"path":"/fine"}],
		"luks":[{"name":"data","device":"/dev/vdb"}]},
		"systemd":{"units":[{"name":"u.service","contents":"[Unit]\n"},{"name":"v.service","contents":"[Unit]\n"}]}}`),
		view, o)
	want := []string{
		"ssh keys of core ($.passwd.users.0.sshAuthorizedKeys): the home /home/core will not be there when the keys " +
			"are written; remove noCreateHome, or have the root bring the home",
		"file rel ($.storage.files.4): the path is not absolute",
		"file /x/../d ($.storage.files.2): is at the same place as file /d ($.storage.files.1): /d",
		`file /a ($.storage.files.3): user "nobody-here" does not exist in the root`,
		"file /d ($.storage.files.1): a directory is there, which cannot be kept as a file",
		"file /f ($.storage.files.0): a file with other content is there, and overwrite is not set",
		"unit u.service ($.systemd.units.0): a directory is there",
		"key of luks data ($.storage.luks.0): another key is there",
	}
	require.Error(t, err)
	assert.ElementsMatch(t, want, strings.Split(err.Error(), "\n"))
	assert.Contains(t, steps.String(), "+ file /fine")
	assert.Contains(t, steps.String(), "+ unit v.service", "the rest is planned")
	var named int
	_ = plan.EachError(err, func(err error) error {
		var step *plan.StepError
		require.ErrorAs(t, err, &step)
		named++
		return nil
	})
	assert.Len(t, want, named)
}

// What takes the place of an entry after it leaves the entry nothing to do, whoever that is.
func TestEntriesKnowWhatComesAfterThem(t *testing.T) {
	tree := map[string]string{"etc/systemd/system/u.service": "[Unit]\n",
		"etc/systemd/system/m.service": "-> /dev/null", "etc/systemd/system/u.service.d/a.conf": "[Service]\n"}
	_, o := newRoot(t, tree)
	if o.Privileged {
		require.NoError(t, os.Chown(filepath.Join(o.Root.Dir(), "etc/systemd/system/u.service"), 0, 0))
	}
	cfg := storage(t, `'files':[{'path':'/etc/systemd/system/u.service','contents':{'source':'data:,early'}},
		{'path':'/etc/systemd/system/m.service','contents':{'source':'data:,early'}},
		{'path':'/etc/systemd/system/u.service.d/a.conf','contents':{'source':'data:,early'}}]`)
	cfg.Systemd = unitsOf(t, `{'name':'u.service','contents':'[Unit]\n','dropins':[{'name':'a.conf',`+
		`'contents':'[Service]\n'}]},{'name':'m.service','mask':true}`).Systemd
	steps, err := Plan(cfg, target.Of(o.Root), o)
	require.NoError(t, err)
	assert.Equal(t, `
= file /etc/systemd/system/m.service           is mask m.service by now
= file /etc/systemd/system/u.service           is unit u.service by now
= file /etc/systemd/system/u.service.d/a.conf  is drop-in u.service/a.conf by now
= drop-in u.service/a.conf                     /etc/systemd/system/u.service.d/a.conf, 10 bytes
= unit u.service                               /etc/systemd/system/u.service, 7 bytes
= mask m.service                               /etc/systemd/system/m.service to /dev/null
`, "\n"+reordered(steps).String())
	unit := filepath.Join(o.Root.Dir(), "etc/systemd/system/u.service")
	require.NoError(t, os.WriteFile(unit, []byte("other"), 0o644))
	_, err = Plan(cfg, target.Of(o.Root), o)
	require.EqualError(t, err, "file /etc/systemd/system/u.service ($.storage.files.0): "+
		"a file with other content is there, and overwrite is not set")
}

// reordered has steps of equal depth in the order of their names.
func reordered(steps plan.Plan) plan.Plan {
	if len(steps) > 1 && steps[0].Subject > steps[1].Subject {
		steps[0], steps[1] = steps[1], steps[0]
	}
	return steps
}
