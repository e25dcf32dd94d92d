package butane

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// A language under test: a schema, and the reader whose word it has to keep.
type schemaCase struct {
	name     string
	yaml     bool
	checker  *jsonschema.Schema
	raw      map[string]any // the schema as data
	head     map[string]any // what every document has
	problems func(text string) []diag.Problem
}

func compiled(t *testing.T, text []byte) (*jsonschema.Schema, map[string]any) {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	require.NoError(t, c.AddResource("https://example.com/schema.json", doc))
	s, err := c.Compile("https://example.com/schema.json")
	require.NoError(t, err)
	require.Equal(t, 7, s.DraftVersion)
	return s, doc.(map[string]any)
}

func dialectCase(t *testing.T, d Dialect) schemaCase {
	c := schemaCase{name: d.String(), yaml: true, head: map[string]any{"variant": d.Variant, "version": d.Version}}
	if d.has(machineConfig) {
		c.head["metadata"] = map[string]any{"name": "a", "labels": map[string]any{roleLabel: "worker"}}
	}
	c.checker, c.raw = compiled(t, d.Schema().JSON())
	c.problems = func(text string) []diag.Problem {
		root, problems := tree.NewArena().ParseYAML(&diag.Document{Name: "a.bu", Text: text})
		if root.Exists() {
			r := Translate(root, Options{Rules: rules.Document, AtBoot: true})
			problems = append(problems, r.Problems...)
		}
		return diag.For(diag.Workstation, problems)
	}
	return c
}

// schemaCases are all languages that there are.
func schemaCases(t *testing.T) []schemaCase {
	t.Helper()
	var all []schemaCase
	for _, d := range Dialects() {
		all = append(all, dialectCase(t, d))
	}
	for v := config.V3_0; v <= config.Newest; v++ {
		c := schemaCase{name: "ignition " + v.String(),
			head: map[string]any{"ignition": map[string]any{"version": v.String()}}}
		c.checker, c.raw = compiled(t, document.ConfigSchema(v).JSON())
		c.problems = func(text string) []diag.Problem {
			_, problems := configs.Judge("a.ign", []byte(text))
			return diag.For(diag.Workstation, problems)
		}
		all = append(all, c)
	}
	return all
}

// wordless are the codes of problems that a schema shows too: keys, kinds and closed lists, not what ties fields to
// each other.
var wordless = []codes.Code{
	codes.WrongType, codes.KeyUnknown, codes.KeyTooNew, codes.KeyCase, codes.NullObject, codes.NullItem,
	codes.NumberFraction,
	codes.Unsupported,
	codes.FormatUnknown, codes.RAIDLevel, codes.CompressionUnknown, codes.LayoutUnknown, codes.KernelType,
	codes.ClevisPin,
}

// refused: the reader has something against the document that a schema could know.
func (c schemaCase) refused(doc map[string]any) (found []string) {
	text, err := json.Marshal(doc)
	if err != nil {
		return []string{err.Error()}
	}
	for _, p := range c.problems(string(text)) {
		if slices.Contains(wordless, p.Code) {
			found = append(found, string(p.Code)+" "+p.Path)
		}
	}
	return found
}

// A place is a key that some language has, with what identifies the objects on the way to it.
type place struct {
	path []string
	at   *language.Shape
}

// written is the path as problems have it.
func (p place) written() string {
	return strings.ReplaceAll(strings.Join(append([]string{"$"}, p.path...), "."), "*", "0")
}

// places lists every key of every dialect and version. Whether a language has it, its schema and its reader must agree
// on.
func places(yaml bool) (all []place) {
	var walk func(s *language.Shape, path []string)
	walk = func(s *language.Shape, path []string) {
		if s.Item != nil {
			walk(s.Item, append(slices.Clone(path), "*"))
			return
		}
		for _, m := range s.Members {
			name := m.Name
			if !yaml {
				name = m.Key
			}
			if name == "" || len(path) == 0 && (name == "variant" || name == "version") {
				continue
			}
			at := append(slices.Clone(path), name)
			all = append(all, place{at, m})
			walk(m, at)
		}
	}
	walk(documents(), nil)
	return all
}

