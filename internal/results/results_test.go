package results_test

import (
	"encoding/json"
	"encoding/xml"
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/results"
)

var update = flag.Bool("update", false, "write the golden files anew")

const text = "{\n  \"ignition\": {\"version\": \"3.6\"},\n  \"é\": {\n    \"zz\": 1 }\n}\n"

// report has what can be in one: a fix, a note, a problem of several lines, of a whole file, and what is not shown.
func report() *results.Report {
	doc := &diag.Document{Name: "./hosts/web, 1:a%.ign", Text: text, Secrets: func() []diag.Span { return nil }}
	at := func(part string) diag.Place {
		start := strings.Index(text, part)
		return diag.Place{Doc: doc, Span: diag.Span{Start: start, End: start + len(part)}}
	}
	return &results.Report{Program: "glowplug validate", Version: "9.9.9", Files: []results.File{
		{Name: doc.Name, Invalid: true, Problems: []diag.Problem{
			{Severity: diag.Error, Code: "version-syntax", Place: at(`"3.6"`), Path: "$.ignition.version",
				Message: `"3.6" is not a version`, Hint: `write "3.6.0"`,
				Fix: diag.Rewrite(at(`"3.6"`), "3.6", "3.6.0")},
			{Severity: diag.Warning, Code: "key-unknown", Place: at("{\n    \"zz\": 1 }"), Path: "$.é",
				Message: "100% of <it> & more\n::error::forged\x1b[2J",
				Related: []diag.Related{{Place: at(`"zz"`), Path: "$.é.zz", Message: "here]]>"}}},
			{Severity: diag.Warning, Place: diag.Place{Doc: doc}, Message: "and 7 more warnings", More: 7},
		}},
		{Name: "good.ign"},
		{Name: "odd.ign", Problems: []diag.Problem{{Severity: diag.Advice, Code: "duplicate",
			Place:   diag.Place{Doc: &diag.Document{Name: "odd.ign", Text: "x"}, Span: diag.Span{Start: 1, End: 1}},
			Message: "a note"}}},
		{Name: "/gone\n.ign", Invalid: true, Problems: []diag.Problem{{Severity: diag.Error, Code: "unreadable",
			Place: diag.Place{Doc: &diag.Document{Name: "/gone\n.ign"}}, Message: "no such file or directory"}}},
	}}
}

// Each golden file was read beside the description of its form: SARIF 2.1.0, GitHub's workflow commands, GitLab's code
// quality reports, JUnit.
func TestEachFormIsAsItsReadersWantIt(t *testing.T) {
	for _, f := range results.Formats() {
		t.Run(f.Name, func(t *testing.T) {
			var b strings.Builder
			require.NoError(t, f.Write(&b, report()))
			for line := range strings.Lines(b.String()) {
				assert.Equal(t, diag.Printable(strings.TrimSuffix(line, "\n"))+"\n", line, "nothing moves a terminal")
			}
			golden := filepath.Join("testdata", f.Name)
			if *update {
				require.NoError(t, os.WriteFile(golden, []byte(b.String()), 0o644))
			}
			want, err := os.ReadFile(golden)
			require.NoError(t, err)
			assert.Equal(t, string(want), b.String())
		})
	}
}

// command is a workflow command, as GitHub documents it: ::NAME KEY=VALUE,KEY=VALUE::TEXT, one to a line.
var command = regexp.MustCompile(`^::(error|warning|notice)((?: |,)[a-zA-Z]+=[^,:]*)*::(.*)$`)

func TestARunnerReadsWhatWasMeant(t *testing.T) {
	var b strings.Builder
	github, known := results.Of("github")
	require.True(t, known)
	require.NoError(t, github.Write(&b, report()))
	back := strings.NewReplacer("%0D", "\r", "%0A", "\n", "%3A", ":", "%2C", ",", "%25", "%").Replace
	var files, texts []string
	for line := range strings.Lines(b.String()) {
		line = strings.TrimSuffix(line, "\n")
		m := command.FindStringSubmatch(line)
		require.NotNil(t, m, line)
		texts = append(texts, back(m[3]))
		properties, _, _ := strings.Cut(strings.TrimPrefix(line, "::"+m[1]+" "), "::")
		for property := range strings.SplitSeq(properties, ",") {
			if key, value, _ := strings.Cut(property, "="); key == "file" {
				files = append(files, back(value))
			}
		}
	}
	web := "hosts/web, 1:a%.ign"
	assert.Equal(t, []string{web, web, web, "odd.ign", `/gone\n.ign`}, files)
	assert.Equal(t, []string{"\"3.6\" is not a version\nhint: write \"3.6.0\"",
		`100% of <it> & more; ::error::forged\x1b[2J`, "and 7 more warnings", "a note", "no such file or directory"},
		texts)
}

func TestAReportOfNothingIsWholeToo(t *testing.T) {
	for _, f := range results.Formats() {
		var b strings.Builder
		require.NoError(t, f.Write(&b, &results.Report{Program: "x", Files: []results.File{{Name: "a.ign"}}}))
		switch f.Name {
		case "line", "github":
			assert.Empty(t, b.String(), f.Name)
		case "junit":
			assert.NoError(t, xml.Unmarshal([]byte(b.String()), new(struct{ XMLName xml.Name })))
			assert.Contains(t, b.String(), `failures="0"`)
		default:
			assert.True(t, json.Valid([]byte(b.String())), f.Name)
			assert.NotContains(t, b.String(), "null", "a list without items is a list")
		}
	}
}

func TestARuleOfSARIFHasTheLevelOfItsProblems(t *testing.T) {
	for code, level := range map[codes.Code]string{codes.PathVolatile: "note", codes.KeyUnknown: "warning",
		codes.PathRelative: "error"} {
		var b strings.Builder
		sarif, known := results.Of("sarif")
		require.True(t, known)
		files := []results.File{{Problems: []diag.Problem{{Code: code}}}}
		require.NoError(t, sarif.Write(&b, &results.Report{Files: files}))
		assert.Contains(t, b.String(), `"defaultConfiguration": {
                "level": "`+level+`"`, code)
	}
}

func TestFingerprintsStayWhereLinesMove(t *testing.T) {
	prints := func(lines string, twice bool) (all []string) {
		doc := &diag.Document{Name: "a.ign", Text: lines + "x"}
		p := diag.Problem{Severity: diag.Error, Code: "duplicate", Message: "m",
			Place: diag.Place{Doc: doc, Span: diag.Span{Start: len(lines), End: len(lines) + 1}}}
		r := results.Report{Files: []results.File{{Name: "a.ign", Problems: []diag.Problem{p}}}}
		if twice {
			r.Files[0].Problems = append(r.Files[0].Problems, p)
		}
		var b strings.Builder
		gitlab, known := results.Of("gitlab")
		require.True(t, known)
		require.NoError(t, gitlab.Write(&b, &r))
		var list []struct{ Fingerprint string }
		require.NoError(t, json.Unmarshal([]byte(b.String()), &list))
		for _, issue := range list {
			all = append(all, issue.Fingerprint)
		}
		return all
	}
	assert.Equal(t, prints("", false), prints("\n\n", false))
	both := prints("", true)
	assert.NotEqual(t, both[0], both[1], "two issues that are alike are two")
	assert.Equal(t, prints("", false)[0], both[0])
}
