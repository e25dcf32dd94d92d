package accounts

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/accounts"
	"github.com/glowplug-os/glowplug/internal/diag"
)

const recordedFile = "cases.jsonl"

func readRecords(t *testing.T) []record {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", recordedFile))
	require.NoError(t, err)
	defer f.Close()
	var all []record
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var r record
		require.NoError(t, json.Unmarshal(lines.Bytes(), &r))
		all = append(all, r)
	}
	require.NoError(t, lines.Err())
	return all
}

// toolsOf are those of the releases.
var toolsOf = map[string]accounts.Tools{"bookworm": accounts.OldTools, "trixie": accounts.CurrentTools}

// asWanted are the cases of the one exception in docs/accounts.md: what is as wanted is not written again.
var asWanted = map[string]string{
	"a password that is there already":                     "usermod gives it today's date",
	"a group that is as wanted, on a line of its own make": "groupmod writes the line in its own way",
}

func TestAsTheToolsDid(t *testing.T) {
	records := readRecords(t)
	require.GreaterOrEqual(t, len(records), 120)
	for i := range records {
		r := &records[i]
		for _, release := range r.Releases {
			t.Run(release+" "+r.Name, func(t *testing.T) { r.replay(t, toolsOf[release]) })
		}
	}
}

// replay does the case again, without tools.
func (r *record) replay(t *testing.T, tools accounts.Tools) {
	result, tree, err := r.ours(t, tools)
	if r.Failed != "" {
		require.Error(t, err, "the tools said: %s", r.Failed)
		return
	}
	require.NoError(t, err)
	if _, listed := asWanted[r.Name]; listed {
		assert.NotEmpty(t, r.difference(result, tree), "no exception is needed")
		return
	}
	assert.Empty(t, r.difference(result, tree), "what the tools left (-) and what we do (+)")
	r.again(t, result, tools)
}

func (r *record) have() accounts.Files {
	have := accounts.Files{}
	for path, text := range r.before() {
		have[path] = diag.Secret(text)
	}
	return have
}

// ours does to the case what we do.
func (r *record) ours(t *testing.T, tools accounts.Tools) (*accounts.Result, tree, error) {
	tree := newTree(t, append(slices.Clone(baseNodes), r.Nodes...))
	result, err := accounts.Apply(r.have(), wanted(r.Config), today, tools)
	if err == nil {
		err = failure(tree, result)
	}
	return result, tree, err
}

func (r *record) difference(ours *accounts.Result, tree tree) string {
	got := map[string]string{}
	for path, text := range ours.Files {
		got[path] = text.Reveal()
	}
	return cmp.Diff(or(&r.After), got, cmpopts.EquateEmpty()) + cmp.Diff(r.Left, tree.list())
}

// again applies the config to its own result.
func (r *record) again(t *testing.T, first *accounts.Result, tools accounts.Tools) {
	have := r.have()
	for path, text := range first.Files {
		have[path] = text
	}
	for _, day := range []int64{today, today + 1} {
		second, err := accounts.Apply(have, wanted(r.Config), day, tools)
		if r.comesAndGoes() {
			return
		}
		require.NoError(t, err)
		assert.Empty(t, second.Files)
		assert.Empty(t, second.Effects)
		for _, c := range second.Changes {
			assert.Equal(t, accounts.Keep, c.Verb, c.Name)
		}
	}
}

// comesAndGoes tells whether the config deletes someone whom it makes: it cannot be the same twice.
func (r *record) comesAndGoes() bool {
	seen := map[string]bool{}
	for _, u := range r.Config.Users {
		if seen[u.Name] {
			return true
		}
		seen[u.Name] = true
	}
	return false
}

func failure(tree tree, result *accounts.Result) error {
	for _, e := range result.Effects {
		if err := tree.do(e); err != nil {
			return err
		}
	}
	return nil
}

func TestErrorsNameTheEntry(t *testing.T) {
	for _, r := range readRecords(t) {
		_, err := accounts.Apply(r.have(), wanted(r.Config), today, toolsOf[r.Releases[0]])
		if err == nil {
			continue
		}
		var e *accounts.Error
		require.True(t, errors.As(err, &e), r.Name)
		if e.User {
			assert.Equal(t, r.Config.Users[e.Index].Name, e.Name, r.Name)
		} else {
			assert.Equal(t, r.Config.Groups[e.Index].Name, e.Name, r.Name)
		}
		assert.NotEmpty(t, e.Message)
		assert.NotContains(t, err.Error(), "$6$")
	}
}
