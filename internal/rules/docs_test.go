package rules_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A codeFinder collects the codes of problems from the source of a package: what is given to a parameter, a field or a
// variable called code.
type codeFinder struct {
	codes  map[string]bool
	params map[string]int // functions that have such a parameter, and at which place
}

// isCode: Code, code, CodeEmpty.
func isCode(name string) bool { return strings.HasPrefix(strings.ToLower(name), "code") }

func (f *codeFinder) literal(name string, e ast.Expr) {
	literal, ok := e.(*ast.BasicLit)
	if !ok || literal.Kind != token.STRING || !isCode(name) {
		return
	}
	if code, err := strconv.Unquote(literal.Value); err == nil {
		f.codes[code] = true
	}
}

// declared remembers at which place a function takes a code.
func (f *codeFinder) declared(d *ast.FuncDecl) {
	place := 0
	for _, field := range d.Type.Params.List {
		for _, name := range field.Names {
			if isCode(name.Name) {
				f.params[d.Name.Name] = place
			}
			place++
		}
	}
}

func nameOf(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

func (f *codeFinder) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.KeyValueExpr:
		f.literal(nameOf(n.Key), n.Value)
	case *ast.AssignStmt:
		for i, left := range n.Lhs {
			if len(n.Rhs) == len(n.Lhs) {
				f.literal(nameOf(left), n.Rhs[i])
			}
		}
	case *ast.ValueSpec:
		for i, value := range n.Values {
			f.literal(n.Names[i].Name, value)
		}
	case *ast.CallExpr:
		if place, takes := f.params[nameOf(n.Fun)]; takes && place < len(n.Args) {
			f.literal("code", n.Args[place])
		}
	}
	return true
}

// codesInSource gives every code that the packages use which find problems in a text.
func codesInSource(t *testing.T) []string {
	t.Helper()
	f := &codeFinder{codes: map[string]bool{}, params: map[string]int{}}
	var parsed []*ast.File
	for _, dir := range strings.Fields("internal/rules config internal/language internal/document internal/load " +
		"internal/tree internal/source internal/unit internal/field internal/check stages") {
		names, err := filepath.Glob("../../" + dir + "/*.go")
		require.NoError(t, err)
		require.NotEmpty(t, names, dir)
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			parsed = append(parsed, file)
		}
	}
	for _, file := range parsed {
		for _, d := range file.Decls {
			if function, ok := d.(*ast.FuncDecl); ok {
				f.declared(function)
			}
		}
	}
	for _, file := range parsed {
		ast.Inspect(file, f.visit)
	}
	delete(f.codes, "")
	var codes []string
	for code := range f.codes {
		codes = append(codes, code)
	}
	slices.Sort(codes)
	return codes
}

// documented gives the severity of each code in docs/problems.md.
func documented(t *testing.T) map[string]string {
	t.Helper()
	text, err := os.ReadFile("../../docs/problems.md")
	require.NoError(t, err)
	rows := map[string]string{}
	for _, m := range regexp.MustCompile("(?m)^\\| `([a-z0-9-]+)` \\| ([a-z, ]+) \\| [^|]+ \\| [^|]+ \\|$").
		FindAllStringSubmatch(string(text), -1) {
		assert.NotContains(t, rows, m[1], "two rows")
		rows[m[1]] = m[2]
	}
	assert.Equal(t, strings.Count(string(text), "\n| `"), len(rows), "every row has four cells")
	return rows
}

func TestEveryCodeIsDocumented(t *testing.T) {
	rows := documented(t)
	codes := codesInSource(t)
	require.Greater(t, len(codes), 80)
	for _, code := range codes {
		assert.Regexp(t, "^[a-z0-9]+(-[a-z0-9]+)*$", code)
		assert.Contains(t, rows, code, "docs/problems.md has no row for this code")
		delete(rows, code)
	}
	assert.Empty(t, rows, "rows of docs/problems.md for codes that are not in use")
}

func TestDocumentedSeveritiesAreThoseOfTheRules(t *testing.T) {
	rows := documented(t)
	for _, c := range ruleCases() {
		for _, line := range c.want {
			severity, rest, _ := strings.Cut(line, " ")
			code, _, _ := strings.Cut(rest, " ")
			want := severity
			if c.stricter && len(c.want) == 1 {
				want += ", stricter"
			}
			if c.laxer {
				want += ", laxer"
			}
			assert.Equal(t, want, rows[code], code)
		}
	}
}
