package document

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/config"
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
	var walk func(s *shape)
	walk = func(s *shape) {
		if s.item != nil {
			mode := map[mergeMode]string{0: "none", keyed: "keyed by " + s.id.key, union: "union", appending: "append",
				headers: "headers by " + s.id.key}[s.id.mode]
			if s.id.space != "" {
				mode += " in " + s.id.space
			}
			got[s.path] = mode
			assert.Equal(t, s.item.kind.String() == "a string", s.id.mode == union || s.id.mode == appending &&
				s.item.members == nil, s.path)
			walk(s.item)
		}
		for _, m := range s.members {
			walk(m.shape)
		}
	}
	walk(language())
	assert.Equal(t, want, got)
	assert.Len(t, listIdentities(), len(got), "an identity for every list, and no other")
}

func TestObjectsFitTheBitsThatRepeatedKeysAreCountedWith(t *testing.T) {
	var walk func(s *shape)
	walk = func(s *shape) {
		for _, m := range s.members {
			assert.Less(t, m.index[len(m.index)-1], 16, m.path)
			assert.LessOrEqual(t, len(m.index), 2, m.path)
			walk(m.shape)
		}
		if s.item != nil {
			walk(s.item)
		}
	}
	walk(language())
}

func TestRowsOfTheHistoryNameFieldsOfTheModel(t *testing.T) {
	paths := map[string]bool{}
	for _, p := range Paths(config.Newest) {
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
	for _, path := range Paths(config.Newest) {
		assert.NotEmpty(t, lines[path], path)
	}
	assert.Len(t, lines, len(Paths(config.Newest)))
	assert.Equal(t, "Slot in the table from 1; 0 for the next free one.", lines["storage.disks.*.partitions.*.number"])
}
