package tests

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const maxFunctionLines = 80

// machineCalls read the machine behind the back of whoever calls a function. They are for cmd, tool and fetch.
var machineCalls = map[string][]string{
	"os":      {"Getenv", "LookupEnv", "Environ", "ExpandEnv"},
	"os/exec": {"Command", "CommandContext"},
	"time":    {"Now", "Since", "Until"},
}

// plainMethods are those of interfaces that everyone knows. They have a comment only where there is something to say.
var plainMethods = []string{"Error", "Unwrap", "String", "Read", "Write"}

func mayAskMachine(path string) bool {
	return strings.HasPrefix(path, "cmd/") || path == "internal/tool" || path == "internal/fetch"
}

// A sourcePackage is the parsed source of one package.
type sourcePackage struct {
	path  string // in the module
	fset  *token.FileSet
	files []*ast.File
}

// parsePackage reads the files of a package; Go skips those of other systems and tags, this does not.
func parsePackage(t *testing.T, p *listed, names []string) *sourcePackage {
	t.Helper()
	s := &sourcePackage{path: p.path(), fset: token.NewFileSet()}
	for _, name := range names {
		f, err := parser.ParseFile(s.fset, filepath.Join(p.Dir, name), nil,
			parser.ParseComments|parser.SkipObjectResolution)
		require.NoError(t, err)
		s.files = append(s.files, f)
	}
	return s
}

// A complaint of the rules is "path/file.go:12: what is wrong".
func (s *sourcePackage) complain(pos token.Pos, format string, args ...any) string {
	at := s.fset.Position(pos)
	return fmt.Sprintf("%s/%s:%d: %s", s.path, filepath.Base(at.Filename), at.Line, fmt.Sprintf(format, args...))
}

// houseRules are those for the code of programs; tests keep only shortFunctions.
func (s *sourcePackage) houseRules() []string {
	var wrong []string
	for _, f := range s.files {
		wrong = append(wrong, s.imports(f)...)
		wrong = append(wrong, s.declarations(f)...)
		wrong = append(wrong, s.calls(f)...)
		wrong = append(wrong, s.causes(f)...)
		wrong = append(wrong, s.shortFunctions(f)...)
	}
	return append(append(wrong, s.packageComment()...), s.assignments()...)
}

// causes: that a context has ended is asked of Err, why is only said by context.Cause.
func (s *sourcePackage) causes(f *ast.File) (wrong []string) {
	compared := map[ast.Expr]bool{}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BinaryExpr:
			if n.Op == token.EQL || n.Op == token.NEQ {
				compared[n.X], compared[n.Y] = true, true
			}
		case *ast.CallExpr:
			called, is := n.Fun.(*ast.SelectorExpr)
			if !is || called.Sel.Name != "Err" || compared[n] {
				break
			}
			if of, is := called.X.(*ast.Ident); is && of.Name == "ctx" {
				wrong = append(wrong, s.complain(n.Pos(), "ctx.Err() loses why the context has ended: context.Cause"))
			}
		}
		return true
	})
	return wrong
}

func (s *sourcePackage) imports(f *ast.File) (wrong []string) {
	for _, i := range f.Imports {
		if i.Name != nil && i.Name.Name == "_" && i.Path.Value != `"embed"` {
			wrong = append(wrong, s.complain(i.Pos(), "a blank import does its work unseen"))
		}
	}
	return wrong
}

// packageComment: exactly what go doc shows first.
func (s *sourcePackage) packageComment() []string {
	name := s.files[0].Name.Name
	start := "Package " + name + " "
	if name == "main" {
		start = "Command " + filepath.Base(s.path) + " "
	}
	for _, f := range s.files {
		if f.Doc != nil && strings.HasPrefix(f.Doc.Text(), start) {
			return nil
		}
	}
	return []string{s.complain(s.files[0].Package, "no package comment that starts with %q", start)}
}

