package files

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/tool"
)

const hooked = "[Service]\nExecStart=/bin/true\n[Install]\nWantedBy=multi-user.target\n"

// linesAbout gives the steps of a plan about the states of units, but for the preset file, and what that will say.
func linesAbout(t *testing.T, plan plan.Plan) (presets string, steps string) {
	t.Helper()
	var lines []string
	for _, s := range plan {
		if s.ID == "presets" {
			presets = s.Detail
		} else if kind, _, _ := strings.Cut(s.ID, ":"); kind == "state" || kind == "enable" || kind == "disable" {
			lines = append(lines, s.Subject+" "+s.Detail)
		}
	}
	r := strings.NewReplacer(" if it is enabled then", "", " it is not enabled", "",
		" if it is not enabled then", "", "cannot be enabled: ",
		"! ")
	return presets, r.Replace(strings.Join(lines, "|"))
}

// A stateCase is a root, units, and what is planned of their states.
type stateCase struct {
	root           fake
	units          string
	presets, steps string
}

func haveStates(t *testing.T, cases map[string]stateCase) {
	t.Helper()
	for claim, c := range cases {
		t.Run(claim, func(t *testing.T) {
			plan, err := Plan(unitsOf(t, c.units), c.root, enabling(asRoot()))
			require.NoError(t, err)
			presets, steps := linesAbout(t, plan)
			assert.Equal(t, c.presets, presets)
			assert.Equal(t, c.steps, steps)
		})
	}
}

