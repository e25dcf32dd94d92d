package codes_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
)

// constants gives the codes that the package declares, by their names.
func constants(t *testing.T) map[string]codes.Code {
	t.Helper()
	found := map[string]codes.Code{}
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		require.NoError(t, err)
		ast.Inspect(file, func(n ast.Node) bool {
			spec, ok := n.(*ast.ValueSpec)
			if kind, named := specType(spec); ok && named && kind == "Code" {
				text, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
				require.NoError(t, err)
				found[spec.Names[0].Name] = codes.Code(text)
			}
			return true
		})
	}
	return found
}

func specType(spec *ast.ValueSpec) (name string, named bool) {
	if spec == nil {
		return "", false
	}
	id, ok := spec.Type.(*ast.Ident)
	if !ok {
		return "", false
	}
	return id.Name, true
}

func TestEveryCodeHasOneRow(t *testing.T) {
	rows := map[codes.Code]int{}
	for _, r := range codes.Rows() {
		rows[r.Code]++
	}
	declared := constants(t)
	require.Greater(t, len(declared), 150)
	for name, code := range declared {
		assert.Equal(t, 1, rows[code], "rows of %s", name)
		assert.Equal(t, strings.ToLower(name), strings.ReplaceAll(string(code), "-", ""), "the name says the code")
		delete(rows, code)
	}
	assert.Empty(t, rows, "rows without a constant")
}

func TestRowsSayEverything(t *testing.T) {
	for _, r := range codes.Rows() {
		assert.Regexp(t, "^[a-z0-9]+(-[a-z0-9]+)*$", r.Code)
		for _, text := range []string{r.Line, r.Do, r.Why, r.Show().Right} {
			assert.NotEmpty(t, strings.TrimSpace(text), r.Code)
		}
		assert.NotContains(t, r.Line+r.Do, "|", "%s: it would end a cell of the docs", r.Code)
		assert.False(t, strings.HasSuffix(r.Line, ".") || strings.HasSuffix(r.Do, "."), "%s: no full stop", r.Code)
		assert.True(t, strings.HasSuffix(r.Why, "."), "%s: whole sentences", r.Code)
		assert.NotEqual(t, r.Show().Wrong, r.Show().Right, r.Code)
	}
}

func TestFindGivesTheRow(t *testing.T) {
	row, known := codes.Find(codes.PathRelative)
	assert.True(t, known)
	assert.Equal(t, codes.PathRelative, row.Code)
	_, known = codes.Find("path-relativ")
	assert.False(t, known)
}

func TestFindMakesNothing(t *testing.T) {
	assert.Zero(t, testing.AllocsPerRun(10, func() {
		codes.Find(codes.PathRelative)
		codes.Find("path-relativ")
	}))
}

func TestWhoIsTold(t *testing.T) {
	for k, want := range map[codes.Kind]codes.Telling{
		codes.Error:        {Workstation: "error", Boot: "error", Peer: "error"},
		codes.OurError:     {Workstation: "error", Boot: "warning"},
		codes.LaxWarning:   {Workstation: "warning", Boot: "warning", Peer: "error"},
		codes.PeersWarning: {Peer: "warning"},
	} {
		assert.Equal(t, want, k.Told(), k)
	}
}

// A code that only one command shows is not said to be shown by others.
func TestWhichCommandTells(t *testing.T) {
	for code, want := range map[codes.Code]codes.Telling{
		codes.PathRelative:  {Command: "glowplug validate", Workstation: "error", Boot: "error", Peer: "error"},
		codes.VersionTooOld: {Command: "glowplug convert --to", Workstation: "error"},
		codes.VersionInside: {Command: "glowplug convert --to", Workstation: "error"},
		codes.RawIgnored:    {Command: "glowplug convert --raw", Workstation: "warning", Peer: "warning"},
		codes.UnitState:     {Command: "glowplug apply", Workstation: "warning"},
		codes.NotApplied:    {Command: "glowplug apply", Workstation: "warning"},
		codes.InTheWay:      {Command: "glowplug plan", Workstation: "error", Boot: "error"},
		codes.NotKnown:      {Command: "glowplug plan", Workstation: "error", Boot: "error"},
	} {
		row, known := codes.Find(code)
		assert.True(t, known)
		assert.Equal(t, want, row.Told(), code)
	}
}

// Of an error that is a warning in some cases the line says in which: explain refers to it.
func TestLinesSayWhatIsAWarningInSomeCases(t *testing.T) {
	for _, r := range codes.Rows() {
		if r.Kind.Warns() || !slices.ContainsFunc(r.Also, codes.Kind.Warns) {
			continue
		}
		assert.Regexp(t, "; (an error|a warning) ", r.Line, r.Code)
	}
}
