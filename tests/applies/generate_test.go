package applies

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/tests/model"
)

func TestWhatIsGenerated(t *testing.T) {
	t.Parallel()
	cases := Generate()
	verdicts, err := Judge(t.Context(), t.TempDir(), cases)
	require.NoError(t, err)
	t.Run("is the same each time", func(t *testing.T) { assert.Equal(t, cases, Generate()) })
	t.Run("varies every field of the model", func(t *testing.T) { areVaried(t, cases, verdicts) })
	t.Run("can be planned where it is valid", func(t *testing.T) { arePlanned(t, cases, verdicts) })
	t.Run("can be planned nowhere where it cannot apply", func(t *testing.T) { areNotPlanned(t, cases, verdicts) })
	t.Run("has a share for the guest", func(t *testing.T) { isShared(t, cases, verdicts) })
	t.Run("is enough", func(t *testing.T) { areEnough(t, cases, verdicts) })
}

// areVaried: a field that the model gets needs a row in the table of values, or one that ends its path.
func areVaried(t *testing.T, cases []Case, verdicts []Verdict) {
	varied := map[string]map[string]bool{}
	for i, c := range cases {
		if !verdicts[i].Valid {
			continue
		}
		for _, p := range places(read(c.Text)) {
			if varied[p.path] == nil {
				varied[p.path] = map[string]bool{}
			}
			varied[p.path][write(p.value)] = true
		}
	}
	for _, path := range model.Paths(config.Newest) {
		assert.Greater(t, len(varied[path]), 1, "values of %s in valid configs", path)
	}
}

// isShared: each field of volumes and arrays is in the share that the guest boots, but for those of keys that are bound
// to something, which are never there; so is vfat that is mounted.
func isShared(t *testing.T, cases []Case, verdicts []Verdict) {
	var valid []Case
	for i, c := range cases {
		if verdicts[i].Valid && c.Place() == Guest {
			valid = append(valid, c)
		}
	}
	has, share := map[string]bool{}, guestShare(valid)
	for _, c := range share {
		for _, p := range places(read(c.Text)) {
			object, _ := p.value.(map[string]any)
			has[p.path] = true
			has["vfat"] = has["vfat"] || p.path == "storage.filesystems.*" && object["format"] == "vfat" &&
				object["path"] != nil
		}
	}
	assert.True(t, has["vfat"])
	for _, path := range model.Paths(config.Newest) {
		isOurs := strings.HasPrefix(path, "storage.luks.") || strings.HasPrefix(path, "storage.raid.")
		if isOurs && !strings.Contains(path, ".tang.") {
			assert.True(t, has[path], path)
		}
	}
	t.Logf("%d of %d", len(share), len(valid))
	assert.GreaterOrEqual(t, len(share), 75)
	assert.LessOrEqual(t, len(share), 90, "some ten minutes")
}

// areEnough counts what is refused by the code of its first error: -v shows it.
func areEnough(t *testing.T, cases []Case, verdicts []Verdict) {
	passed, strictly, places, refused := 0, 0, map[Place]int{}, map[string]int{}
	for i, v := range verdicts {
		if !v.Valid {
			refused[v.First()]++
			continue
		}
		passed++
		places[cases[i].Place()]++
		if len(v.Problems) == 0 {
			strictly++
		}
	}
	t.Logf("%d configs, %d are valid, %d of these also with --strict; here %d, in the guest %d\nrefused: %s",
		len(cases), passed,
		strictly, places[Host], places[Guest], counted(refused))
	assert.GreaterOrEqual(t, len(cases), 3000)
	assert.GreaterOrEqual(t, strictly, 1000)
	assert.GreaterOrEqual(t, places[Guest], 800)
	for code := range refused {
		_, known := codes.Find(codes.Code(code))
		assert.True(t, known, code)
	}
}

// counted lists counts, the largest first.
func counted(counts map[string]int) string {
	keys := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		if counts[a] != counts[b] {
			return counts[b] - counts[a]
		}
		return strings.Compare(a, b)
	})
	var words []string
	for _, key := range keys {
		words = append(words, fmt.Sprintf("%d %s", counts[key], key))
	}
	return strings.Join(words, ", ")
}
