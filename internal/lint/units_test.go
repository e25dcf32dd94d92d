package lint_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/lint"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
)

type object = map[string]any

// units is a config with these units, and with files by their paths.
func units(t *testing.T, units []object, files map[string]string) string {
	t.Helper()
	var list []object
	for _, path := range slices.Sorted(maps.Keys(files)) {
		list = append(list, object{"path": path, "contents": object{"source": "data:," + url.PathEscape(files[path])}})
	}
	text, err := json.Marshal(object{"ignition": object{"version": "3.6.0"}, "systemd": object{"units": units},
		"storage": object{"files": list}})
	require.NoError(t, err)
	return string(text)
}

const (
	service = "[Service]\nExecStart=/bin/web\n"
	wanted  = "[Install]\nWantedBy=multi-user.target\n"
)

func TestAdviceOnOneUnit(t *testing.T) {
	for _, c := range []struct{ claim, name, text, want string }{
		{"a right one", "web.service", "[Unit]\nAfter=a.service\n" + service + wanted, ""},
		{"a section of another kind", "web.service", service + "[Timer]\nOnCalendar=daily\n", "unit-section-unknown"},
		{"an unknown section", "web.service", service + "[Wibble]\nA=b\n", "unit-section-unknown"},
		{"one that a rule tells", "web.service", service + "[Instal]\nWantedBy=a.target\n", ""},
		{"one of another program", "web.service", service + "[X-Web]\nA=b\n", ""},
		{"the section of targets", "web.target", "[Unit]\nDescription=a\n[Target]\n", ""},
		{"an unknown setting", "web.service", service + "Wibble=1\n", "unit-directive-unknown"},
		{"a setting of another program", "web.service", service + "X-Wibble=1\n", ""},
		{"one in the wrong section", "web.service", service + "After=a.service\n", "unit-directive-unknown"},
		{"one that came after Debian 13", "web.slice", "[Slice]\nConcurrencyHardMax=3\n", ""},
		{"an assertion", "web.service", "[Unit]\nAssertPathExists=/a\n" + service, ""},
		{"no truth value", "web.service", service + "RemainAfterExit=maybe\n", "unit-value"},
		{"a comment behind a value", "web.service", service + "Restart=always # at all times\n", "unit-value"},
		{"a unit without its kind", "web.service", service + "[Install]\nWantedBy=multi-user\n", "unit-value"},
		{"a specifier", "web@.service", "[Unit]\nAfter=a-%i.service %i\n" + service, ""},
		{"a value that is taken back", "web.service", service + "Restart=no\nRestart=\nRestart=always\n", ""},
		{"twice the same", "web.service", service + "Restart=no\nRestart=no\n", ""},
		{"twice", "web.service", service + "Restart=no\nRestart=always\n", "unit-value-twice"},
		{"a list twice", "web.service", service + "Environment=A=b\nEnvironment=C=d\n", ""},
		{"a pipe", "web.service", service + "ExecStartPost=/bin/a | /bin/b\n", "unit-exec-shell"},
		{"a redirection", "web.service", service + "ExecStartPost=/bin/a 2>/dev/null\n", "unit-exec-shell"},
		{"a shell", "web.service", service + "ExecStartPost=/bin/sh -c '/bin/a | /bin/b > /c && d'\n", ""},
		{"signs in arguments", "web.service", service + "ExecStartPost=/bin/a a>b -> a|b \\> 'a > b' %h\n", ""},
		{"a command in a command", "web.service", service + "ExecStartPost=/bin/a $(date)\n", "unit-exec-shell"},
		{"one in backticks", "web.service", service + "ExecStartPost=/bin/a --at=`date`\n", "unit-exec-shell"},
		{"one for a shell", "web.service", service + "ExecStartPost=/bin/sh -ec 'a $(date)' $(b)\n", ""},
		{"a variable", "web.service", service + "ExecStartPost=/bin/a $A ${B} $$(c) '$(d)'\n", ""},
		{"an assignment before a program", "web.service", service + "ExecStartPost=A=/b /bin/c\n", "unit-exec-shell"},
		{"a word of shells", "web.service", service + "ExecStartPost=-cd /srv\n", "unit-exec-shell"},
		{"one behind another command", "web.service", "[Service]\nType=oneshot\nExecStart=/bin/a ; export B=c\n",
			"unit-exec-shell"},
		{"an assignment as an argument", "web.service", service + "ExecStartPost=/bin/env A=b /bin/c\n", ""},
		{"a date", "web.service", service + "ExecStartPost=/bin/date '+%F_%Y'\n", "unit-value"},
		{"a date with percent signs", "web.service", service + "ExecStartPost=/bin/date +%%Y-%%m\n", ""},
		{"a date of what systemd leaves alone", "web.service", service + "ExecStartPost=/bin/date +%F\n", ""},
		{"a comment in a command", "web.service",
			"[Service]\nExecStart=/bin/a \\\n  # b > c\n  --name=d \\\n  e\n", ""},
		{"a comment that ends in a backslash", "web.service", "[Service]\n# a \\\nExecStart=/bin/a\n", ""},
		{"a target that is hardly meant", "web.service", service + "[Install]\nWantedBy=multiuser.target\n",
			"unit-value"},
		{"another one", "web.timer", "[Timer]\nOnCalendar=daily\n[Install]\nWantedBy=timer.target\n", "unit-value"},
		{"a target of somebody", "web.service", "[Unit]\nAfter=webs.target basic.target\n" + service, ""},
		{"a quadlet's name in a unit", "web.service", "[Unit]\nAfter=a.container\n" + service, "unit-value"},
		{"a timer without a time that there is", "web.timer", "[Timer]\nOnCalendar=every day\n", "unit-value"},
		{"no program", "web.service", "[Unit]\nDescription=a\n", "unit-refused"},
		{"a oneshot that is started again", "web.service", service + "Type=oneshot\nRestart=always\n", "unit-refused"},
		{"a timer without a time", "web.timer", "[Timer]\nUnit=a.service\n", "unit-refused"},
		{"a socket without an address", "web.socket", "[Socket]\nAccept=yes\n", "unit-refused"},
		{"a path unit without a path", "web.path", "[Path]\nUnit=a.service\n", "unit-refused"},
		{"a mount of nothing", "web.mount", "[Mount]\nWhere=/web\n", "unit-refused"},
		{"a mount whose name tells where", "web.mount", "[Mount]\nWhat=tmpfs\n", ""},
		{"an instance's name in another unit", "web.service", service + "ExecStartPost=/bin/a %i\n",
			"unit-no-template"},
		{"in a template", "web@.service", service + "ExecStartPost=/bin/a %i\n", ""},
		{"in an instance", "web@a.service", service + "ExecStartPost=/bin/a %i\n", ""},
		{"a percent sign", "web.service", service + "ExecStartPost=/bin/date +%%I\n", ""},
		{"a default instance of none", "web.service", service + wanted + "DefaultInstance=a\n", "unit-no-template"},
		{"a scope", "web.scope", "[Scope]\nTasksMax=1\n", "unit-file-unread"},
		{"a device", "dev-sda.device", "[Unit]\nWants=a.service\n", "unit-file-unread"},
		{"a fault that a rule tells", "web.service", "[Service\n", ""},
		{"a kind that there is not", "web.servce", "[Unit]\n", ""},
	} {
		told := advised(t, units(t, []object{{"name": c.name, "contents": c.text}}, nil))
		var found []string
		for _, each := range told {
			code, _, _ := strings.Cut(each, " ")
			found = append(found, code)
		}
		assert.Equal(t, c.want, strings.Join(found, ", "), c.claim)
	}
}

