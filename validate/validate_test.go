package validate_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/validate"
)

const (
	jsonText = `{"ignition": {"version": "3.0.0"}, ` +
		`"storage": {"files": [{"path": "/a", "mode": 2541}, {"path": "/b"}]}}`
	yamlText = "variant: fcos\nversion: 1.5.0\nstorage: {files: [{path: /a, mode: 0755}]}\n"
)

func read(t *testing.T, text string) *validate.Document {
	t.Helper()
	doc, problems := validate.Read("text", []byte(text), validate.Options{})
	require.True(t, validate.Valid(problems), problems)
	return doc
}

func TestReadFindsOutTheForm(t *testing.T) {
	assert.Equal(t, config.V3_0, read(t, jsonText).Version())
	assert.Equal(t, config.V3_4, read(t, yamlText).Version())
	for _, text := range []string{"", " ", "{", "[]", "a: b", "{}", `{"ignition":{"version":"9.0.0"}}`,
		"variant: x\nversion: 1.0.0\n"} {
		doc, problems := validate.Read("text", []byte(text), validate.Options{})
		assert.Nil(t, doc, text)
		assert.False(t, validate.Valid(problems), text)
		assert.Equal(t, "text", problems[0].Name)
	}
}

func TestAnAudienceIsToldWhatItIsToldElsewhere(t *testing.T) {
	const text = `{"ignition":{"version":"3.6.0"},"passwd":{"users":[{"name":"a:b"}]}}`
	for audience, want := range map[validate.Audience]bool{validate.Workstation: false, validate.Boot: true,
		validate.Peer: true} {
		_, problems := validate.Read("text", []byte(text), validate.Options{Audience: audience})
		assert.Equal(t, want, validate.Valid(problems), "%d %v", audience, problems)
	}
}

func TestProblemsStandInTheOrderOfTheText(t *testing.T) {
	_, problems := validate.Read("text", []byte("variant: fcos\nversion: 1.5.0\nmood: 1\n"+
		"storage:\n  files: [{path: a}]\n  flies: 1\n"), validate.Options{})
	var lines []int
	for _, p := range problems {
		lines = append(lines, p.Line)
	}
	assert.Equal(t, []int{3, 5, 6}, lines)
	assert.Equal(t, "text:3:1: $.mood: warning: the key mood is not known here; it is ignored",
		strings.ReplaceAll(problems[0].String(), `"`, ""))
	assert.Equal(t, [2]int{3, 5}, [2]int{problems[0].EndLine, problems[0].EndColumn})
}

func TestMergeChangesNeitherArgument(t *testing.T) {
	parent, child := read(t, jsonText), read(t, yamlText)
	before := [2]string{string(parent.JSON()), string(child.JSON())}
	merged, problems := validate.Merge(parent, child)
	require.True(t, validate.Valid(problems), problems)
	assert.Equal(t, before, [2]string{string(parent.JSON()), string(child.JSON())})
	assert.Equal(t, config.V3_0, parent.Version())
	assert.Equal(t, config.V3_4, merged.Version(), "the newest of the two")
	assert.Equal(t, `{"ignition":{"version":"3.4.0"},"storage":{"files":[{"path":"/a","mode":493},{"path":"/b"}]}}`,
		string(merged.JSON()))
	alone, _ := validate.Merge(child)
	assert.JSONEq(t, before[1], string(alone.JSON()))
}

func TestWhatACallerDoesWithAConfigChangesNoDocument(t *testing.T) {
	doc := read(t, jsonText)
	doc.Config().Storage.Files = nil
	assert.Len(t, doc.Config().Storage.Files, 2)
}

// A program of another module is compiled and run against this one, with what is in the module cache.
func TestAProgramOutsideOfTheModule(t *testing.T) {
	if testing.Short() {
		t.Skip("compiles a program")
	}
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	dir := t.TempDir()
	sums, err := os.ReadFile(filepath.Join(root, "go.sum"))
	require.NoError(t, err)
	for name, text := range map[string]string{
		"go.mod": "module example.org/outside\n\ngo 1.24\n\nrequire github.com/glowplug-os/glowplug v0.0.0\n\n" +
			"replace github.com/glowplug-os/glowplug => " + root + "\n",
		"go.sum":  string(sums),
		"main.go": outside,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644))
	}
	run := exec.Command("go", "run", ".")
	run.Dir = dir
	run.Env = append(os.Environ(), "GOFLAGS=-mod=mod -trimpath", "GOPROXY=off", "GOWORK=off", "CGO_ENABLED=0")
	out, err := run.CombinedOutput()
	require.NoError(t, err, string(out))
	assert.Equal(t, "2:12 key-unknown\n{\"ignition\":{\"version\":\"3.6.0\"}}\nlinear\n", string(out))
}

const outside = `package main

import (
	"fmt"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/validate"
)

func main() {
	doc, problems := validate.Read("x", []byte("{\"ignition\": {\"version\": \"3.6.0\"},\n           \"mood\": 1}"), validate.Options{})
	for _, p := range problems {
		fmt.Printf("%d:%d %s\n", p.Line, p.Column, p.Code)
	}
	merged, _ := validate.Merge(doc, doc)
	fmt.Println(string(merged.JSON()))
	fmt.Println(config.FieldAt("storage.raid.*.level").Values[0].Name)
}
`

// Read gives nil for a text with an error, which may go on to Merge unseen.
func TestMergeOfNothing(t *testing.T) {
	doc := read(t, jsonText)
	for claim, merge := range map[string]func() (*validate.Document, []validate.Problem){
		"the parent": func() (*validate.Document, []validate.Problem) { return validate.Merge(nil, doc) },
		"a child":    func() (*validate.Document, []validate.Problem) { return validate.Merge(doc, doc, nil) },
		"all":        func() (*validate.Document, []validate.Problem) { return validate.Merge(nil) },
	} {
		merged, problems := merge()
		assert.Nil(t, merged, claim)
		require.Len(t, problems, 1, claim)
		assert.False(t, validate.Valid(problems), claim)
		assert.Contains(t, problems[0].Message, "is nil", claim)
	}
	merged, problems := validate.Merge(doc)
	assert.NotNil(t, merged)
	assert.True(t, validate.Valid(problems))
}

func TestFixesArePlain(t *testing.T) {
	_, problems := validate.Read("x", []byte(`{"ignition": {"version": "3.6.0"},
 "storage": {"files": [{"path": "etc/motd"}, {"path": "motd"}]}}`), validate.Options{})
	require.Len(t, problems, 2)
	assert.Equal(t, &validate.Fix{Line: 2, Column: 33, EndLine: 2, EndColumn: 43, Text: `"/etc/motd"`, Safe: true},
		problems[0].Fix)
	assert.Nil(t, problems[1].Fix, "what is meant is not known")
	_, problems = validate.Read("x", []byte(`{"ignition": {"version": "3.6.0"}, "passwd": {"users": [{"name": "a", `+
		`"passwordHash": 5}]}}`), validate.Options{})
	require.Len(t, problems, 1)
	assert.Nil(t, problems[0].Fix)
}
