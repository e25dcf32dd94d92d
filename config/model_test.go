package config

import (
	"go/ast"
	"go/parser"
	"go/token"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// structs collects the types of the model.
func structs(t reflect.Type, into map[string]reflect.Type) map[string]reflect.Type {
	for t.Kind() == reflect.Pointer || t.Kind() == reflect.Slice {
		t = t.Elem()
	}
	if t.Kind() == reflect.Struct && into[t.Name()] == nil {
		into[t.Name()] = t
		for i := range t.NumField() {
			structs(t.Field(i).Type, into)
		}
	}
	return into
}

func model() map[string]reflect.Type {
	return structs(reflect.TypeFor[Config](), map[string]reflect.Type{})
}

func TestEveryFieldOfTheModelIsDescribed(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "model.go", nil, parser.ParseComments)
	require.NoError(t, err)
	types := model()
	described := map[string]bool{}
	for _, d := range file.Decls {
		decl, ok := d.(*ast.GenDecl)
		if !ok || decl.Tok != token.TYPE {
			continue
		}
		spec := decl.Specs[0].(*ast.TypeSpec)
		assert.NotEmpty(t, decl.Doc.Text(), spec.Name)
		for _, f := range spec.Type.(*ast.StructType).Fields.List {
			if len(f.Names) == 0 {
				continue
			}
			name := spec.Name.Name + "." + f.Names[0].Name
			assert.Regexp(t, `^[a-zA-Z0-9].*\.\n$`, f.Doc.Text(), "%s has a sentence", name)
			described[name] = true
		}
		assert.Contains(t, types, spec.Name.Name, "a type of the model that no config can hold")
	}
	for name, typ := range types {
		for i := range typ.NumField() {
			if f := typ.Field(i); !f.Anonymous {
				assert.True(t, described[name+"."+f.Name], "%s.%s", name, f.Name)
			}
		}
	}
}

func TestEveryFieldOfTheModelHasItsTags(t *testing.T) {
	for name, typ := range model() {
		for i := range typ.NumField() {
			f := typ.Field(i)
			where := name + "." + f.Name
			if f.Anonymous {
				assert.Empty(t, f.Tag, where)
				continue
			}
			key, options, _ := strings.Cut(f.Tag.Get("json"), ",")
			assert.True(t, strings.EqualFold(key, f.Name) && key[0] >= 'a', "%s is %q in JSON", where, key)
			// Objects and what an item is known by are always written, the rest only if it is there.
			always := f.Type.Kind() == reflect.Struct || f.Type.Kind() == reflect.String
			assert.Equal(t, always, options != "omitempty", where)
			assert.Contains(t, []string{"", "true", "url", "key"}, f.Tag.Get("secret"), where)
		}
	}
}