// Of drop-ins of one name one is read, in whose place another would be if it were not there.
func TestOfDropInsOfOneNameOneCounts(t *testing.T) {
	const etc, lib = "/etc/systemd/system/", "/usr/lib/systemd/system/"
	for _, c := range []struct{ claim, unit, counts, hidden string }{
		{"the unit's, before that of all services", "web.service", etc + "web.service.d/", etc + "service.d/"},
		{"also where that is in a directory before", "web.service", lib + "web.service.d/", etc + "service.d/"},
		{"that of the longer beginning", "web-a.service", etc + "web-a.service.d/", etc + "web-.service.d/"},
		{"that of a beginning, before that of all", "web-a.service", etc + "web-.service.d/", etc + "service.d/"},
		{"the instance's, before the template's", "web@a.service", etc + "web@a.service.d/", etc + "web@.service.d/"},
		{"the template's, before that of a beginning", "web-a@b.service", etc + "web-a@.service.d/",
			etc + "web-.service.d/"},
		{"that of the directory before", "web.service", etc + "web.service.d/", lib + "web.service.d/"},
		{"whoever it is for", "web-a.service", etc + "web-.service.d/", lib + "web-a.service.d/"},
		{"that in /usr/local", "web.service", "/usr/local/lib/systemd/system/web.service.d/", lib + "web.service.d/"},
	} {
		told := func(counts, hidden string) string {
			return strings.Join(advised(t, units(t, []object{{"name": c.unit, "contents": "[Unit]\n"}},
				map[string]string{c.counts + "a.conf": counts, c.hidden + "a.conf": hidden})), ", ")
		}
		assert.Empty(t, told(service, service), c.claim)
		assert.Empty(t, told(service, "[Unit]\n"), c.claim)
		assert.Equal(t, "unit-refused systemd.units.0.contents", told("[Unit]\n", service), c.claim)
		assert.Equal(t, "unit-refused systemd.units.0.contents", told("", service), c.claim)
	}
}

