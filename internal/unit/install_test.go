package unit_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/unit"
)

func TestInstallIsThatOfAUnitAndItsDropins(t *testing.T) {
	for claim, c := range map[string]struct {
		texts []string
		want  unit.Install
		ok    bool
	}{
		"nothing": {[]string{"[Service]\nWantedBy=x\n"}, unit.Install{}, true},
		"lists": {[]string{"[Install]\nWantedBy=a b\nRequiredBy=c\nUpheldBy=d\nAlso=e\nAlias=f g\nDefaultInstance=h\n"},
			unit.Install{Default: "h", Targets: []string{"a", "b", "c", "d"}, Also: []string{"e"},
				Alias: []string{"f", "g"}}, true},
		"an empty value empties a list": {[]string{"[Install]\nAlso=a\nAlso=\nAlso=b\n"},
			unit.Install{Also: []string{"b"}}, true},
		"a drop-in adds": {[]string{"[Service]\n", "[Install]\nWantedBy=a\n"}, unit.Install{Targets: []string{"a"}},
			true},
		"a drop-in has another default": {[]string{"[Install]\nDefaultInstance=a\n", "[Install]\nDefaultInstance=b\n"},
			unit.Install{Default: "b"}, true},
		"a text with a fault is not known": {[]string{"[Install]\nWantedBy=a\n", "[Install"}, unit.Install{}, false},
		"a value that goes on over two rows": {[]string{"[Install]\nWantedBy=a \\\n b\n"},
			unit.Install{Targets: []string{"a", "b"}}, true},
	} {
		got, ok := unit.ReadInstall(c.texts...)
		assert.Equal(t, c.ok, ok, claim)
		assert.Equal(t, c.want, got, claim)
	}
}

func TestTemplatesThatStandAlone(t *testing.T) {
	for text, want := range map[string]bool{
		"WantedBy=multi-user.target": false, "WantedBy=multi-user.target\nDefaultInstance=x": true,
		"Alias=y@.service":   true,
		"WantedBy=z@.target": true, "WantedBy=z@%i.target": true, "WantedBy=z@a.target": false,
		"RequiredBy=z@.target a.target": false,
	} {
		in, ok := unit.ReadInstall("[Install]\n" + text)
		assert.True(t, ok)
		assert.Equal(t, want, in.StandsAlone(), text)
	}
}

func TestEnablingDoesSomething(t *testing.T) {
	for text, want := range map[string]bool{
		"WantedBy=x": true, "RequiredBy=x": true, "UpheldBy=x": true, "Also=x": true, "Alias=x": true,
		"WantedBy=x\nWantedBy=\nAlias=y": true,
		"":                               false, "DefaultInstance=x": false, "WantedBy=x\nWantedBy=": false,
		"WantedBy=x\nRequiredBy=\nUpheldBy=": false, "Wanted=x": false,
	} {
		in, ok := unit.ReadInstall("[Install]\n" + text)
		assert.True(t, ok)
		assert.Equal(t, want, in.Any(), text)
	}
}

// The names are what systemd-escape --path of systemd 252 gives.
func TestEscapePath(t *testing.T) {
	for path, want := range map[string]string{
		"/": "-", "//": "-", "/var/lib/my-data": `var-lib-my\x2ddata`, "/.hidden": `\x2ehidden`, "/a/.b": "a-.b",
		"/a b/ü":     `a\x20b-\xc3\xbc`,
		"/a//b/./c/": "a-b-c", "/x@y": `x\x40y`, `/a\b`: `a\x5cb`, "/a:b_c.d": "a:b_c.d",
		"/dev/disk/by-label/x": `dev-disk-by\x2dlabel-x`, "/\x01": `\x01`,
	} {
		assert.Equal(t, want, unit.EscapePath(path), path)
	}
}

func TestNamesThatHaveToBePaths(t *testing.T) {
	for claim, c := range map[string]struct {
		name, text, want string
		ok               bool
	}{
		"a mount":                  {"x.mount", "[Mount]\nWhere=/var/lib/my-data\n", `var-lib-my\x2ddata.mount`, true},
		"an automount":             {"x.automount", "[Automount]\nWhere=/srv/a/\n", "srv-a.automount", true},
		"a swap":                   {"x.swap", "[Swap]\nWhat=/dev/vdb\n", "dev-vdb.swap", true},
		"the root":                 {"x.mount", "[Mount]\nWhere=/\n", "-.mount", true},
		"the last value counts":    {"x.mount", "[Mount]\nWhere=/a\nWhere=/b\n", "b.mount", true},
		"the right section counts": {"x.mount", "[Automount]\nWhere=/a\n", "", false},
		"no path, no word":         {"x.mount", "[Mount]\nWhat=/dev/vdb\n", "", false},
		"specifiers are not known": {"x.mount", "[Mount]\nWhere=/home/%u\n", "", false},
		"other kinds are free":     {"x.service", "[Mount]\nWhere=/a\n", "", false},
		"a fault is told already":  {"x.mount", "[Mount]\nWhere=/a\nx", "", false},
	} {
		want, _, ok := unit.NameForPath(c.name, c.text)
		assert.Equal(t, c.ok, ok, claim)
		if c.ok {
			assert.Equal(t, c.want, want, claim)
		}
	}
}
