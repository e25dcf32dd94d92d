package tests

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// public packages are for other Go programs.
var public = []string{"config", "validate"}

// internalNames lists the names in a declaration that come from packages below internal/, by how the file imports them.
func internalNames(file *ast.File, declared ast.Node) (names []string) {
	inside := map[string]bool{}
	for _, i := range file.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		if strings.Contains(path, "/internal/") {
			name := path[strings.LastIndexByte(path, '/')+1:]
			if i.Name != nil {
				name = i.Name.Name
			}
			inside[name] = true
		}
	}
	ast.Inspect(declared, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt: // what a function does is its own business
			return false
		case *ast.Field:
			return len(n.Names) == 0 || anyExported(n.Names) || !isOfStruct(declared)
		case *ast.SelectorExpr:
			if x, ok := n.X.(*ast.Ident); ok && inside[x.Name] {
				names = append(names, x.Name+"."+n.Sel.Name)
			}
		}
		return true
	})
	return names
}

// isOfStruct: fields of types may be for the package alone; parameters never are.
func isOfStruct(declared ast.Node) bool {
	_, ok := declared.(*ast.TypeSpec)
	return ok
}

func anyExported(names []*ast.Ident) bool {
	for _, name := range names {
		if name.IsExported() {
			return true
		}
	}
	return false
}

// exported visits the exported declarations of a file.
func exported(file *ast.File, visit func(name string, declared ast.Node)) {
	for _, d := range file.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Name.IsExported() && (d.Recv == nil || ast.IsExported(receiver(d))) {
				visit(d.Name.Name, d)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Name.IsExported() {
						visit(spec.Name.Name, spec)
					}
				case *ast.ValueSpec:
					if anyExported(spec.Names) {
						visit(spec.Names[0].Name, spec)
					}
				}
			}
		}
	}
}

func TestWhatIsForOtherProgramsNamesNothingInternal(t *testing.T) {
	for _, dir := range public {
		names, err := filepath.Glob("../" + dir + "/*.go")
		require.NoError(t, err)
		seen := 0
		for _, name := range names {
			if strings.HasSuffix(name, "_test.go") {
				continue
			}
			file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
			require.NoError(t, err)
			exported(file, func(of string, declared ast.Node) {
				seen++
				assert.Empty(t, internalNames(file, declared), "%s.%s", dir, of)
			})
		}
		assert.Greater(t, seen, 5, dir)
	}
}

func TestInternalNamesAreFound(t *testing.T) {
	const text = `package p
import ("x/internal/diag"; "io")
type A struct { a diag.Place; B int }
type B struct { P diag.Place }
type C = diag.Place
func D(diag.Place) {}
func E() (p *diag.Place) { return nil }
func F(io.Reader) { var p diag.Place; _ = p }
func (a A) G(b int) []diag.Place { return nil }
var H diag.Place
const I = 1
`
	file, err := parser.ParseFile(token.NewFileSet(), "p.go", text, parser.SkipObjectResolution)
	require.NoError(t, err)
	var found []string
	exported(file, func(of string, declared ast.Node) {
		if internalNames(file, declared) != nil {
			found = append(found, of)
		}
	})
	assert.Equal(t, []string{"B", "C", "D", "E", "G", "H"}, found)
}