func TestWhatIsHiddenIsNotCounted(t *testing.T) {
	const etc, lib = "/etc/systemd/system/", "/usr/lib/systemd/system/"
	own := []object{{"name": "web.service", "contents": service, "dropins": []object{{"name": "a.conf",
		"contents": "[Unit]\n"}}}}
	assert.Empty(t, advised(t, units(t, own, map[string]string{etc + "service.d/a.conf": service})),
		"by the config's own")
	own[0]["dropins"] = []object{{"name": "a.conf", "contents": ""}}
	assert.Empty(t, advised(t, units(t, own, map[string]string{etc + "service.d/a.conf": service})), "by an empty one")
	own[0]["dropins"] = []object{{"name": "a.conf"}}
	assert.NotEmpty(t, advised(t, units(t, own, map[string]string{etc + "service.d/a.conf": service})),
		"one without contents is not written")
	assert.Empty(t, advised(t, units(t, nil, map[string]string{etc + "web.service": service,
		lib + "web.service": "[Unit]\n"})), "a unit by that of a directory before")
	assert.NotEmpty(t, advised(t, units(t, nil, map[string]string{etc + "web.service": "[Unit]\n",
		lib + "web.service": service})))
	masking := func(link string) string {
		text := units(t, []object{{"name": "web.service", "contents": service}},
			map[string]string{etc + "service.d/a.conf": service, lib + "b.timer": "[Timer]\n"})
		return strings.Replace(text, `"files":`, `"links":[{"path":"`+link+`","target":"/dev/null"}],"files":`, 1)
	}
	assert.Equal(t, []string{"unit-refused storage.files.1.contents.source"},
		advised(t, masking(etc+"web.service.d/a.conf")), "by a link to nothing")
	assert.Equal(t, []string{"unit-refused storage.files.0.contents.source"}, advised(t, masking(etc+"b.timer")),
		"a unit by such a link")
}