// declarations: no init, and a doc comment on every exported name.
func (s *sourcePackage) declarations(f *ast.File) (wrong []string) {
	undocumented := func(name *ast.Ident) {
		if name.IsExported() {
			wrong = append(wrong, s.complain(name.Pos(), "%s has no doc comment", name.Name))
		}
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Recv == nil && d.Name.Name == "init" {
				wrong = append(wrong, s.complain(d.Pos(), "init runs unasked"))
			}
			if d.Doc == nil && ast.IsExported(receiver(d)) && !(d.Recv != nil &&
				slices.Contains(plainMethods, d.Name.Name)) {
				undocumented(d.Name)
			}
		case *ast.GenDecl:
			for _, spec := range d.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					if spec.Doc == nil && d.Doc == nil {
						undocumented(spec.Name)
					}
				case *ast.ValueSpec:
					if spec.Doc == nil && spec.Comment == nil && d.Doc == nil {
						for _, name := range spec.Names {
							undocumented(name)
						}
					}
				}
			}
		}
	}
	return wrong
}

// receiver gives the name of the type whose method a function is, and the function's own name if it is none.
func receiver(d *ast.FuncDecl) string {
	if d.Recv == nil || len(d.Recv.List) == 0 {
		return d.Name.Name
	}
	typ := d.Recv.List[0].Type
	for {
		switch t := typ.(type) {
		case *ast.StarExpr:
			typ = t.X
		case *ast.IndexExpr:
			typ = t.X
		case *ast.Ident:
			return t.Name
		default:
			return ""
		}
	}
}

func (s *sourcePackage) calls(f *ast.File) (wrong []string) {
	if mayAskMachine(s.path) {
		return nil
	}
	names := map[string]string{} // as the file calls them
	for _, i := range f.Imports {
		path, _ := strconv.Unquote(i.Path.Value)
		name := path[strings.LastIndexByte(path, '/')+1:]
		if i.Name != nil {
			name = i.Name.Name
		}
		names[name] = path
	}
	ast.Inspect(f, func(n ast.Node) bool {
		if sel, ok := n.(*ast.SelectorExpr); ok {
			if x, ok := sel.X.(*ast.Ident); ok && slices.Contains(machineCalls[names[x.Name]], sel.Sel.Name) {
				wrong = append(wrong, s.complain(sel.Pos(), "%s.%s: the caller passes that in", x.Name, sel.Sel.Name))
			}
		}
		return true
	})
	return wrong
}

func (s *sourcePackage) shortFunctions(f *ast.File) (wrong []string) {
	for _, d := range f.Decls {
		fn, ok := d.(*ast.FuncDecl)
		if !ok || fn.Body == nil || isTable(fn) {
			continue
		}
		if lines := s.lines(fn) + 1 - s.brokenRows(fn); lines > maxFunctionLines {
			wrong = append(wrong,
				s.complain(fn.Pos(), "%s has %d lines, more than %d", fn.Name.Name, lines, maxFunctionLines))
		}
	}
	return wrong
}

// isTable: a function that does nothing but give a literal, without code in it, is read row by row. A package variable
// in its place would be in every program that uses the package for anything else.
func isTable(fn *ast.FuncDecl) bool {
	if len(fn.Body.List) != 1 {
		return false
	}
	give, ok := fn.Body.List[0].(*ast.ReturnStmt)
	if !ok || len(give.Results) != 1 {
		return false
	}
	_, table := give.Results[0].(*ast.CompositeLit)
	ast.Inspect(give.Results[0], func(n ast.Node) bool {
		_, code := n.(*ast.FuncLit)
		table = table && !code
		return table
	})
	return table
}

// lines counts the line ends within a node.
func (s *sourcePackage) lines(n ast.Node) int {
	return s.fset.Position(n.End()).Line - s.fset.Position(n.Pos()).Line
}

