package rules_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// The peer's rules of overlap and of nodes below links look at all pairs, which takes too long for large configs. Here
// are both, word for word, against what is used instead.

// codesAt gives the paths at which a config of a storage has a problem of a code.
func codesAt(t *rapid.T, storage config.Storage, code codes.Code) []string {
	text, err := json.Marshal(config.Config{Ignition: config.Ignition{Version: "3.6.0"}, Storage: storage})
	require.NoError(t, err)
	doc, problems := configs.Parse("x", text)
	require.True(t, !diag.Fatal(problems), "%v", problems)
	paths := []string{}
	for _, p := range rules.Rules(doc) {
		if p.Code == code {
			paths = append(paths, p.Path+" "+p.Related[0].Path)
		}
	}
	return paths
}

// docs/peer/spec.md §4.4, R-POVERLAP.
func firstOverlap(parts []config.Partition) []string {
	end := func(p config.Partition) int {
		if *p.SizeMiB == 0 {
			return *p.StartMiB
		}
		return *p.StartMiB + *p.SizeMiB - 1
	}
	fixed := func(p config.Partition) bool { return p.StartMiB != nil && p.SizeMiB != nil && *p.StartMiB != 0 }
	for i, p := range parts {
		for k, o := range parts {
			if i == k || !fixed(p) || !fixed(o) {
				continue
			}
			start := *p.StartMiB >= *o.StartMiB && *p.StartMiB <= end(o)
			ends := end(p) >= *o.StartMiB && end(p) <= end(o)
			covers := *p.StartMiB < *o.StartMiB && end(p) > end(o)
			if start || ends || covers {
				return []string{fmt.Sprintf("$.storage.disks.0.partitions.%d $.storage.disks.0.partitions.%d", k, i)}
			}
		}
	}
	return []string{}
}

func TestTheFirstOverlapIsThatOfLookingAtAllPairs(t *testing.T) {
	number := rapid.Ptr(rapid.IntRange(0, 30), true)
	rapid.Check(t, func(t *rapid.T) {
		var parts []config.Partition
		for i := range rapid.IntRange(0, 6).Draw(t, "count") {
			parts = append(parts, config.Partition{Number: i + 1, StartMiB: number.Draw(t, "start"),
				SizeMiB: rapid.Ptr(rapid.IntRange(0, 9), true).Draw(t, "size")})
		}
		got := codesAt(t, config.Storage{Disks: []config.Disk{{Device: "/dev/vda", Partitions: parts}}},
			"partition-overlap")
		require.Equal(t, firstOverlap(parts), got)
	})
}

// docs/peer/spec.md §4.8, R-BELOWLINK. Of links with one path the first is told; that there are several is told
// elsewhere.
func belowLinks(s config.Storage) []string {
	paths := []string{}
	look := func(list string, i int, path string) {
		for k, l := range s.Links {
			first := slices.IndexFunc(s.Links, func(o config.Link) bool { return o.Path == l.Path })
			if first == k && strings.HasPrefix(path, l.Path+"/") {
				paths = append(paths, fmt.Sprintf("$.storage.%s.%d $.storage.links.%d", list, i, k))
			}
		}
	}
	for i, d := range s.Directories {
		look("directories", i, d.Path)
	}
	for i, f := range s.Files {
		look("files", i, f.Path)
	}
	for i, l := range s.Links {
		look("links", i, l.Path)
	}
	return paths
}

func TestNodesBelowLinksAreThoseOfLookingAtAllPairs(t *testing.T) {
	node := rapid.Custom(func(t *rapid.T) config.Node {
		return config.Node{Path: rapid.StringOfN(rapid.RuneFrom([]rune("/ab")), 0, 8, -1).Draw(t, "path")}
	})
	rapid.Check(t, func(t *rapid.T) {
		var s config.Storage
		for _, n := range rapid.SliceOfN(node, 0, 5).Draw(t, "directories") {
			s.Directories = append(s.Directories, config.Directory{Node: n})
		}
		for _, n := range rapid.SliceOfN(node, 0, 5).Draw(t, "files") {
			s.Files = append(s.Files, config.File{Node: n})
		}
		target := "/t"
		for _, n := range rapid.SliceOfN(node, 0, 5).Draw(t, "links") {
			s.Links = append(s.Links, config.Link{Node: n, Target: &target})
		}
		require.Equal(t, belowLinks(s), codesAt(t, s, "below-link"))
	})
}
