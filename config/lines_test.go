package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The compiler's own reader of comments is the oracle.
func TestCommentsAreReadAsGoReadsThem(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "model.go", nil, parser.ParseComments)
	require.NoError(t, err)
	want := map[string]string{}
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.TypeSpec)
		if !ok {
			return true
		}
		for _, field := range spec.Type.(*ast.StructType).Fields.List {
			name := ""
			if len(field.Names) > 0 {
				name = field.Names[0].Name
			} else {
				name = field.Type.(*ast.Ident).Name
			}
			want[spec.Name.Name+"."+name] = strings.Join(strings.Fields(field.Doc.Text()), " ")
		}
		return true
	})
	assert.Equal(t, want, comments(modelText))
}
