package project_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/project"
)

// told are the settings of a project file, and what is wrong with it.
func told(f *project.File) string {
	var all []string
	for _, s := range f.Settings {
		value := strings.TrimPrefix(s.Value, f.Dir)
		all = append(all, s.Name+"="+strings.ReplaceAll(value, f.Dir, "ROOT"))
	}
	for _, i := range f.Ignored {
		all = append(all, "ignore "+i.Pattern+":"+join(i.Codes))
	}
	for _, p := range f.Problems() {
		all = append(all, p.Error()+"; "+p.Hint)
	}
	return strings.Join(all, "\n")
}

func join(all []codes.Code) string {
	var b strings.Builder
	for _, c := range all {
		b.WriteString(" " + string(c))
	}
	return b.String()
}

func TestSettingsAreReadAndMistakesAreToldAtTheirPlaces(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.MkdirAll(filepath.Join(dir, "a/files"), 0o755))
	require.NoError(t, os.Symlink("/", filepath.Join(dir, "a/out")))
	for claim, c := range map[string]struct{ text, want string }{
		"nothing":     {"", ""},
		"comments":    {"# strict: true\n", ""},
		"a key alone": {"strict:\n", ""},
		"every kind": {"strict: true\nfail-on: advice\nlint: [password-weak, no-login]\ntarget: fcos:38\n" +
			"exclude: [vendor, 'a/**/b*']\nfiles-dir: a/files\nignore: {a.bu: no-login, 'b/*': [script-mode]}\n",
			"strict=true\nfail-on=advice\nlint=password-weak\nlint=no-login\ntarget=fcos:38\nexclude=vendor\n" +
				"exclude=a/**/b*\nfiles-dir=/a/files\nignore a.bu: no-login\nignore b/*: script-mode"},
		"the folder itself": {"files-dir: .", "files-dir="},
		"a misspelt key": {"strict: true\n\nexcludes: a\n",
			"strict=true\nP:3:1: $.excludes: a project file has no setting \"excludes\"; did you mean exclude?"},
		"an option that writes": {"output: x\n", "P:1:1: $.output: a project file has no setting \"output\"; " +
			"its settings are strict, fail-on, format, lint, target, platform, exclude, files-dir, root, map, ignore"},
		"twice": {"strict: true\nstrict: false\n", "strict=true\n" +
			"P:2:9: $.strict: the key \"strict\" is there twice; remove one of the two"},
		"text for a truth": {"strict: 'true'", "P:1:9: $.strict: strict is true or false, and this is a string; " +
			"write strict: true, without quotes"},
		"another word for it": {"strict: Yes", "P:1:9: $.strict: strict is true or false, and this is a string; " +
			"write strict: true"},
		"a number for it": {"strict: 0", "P:1:9: $.strict: strict is true or false, and this is a number; " +
			"write strict: false"},
		"neither": {"strict: [true]", "P:1:9: $.strict: strict is true or false, and this is a list; " +
			"write strict: true or strict: false"},
		"a number for a text": {"files-dir: 1", "P:1:12: $.files-dir: files-dir is a text, and this is a number; " +
			"put it in quotes if a text is meant"},
		"an object in a list": {"lint: [{}]", "P:1:8: $.lint.0: lint is a text or a list of texts, and this is an " +
			"object; put it in quotes if a text is meant"},
		"an empty text": {"format: ''", "P:1:9: $.format: format is a text, and this one is empty; leave the key out"},
		"no object": {"- strict", "P:1:1: $: a project file is an object of settings, and this is a list; " +
			"write a setting a line, such as strict: true"},
		"an absolute folder": {"files-dir: /etc", "P:1:12: $.files-dir: the folder \"/etc\" is not in the project; " +
			"a project file names folders below its own; others are given on the command line, by --files-dir"},
		"a folder above": {"files-dir: a/../..", "P:1:12: $.files-dir: the folder \"a/../..\" is not in the project; " +
			"a project file names folders below its own; others are given on the command line, by --files-dir"},
		"a link that leads out": {"files-dir: a/out/etc", "P:1:12: $.files-dir: the folder \"a/out/etc\" is not in " +
			"the project; a project file names folders below its own; others are given on the command line, " +
			"by --files-dir"},
		"mappings": {"map: [https://a/=a/files, 'https://a/x?b=c=a/../gone', https://a=.]",
			"map=https://a/=ROOT/a/files\nmap=https://a/x?b=c=ROOT/gone\nmap=https://a=ROOT"},
		"what the option refuses": {"map: [a, =a, 'a=']", "map=a\nmap==a\nmap=a="},
		"a mapping to elsewhere": {"map: https://a/b=../c", "P:1:6: $.map: the file \"../c\" is not in the project; " +
			"a project file names files in its folder; others are given on the command line, by --map"},
		"mappings to a folder elsewhere": {"map: [https://a/=/etc]", "P:1:7: $.map.0: the folder \"/etc\" is not " +
			"in the project; a project file names folders below its own; others are given on the command line, " +
			"by --map"},
		"a mapping to a link that leads out": {"map: https://a/b=a/out/etc/passwd", "P:1:6: $.map: the file " +
			"\"a/out/etc/passwd\" is not in the project; a project file names files in its folder; others are given " +
			"on the command line, by --map"},
		"an object of mappings": {"map: {https://a/: site}", "P:1:6: $.map: map is a text or a list of texts, and " +
			"this is an object; put it in quotes if a text is meant"},
		"a pattern that is none": {"exclude: ['[a']", "P:1:11: $.exclude.0: " +
			"a bracket of the pattern \"[a\" is not closed; "},
		"a pattern of elsewhere": {"ignore: {../a: no-login}", "P:1:16: $.ignore.../a: the pattern \"../a\" is for " +
			"nothing in the project; write the name of a file, or its path from the folder of .glowplug.yaml on"},
		"no code": {"ignore: {a: no-logins}", "ignore a:\nP:1:13: $.ignore.a: \"no-logins\" is no code of a problem; " +
			"did you mean no-login?"},
		"an error": {"ignore: {a: [no-login, path-relative]}", "ignore a: no-login\n" +
			"P:1:24: $.ignore.a.1: path-relative is an error, and no error can be ignored; " +
			"mend what it is about, or leave the file out of what is checked"},
		"a list of codes alone": {"ignore: [no-login]", "P:1:9: $.ignore: ignore has codes by patterns of paths, and " +
			"this is a list; write a pattern a line, such as \"hosts/*.bu\": [password-weak]"},
	} {
		assert.Equal(t, c.want, told(project.Read(dir, "P", c.text)), claim)
	}
	f := project.Read(dir, "P", "exclude: ["+strings.Repeat("a,", 1001)+"]")
	assert.Len(t, f.Settings, 1000)
	assert.Contains(t, told(f), "more than 1000 patterns")
	f = project.Read(dir, "P", "map: ["+strings.Repeat("https://a/=a,", 1001)+"]")
	assert.Len(t, f.Settings, 1000)
	assert.Contains(t, told(f), "more than 1000 mappings")
	assert.NotEmpty(t, project.Read(dir, "P", "strict: [").Problems(), "no YAML")
}