// document puts a value at a path. Objects on the way have what the schema asks for.
func (c schemaCase) document(path []string, value any) map[string]any {
	var build func(schema map[string]any, path []string) any
	build = func(schema map[string]any, path []string) any {
		if len(path) == 0 {
			return value
		}
		if path[0] == "*" {
			items, _ := schema["items"].(map[string]any)
			return []any{build(items, path[1:])}
		}
		properties, _ := schema["properties"].(map[string]any)
		object := map[string]any{}
		required, _ := schema["required"].([]any)
		for _, name := range required {
			object[name.(string)] = filler(name.(string))
		}
		below, _ := properties[path[0]].(map[string]any)
		object[path[0]] = build(below, path[1:])
		return object
	}
	doc := build(c.raw, path).(map[string]any)
	for key, value := range c.head {
		own, is := doc[key].(map[string]any)
		switch {
		case key == path[0] && len(path) == 1:
			continue
		case !is:
			doc[key] = value
			continue
		}
		for k, v := range value.(map[string]any) {
			if k != path[1] {
				own[k] = v
			}
		}
	}
	return doc
}

// filler is a value that nothing is wrong with, for a key that is needed.
func filler(name string) any {
	switch name {
	case "name":
		return "core"
	case "path", "device", "target":
		return "/var/a"
	case "url":
		return "http://a"
	case "source":
		return "data:,a"
	case "level":
		return "raid1"
	case "devices":
		return []any{"/dev/a", "/dev/b"}
	}
	return "x"
}

// isIdentity: no item of its list is without the member.
func isIdentity(m *language.Shape) bool { return m.Field.Written.Has(config.Newest) }

// sample is a value that says something of a place.
func sample(s *language.Shape, yaml bool) any {
	switch {
	case s.Labels:
		return map[string]any{roleLabel: "worker"}
	case s.Kind == tree.List:
		return []any{sample(s.Item, yaml)}
	case s.Kind == tree.Number:
		return 1
	case s.Kind == tree.Bool:
		return true
	case s.Kind == tree.String:
		return filler(s.Name)
	}
	object := map[string]any{}
	for _, m := range s.Members {
		name := m.Name
		if !yaml {
			name = m.Key
		}
		if m.Kind < tree.List && name != "" && m.Since == s.Since && (len(object) == 0 ||
			m.Path == "grub.users.*.password_hash") || isIdentity(m) {
			object[name] = filler(name)
			if m.Kind != tree.String {
				object[name] = sample(m, yaml)
			}
		}
	}
	if len(object) == 0 {
		for _, m := range s.Members {
			name := m.Name
			if !yaml {
				name = m.Key
			}
			if name != "" {
				return map[string]any{name: sample(m, yaml)}
			}
		}
	}
	return object
}

// lookup finds the schema of a key; nil where the language has none.
func (c schemaCase) lookup(path []string) map[string]any {
	at := c.raw
	for _, step := range path {
		var next any = at["items"]
		if step != "*" {
			properties, _ := at["properties"].(map[string]any)
			next = properties[step]
		}
		var ok bool
		if at, ok = next.(map[string]any); !ok {
			return nil
		}
	}
	return at
}

func TestASchemaHasTheKeysThatTheReaderTakes(t *testing.T) {
	for _, c := range schemaCases(t) {
		t.Run(c.name, func(t *testing.T) {
			known := 0
			for _, p := range places(c.yaml) {
				if len(p.path) > 1 && c.lookup(p.path[:len(p.path)-1]) == nil {
					continue
				}
				has := c.lookup(p.path) != nil
				where := p.written()
				about := slices.DeleteFunc(c.refused(c.document(p.path, sample(p.at, c.yaml))),
					func(problem string) bool {
						code, path, _ := strings.Cut(problem, " ")
						// What comes of the users of the boot loader may be refused, so that there is no point in
						// having some.
						return path != where && where+path != "$.grub$.grub.users" ||
							!slices.Contains([]string{"key-unknown", "key-too-new", "unsupported"}, code)
					})
				assert.Equal(t, has, len(about) == 0, "%v: %v", p.path, about)
				if has {
					known++
				}
			}
			assert.Greater(t, known, 80)
		})
	}
}