func TestWhatBecomesOfUnitsThatTheConfigEnables(t *testing.T) {
	const lib, etc = "/usr/lib/systemd/system/", "/etc/systemd/system/"
	template := hooked + "DefaultInstance=one\n"
	haveStates(t, map[string]stateCase{
		"a unit of the config": {fake{}, `{'name':'a.service','enabled':true,` +
			`'contents':'[Install]\nWantedBy=x.target'}`, "enable a.service", "enable a.service"},
		"a unit of the root": {fake{lib + "a.service": hooked}, `{'name':'a.service','enabled':true}`,
			"enable a.service", "enable a.service"},
		"one of /lib where /usr is not merged": {fake{"/lib/systemd/system/a.service": hooked},
			`{'name':'a.service','enabled':true}`, "enable a.service", "enable a.service"},
		"one that the root lacks": {fake{}, `{'name':'a.service','enabled':true}`, "enable a.service",
			"unit a.service ! the root has no such unit"},
		"one that the config masks": {fake{lib + "a.service": hooked},
			`{'name':'a.service','enabled':true,'mask':true}`, "enable a.service", ""},
		"one that the root masks": {fake{lib + "a.service": hooked, etc + "a.service": "-> /dev/null"},
			`{'name':'a.service','enabled':true}`, "enable a.service",
			"unit a.service ! it is masked by /etc/systemd/system/a.service"},
		"one that /usr masks": {fake{lib + "a.service": "-> ../../../../dev/null"},
			`{'name':'a.service','enabled':true}`, "enable a.service",
			"unit a.service ! it is masked by /usr/lib/systemd/system/a.service"},
		"one that an empty file masks": {fake{lib + "a.service": hooked, etc + "a.service": ""},
			`{'name':'a.service','enabled':true}`, "enable a.service",
			"unit a.service ! it is masked by /etc/systemd/system/a.service"},
		"a mask that the config takes off": {fake{lib + "a.service": hooked, etc + "a.service": "-> /dev/null"},
			`{'name':'a.service','enabled':true,'mask':false}`, "enable a.service", "enable a.service"},
		"a mask that contents replace": {fake{etc + "a.service": "-> /dev/null"}, `{'name':'a.service',` +
			`'enabled':true,'contents':'[Install]\nAlias=x.service'}`, "enable a.service", "enable a.service"},
		"a link to what is not there": {fake{etc + "a.service": "-> /opt/a.service"},
			`{'name':'a.service','enabled':true}`, "enable a.service",
			"unit a.service ! /etc/systemd/system/a.service is a link to /opt/a.service, which is not there"},
		"a link to a unit elsewhere": {fake{etc + "a.service": "-> /opt/a.service", "/opt/a.service": hooked},
			`{'name':'a.service','enabled':true}`, "enable a.service", "enable a.service"},
		"a link to itself": {fake{etc + "a.service": "-> a.service"},
			`{'name':'a.service','enabled':true}`, "enable a.service",
			"unit a.service ! /etc/systemd/system/a.service is a link to a.service, which is not there"},
		"one without [Install]": {fake{lib + "a.service": "[Service]\n"},
			`{'name':'a.service','enabled':true}`, "enable a.service",
			"unit a.service ! /usr/lib/systemd/system/a.service has nothing in [Install] that enables it"},
		"one with [Install] in a drop-in": {fake{lib + "a.service": "[Service]\n",
			lib + "a.service.d/x.conf": "[Install]\nWantedBy=x"}, `{'name':'a.service','enabled':true}`,
			"enable a.service", "enable a.service"},
		"or in a drop-in of the config": {fake{lib + "a.service": "[Service]\n"},
			`{'name':'a.service','enabled':true,'dropins':[{'name':'x.conf','contents':'[Install]\nWantedBy=x'}]}`,
			"enable a.service", "enable a.service"},
		"one that nobody can read": {fake{lib + "a.service": "[Install"}, `{'name':'a.service','enabled':true}`,
			"enable a.service", "enable a.service"},
		"an alias": {fake{lib + "a.service": "-> b.service", lib + "b.service": hooked},
			`{'name':'a.service','enabled':true}`, "enable a.service, enable b.service", "enable b.service"},
		"an alias that the config disables": {fake{etc + "a.service": "-> /usr/lib/systemd/system/b.service",
			lib + "b.service": hooked}, `{'name':'a.service','enabled':false}`, "disable a.service, disable b.service",
			"disable b.service"},
		"an alias that comes with enabling": {fake{lib + "b.service": hooked + "Alias=a.service\n"},
			`{'name':'a.service','enabled':true}`, "enable a.service, enable b.service", "enable b.service"},
		"an alias that two units ask for": {fake{lib + "b.service": hooked + "Alias=a.service\n",
			lib + "c.service": hooked + "Alias=a.service\n"}, `{'name':'a.service','enabled':true}`, "enable a.service",
			"unit a.service ! the root has no such unit"},
		"an alias beside its unit": {fake{lib + "a.service": "-> b.service", lib + "b.service": hooked},
			`{'name':'a.service','enabled':true},{'name':'b.service','enabled':false}`,
			"enable a.service, disable b.service", "disable b.service"},
		"an instance of an alias": {fake{lib + "a@.service": "-> b@.service", lib + "b@.service": template},
			`{'name':'a@x.service','enabled':true}`, "enable a@.service x, enable b@.service x", "enable b@x.service"},
		"a template and an instance": {fake{lib + "d@.service": template}, `{'name':'d@.service','enabled':true},` +
			`{'name':'d@x.service','enabled':true}`, "enable d@.service one x", "enable d@.service|enable d@x.service"},
		"a template whose drop-in has a default": {fake{lib + "d@.service": hooked,
			etc + "d@.service.d/x.conf": "[Install]\nDefaultInstance=two"}, `{'name':'d@.service','enabled':true},` +
			`{'name':'d@x.service','enabled':true}`, "enable d@.service two x", "enable d@.service|enable d@x.service"},
		"a template without a default": {fake{lib + "d@.service": hooked}, `{'name':'d@.service','enabled':true}`,
			"enable d@.service ", "unit d@.service ! it is a template without a default instance"},
		"the same beside an instance": {fake{lib + "d@.service": hooked}, `{'name':'d@.service','enabled':true},` +
			`{'name':'d@x.service','enabled':true}`, "enable d@.service x", "enable d@x.service"},
		"a default instance that is disabled": {fake{lib + "d@.service": template}, `{'name':'d@one.service',` +
			`'enabled':false}`, "disable d@.service, disable d@one.service", "disable d@one.service"},
		"what the root lacks is disabled": {fake{}, `{'name':'a.service','enabled':false}`, "disable a.service",
			"disable a.service"},
		"what only enables others": {fake{lib + "a.service": "[Install]\nAlso=b.socket c.timer\n",
			lib + "b.socket": hooked},
			`{'name':'a.service','enabled':true}`, "enable a.service",
			"enable a.service|unit a.service is not enabled itself: /usr/lib/systemd/system/a.service has only Also= " +
				"in [Install], which enables b.socket c.timer"},
		"what the validator tells of it": {fake{lib + "b.socket": hooked},
			`{'name':'a.service','enabled':true,'contents':'[Install]\nAlso=b.socket\n'}`, "enable a.service",
			"enable a.service"},
		"what is enabled along with others": {
			fake{lib + "a.service": hooked + "Also=b.socket\n", lib + "b.socket": hooked},
			`{'name':'b.socket','enabled':false},{'name':'a.service','enabled':true}`,
			"enable a.service, disable b.socket", "disable b.socket|enable a.service|disable b.socket|unit b.socket " +
				"is enabled along with a.service by presets of a first boot (Also=)",
		},
		"an earlier preset file that says otherwise": {
			fake{lib + "a.service": hooked,
				"/usr/lib/systemd/system-preset/10-x.preset": "# no\ndisable *\nenable a.service"},
			`{'name':'a.service','enabled':true}`,
			"enable a.service", `enable a.service|unit a.service may not stay enabled in a first boot: ` +
				`/usr/lib/systemd/system-preset/10-x.preset comes before 20-ignition.preset and has "disable *"`,
		},
		"one that /etc hides": {fake{lib + "a.service": hooked,
			"/usr/lib/systemd/system-preset/10-x.preset": "disable *",
			"/etc/systemd/system-preset/10-x.preset":     "-> /dev/null"}, `{'name':'a.service','enabled':true}`,
			"enable a.service", "enable a.service"},
		"one that agrees": {fake{lib + "a.service": hooked,
			"/usr/lib/systemd/system-preset/10-x.preset": "enable a*\ndisable *"},
			`{'name':'a.service','enabled':true}`, "enable a.service", "enable a.service"},
		"one that comes after ours": {fake{lib + "a.service": hooked,
			"/usr/lib/systemd/system-preset/90-x.preset": "disable *"}, `{'name':'a.service','enabled':true}`,
			"enable a.service", "enable a.service"},
		"an earlier list of instances": {fake{lib + "d@.service": template,
			"/etc/systemd/system-preset/00.preset": "enable d@.service x"},
			`{'name':'d@x.service','enabled':true},{'name':'d@one.service','enabled':false}`,
			"enable d@.service x, disable d@one.service", "disable d@one.service|enable d@x.service"},
		"a unit that says nothing of it": {fake{}, `{'name':'a.service'},{'name':'b.service','mask':true}`, "", ""},
		"the unit of the root's filesystem": {fake{lib + "-.mount": hooked}, `{'name':'-.mount','enabled':true}`,
			"enable -.mount", "enable -.mount"},
	})
}