func TestTheNearestProjectIsFoundUpToARepository(t *testing.T) {
	dir := t.TempDir()
	for _, file := range []string{"a/.glowplug.yaml", "a/b/.git/HEAD", "a/c/.git/HEAD", "a/c/.glowplug.yaml",
		"a/d/e/x"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(dir, file)), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), nil, 0o600))
	}
	for from, want := range map[string]string{"a": "a", "a/d/e": "a", "a/d/gone": "a", "a/b": "", "a/c": "a/c",
		".": ""} {
		if found, _ := project.Find(filepath.Join(dir, from)); want == "" {
			assert.False(t, strings.HasPrefix(found, dir), from)
		} else {
			assert.Equal(t, filepath.Join(dir, want), found, from)
		}
	}
	at := func(names ...string) (all []string) {
		for _, name := range names {
			all = append(all, filepath.Join(dir, name))
		}
		return all
	}
	for want, of := range map[string][]string{"a/d/e": at("a/d/e/x"), "a": at("a/d/e/x", "a/c"), "a/d": at("a/d"),
		"a/b": at("a/b/gone"), ".": at("a", "ab")} {
		assert.Equal(t, filepath.Join(dir, want), project.Common(of), "%s", of)
	}
	apart := project.Common([]string{dir, "drive:/of/windows"})
	assert.Empty(t, apart, "what has no folder in common")
	_, found := project.Find(apart)
	assert.False(t, found)
}

func TestOnlyARegularFileOfSomeSizeIsRead(t *testing.T) {
	dir := t.TempDir()
	name := filepath.Join(dir, project.FileName)
	for claim, c := range map[string]struct {
		make func() error
		want string
	}{
		"a link":   {func() error { return os.Symlink("/etc/passwd", name) }, "no regular file"},
		"a folder": {func() error { return os.Mkdir(name, 0o755) }, "no regular file"},
		"gone":     {func() error { return nil }, "no such file"},
		"large":    {func() error { return os.WriteFile(name, make([]byte, 1<<20+1), 0o600) }, "larger than 1024 KiB"},
	} {
		require.NoError(t, c.make())
		assert.Contains(t, told(project.Open(dir, "P")), "project file", claim)
		assert.Contains(t, told(project.Open(dir, "P")), c.want, claim)
		require.NoError(t, os.RemoveAll(name))
	}
}

// What a project file says is told in order or followed, its paths are in the project, and no text makes it panic.
func FuzzRead(f *testing.F) {
	for _, seed := range []string{"strict: true", "exclude: [a, b/**]", "ignore: {a: [no-login]}", "files-dir: a/b",
		"files-dir: ../..", "a: &a [*a]", "- a", "<<: {strict: true}", "lint: |\n  x"} {
		f.Add(seed)
	}
	dir := f.TempDir()
	f.Fuzz(func(t *testing.T, text string) {
		file := project.Read(dir, "P", text)
		for _, s := range file.Settings {
			assert.Contains(t, project.Names(), s.Name)
			if s.Name == "files-dir" {
				assert.True(t, strings.HasPrefix(s.Value+"/", dir+"/"), s.Value)
			}
		}
		for _, p := range file.Problems() {
			assert.NotEmpty(t, p.Message)
		}
	})
}

func TestAllOfAProjectFileMayBeShown(t *testing.T) {
	for _, text := range []string{"ignore: {hosts/old-1a2b3c4d5e.bu: [nope]}\n", "exclude: [vendor, \"a\n",
		"a/b/c1234567x: 5\n", "target: fcos:38 : x\n"} {
		problems := project.Read(t.TempDir(), "P", text).Problems()
		require.NotEmpty(t, problems)
		line, _, _ := strings.Cut(text, "\n")
		assert.Contains(t, diag.Style{}.Text(problems[0]), " | "+line+"\n")
	}
}

func TestFoldersThatAreNotThereAreTold(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "file"), nil, 0o600))
	for text, want := range map[string]string{"files-dir: gone": `the folder "gone": no such file or directory`,
		"root: file": `the folder "file": it is no folder`, "root: .": "", "format: json": ""} {
		f := project.Read(dir, "P", text)
		require.Len(t, f.Settings, 1)
		if err := f.Settings[0].Absent(); want == "" {
			assert.NoError(t, err)
		} else {
			assert.EqualError(t, err, want)
		}
	}
}
