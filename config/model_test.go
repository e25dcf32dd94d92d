package config

import (
	"fmt"
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
			assert.Contains(t, []string{"", "true", "url"}, f.Tag.Get("secret"), where)
		}
	}
}

// The table of docs/peer/spec.md §5, and §4.1 for the lists in which repetition has a meaning.
func TestEveryListHasItsIdentity(t *testing.T) {
	want := map[string]string{
		"ignition.config.merge":                        "keyed by source",
		"ignition.security.tls.certificateAuthorities": "keyed by source",
		"ignition.proxy.noProxy":                       "union",
		"kernelArguments.shouldExist":                  "union in kernel argument",
		"kernelArguments.shouldNotExist":               "union in kernel argument",
		"passwd.groups":                                "keyed by name",
		"passwd.users":                                 "keyed by name",
		"passwd.users.*.groups":                        "union",
		"passwd.users.*.sshAuthorizedKeys":             "union",
		"storage.directories":                          "keyed by path in node",
		"storage.disks":                                "keyed by device",
		"storage.disks.*.partitions":                   "keyed by number",
		"storage.files":                                "keyed by path in node",
		"storage.files.*.append":                       "append",
		"storage.filesystems":                          "keyed by device",
		"storage.filesystems.*.mountOptions":           "append",
		"storage.filesystems.*.options":                "append",
		"storage.links":                                "keyed by path in node",
		"storage.luks":                                 "keyed by name",
		"storage.luks.*.clevis.tang":                   "keyed by url",
		"storage.luks.*.openOptions":                   "union",
		"storage.luks.*.options":                       "append",
		"storage.raid":                                 "keyed by name",
		"storage.raid.*.devices":                       "union",
		"storage.raid.*.options":                       "append",
		"systemd.units":                                "keyed by name",
		"systemd.units.*.dropins":                      "keyed by name",
	}
	for _, resource := range []string{"ignition.config.merge.*", "ignition.config.replace", "ignition.security.tls.certificateAuthorities.*", "storage.files.*.append.*", "storage.files.*.contents", "storage.luks.*.keyFile"} {
		want[resource+".httpHeaders"] = "headers by name"
	}
	got := map[string]string{}
	var walk func(s *shape)
	walk = func(s *shape) {
		if s.item != nil {
			mode := map[mergeMode]string{0: "none", keyed: "keyed by " + s.id.key, union: "union", appending: "append", headers: "headers by " + s.id.key}[s.id.mode]
			if s.id.space != "" {
				mode += " in " + s.id.space
			}
			got[s.path] = mode
			assert.Equal(t, s.item.kind.String() == "a string", s.id.mode == union || s.id.mode == appending && s.item.members == nil, s.path)
			walk(s.item)
		}
		for _, m := range s.members {
			walk(m.shape)
		}
	}
	walk(language())
	assert.Equal(t, want, got)
	assert.Len(t, listIdentities(), len(got), "an identity for every list, and no other")
}

func TestObjectsFitTheBitsThatRepeatedKeysAreCountedWith(t *testing.T) {
	var walk func(s *shape)
	walk = func(s *shape) {
		for _, m := range s.members {
			assert.Less(t, m.index[len(m.index)-1], 16, m.path)
			assert.LessOrEqual(t, len(m.index), 2, m.path)
			walk(m.shape)
		}
		if s.item != nil {
			walk(s.item)
		}
	}
	walk(language())
}

func TestRowsOfTheHistoryNameFieldsOfTheModel(t *testing.T) {
	paths := map[string]bool{}
	for _, p := range Paths(Newest) {
		paths[p] = true
	}
	for _, row := range History() {
		assert.NotEmpty(t, row.Line)
		suffix, anywhere := strings.CutPrefix(row.Path, "*.")
		found := paths[row.Path]
		for p := range paths {
			found = found || anywhere && strings.HasSuffix(p, "."+suffix)
		}
		assert.True(t, found, fmt.Sprint(row.Since, " ", row.Path))
	}
}