func TestWhatBecomesOfUnitsThatOthersHaveASayIn(t *testing.T) {
	const lib, etc = "/usr/lib/systemd/system/", "/etc/systemd/system/"
	template := hooked + "DefaultInstance=one\n"
	haveStates(t, map[string]stateCase{
		"a default instance of a template": {fake{lib + "d@.service": template}, `{'name':'d@.service',` +
			`'enabled':true},{'name':'d@one.service','enabled':false}`, "disable d@.service, disable d@one.service",
			"disable d@one.service|unit d@.service ! its default instance d@one.service is to be disabled"},
		"the same beside another": {fake{lib + "d@.service": template}, `{'name':'d@.service','enabled':true},` +
			`{'name':'d@one.service','enabled':false},{'name':'d@x.service','enabled':true}`,
			"enable d@.service x, disable d@one.service", "disable d@one.service|enable d@x.service"},
		"the same by an alias": {fake{lib + "d@.service": template, lib + "c@.service": "-> d@.service"},
			`{'name':'c@.service','enabled':true},{'name':'d@one.service','enabled':false}`,
			"enable c@.service , disable d@.service, disable d@one.service",
			"disable d@one.service|unit d@.service ! its default instance d@one.service is to be disabled"},
		"a default instance with a file of its own": {fake{lib + "d@.service": template},
			`{'name':'d@one.service','enabled':false,'contents':'[Install]\nWantedBy=x'}`,
			"disable d@.service, disable d@one.service", "disable d@one.service"},
		"whose file names another default": {fake{lib + "d@.service": template,
			lib + "d@two.service": hooked + "DefaultInstance=two"}, `{'name':'d@two.service','enabled':false}`,
			"disable d@two.service", "disable d@two.service"},
		"one with nothing but a default instance": {fake{lib + "d@.service": "[Install]\nDefaultInstance=x"},
			`{'name':'d@.service','enabled':true}`, "enable d@.service ",
			"unit d@.service ! /usr/lib/systemd/system/d@.service has nothing in [Install] that enables it"},
		"one whose list is emptied": {fake{},
			`{'name':'a.service','enabled':true,'contents':'[Install]\nWantedBy=x\nWantedBy='}`, "enable a.service",
			"unit a.service ! /etc/systemd/system/a.service has nothing in [Install] that enables it"},
		"an instance of a template that the config masks": {fake{lib + "x@.service": hooked},
			`{'name':'x@.service','mask':true},{'name':'x@1.service','enabled':true}`, "enable x@.service 1",
			"unit x@1.service ! it is masked by /etc/systemd/system/x@.service"},
		"an instance of a template that the root masks": {fake{etc + "x@.service": "-> /dev/null"},
			`{'name':'x@1.service','enabled':true}`, "enable x@.service 1",
			"unit x@1.service ! it is masked by /etc/systemd/system/x@.service"},
		"an alias of a unit that the config masks": {fake{lib + "y.service": hooked, lib + "x.service": "-> y.service"},
			`{'name':'x.service','enabled':true},{'name':'y.service','mask':true}`,
			"enable x.service, enable y.service", "unit y.service ! it is masked by /etc/systemd/system/y.service"},
		"an alias of one without [Install]": {fake{lib + "x.service": "-> y.service", lib + "y.service": hooked},
			`{'name':'x.service','enabled':true},{'name':'y.service','contents':'[Service]'}`,
			"enable x.service, enable y.service",
			"unit y.service ! /etc/systemd/system/y.service has nothing in [Install] that enables it"},
		"an instance of a socket without [Install]": {fake{},
			`{'name':'y@.socket','contents':'[Socket]'},{'name':'y@1.socket','enabled':true}`, "enable y@.socket 1",
			"unit y@1.socket ! /etc/systemd/system/y@.socket has nothing in [Install] that enables it"},
		"what the validator tells of a template": {fake{}, `{'name':'y@.service','contents':'[Service]'},` +
			`{'name':'y@1.service','enabled':true}`, "enable y@.service 1", ""},
		"what a unit of the root enables along": {fake{lib + "s.service": hooked + "Also=s.socket\n",
			lib + "s.socket": hooked}, `{'name':'s.socket','enabled':false}`, "disable s.socket",
			"disable s.socket|unit s.socket is enabled along with s.service by presets of a first boot (Also=)"},
		"or one that it enables along": {fake{lib + "r.service": hooked + "Also=s.service\n",
			lib + "s.service": "[Install]\nAlso=al.socket", lib + "s.socket": hooked, lib + "al.socket": "-> s.socket",
			"/usr/lib/systemd/system-preset/90.preset": "enable r.service\ndisable *"},
			`{'name':'s.socket','enabled':false}`, "disable s.socket",
			"disable s.socket|unit s.socket is enabled along with r.service by presets of a first boot (Also=)"},
		"but not one that presets disable": {fake{lib + "s.service": hooked + "Also=s.socket\n",
			lib + "s.socket": hooked, "/usr/lib/systemd/system-preset/90.preset": "disable *"},
			`{'name':'s.socket','enabled':false}`, "disable s.socket", "disable s.socket"},
		"nor one that the config disables": {fake{lib + "s.service": hooked + "Also=s.socket\n",
			lib + "s.socket": hooked}, `{'name':'s.socket','enabled':false},{'name':'s.service','enabled':false}`,
			"disable s.service, disable s.socket", "disable s.socket|disable s.service"},
		"nor one that is masked": {fake{lib + "s.service": hooked + "Also=s.socket\n", lib + "s.socket": hooked,
			etc + "s.service": "-> /dev/null"}, `{'name':'s.socket','enabled':false}`, "disable s.socket",
			"disable s.socket"},
		"nor a template by itself": {fake{lib + "s@.service": hooked + "Also=s.socket\n", lib + "s.socket": hooked},
			`{'name':'s.socket','enabled':false}`, "disable s.socket", "disable s.socket"},
		"a template beside an instance that is masked": {fake{lib + "d@.service": hooked},
			`{'name':'d@.service','enabled':true},{'name':'d@x.service','enabled':true,'mask':true}`,
			"enable d@.service x", "unit d@.service ! it is a template without a default instance"},
		"an instance that is a link to a template": {fake{etc + "a@x.service": "-> /usr/lib/systemd/system/b@.service",
			lib + "b@.service": template}, `{'name':'a@x.service','enabled':true}`,
			"enable a@.service x, enable b@.service x", "enable b@x.service"},
		"one that is a link to its own template": {fake{etc + "b@x.service": "-> /usr/lib/systemd/system/b@.service",
			lib + "b@.service": template}, `{'name':'b@x.service','enabled':true}`, "enable b@.service x",
			"enable b@x.service"},
	})
}

