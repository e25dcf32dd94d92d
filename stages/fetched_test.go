package stages

import (
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/machines"
	"github.com/glowplug-os/glowplug/tests/trees"
)

// asked is what somebody is told who asks what a config will do.
func asked(t *testing.T, text string, q Question) (string, *report.Plan, []diag.Problem) {
	t.Helper()
	q.Name, q.Text, q.Audience = "test.ign", []byte(strings.ReplaceAll(text, "'", `"`)), diag.Workstation
	q.Log, q.Random, q.Texts = slog.New(slog.DiscardHandler), machines.Dice(), true
	q.Report, q.Seal = func([]diag.Problem) {}, func() error { return nil }
	q.Files.Identity.Privileged, q.Files.Accounts = true, files.MakeAccounts
	p, problems, err := Foretell(t.Context(), q)
	require.NoError(t, err)
	var b strings.Builder
	require.NoError(t, p.WriteText(&b))
	return b.String(), p, problems
}

func TestContentsAreFetchedOnlyWhereThatIsAsked(t *testing.T) {
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests.Add(1)
		switch r.URL.Path {
		case "/new":
			_, _ = io.WriteString(w, "a\nx\n")
		case "/key":
			_, _ = io.WriteString(w, "the key of a volume")
		case "/large":
			_, _ = w.Write(make([]byte, target.TextMost+1))
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	defer server.Close()
	cfg := strings.ReplaceAll(`{'ignition': {'version': '3.4.0'}, 'storage': {
		'luks': [{'name': 'v', 'device': '/dev/vda', 'keyFile': {'source': 'URL/key?token=hidden'}}],
		'files': [
		{'path': '/etc/new', 'overwrite': true, 'contents': {'source': 'URL/new?token=hidden'}},
		{'path': '/etc/same', 'contents': {'source': 'URL/new'}},
		{'path': '/etc/other', 'contents': {'source': 'URL/new'}},
		{'path': '/etc/large', 'contents': {'source': 'URL/large'}},
		{'path': '/etc/bad', 'contents': {'source': 'URL/new', 'verification': {'hash': 'sha256-BAD'}}},
		{'path': '/etc/dead', 'append': [{'source': 'URL/none?token=hidden'}]}]}}`, "URL", server.URL)
	cfg = strings.ReplaceAll(cfg, "BAD", strings.Repeat("0", 64))
	root := trees.Fake{"/etc/new": "a\nb\n", "/etc/same": "a\nx\n", "/etc/other": "a\ny\n"}
	devices := func(config.Storage) (scene.Scene, error) {
		return scene.Images{"/dev/vda": machines.NewDisk(t, 64).Image()}.Scene(), nil
	}

	text, p, problems := asked(t, cfg, Question{Machine: Machine{Root: root, Devices: devices}})
	assert.Zero(t, requests.Load())
	assert.Empty(t, problems)
	assert.Contains(t, text, "        "+server.URL+"/new?token=…: no digest\n")
	assert.Contains(t, text, "        "+server.URL+"/new: sha256-0000000000000000…\n")
	assert.Contains(t, text, "? file /etc/same: ")
	assert.NotContains(t, text, "+x")
	assert.Equal(t, report.Changing, p.Exit())

	text, p, problems = asked(t, cfg, Question{Machine: Machine{Root: root, Devices: devices}, Fetch: true})
	assert.EqualValues(t, 6, requests.Load(), "each once: what has a digest, or a token, is another")
	assert.Contains(t, text, "         a\n        -b\n        +x\n")
	assert.NotContains(t, text, "? file /etc/same", "it is there")
	assert.Contains(t, text, "/large: no digest, now 1048577 bytes\n")
	assert.Contains(t, text, "+ key of luks v: "+server.URL+"/key?token=…\n        "+server.URL+
		"/key?token=…: no digest, now 19 bytes\n")
	assert.NotContains(t, text, "the key of a volume")
	assert.NotContains(t, text, "hidden")
	var told []string
	for _, each := range problems {
		told = append(told, fmt.Sprintf("%s %s", each.Path, each.Message))
		assert.NotContains(t, each.Message, "hidden")
	}
	require.Len(t, told, 3, told)
	assert.Contains(t, told[0], "$.storage.files.2 file /etc/other: a file with other content is there")
	assert.Contains(t, told[1], "$.storage.files.4.contents file /etc/bad: ")
	assert.Contains(t, told[2], "$.storage.files.5.append.0 file /etc/dead: ")
	assert.Equal(t, report.InTheWay, p.Exit())
}

func TestContentsThatAreNotKeptAreComparedByTheirDigest(t *testing.T) {
	large := strings.Repeat("0123456789abcdef", target.TextMost/16) + "x"
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, large)
	}))
	defer server.Close()
	for claim, test := range map[string]struct {
		file, there string
		want        string // of the effect of the file, and what is in the way
	}{
		"the same":            {`'overwrite': true, 'contents': {'source': 'URL'}`, large, "keep"},
		"the same, kept":      {`'contents': {'source': 'URL'}`, large, "keep"},
		"another":             {`'overwrite': true, 'contents': {'source': 'URL'}`, large[1:] + "x", "destroy"},
		"a shorter one":       {`'overwrite': true, 'contents': {'source': 'URL'}`, large[1:], "destroy"},
		"a longer one":        {`'overwrite': true, 'contents': {'source': 'URL'}`, large + "x", "destroy"},
		"another, in the way": {`'contents': {'source': 'URL'}`, large[1:] + "x", "conflict"},
		"with what is appended": {`'contents': {'source': 'URL'}, 'append': [
			{'source': 'data:,tail'}, {'source': 'URL'}]`, large + "tail" + large, "keep"},
		"with something else appended": {`'overwrite': true, 'contents': {'source': 'URL'}, 'append': [
			{'source': 'data:,tail'}, {'source': 'URL'}]`, large + "tall" + large, "destroy"},
		"appended to nothing": {`'append': [{'source': 'URL'}]`, large, "keep"},
	} {
		t.Run(claim, func(t *testing.T) {
			cfg := strings.ReplaceAll(`{'ignition': {'version': '3.4.0'}, 'storage': {'files': [
				{'path': '/f', `+test.file+`}]}}`, "URL", server.URL)
			_, p, problems := asked(t, cfg, Question{Machine: Machine{Root: trees.Fake{"/f": test.there}}, Fetch: true})
			if test.want == "conflict" {
				require.Len(t, problems, 1)
				assert.Contains(t, problems[0].Message, "a file with other content is there")
				return
			}
			require.Empty(t, problems)
			require.Len(t, p.Actions, 1)
			assert.Equal(t, test.want, p.Actions[0].Effect.String())
		})
	}
}

// What is larger in all than what is kept is verified all the same.
func TestContentsAreKeptOnlyAsFarAsThereIsRoom(t *testing.T) {
	f := &fetched{got: map[string]*body{}, kept: fetchedMost - 3}
	for name, text := range map[string]string{"a": "four", "b": "one"} {
		r := config.Resource{Source: &name}
		b := &body{Resource: r, sum: sha256.New()}
		_, _ = b.Write([]byte("broken off"))
		require.NoError(t, b.Reset())
		_, _ = b.Write([]byte(text))
		f.got[key(&r)] = b
		f.keep(b)
		assert.Equal(t, text == "one", b.kept())
		assert.True(t, f.has(&r))
		assert.EqualValues(t, len(text), f.size(&r))
	}
}