// What a config has of a unit is judged together.
func TestAdviceOnUnitsInSeveralParts(t *testing.T) {
	const at = "/etc/systemd/system/"
	dropin := func(text string) []object { return []object{{"name": "10-a.conf", "contents": text}} }
	first := "systemd.units.0."
	for _, c := range []struct {
		claim string
		units []object
		files map[string]string
		want  string
	}{
		{"a drop-in has the program", []object{
			{"name": "web.service", "contents": "[Unit]\n", "dropins": dropin(service)}},
			nil, ""},
		{"it adds a second one", []object{
			{"name": "web.service", "contents": service, "dropins": dropin(service)}}, nil,
			"unit-refused " + first + "dropins.0.contents"},
		{"it puts another in its place",
			[]object{{"name": "web.service", "contents": service, "dropins": dropin("[Service]\nExecStart=\n" +
				"ExecStart=/bin/b\n")}}, nil, ""},
		{"the unit is the image's", []object{{"name": "web.service", "dropins": dropin(service)}}, nil, ""},
		{"a drop-in as a file", []object{{"name": "web.service", "contents": "[Unit]\n"}},
			map[string]string{at + "web.service.d/a.conf": service}, ""},
		{"one for all that begin so", []object{{"name": "web-a.service", "contents": "[Unit]\n"}},
			map[string]string{at + "web-.service.d/a.conf": service}, ""},
		{"one for all services", []object{{"name": "web.service", "contents": "[Unit]\n"}},
			map[string]string{"/usr/lib/systemd/system/service.d/a.conf": service}, ""},
		{"one for all adds a second program", []object{{"name": "web.service", "contents": service}},
			map[string]string{"/usr/lib/systemd/system/service.d/a.conf": service},
			"unit-refused storage.files.0.contents.source"},
		{"one of a template adds a second program", []object{{"name": "web@a.service", "contents": service}},
			map[string]string{at + "web@.service.d/a.conf": service}, "unit-refused storage.files.0.contents.source"},
		{"one of a template", []object{{"name": "web@a.service", "contents": "[Unit]\n"}},
			map[string]string{at + "web@.service.d/a.conf": service}, ""},
		{"one for users", []object{{"name": "web.service", "contents": "[Unit]\n"}},
			map[string]string{"/etc/systemd/user/web.service.d/a.conf": service}, "unit-refused " + first + "contents"},
		{"a unit as a file", nil, map[string]string{at + "web.service": "[Unit]\n"},
			"unit-refused storage.files.0.contents.source"},
		{"a unit of users", nil, map[string]string{"/home/core/.config/systemd/user/web.timer": "[Timer]\n"},
			"unit-refused storage.files.0.contents.source"},
		{"a setting in a drop-in that is a file", nil,
			map[string]string{at + "sshd.service.d/a.conf": "[Service]\nA=b\n"},
			"unit-directive-unknown storage.files.0.contents.source"},
		{"a misspelt section in a file", nil, map[string]string{at + "web.target": "[unit]\nDescription=a\n"},
			"unit-section-unknown storage.files.0.contents.source"},
		{"no grammar", nil, map[string]string{at + "web.target": "[Unit\n"},
			"unit-file-unread storage.files.0.contents.source"},
		{"a mount whose name is not its path", nil,
			map[string]string{at + "srv-my-data.mount": "[Mount]\nWhat=/dev/a\nWhere=/srv/my-data\n"},
			"unit-refused storage.files.0.contents.source"},
		{"a drop-in of another name", nil, map[string]string{at + "web.service.d/a": "[Unit]\n"},
			"unit-file-unread storage.files.0.path"},
		{"a quadlet among units", nil, map[string]string{at + "web.container": "[Container]\n"},
			"unit-file-unread storage.files.0.path"},
		{"a network among units", nil, map[string]string{at + "lan.netdev": "[NetDev]\n"},
			"unit-file-unread storage.files.0.path"},
		{"a kind of units that is misspelt", nil, map[string]string{at + "web.services": service},
			"unit-file-unread storage.files.0.path"},
		{"one in capitals", nil, map[string]string{at + "web.Timer": "[Timer]\n"},
			"unit-file-unread storage.files.0.path"},
		{"a target of the config", []object{{"name": "timer.target"}, {"name": "web.service", "contents": service +
			"[Install]\nWantedBy=timer.target\n"}}, nil, ""},
		{"a target that is a file", []object{{"name": "web.service", "contents": service +
			"[Install]\nWantedBy=timer.target\n"}}, map[string]string{at + "timer.target": "[Unit]\n"}, ""},
		{"another file among units", nil, map[string]string{at + "web.env": "A=b\n"}, ""},
		{"a folder of links", nil, map[string]string{at + "web.target.wants/a.service": service}, ""},
		{"masked", []object{{"name": "web.service", "mask": true, "contents": "[Unit]\nA=b\n"}}, nil, ""},
		{"enabled by nothing", []object{{"name": "web@a.service", "enabled": true,
			"contents": service + "[Install]\nDefaultInstance=a\n"}}, nil, "unit-install-nothing " + first + "enabled"},
		{"a file that is enabled", []object{{"name": "web.service", "enabled": true}},
			map[string]string{at + "web.service": service}, "unit-install-nothing " + first + "enabled"},
		{"with [Install]", []object{{"name": "web.service", "enabled": true}},
			map[string]string{at + "web.service": service + wanted}, ""},
		{"an instance of a timer", []object{{"name": "web@a.timer", "enabled": true},
			{"name": "web@.timer", "contents": "[Timer]\nOnCalendar=daily\n"}}, nil,
			"unit-install-nothing " + first + "enabled"},
		{"an alias alone", []object{{"name": "web.service", "enabled": true, "contents": service +
			"[Install]\nAlias=a.service\n"}}, nil, ""},
		{"an instance of what is no template", []object{{"name": "web@a.service", "enabled": true},
			{"name": "web.service", "contents": service}}, nil, "unit-no-template " + first + "name"},
		{"a quadlet", nil,
			map[string]string{"/etc/containers/systemd/a.container": "[Container]\nImage=a\n[Service]\n" +
				"Restart=always\n"}, ""},
		{"one that names others", nil, map[string]string{"/etc/containers/systemd/a.container": "[Unit]\n" +
			"After=b.container c.network\nRequires=b.container\n[Container]\nImage=a\n"}, ""},
		{"one that names what is none", nil, map[string]string{"/etc/containers/systemd/a.container": "[Unit]\n" +
			"After=b.containers\n[Container]\nImage=a\n"}, "unit-value storage.files.0.contents.source"},
		{"a name that podman leaves alone", nil, map[string]string{"/etc/containers/systemd/a.container": "[Unit]\n" +
			"OnFailure=b.container\n[Container]\nImage=a\n"}, "unit-value storage.files.0.contents.source"},
		{"a container of no image", nil,
			map[string]string{"/etc/containers/systemd/a.container": "[Container]\nExec=a\n"},
			"quadlet-section storage.files.0.contents.source"},
		{"one of a folder", nil,
			map[string]string{"/etc/containers/systemd/a.container": "[Container]\nRootfs=/a\n"}, ""},
		{"one whose image a drop-in may name", nil, map[string]string{
			"/etc/containers/systemd/a.container":        "[Container]\nExec=a\n",
			"/etc/containers/systemd/container.d/b.conf": "[Container]\nImage=a\n"}, ""},
		{"one with the section of another", nil,
			map[string]string{"/etc/containers/systemd/a.volume": "[Container]\nImage=a\n"},
			"quadlet-section storage.files.0.contents.source"},
		{"one without its section", nil, map[string]string{"/etc/containers/systemd/a.kube": "[Unit]\nDescription=a\n"},
			"quadlet-section storage.files.0.contents.source"},
		{"one below a folder that is called as drop-ins are", nil,
			map[string]string{"/etc/containers/systemd/a.d/a.container": "[Container]\nImage=a\n"}, ""},
		{"below one of no name", nil,
			map[string]string{"/etc/containers/systemd/.d/a.kube": "[Kube]\nYaml=a\n"}, ""},
		{"below one that ends in two dots", nil,
			map[string]string{"/etc/containers/systemd/a..d/a.kube": "[Kube]\nYaml=a\n"}, ""},
		{"a setting of its service", nil,
			map[string]string{"/etc/containers/systemd/a.container": "[Container]\nImage=a\n[Service]\nRestart=ever\n"},
			"unit-value storage.files.0.contents.source"},
	} {
		told := advised(t, units(t, c.units, c.files))
		assert.Equal(t, c.want, strings.Join(told, ", "), c.claim)
	}
}