func TestASchemaRefusesKeysThatNobodyKnows(t *testing.T) {
	for _, c := range schemaCases(t) {
		for _, p := range places(c.yaml) {
			if p.at.Kind != tree.Object || p.at.Labels || c.lookup(p.path) == nil {
				continue
			}
			doc := c.document(append(slices.Clone(p.path), "zz"), 1)
			require.Contains(t, fmt.Sprint(c.refused(doc)), "key-unknown", "%s %v", c.name, p.path)
			require.Error(t, c.checker.Validate(doc), "%s %v", c.name, p.path)
		}
	}
}

// Values of every kind at every key: what the reader takes without a word the schema takes, and nothing else.
func TestASchemaTakesTheValuesThatTheReaderTakes(t *testing.T) {
	tested := map[string]bool{}
	for _, c := range schemaCases(t) {
		for _, p := range places(c.yaml) {
			schema := c.lookup(p.path)
			// Languages are told apart by their keys, so that places of one schema need not be looked at twice.
			items, _ := schema["items"].(map[string]any)
			key := fmt.Sprint(c.yaml, p.path, schema["type"], schema["enum"], items["type"])
			if schema == nil || p.path[0] == "metadata" || tested[key] {
				continue
			}
			tested[key] = true
			values := []any{"x", "yes", 1, 1.5, true, nil, []any{}, []any{"x"}, []any{1}, map[string]any{}}
			if schema["enum"] != nil {
				values = []any{"x", "gzip", "ext4", "btrfs", "virtiofs", "none", "", "raid1", "10", 10, "x86_64",
					"s390x-virt", "realtime", "sss", "tpm", true, []any{}}
			}
			for _, value := range values {
				c.same(t, p, value)
			}
		}
	}
	assert.Greater(t, len(tested), 400)
}

// same holds the schema against the reader for a value at a place.
func (c schemaCase) same(t *testing.T, p place, value any) {
	t.Helper()
	if value == nil && c.needed(p.path) || value == "" && p.path[len(p.path)-1] != "compression" {
		return // a null or an empty text is as good as nothing, which the schema says more plainly
	}
	doc := c.document(p.path, value)
	refused := slices.DeleteFunc(c.refused(doc), func(problem string) bool {
		_, path, _ := strings.Cut(problem, " ")
		return !strings.HasPrefix(path+".", p.written()+".")
	})
	err := c.checker.Validate(normal(t, doc))
	assert.Equal(t, len(refused) == 0, err == nil || onlyMissing(err), "%s: %v = %v: %v: %v", c.name, p.path, value,
		refused, err)
}

// normal is the document as it comes out of JSON.
func normal(t *testing.T, doc map[string]any) any {
	t.Helper()
	text, err := json.Marshal(doc)
	require.NoError(t, err)
	value, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return value
}

func (c schemaCase) needed(path []string) bool {
	last := len(path) - 1
	required, _ := c.lookup(path[:last])["required"].([]any)
	return slices.Contains(required, any(path[last]))
}

// onlyMissing: keys are missing, which the reader says in the words of many rules.
func onlyMissing(err error) bool {
	var walk func(e *jsonschema.ValidationError) bool
	walk = func(e *jsonschema.ValidationError) bool {
		if len(e.Causes) == 0 {
			return strings.HasSuffix(strings.Join(e.ErrorKind.KeywordPath(), "/"), "required")
		}
		return !slices.ContainsFunc(e.Causes, func(c *jsonschema.ValidationError) bool { return !walk(c) })
	}
	return walk(err.(*jsonschema.ValidationError))
}