// brokenRows counts the line ends within the rows of tables: a row counts as one line, however narrow the page. One
// that holds code, or a text of several lines, counts as long as it is.
func (s *sourcePackage) brokenRows(fn *ast.FuncDecl) (lines int) {
	ast.Inspect(fn, func(n ast.Node) bool {
		table, ok := n.(*ast.CompositeLit)
		if !ok || len(table.Elts) == 0 ||
			s.fset.Position(table.Lbrace).Line == s.fset.Position(table.Elts[0].Pos()).Line {
			return true
		}
		for _, row := range table.Elts {
			if !s.holdsMore(row) {
				lines += s.lines(row)
			}
		}
		return false
	})
	return lines
}

// holdsMore: code or a text on several lines is in a row.
func (s *sourcePackage) holdsMore(row ast.Expr) (more bool) {
	ast.Inspect(row, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.BlockStmt:
			more = more || s.lines(n) > 0
		case *ast.BasicLit:
			more = more || s.lines(n) > 0
		}
		return !more
	})
	return more
}

// noImports lets the type checker run without reading any other package: names of this package still resolve, which is
// all that assignments asks for.
type noImports struct{}

func (noImports) Import(path string) (*types.Package, error) {
	p := types.NewPackage(path, path[strings.LastIndexByte(path, '/')+1:])
	p.MarkComplete()
	return p, nil
}

// assignments finds package variables that change after their declaration.
func (s *sourcePackage) assignments() (wrong []string) {
	info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
	checker := types.Config{Importer: noImports{}, Error: func(error) {}}
	pkg, _ := checker.Check(s.path, s.fset, s.files, info)
	changed := func(e ast.Expr) {
		name, object := root(e, info)
		_, isVar := object.(*types.Var)
		_, foreign := object.(*types.PkgName)
		if foreign || isVar && object.Parent() == pkg.Scope() {
			wrong = append(wrong, s.complain(e.Pos(), "the package variable %s changes after its declaration", name))
		}
	}
	for _, f := range s.files {
		ast.Inspect(f, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.AssignStmt:
				if n.Tok != token.DEFINE {
					for _, e := range n.Lhs {
						changed(e)
					}
				}
			case *ast.IncDecStmt:
				changed(n.X)
			case *ast.UnaryExpr:
				if n.Op == token.AND {
					changed(n.X)
				}
			case *ast.RangeStmt:
				if n.Tok == token.ASSIGN {
					changed(n.Key)
					changed(n.Value)
				}
			}
			return true
		})
	}
	return wrong
}

// root finds the variable that an expression leads into: t of t.field[2].
func root(e ast.Expr, info *types.Info) (string, types.Object) {
	for {
		switch x := e.(type) {
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		case *ast.Ident:
			return x.Name, info.Uses[x]
		default:
			return "", nil
		}
	}
}

func TestHouseRules(t *testing.T) {
	for _, p := range everyPackage(t) {
		if p.isTest() || len(p.GoFiles) == 0 {
			continue
		}
		assert.Empty(t, parsePackage(t, p, slices.Concat(p.GoFiles, p.IgnoredGoFiles)).houseRules())
	}
}

func TestTestsHaveShortFunctionsAndPackageComments(t *testing.T) {
	for _, p := range everyPackage(t) {
		tests := slices.Concat(p.TestGoFiles, p.XTestGoFiles)
		if p.isTest() {
			all := parsePackage(t, p, slices.Concat(p.GoFiles, p.IgnoredGoFiles, tests))
			if len(p.GoFiles) == 0 || p.Name != "main" {
				assert.Empty(t, all.packageComment())
			}
		}
		s := parsePackage(t, p, tests)
		for _, f := range s.files {
			assert.Empty(t, s.shortFunctions(f))
		}
	}
}