func TestUnitsOfFilesAndLinksOfTheConfigCount(t *testing.T) {
	cfg := storage(t, `'files':[
		{'path':'/etc/systemd/system/a.service','contents':{'source':'data:,%5BInstall%5D%0AWantedBy%3Dx%0A'}},
		{'path':'/etc/systemd/system/b.service','contents':{'source':'http://h/small'}},
		{'path':'/usr/lib/systemd/system/c.service.d/x.conf','contents':{'source':'data:,%5BInstall%5D%0AWantedBy%3Dx%0A'}},
		{'path':'/etc/systemd/system/empty.service'}],
		'links':[{'path':'/etc/systemd/system/masked.service','target':'/dev/null'},{'path':'/etc/systemd/system/d.service','target':'a.service'}]`)
	cfg.Systemd = unitsOf(t,
		`{'name':'a.service','enabled':true},{'name':'b.service','enabled':true},{'name':'c.service','enabled':true},
		{'name':'d.service','enabled':true},{'name':'masked.service','enabled':true}`).Systemd
	root := fake{"/usr/lib/systemd/system/c.service": "[Service]\n"}
	o := enabling(asRoot())
	o.Fetch = (&fetcher{}).fetch
	plan, err := Plan(cfg, root, o)
	require.NoError(t, err)
	_, steps := linesAbout(t, plan)
	assert.Equal(t, "enable a.service|enable b.service|enable c.service|unit masked.service ! it is masked by "+
		"/etc/systemd/system/masked.service", steps)
}

