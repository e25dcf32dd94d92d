package providers

import (
	"encoding/base64"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/tools/txtar"
)

var update = flag.Bool("update", false, "rewrite docs/platforms.md")

// Every platform has a transcript with these cases at the least, and a note where its facts come from. A name may go on
// after a colon.
var kinds = []string{"found", "none", "failing", "late", "offline"}

func TestEveryPlatformDoesWhatItsTranscriptSays(t *testing.T) {
	var names []string
	for _, p := range All() {
		names = append(names, p.ID+".txtar")
		t.Run(p.ID, func(t *testing.T) {
			archive, err := txtar.ParseFile("testdata/" + p.ID + ".txtar")
			require.NoError(t, err)
			assert.Contains(t, string(archive.Comment), "Facts: ")
			seen, packed := map[string]bool{}, p.ID == "metal" // which has no text of its own
			for _, f := range archive.Files {
				kind, what, _ := strings.Cut(f.Name, ":")
				seen[kind] = true
				packed = packed || kind == "found" && strings.HasPrefix(what, " packed ")
				t.Run(f.Name, func(t *testing.T) { parseScript(t, string(f.Data)).play(p) })
			}
			for _, kind := range kinds {
				assert.True(t, seen[kind], "the transcript has no case %q", kind)
			}
			assert.True(t, packed, "the transcript has no case of a config that is packed")
		})
	}
	entries, err := os.ReadDir("testdata")
	require.NoError(t, err)
	for _, e := range entries {
		assert.True(t, e.IsDir() || slices.Contains(names, e.Name()), "%s is the transcript of no platform", e.Name())
	}
}

// What stands where the config would be is blank: no platform may take that for one. It is as long as the config, as
// some say how long that is.
func TestBlanksAreNoConfigOnAnyPlatform(t *testing.T) {
	const text = `{"ignition":{"version":"3.4.0"}}`
	blanks := strings.Repeat(" ", len(text)-2) + `\r\n`
	for _, p := range All() {
		archive, err := txtar.ParseFile("testdata/" + p.ID + ".txtar")
		require.NoError(t, err)
		i := slices.IndexFunc(archive.Files, func(f txtar.File) bool {
			return strings.HasPrefix(f.Name, "found") && strings.Contains(string(f.Data), "\n= "+text)
		})
		require.GreaterOrEqual(t, i, 0, p.ID)
		script := strings.ReplaceAll(string(archive.Files[i].Data), text+"\n", `"`+blanks+"\"\n")
		packed := base64.StdEncoding.EncodeToString // within a longer text
		script = strings.ReplaceAll(script, packed([]byte(text)), packed([]byte(strings.Repeat(" ", len(text)))))
		if p.ID == "lxd" { // which asks on
			script += "> GET http://lxd/1.0/config/user.user-data\n< 404\n"
		}
		t.Run(p.ID, func(t *testing.T) {
			s := parseScript(t, script)
			synctest.Test(t, func(t *testing.T) {
				s.t, s.start = t, time.Now()
				_, _, err := s.act(p)
				require.ErrorIs(t, err, ErrNone)
			})
		})
	}
}

func TestTheDocsListEveryPlatform(t *testing.T) {
	const page = "../docs/platforms.md"
	if *update {
		require.NoError(t, os.WriteFile(page, []byte(Docs()), 0o644))
	}
	text, err := os.ReadFile(page)
	require.NoError(t, err)
	assert.Equal(t, Docs(), string(text), "go test ./providers -update rewrites the page")
	beside, err := os.ReadFile("../docs/beside.md")
	require.NoError(t, err)
	for _, p := range All() {
		assert.Contains(t, string(text), "\n| `"+p.ID+"` | "+p.Name+" | ")
		assert.Contains(t, string(beside), "\n| `"+p.ID+"` | ", "what is left to others")
	}
}