// A drop-in that is fetched, or a config that is, may say what is missing.
func TestWhatIsNotKnownIsNotMissed(t *testing.T) {
	const unit = `"systemd": {"units": [{"name": "web.service", "contents": "[Unit]\n"}]}`
	assert.Equal(t, []string{"unit-refused systemd.units.0.contents"}, advised(t, config(unit)))
	assert.Empty(t, advised(t, config(unit+`, "storage": {"files": [{"path": "/etc/systemd/system/web.service.d/a.conf",
		"contents": {"source": "https://example.com/a"}}]}`)))
	assert.Empty(t, advised(t, config(unit+`, "storage": {"files": [{"path": "/etc/systemd/system/web.service.d/a.conf",
		"contents": {"source": "https://example.com/a"}}, {"path": "/etc/systemd/system/web.service.d/b.conf"}]}`)),
		"another one says nothing")
	assert.Empty(t, advised(t, `{"ignition": {"version": "3.6.0", "config": {"merge": [{"source": "https://h/x"}]}}, `+
		unit+`}`))
}

// The place is that of the word, in whatever the unit's text stands.
func TestAdviceStandsAtTheWord(t *testing.T) {
	const block = "variant: fcos\nversion: 1.5.0\nsystemd:\n  units:\n    - name: web.service\n      contents: |\n" +
		"        [Service]\n        ExecStart=/bin/a\n        Restrat=no\n"
	const inline = "variant: fcos\nversion: 1.5.0\nstorage:\n  files:\n    - path: /etc/systemd/system/web.service\n" +
		"      contents:\n        inline: |\n          [Service]\n          ExecStart=/bin/a\n          Restrat=no\n"
	for _, c := range []struct {
		claim, text string
		write       string // by a fix
	}{
		{"a block of YAML", block, "Restart"}, {"a file of YAML", inline, "Restart"},
		{"JSON", config(`"systemd": {"units": [{"name": "web.service",
			"contents": "[Service]\nExecStart=\/bin\/a\nRestrat=no\n"}]}`), "Restart"},
		{"a URL",
			file(`"path": "/etc/systemd/system/web.service", "contents": {"source": "data:,%5BService%5D%0AExecStart` +
				`=/bin/a%0ARestrat=no"}`), ""},
	} {
		r := load.ReadWith(tree.NewArena(), "x", c.text, load.Options{
			Rules: func(doc *document.Document) []diag.Problem { return lint.Document(doc, lint.Options{}) }})
		told := diag.For(diag.Workstation, r.Problems)
		require.Len(t, told, 1, c.claim)
		p := told[0]
		assert.Equal(t, codes.UnitDirectiveUnknown, p.Code)
		assert.Equal(t, "Restrat", p.Place.Doc.Text[p.Place.Span.Start:p.Place.Span.End], c.claim)
		if c.write == "" {
			assert.Nil(t, p.Fix)
			continue
		}
		require.NotNil(t, p.Fix, c.claim)
		assert.Equal(t, c.write, p.Fix.Text(), c.claim)
	}
}