func TestWhatCannotBeEnabledIsToldAndTheRestIsDone(t *testing.T) {
	dir, o := newRoot(t, map[string]string{
		"usr/lib/systemd/system/bad.service": hooked, "usr/lib/systemd/system/half.service": hooked,
		"usr/lib/systemd/system/good.service": hooked, "usr/lib/systemd/system/old.service": hooked,
		"enabled/old.service": "",
	})
	var told []string
	o.Tools, o.Enable = tools(t), true
	o.Warn = func(origin, what string) { told = append(told, origin+" "+what) }
	cfg := unitsOf(t,
		`{'name':'gone.service','enabled':true},{'name':'bad.service','enabled':true},{'name':'good.service',`+
			`'enabled':true},{'name':'old.service','enabled':false},{'name':'half.service','enabled':true}`)
	want := []string{"$.systemd.units.1 unit bad.service cannot be enabled: systemctl: exit status 1: it is bad",
		"$.systemd.units.4 unit half.service is enabled in part: systemctl: exit status 1: an alias is taken",
		"$.systemd.units.0 unit gone.service cannot be enabled: the root has no such unit"}
	for range 3 {
		told = nil
		require.NoError(t, apply(cfg, o))
		assert.Equal(t, want, told)
		assert.FileExists(t, filepath.Join(dir, "enabled/good.service"))
		assert.NoFileExists(t, filepath.Join(dir, "enabled/old.service"))
	}
}

