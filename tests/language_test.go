package tests

import (
	"go/ast"
	"go/token"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// language lists the packages that read and judge configs.
var language = []string{"config", "validate", "internal/diag", "internal/tree", "internal/language", "internal/cursor",
	"internal/document", "internal/butane", "internal/rules", "internal/load", "internal/check", "internal/source",
	"internal/field", "internal/codes"}

const maxMethods = 30

// methods counts those of each type of a package.
func methods(s *sourcePackage) map[string]int {
	count := map[string]int{}
	for _, f := range s.files {
		for _, d := range f.Decls {
			if method, ok := d.(*ast.FuncDecl); ok && method.Recv != nil {
				count[receiver(method)]++
			}
		}
	}
	return count
}

func TestTypesHaveFewMethods(t *testing.T) {
	for _, p := range everyPackage(t) {
		if strings.HasPrefix(p.path(), "tests") {
			continue
		}
		s := parsePackage(t, p, p.GoFiles)
		for name, count := range methods(s) {
			assert.LessOrEqual(t, count, maxMethods, "%s.%s: split it by what its methods are about", s.path, name)
		}
	}
}

// versionFree lists, by file and function, what may compare versions of the language outside of its tables.
var versionFree = map[string]int{
	"internal/butane/judge.go ownVersion":    1, // the first dialect with as new a config
	"internal/butane/peer.go judgePeerInner": 1, // Butane judges configs of one version only
	"config/history.go History":              1, // what came with the first version is no change
	"config/version.go isExperimental":       1, // what it is to be experimental
	"config/version.go versionHint":          1, // finding the version of a number
}

var versionNames = regexp.MustCompile(`^(V3_[0-9]+|Stable|Spec|minor|Minor)$`)

// declaredName is that of a function, or of the first variable.
func declaredName(d ast.Decl) string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		return d.Name.Name
	case *ast.GenDecl:
		if value, ok := d.Specs[0].(*ast.ValueSpec); ok {
			return value.Names[0].Name
		}
	}
	return ""
}

// versionComparisons counts comparisons with versions by the files and functions that they are in. Loops over all
// versions have none.
func versionComparisons(s *sourcePackage) map[string]int {
	found := map[string]int{}
	for _, f := range s.files {
		file := strings.Split(s.complain(f.Package, ""), ":")[0]
		for _, d := range f.Decls {
			ast.Inspect(d, func(n ast.Node) bool {
				if loop, ok := n.(*ast.ForStmt); ok {
					loop.Cond = nil
				}
				if b, ok := n.(*ast.BinaryExpr); ok && comparesVersions(b) {
					found[file+" "+declaredName(d)]++
				}
				return true
			})
		}
	}
	return found
}

// comparesVersions: one side is a version that has a name, or the number of one, or a variant is held against a text.
func comparesVersions(b *ast.BinaryExpr) bool {
	switch b.Op {
	case token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ:
	default:
		return false
	}
	version, variant, text := false, false, false
	ast.Inspect(b, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.Ident:
			version, variant = version || versionNames.MatchString(n.Name), variant || n.Name == "Variant"
		case *ast.BasicLit:
			text = text || n.Kind == token.STRING
		}
		return true
	})
	return version || variant && text
}

// forLanguage parses what is in those packages.
func forLanguage(t *testing.T, do func(*sourcePackage)) {
	t.Helper()
	for _, p := range everyPackage(t) {
		if slices.Contains(language, p.path()) {
			do(parsePackage(t, p, p.GoFiles))
		}
	}
}

func TestVersionsAreComparedInTables(t *testing.T) {
	all := map[string]int{}
	forLanguage(t, func(s *sourcePackage) { maps.Copy(all, versionComparisons(s)) })
	assert.Equal(t, versionFree, all, "ask a table of package config, or a feature of a dialect")
}

func TestComparisonsOfVersionsAndMethodsAreFound(t *testing.T) {
	s := parseText(t, `package tree
func f(d Dialect) bool {
	return d.Spec >= config.V3_3 && d.minor < 19 || d.Variant == "openshift"
}
func g(d, e Dialect) bool {
	for v := V3_0; v <= Newest; v++ {
		if d.Variant == e.Variant && e.features == 0 {
			return true
		}
	}
	return false
}
var h = func(v Version) bool { return v == Stable }
func (d Dialect) a() {}
func (d *Dialect) b() {}
`)
	assert.Equal(t, map[string]int{"internal/tree/example.go f": 3, "internal/tree/example.go h": 1},
		versionComparisons(s))
	assert.Equal(t, map[string]int{"Dialect": 2}, methods(s))
}
