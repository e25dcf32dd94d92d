package stages

import (
	"context"
	"encoding/pem"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/files"
	"github.com/glowplug-os/glowplug/tests/trees"
)

const childConfig = `{"ignition": {"version": "3.4.0"}, "storage": {"directories": [{"path": "/child"}]}}`

// authorities gives a server of a bundle, which counts who asks, and one that the bundle is for.
func authorities(t *testing.T, fails bool) (bundle, secure string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	over := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/config" {
			_, _ = io.WriteString(w, childConfig)
			return
		}
		_, _ = io.WriteString(w, "text")
	}))
	t.Cleanup(over.Close)
	plain := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		switch {
		case fails:
			w.WriteHeader(http.StatusNotFound)
		case r.URL.Path == "/moved":
			http.Redirect(w, r, over.URL+"/config", http.StatusFound)
		default:
			_ = pem.Encode(w, &pem.Block{Type: "CERTIFICATE", Bytes: over.Certificate().Raw})
		}
	}))
	t.Cleanup(plain.Close)
	return plain.URL, over.URL, asked
}

func TestAuthoritiesAreFetchedForAPlanOnlyWhereTheyAreNeeded(t *testing.T) {
	t.Parallel()
	const fromServer = `{'ignition': {'version': '3.4.0', MERGE 'security': {'tls': {'certificateAuthorities': [
		{'source': 'CA/ca'}]}}}, 'storage': {'files': [{'path': '/f', 'contents': {'source': 'TLS/f'}}]}}`
	child := url.PathEscape(childConfig)
	const note = "certificate authorities: 1 entry of the config, not fetched, as nothing was fetched over TLS"
	for name, each := range map[string]struct {
		merge    string
		question Question
		fails    bool
		asked    int32
		notes    []string
		conflict string
	}{
		"a plan that fetches nothing": {fails: true, notes: []string{note}},
		"the same offline": {fails: true, question: Question{Request: Request{Offline: true}},
			notes: []string{note}},
		"a child in the config":    {fails: true, merge: "data:," + child, notes: []string{note}},
		"a child over TLS":         {merge: "TLS/config", asked: 1},
		"a child that leads there": {merge: "CA/moved", asked: 2},
		"contents are fetched":     {question: Question{Fetch: true}, asked: 1},
		"contents are fetched, and authorities fail": {fails: true, question: Question{Fetch: true}, asked: 1,
			conflict: "certificate authorities"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca, tls, count := authorities(t, each.fails)
			merge := ""
			if each.merge != "" {
				merge = "'config': {'merge': [{'source': '" + each.merge + "'}]},"
			}
			q := each.question
			q.Root = trees.Fake{}
			cfg := strings.Replace(fromServer, "MERGE", merge, 1)
			_, p, _ := asked(t, strings.NewReplacer("CA/", ca+"/", "TLS/", tls+"/").Replace(cfg), q)
			assert.Equal(t, each.notes, p.Notes)
			assert.Equal(t, each.asked, count.Load())
			if each.merge != "" {
				assert.Len(t, p.Actions, 2)
			}
			if each.conflict == "" {
				assert.Empty(t, p.Conflicts)
				return
			}
			require.NotEmpty(t, p.Conflicts)
			assert.Contains(t, p.Conflicts[0].Message, each.conflict)
			assert.Equal(t, report.InTheWay, p.Exit())
		})
	}
}

// What is only planned or compared asks no server; what is carried out has the authorities before it writes anything.
func TestAuthoritiesAreFetchedOnceAPlanIsToBeCarriedOut(t *testing.T) {
	t.Parallel()
	const local = `{'path': '/a', 'contents': {'source': 'data:,a'}}`
	const far = `{'path': '/f', 'contents': {'source': 'TLS/f'}}`
	const inTheWay = `{'path': '/there', 'contents': {'source': 'data:,a'}}`
	for name, each := range map[string]struct {
		files string
		ended bool // by who sees the plan
		fails bool
		asked int32
		err   string
		left  []string
	}{
		"a plan that is only seen": {files: local, ended: true, fails: true, err: assert.AnError.Error()},
		"one that is carried out":  {files: local + ", " + far, asked: 1, left: []string{"a", "f"}},
		"authorities fail":         {files: local, fails: true, asked: 1, err: "CA/ca"},
		"something is in the way":  {files: local + ", " + inTheWay, fails: true, err: "a directory"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ca, tls, count := authorities(t, each.fails)
			dir := t.TempDir()
			require.NoError(t, os.Mkdir(filepath.Join(dir, "there"), 0o755))
			text := strings.NewReplacer("'", `"`, "CA/", ca+"/", "TLS/", tls+"/").Replace(`{'ignition':
				{'version': '3.4.0', 'timeouts': {'httpTotal': 1}, 'security': {'tls': {'certificateAuthorities': [
				{'source': 'CA/ca'}]}}}, 'storage': {'files': [` + each.files + `]}}`)
			err := Apply(t.Context(), Application{Root: dir, Files: files.Options{Means: target.Means{NoOwner: true}},
				Request: Request{Name: "x.ign", Text: []byte(text), Late: true, Log: slog.New(slog.DiscardHandler),
					Report: func([]diag.Problem) {}},
				Plan: func(ctx context.Context, cfg config.Config, o files.Options) (plan.Plan, error) {
					return PlanAhead(ctx, cfg, o, nil, func(*Forecast, error) error {
						if each.ended {
							return assert.AnError
						}
						return nil
					})
				}})
			assert.Equal(t, each.asked > 0, count.Load() > 0)
			left, failed := os.ReadDir(dir)
			require.NoError(t, failed)
			var names []string
			for _, l := range left {
				if l.Name() != "there" {
					names = append(names, l.Name())
				}
			}
			assert.Equal(t, each.left, names)
			if each.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, strings.ReplaceAll(each.err, "CA/", ca+"/"))
		})
	}
}