// A unit that may be enabled is not taken for one that is not because systemctl does not come to say so.
func TestASystemctlThatSaysNothingIsAnError(t *testing.T) {
	for claim, c := range map[string]struct{ program, says string }{
		"it is killed":         {"#!/bin/sh\nkill -9 $$\n", "systemctl: signal: killed"},
		"it cannot be started": {"#!/none\n", "no such file or directory"},
		"it says no":           {"#!/bin/sh\nexit 1\n", ""},
		"there is none":        {"", ""},
		"it cannot read it":    {"#!/bin/sh\necho 'Failed: Input/output error' >&2; exit 1\n", "Input/output error"},
		"there is no unit":     {"#!/bin/sh\necho 'Failed: No such file or directory' >&2; exit 1\n", ""},
	} {
		t.Run(claim, func(t *testing.T) {
			dir, o := newRoot(t, map[string]string{"etc/systemd/system/x.target.wants/README": ""})
			require.NoError(t, os.Symlink("/lib/systemd/system/old.service",
				filepath.Join(dir, "etc/systemd/system/x.target.wants/old.service")))
			file := filepath.Join(t.TempDir(), "systemctl")
			if c.program != "" {
				require.NoError(t, os.WriteFile(file, []byte(c.program), 0o755))
			}
			o.Tools = tool.New(map[string]string{"systemctl": file}, nil)
			err := apply(unitsOf(t, `{'name':'old.service','enabled':false}`), o)
			if c.says == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "disable old.service")
			assert.ErrorContains(t, err, c.says)
		})
	}
}

// A link in the place of the unit's own file, which systemctl cannot follow, enables nothing.
func TestALinkInThePlaceOfAUnitDoesNotEnableIt(t *testing.T) {
	dir, o := newRoot(t, map[string]string{"etc/systemd/system/README": ""})
	require.NoError(t, os.Symlink(".", filepath.Join(dir, "etc/systemd/system/old.service")))
	file := filepath.Join(t.TempDir(), "systemctl")
	require.NoError(t, os.WriteFile(file, []byte("#!/bin/sh\necho 'Invalid cross-device link' >&2; exit 1\n"), 0o755))
	o.Tools = tool.New(map[string]string{"systemctl": file}, nil)
	require.NoError(t, apply(unitsOf(t, `{'name':'old.service','enabled':false}`), o))
}

func TestAnotherConfigHasItsWayWithThePresetFile(t *testing.T) {
	dir, o := newRoot(t, nil)
	for _, c := range []struct{ units, want string }{
		{`{'name':'a.service','enabled':true},{'name':'b@x.service','enabled':true}`,
			"enable a.service\nenable b@.service x\n"},
		{`{'name':'a.service','enabled':false},{'name':'b@y.service','enabled':true}`,
			"disable a.service\nenable b@.service x y\n"},
		{`{'name':'b@x.service','enabled':false},{'name':'c.service','enabled':false}`,
			"disable a.service\nenable b@.service y\ndisable b@x.service\ndisable c.service\n"},
	} {
		for range 2 {
			require.NoError(t, apply(unitsOf(t, c.units), o))
			got, err := os.ReadFile(filepath.Join(dir, presetPath))
			require.NoError(t, err)
			assert.Equal(t, c.want, string(got))
		}
	}
}