// A name may be as long as the text, with a dash at each other byte.
func TestLongNamesAreNotTakenApart(t *testing.T) {
	name := strings.Repeat("a-", 1<<18) + ".service"
	assert.Equal(t, []string{"unit-refused systemd.units.0.contents"}, advised(t, units(t, []object{
		{"name": name, "contents": "[Unit]\n"}, {"name": "b.service", "dropins": []object{
			{"name": "a.conf", "contents": "[Unit]\n"}}}}, nil)))
}

// A drop-in or a template may be part of every unit of the config.
func TestTextsOfVeryManyLinesAreNotPutTogether(t *testing.T) {
	const at = "/etc/systemd/system/"
	for lines, want := range map[int]int{900: 1, 1000: 0} {
		long := service + strings.Repeat("Environment=A=b\n", lines)
		assert.Len(t, advised(t, units(t, []object{{"name": "web.service", "contents": service}},
			map[string]string{at + "service.d/a.conf": long})), want)
		assert.Len(t, advised(t, units(t, []object{{"name": "web@a.service", "enabled": true}},
			map[string]string{at + "web@.service": long})), want)
	}
}

func TestOfOneTextAHundredProblemsAreToldAtMost(t *testing.T) {
	text := service + strings.Repeat("Wibble=1\n", 1000)
	assert.Len(t, advised(t, units(t, []object{{"name": "web.service", "contents": text}}, nil)), 100)
	text = units(t, []object{{"name": "web.service", "contents": text + "Restart=ever\n"}}, nil)
	assert.Len(t, advised(t, text, codes.UnitValue), 1, "of those that are wanted")
}

