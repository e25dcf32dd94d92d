package parity

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/internal/butane"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/internal/zip"
)

// A translation is what Butane made of a document, plainly and with --strict, and for OpenShift with --raw too.
type translation struct {
	ID, YAML string
	YAML64   []byte `json:"yaml_b64"`
	Files    map[string]localFile
	FilesDir string `json:"files_dir"`
	outcome
	StrictOK bool `json:"strict_ok"`
	Raw      *outcome
}

type outcome struct {
	OK      bool
	Entries []entry
	Result  any
}

type localFile struct {
	Type, Mode, Text, Target string
	B64                      []byte
}

func TestRecordedTranslationsAreReproduced(t *testing.T) {
	all := rows[translation](t, "butane.jsonl.gz")
	for _, row := range all {
		if row.YAML64 != nil {
			row.YAML = string(row.YAML64)
		}
		files, dir := row.write(t)
		options := load.Options{Files: files, FilesDir: dir, Local: true, Butane: true, Zip: zipper}
		report := row.outcome.compare(t, row.ID, row.YAML, options)
		require.Equal(t, row.StrictOK, row.OK && len(report) == 0, "%s: %v", row.ID, report)
		if row.Raw != nil {
			options.Raw = true
			row.Raw.compare(t, row.ID+" raw", row.YAML, options)
		}
	}
	t.Logf("%d recorded translations agree in verdict, result, and every kind, path, line and column", len(all))
}

// zipper compresses as the command butane does.
func zipper(much bool) butane.Zipper { return zip.New(much) }

// write makes the local files of a row, if it has any.
func (row *translation) write(t *testing.T) (fs.FS, string) {
	if row.FilesDir == "" {
		return nil, ""
	}
	dir := filepath.Join(t.TempDir(), row.FilesDir)
	require.NoError(t, os.MkdirAll(dir, 0o755))
	for name, f := range row.Files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		switch f.Type {
		case "dir":
			require.NoError(t, os.MkdirAll(path, 0o755))
		case "symlink":
			require.NoError(t, os.Symlink(f.Target, path))
		default:
			content := []byte(f.Text)
			if f.B64 != nil {
				content = f.B64
			}
			mode, err := strconv.ParseUint("0"+f.Mode, 8, 32)
			require.NoError(t, err)
			require.NoError(t, os.WriteFile(path, content, 0o644))
			if f.Mode != "" {
				require.NoError(t, os.Chmod(path, fs.FileMode(mode)))
			}
		}
	}
	return os.DirFS(dir), dir
}

// compare translates a document as the peer does and holds what comes out against what is recorded.
func (want *outcome) compare(t *testing.T, id, text string, o load.Options) (report []entry) {
	r := load.ReadWith(tree.NewArena(), "input.bu", text, o)
	problems := diag.For(diag.Peer, r.Problems)
	require.Equal(t, want.OK, r.Valid(diag.Peer), "%s: %v", id, problems)
	for _, p := range problems {
		report = append(report, butaneEntry(p))
	}
	// The peer has no entries for what it cannot read at all.
	if r.Butane != nil && len(want.Entries) > 0 || want.OK {
		if diff := cmp.Diff(sorted(want.Entries), sorted(report)); diff != "" {
			t.Errorf("%s (-recorded +ours):\n%s", id, diff)
		}
	}
	if !want.OK {
		return report
	}
	var got any
	if manifest := r.Butane.MachineConfig(); manifest != nil {
		require.NoError(t, yaml.Unmarshal(manifest, &got))
		normal, err := json.Marshal(got)
		require.NoError(t, err)
		require.NoError(t, json.Unmarshal(normal, &got))
	} else {
		require.NoError(t, json.Unmarshal(r.Butane.JSON(false), &got))
	}
	if diff := cmp.Diff(plain(t, want.Result), plain(t, got)); diff != "" {
		t.Errorf("%s (-recorded +ours):\n%s", id, diff)
	}
	return report
}

// butaneEntry gives a problem as the corpus has it, with columns in characters.
func butaneEntry(p diag.Problem) entry {
	doc := p.Place.Doc
	line, col := doc.Position(p.Place.Span.Start)
	before := doc.Text[p.Place.Span.Start-col+1 : p.Place.Span.Start]
	return entry{Kind: p.Severity.String(), Path: p.Path, Line: line, Col: utf8.RuneCountInString(before) + 1}
}

func sorted(report []entry) []entry {
	report = slices.Clone(report)
	slices.SortFunc(report, func(a, b entry) int { return strings.Compare(fmt.Sprint(a), fmt.Sprint(b)) })
	if len(report) == 0 {
		return nil
	}
	return report
}

// plain decodes data: URLs, so that only their content is compared, and numbers that YAML 1.1 takes for text.
func plain(t *testing.T, v any) any {
	switch v := v.(type) {
	case string:
		if f, err := strconv.ParseFloat(v, 64); err == nil && strings.Contains(v, "e+") {
			return f
		}
	case []any:
		for i := range v {
			v[i] = plain(t, v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = plain(t, v[k])
		}
		source, _ := v["source"].(string)
		if opaque, ok := strings.CutPrefix(source, "data:"); ok {
			v["source"] = content(t, opaque, v["compression"] == "gzip")
		}
	}
	return v
}

// content decodes a data: URL; one that is none stays as it is.
func content(t *testing.T, opaque string, zipped bool) string {
	kind, body, _ := strings.Cut(opaque, ",")
	data, err := base64.StdEncoding.DecodeString(body)
	if kind != ";base64" {
		var text string
		text, err = url.PathUnescape(body)
		data = []byte(text)
	}
	if err != nil || !zipped {
		return string(data)
	}
	reader, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return string(data) // the document says so, but it is not
	}
	data, err = io.ReadAll(reader)
	require.NoError(t, err)
	return string(data)
}