func TestBrokenHouseRulesAreFound(t *testing.T) {
	const good = "// Package tree is an example.\npackage tree\n"
	long := "func long() {\n" + strings.Repeat("\tprintln()\n", 79) + "}\n"
	table := "func table() []func() {\n\treturn []func(){\n" + strings.Repeat("\t\tfunc() {},\n", 77) + "\t}\n}\n"
	rows := func(row string, n int) string {
		return "func rows() {\n\tprintln([][]int{\n" + strings.Repeat(row, n) + "})\n}\n"
	}
	for name, c := range map[string]struct {
		text  string
		wrong string // part of the one complaint
	}{
		"a package without a comment": {"package tree\n", "no package comment"},
		"an init function":            {good + "func init() {}\n", "init"},
		"a blank import":              {good + "import _ \"net/http/pprof\"\n", "blank import"},
		"an exported function":        {good + "func Parse() {}\n", "Parse has no doc"},
		"a method of an exported type": {good + "// T is a type.\ntype T[P any] struct{}\nfunc (t *T[P]) Do() {}\n",
			"Do has no doc"},
		"a function by a method's name":       {good + "func Write() {}\n", "Write has no doc"},
		"an exported variable":                {good + "var Limit = 1\n", "Limit has no doc"},
		"an exported type":                    {good + "type T struct{}\n", "T has no doc"},
		"the clock":                           {good + "import \"time\"\nvar t = time.Now()\n", "time.Now"},
		"the environment, by another name":    {good + "import sys \"os\"\nvar t = sys.Getenv(\"A\")\n", "sys.Getenv"},
		"a function of 81 lines":              {good + long, "long has 81 lines"},
		"a table of 81 lines with code in it": {good + table, "table has 81 lines"},
		"a lost cause": {good + "import \"context\"\nfunc f(ctx context.Context) error { return ctx.Err() }\n",
			"context.Cause"},
		"an assignment to a variable": {good + "var n = 1\nfunc f() { n = 2 }\n", "variable n changes"},
		"an entry added to a table": {good + "var m = map[int]int{}\nfunc f() { m[1] = 2 }\n",
			"variable m changes"},
		"a counter": {good + "var n struct{ hits int }\nfunc f() { n.hits++ }\n",
			"variable n changes"},
		"a variable lent by its address": {good + "var n int\nfunc f() *int { return &n }\n",
			"variable n changes"},
		"another package's variable": {good + "import \"net/http\"\nfunc f() { http.DefaultClient = nil }\n",
			"variable http changes"},
		"a variable that a loop counts with": {good + "var n int\nfunc f() { for n = range 3 { println() } }\n",
			"variable n changes"},
		"a function of 81 rows": {good + rows("{1,\n2},\n", 77), "rows has 81 lines"},
	} {
		t.Run(name, func(t *testing.T) {
			wrong := parseText(t, c.text).houseRules()
			require.Len(t, wrong, 1)
			assert.Contains(t, wrong[0], c.wrong)
		})
	}
}

func TestGoodHouseKeepingIsNotBlamed(t *testing.T) {
	assert.Empty(t, parseText(t, `// Package tree is an example.
package tree

import (
	_ "embed"
	"time"
)

// Limits of the language.
const (
	Depth = 10
	Width = 20
)

// Limit is one of them.
var Limit = 1

var table = map[int]int{}

// T is a type.
type T struct{ Limit int }

type hidden struct{}

func (hidden) Error() string { return "" }

func (t *T) String() string { return "" }

func rows() []int {
	return []int{
`+strings.Repeat("\t\t1,\n", 100)+`	}
}

// Do shadows what it must not change.
func (t *T) Do() time.Duration {
	table := map[int]int{1: 1}
	table[2] = 3
	Limit := table[1]
	Limit++
	t.Limit = Limit
	return time.Second
}

func rows() {
	println([][]int{
`+strings.Repeat("{1,\n2},\n", 76)+`})
}
`).houseRules())
}

func parseText(t *testing.T, text string) *sourcePackage {
	t.Helper()
	s := &sourcePackage{path: "internal/tree", fset: token.NewFileSet()}
	f, err := parser.ParseFile(s.fset, "example.go", text, parser.ParseComments|parser.SkipObjectResolution)
	require.NoError(t, err)
	s.files = append(s.files, f)
	return s
}