func TestAPresetFileOfTheConfigIsOnlyAddedTo(t *testing.T) {
	dir, o := newRoot(t, nil)
	cfg := storage(t, `'files':[{'path':'`+presetPath+`','contents':{'source':'data:,disable%20*%0a'}}]`)
	cfg.Systemd = unitsOf(t, `{'name':'a.service','enabled':true}`).Systemd
	for range 3 {
		require.NoError(t, apply(cfg, o))
		got, err := os.ReadFile(filepath.Join(dir, presetPath))
		require.NoError(t, err)
		assert.Equal(t, "disable *\nenable a.service\n", string(got))
	}
}

func TestNamesThatBecomeLinesAreRefusedBeforeAnythingIsPlanned(t *testing.T) {
	for _, c := range []struct{ cfg, err string }{
		{`"systemd":{"units":[{"name":"a.service"},{"name":"b.service\nenable x.service","enabled":true}]}`,
			"the name of a unit ($.systemd.units.1.name): a character that systemd does not take in the " +
				"name of a unit"},
		{`"systemd":{"units":[{"name":"../../passwd.service","contents":"[Unit]\n"}]}`,
			"the name of a unit ($.systemd.units.0.name): a slash in a name"},
		{`"systemd":{"units":[{"name":"a.service","dropins":[{"name":"../x.conf","contents":""}]}]}`,
			"the name of a drop-in ($.systemd.units.0.dropins.0.name): a slash in a name"},
		{`"storage":{"luks":[{"name":"x none none\ny","device":"/dev/a"}]}`, "the name of an encrypted volume " +
			"($.storage.luks.0.name): the name of an encrypted volume cannot hold a blank"},
	} {
		_, err := Plan(parse(t, "{"+c.cfg+"}"), fake{}, asRoot())
		assert.EqualError(t, err, c.err)
	}
}

func TestAPresetFileThatALinkToNothingMasksIsReplaced(t *testing.T) {
	linked := storage(t, `'links':[{'path':'`+presetPath+`','target':'/dev/null'}]`)
	for claim, c := range map[string]struct {
		cfg  config.Config
		tree map[string]string
	}{
		"a link of the root": {config.Config{}, map[string]string{presetPath[1:]: "-> /dev/null"}},
		"one by way of others": {config.Config{}, map[string]string{presetPath[1:]: "-> no.preset",
			"etc/systemd/system-preset/no.preset": "-> ../../../dev/null"}},
		"one where /dev/null is": {config.Config{},
			map[string]string{presetPath[1:]: "-> /dev/null", "dev/null": "not ours"}},
		"a link of the config too": {linked, nil},
	} {
		dir, o := newRoot(t, c.tree)
		c.cfg.Systemd = unitsOf(t, `{'name':'a.service','enabled':true}`).Systemd
		for range 3 {
			require.NoError(t, apply(c.cfg, o), claim)
			found, err := o.Root.Lstat(presetPath)
			require.NoError(t, err)
			assert.Equal(t, root.File, found.Kind, claim)
			got, err := os.ReadFile(filepath.Join(dir, presetPath))
			require.NoError(t, err)
			assert.Equal(t, "enable a.service\n", string(got), claim)
			if got, err := os.ReadFile(filepath.Join(dir, "dev/null")); err == nil {
				assert.Equal(t, c.tree["dev/null"], string(got), claim)
			} else {
				assert.Empty(t, c.tree["dev/null"], claim)
			}
		}
	}
}

// enabling has systemctl enable units.
func enabling(o Options) Options {
	o.Enable = true
	return o
}