func TestWhatCameAfterASystemdThatUnitsAreForIsTold(t *testing.T) {
	has := func(version int) lint.Systemd {
		return lint.Systemd{Version: version, Of: fmt.Sprint("x:", version),
			Later: func(later int) string { return fmt.Sprint("take ", later) }}
	}
	for _, c := range []struct {
		claim, text string
		systemds    []lint.Systemd
		want        []string
	}{
		{"a setting", service + "RestartSteps=3\n", []lint.Systemd{has(253)},
			[]string{"RestartSteps came with systemd 254, and x:253 has 253, which passes over it [take 254]"}},
		{"one that is old enough", service + "RestartSteps=3\n", []lint.Systemd{has(254)}, nil},
		{"one that was ever there", service + "Restart=no\n", []lint.Systemd{has(230)}, nil},
		{"nothing is known", service + "RestartSteps=3\n", nil, nil},
		{"several systems", service + "RestartSteps=3\n", []lint.Systemd{has(252), has(260), has(239)},
			[]string{"RestartSteps came with systemd 254, and x:252 has 252, which passes over it [take 254]",
				"RestartSteps came with systemd 254, and x:239 has 239, which passes over it [take 254]"}},
		{"a value", service + "Type=notify-reload\n", []lint.Systemd{has(252)},
			[]string{"Type=notify-reload came with systemd 253, and x:252 has 252, which passes over it [take 253]"}},
		{"another value", service + "Type=notify\n", []lint.Systemd{has(252)}, nil},
		{"an assertion", "[Unit]\nAssertVersion=a\n" + service, []lint.Systemd{has(257)},
			[]string{"AssertVersion came with systemd 258, and x:257 has 257, which passes over it [take 258]"}},
	} {
		text := units(t, []object{{"name": "web.service", "contents": c.text}}, nil)
		var told []string
		for _, p := range load.ReadWith(tree.NewArena(), "x", text, load.Options{
			Rules: func(doc *document.Document) []diag.Problem {
				return lint.Document(doc, lint.Options{Systemds: c.systemds})
			}}).Problems {
			assert.Equal(t, codes.UnitDirectiveNewer, p.Code, c.claim)
			told = append(told, p.Message+" ["+p.Hint+"]")
		}
		assert.Equal(t, c.want, told, c.claim)
	}
}

func TestNoLineOfAValueIsNamed(t *testing.T) {
	for name, shown := range map[string]bool{"ExecSart": true, "Wibble": true, "Aftre": true,
		"c2VjcmV0IGtleSAxMjM0NQ": false, "UserS3cretPassw0rd12": false, "hvs_CAESIJ8x9Tq2mZ0pLk": false,
		"AKIAIOSFODNN7EXAMPLE": false} {
		text := units(t, []object{{"name": "web.service", "enabled": false,
			"contents": "[Service]\nExecStart=/bin/web\n" + name + "==\n"}}, nil)
		rules := func(d *document.Document) []diag.Problem { return lint.Document(d, lint.Options{}) }
		r := load.ReadWith(tree.NewArena(), "a.ign", text, load.Options{Rules: rules})
		told := ""
		for _, p := range r.Problems {
			if p.Code == codes.UnitDirectiveUnknown {
				told += p.Message + p.Hint
			}
		}
		assert.NotEmpty(t, told, name)
		assert.Equal(t, shown, strings.Contains(told, name), told)
	}
}
