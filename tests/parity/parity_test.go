package parity

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
)

type entry struct {
	Severity string `json:"sev"`
	Kind     string `json:"kind"` // what the corpus calls the severity
	Path     string `json:"path"`
	Line     int    `json:"line"`
	Col      int    `json:"col"`
}

// rows reads a file of one JSON object a line, gzipped or not.
func rows[T any](t *testing.T, name string) []T {
	t.Helper()
	f, err := os.Open("testdata/" + name)
	require.NoError(t, err)
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(name, ".gz") {
		r, err = gzip.NewReader(f)
		require.NoError(t, err)
	}
	var all []T
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<24)
	for lines.Scan() {
		var row T
		require.NoError(t, json.Unmarshal(lines.Bytes(), &row))
		all = append(all, row)
	}
	require.NoError(t, lines.Err())
	require.NotEmpty(t, all)
	return all
}

var entryLine = regexp.MustCompile(`^(error|warning|info)(?: at (\$\S*?))?(?:,? (?:at )?line (\d+) col (\d+))?: `)

// peerReport runs our validator under the peer's name and reads what it prints.
func peerReport(t *testing.T, text string) (valid bool, report []entry, parseError string) {
	t.Helper()
	var out, errs bytes.Buffer
	p := &cli.Process{Args: []string{"-"}, In: strings.NewReader(text), Out: &diag.Screen{To: &out},
		Err: &diag.Screen{To: &errs}}
	code := cli.Run(t.Context(), p, []cli.Program{{Command: check.Peer()}})
	for line := range strings.Lines(out.String()) {
		m := entryLine.FindStringSubmatch(line)
		require.NotNil(t, m, "a report line of the fixed form: %q", line)
		number := func(s string) int { n, _ := strconv.Atoi(s); return n }
		path := m[2]
		if path == "" {
			path = "$"
		}
		report = append(report, entry{Severity: m[1], Path: path, Line: number(m[3]), Col: number(m[4])})
	}
	return code == cli.ExitOK, report, errs.String()
}

// deviates names the vectors that we answer otherwise on purpose, by the row of docs/deviations.md.
func deviates(id string) string {
	if id == "luks.34ok@3.4.0" {
		return "tang-advertisement"
	}
	return ""
}

type vector struct {
	ID, Kind, Config, Parent, Child, Error string
	Report, PostMergeReport                []entry
	Result                                 any
}

// docs/peer/spec.md Appendix A.
func TestVectorsOfThePeerAreReproduced(t *testing.T) {
	for _, v := range rows[vector](t, "spec-vectors.jsonl") {
		t.Run(v.Kind+"/"+v.ID, func(t *testing.T) {
			if v.Kind == "merge" {
				mergeVector(t, v)
			} else {
				parseVector(t, v)
			}
		})
	}
}

func parseVector(t *testing.T, v vector) {
	valid, report, parseError := peerReport(t, v.Config)
	require.Equal(t, v.Error == "", valid)
	require.Equal(t, v.Error == "EMPTY" || strings.HasSuffix(v.Error, "_VERSION"), parseError != "", parseError)
	for i := range v.Report {
		v.Report[i].Severity = strings.TrimSpace(v.Report[i].Severity)
	}
	if diff := cmp.Diff(settle(v.Report), settle(report)); diff != "" {
		t.Errorf("report (-recorded +ours):\n%s", diff)
	}
	if !valid {
		return
	}
	r := load.Read(tree.NewArena(), v.ID, v.Config)
	if deviates(v.ID) == "" {
		require.Equal(t, prune(v.Result), canonical(t, r.Config))
	}
	holdAgainstRules(t, r.Config, v.PostMergeReport)
}

// settle sorts the runs of unused keys of one object, whose order the peer leaves to chance.
func settle(report []entry) []entry {
	report = slices.Clone(report)
	slices.SortStableFunc(report, func(a, b entry) int {
		if parent(a) == parent(b) && a.Severity == "warning" && b.Severity == "warning" {
			return strings.Compare(a.Path, b.Path)
		}
		return 0
	})
	if len(report) == 0 {
		return nil
	}
	return report
}

func parent(e entry) string { return e.Path[:max(0, strings.LastIndex(e.Path, "."))] }

func mergeVector(t *testing.T, v vector) {
	arena := tree.NewArena()
	parent := load.Read(arena, "parent", v.Parent)
	child := load.Read(arena, "child", v.Child)
	require.True(t, parent.Valid(diag.Peer))
	require.True(t, child.Valid(diag.Peer))
	merged := document.Merge(parent.Config, child.Config)
	require.Equal(t, prune(v.Result), canonical(t, merged))
	holdAgainstRules(t, merged, v.PostMergeReport)
}

func canonical(t *testing.T, doc *document.Document) any {
	t.Helper()
	text, err := doc.JSON()
	require.NoError(t, err)
	var v any
	require.NoError(t, json.Unmarshal(text, &v))
	return prune(v)
}

// holdAgainstRules compares what the newest version's rules say of a config that is about to be used.
func holdAgainstRules(t *testing.T, doc *document.Document, want []entry) {
	t.Helper()
	var got []entry
	for _, p := range diag.For(diag.Peer, rules.Rules(doc)) {
		got = append(got, entry{Severity: p.Severity.String(), Path: p.Path})
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rules after merging (-recorded +ours):\n%s", diff)
	}
}

// prune drops what means "not said": nulls, empty lists and objects, to any depth.
func prune(v any) any {
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for k, x := range v {
			if x = prune(x); x != nil {
				kept[k] = x
			}
		}
		if len(kept) == 0 {
			return nil
		}
		return kept
	case []any:
		if len(v) == 0 {
			return nil
		}
		items := make([]any, len(v))
		for i, x := range v {
			if items[i] = prune(x); items[i] == nil {
				items[i] = map[string]any{}
			}
		}
		return items
	}
	return v
}

type verdict struct {
	ID, Config string
	Config64   []byte `json:"config_b64"`
	Valid      bool
	Entries    []entry
}

func TestRecordedVerdictsAreReproduced(t *testing.T) {
	differ := 0
	all := rows[verdict](t, "validate.jsonl.gz")
	for _, v := range all {
		if v.Config64 != nil {
			v.Config = string(v.Config64)
		}
		valid, report, _ := peerReport(t, v.Config)
		want := map[string]bool{}
		for _, e := range v.Entries {
			want[fmt.Sprint(e.Kind, e.Path, e.Line, e.Col)] = true
		}
		got := map[string]bool{}
		for _, e := range report {
			got[fmt.Sprint(e.Severity, e.Path, e.Line, e.Col)] = true
		}
		if valid != v.Valid || !cmp.Equal(want, got) {
			differ++
			t.Errorf("%s: valid %v, want %v\n%s", v.ID, valid, v.Valid, cmp.Diff(want, got))
		}
	}
	t.Logf("%d of %d recorded verdicts agree in every kind, path, line and column", len(all)-differ, len(all))
}