func TestWhatASchemaNeedsTheReaderNeeds(t *testing.T) {
	for _, c := range schemaCases(t) {
		needed := 0
		for _, p := range places(c.yaml) {
			if c.lookup(p.path) == nil || !c.needed(p.path) {
				continue
			}
			needed++
			last := len(p.path) - 1
			doc := c.document(append(slices.Clone(p.path[:last]), "zz"), 1)
			object := reach(doc, p.path[:last])
			delete(object, "zz")
			delete(object, p.path[last])
			text, err := json.Marshal(doc)
			require.NoError(t, err)
			problems := c.problems(string(text))
			require.True(t, diag.Fatal(problems), "%s %v: %s: %v", c.name, p.path, text, problems)
			require.Error(t, c.checker.Validate(normal(t, doc)), "%s %v", c.name, p.path)
		}
		require.GreaterOrEqual(t, needed, 8, c.name)
	}
}

func reach(doc any, path []string) map[string]any {
	for _, step := range path {
		if step == "*" {
			doc = doc.([]any)[0]
		} else {
			doc = doc.(map[string]any)[step]
		}
	}
	return doc.(map[string]any)
}

// examples are the documents and configs of the docs and of examples/, by where they stand.
func examples(t *testing.T) map[string]string {
	t.Helper()
	all := map[string]string{}
	pages, err := filepath.Glob("../../docs/*.md")
	require.NoError(t, err)
	for _, name := range append(pages, "../../README.md") {
		text, err := os.ReadFile(name)
		require.NoError(t, err)
		for i, part := range strings.Split(string(text), "\n```")[1:] {
			kind, body, _ := strings.Cut(part, "\n")
			if body += "\n"; kind == "yaml" && strings.HasPrefix(body, "variant:") || kind == "json" &&
				strings.Contains(body, `"ignition"`) {
				all[fmt.Sprintf("%s %d", filepath.Base(name), i)] = body
			}
		}
	}
	for _, pattern := range []string{"*.bu", "*.ign"} {
		names, err := filepath.Glob("../../examples/" + pattern)
		require.NoError(t, err)
		for _, name := range names {
			text, err := os.ReadFile(name)
			require.NoError(t, err)
			all[filepath.Base(name)] = string(text)
		}
	}
	return all
}

func TestEveryExampleIsWhatItsSchemaSays(t *testing.T) {
	all := examples(t)
	documents := 0
	for name, text := range all {
		t.Run(name, func(t *testing.T) {
			var doc map[string]any
			require.NoError(t, yaml.Unmarshal([]byte(text), &doc))
			var schema []byte
			if variant, ok := doc["variant"].(string); ok {
				d, err := Find(variant, doc["version"].(string))
				require.NoError(t, err)
				schema = d.Schema().JSON()
				documents++
			} else {
				v, err := config.ParseVersion(doc["ignition"].(map[string]any)["version"].(string))
				require.NoError(t, err)
				schema = document.ConfigSchema(v).JSON()
			}
			checker, _ := compiled(t, schema)
			require.NoError(t, checker.Validate(normal(t, doc)))
			doc["zz"] = 1
			require.Error(t, checker.Validate(normal(t, doc)))
		})
	}
	assert.Greater(t, documents, 15)
	assert.Greater(t, len(all), documents+12)
}

func TestEveryKeyOfASchemaIsDescribed(t *testing.T) {
	for _, c := range schemaCases(t) {
		described := 0
		for _, p := range places(c.yaml) {
			if s := c.lookup(p.path); s != nil {
				require.NotEmpty(t, s["description"], "%s %v", c.name, p.path)
				described++
			}
		}
		require.Greater(t, described, 80)
	}
}

func TestADialectIsFoundByItsNames(t *testing.T) {
	d, err := Find("flatcar", "")
	require.NoError(t, err)
	assert.Equal(t, "flatcar 1.1.0", d.String())
	d, err = Find("fcos", "1.8.0-experimental")
	require.NoError(t, err)
	assert.Equal(t, config.V3_7, d.Spec)
	_, err = Find("beos", "")
	require.ErrorContains(t, err, "the variants are fcos, flatcar, r4e, fiot, openshift")
	_, err = Find("fiot", "2.0.0")
	require.ErrorContains(t, err, "the versions are 1.0.0, 1.1.0-experimental")
}
