package language_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/tests/model"
)

// The table of docs/peer/spec.md §5, and §4.1 for the lists in which repetition has a meaning.
func TestEveryListHasItsIdentity(t *testing.T) {
	want := map[string]string{
		"ignition.config.merge":                        "keyed by source",
		"ignition.security.tls.certificateAuthorities": "keyed by source",
		"ignition.proxy.noProxy":                       "union",
		"kernelArguments.shouldExist":                  "union in kernel argument",
		"kernelArguments.shouldNotExist":               "union in kernel argument",
		"passwd.groups":                                "keyed by name",
		"passwd.users":                                 "keyed by name",
		"passwd.users.*.groups":                        "union",
		"passwd.users.*.sshAuthorizedKeys":             "union",
		"storage.directories":                          "keyed by path in node",
		"storage.disks":                                "keyed by device",
		"storage.disks.*.partitions":                   "keyed by number",
		"storage.files":                                "keyed by path in node",
		"storage.files.*.append":                       "append",
		"storage.filesystems":                          "keyed by device",
		"storage.filesystems.*.mountOptions":           "append",
		"storage.filesystems.*.options":                "append",
		"storage.links":                                "keyed by path in node",
		"storage.luks":                                 "keyed by name",
		"storage.luks.*.clevis.tang":                   "keyed by url",
		"storage.luks.*.openOptions":                   "union",
		"storage.luks.*.options":                       "append",
		"storage.raid":                                 "keyed by name",
		"storage.raid.*.devices":                       "union",
		"storage.raid.*.options":                       "append",
		"systemd.units":                                "keyed by name",
		"systemd.units.*.dropins":                      "keyed by name",
	}
	for _, resource := range []string{"ignition.config.merge.*", "ignition.config.replace",
		"ignition.security.tls.certificateAuthorities.*", "storage.files.*.append.*", "storage.files.*.contents",
		"storage.luks.*.keyFile"} {
		want[resource+".httpHeaders"] = "headers by name"
	}
	got := map[string]string{}
	language.Config().Walk(func(s *language.Shape) {
		if s.Kind != tree.List {
			return
		}
		list := s.Field.List
		mode := map[config.Mode]string{0: "none", config.Keyed: "keyed by " + list.Key, config.Union: "union",
			config.Appending: "append", config.Headers: "headers by " + list.Key}[list.Mode]
		if list.Space != "" {
			mode += " in " + list.Space
		}
		got[s.Path] = mode
		assert.Equal(t, s.Item.Kind == tree.String, list.Mode == config.Union || list.Mode == config.Appending &&
			s.Item.Members == nil, s.Path)
	})
	assert.Equal(t, want, got)
}

func TestRowsOfTheLanguageNameFieldsOfTheModel(t *testing.T) {
	paths := model.Paths(config.Newest)
	seen := map[string]bool{}
	for _, row := range config.Fields() {
		assert.False(t, seen[row.Path], "%s has one row", row.Path)
		seen[row.Path] = true
		suffix, anywhere := strings.CutPrefix(row.Path, "*")
		assert.True(t, slices.ContainsFunc(paths,
			func(p string) bool { return p == row.Path || anywhere && strings.HasSuffix(p, suffix) }), row.Path)
		for _, value := range row.Values {
			assert.Equal(t, value.Since > config.V3_0, value.Line != "", "%s %s says what came", row.Path, value.Name)
			if value.Means != "" {
				_, known := row.Find(value.Means)
				assert.True(t, known, "%s %s", row.Path, value.Name)
			}
		}
	}
}

func TestObjectsFitTheBitsThatRepeatedKeysAreCountedWith(t *testing.T) {
	language.Config().Walk(func(s *language.Shape) {
		for _, m := range s.Members {
			assert.Less(t, m.Index[len(m.Index)-1], 16, m.Path)
			assert.LessOrEqual(t, len(m.Index), 2, m.Path)
		}
	})
}

func TestRowsOfTheHistoryNameFieldsOfTheModel(t *testing.T) {
	paths := map[string]bool{}
	for _, p := range model.Paths(config.Newest) {
		paths[p] = true
	}
	for _, row := range config.History() {
		assert.NotEmpty(t, row.Line)
		suffix, anywhere := strings.CutPrefix(row.Path, "*.")
		found := paths[row.Path]
		for p := range paths {
			found = found || anywhere && strings.HasSuffix(p, "."+suffix)
		}
		assert.True(t, found, fmt.Sprint(row.Since, " ", row.Path))
	}
}

func TestEveryFieldHasALineForPeople(t *testing.T) {
	lines := config.Lines()
	for _, path := range model.Paths(config.Newest) {
		assert.NotEmpty(t, lines[path], path)
	}
	assert.Len(t, lines, len(model.Paths(config.Newest)))
	assert.Equal(t, "Slot in the table from 1; 0 for the next free one.", lines["storage.disks.*.partitions.*.number"])
}
