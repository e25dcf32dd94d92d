package check_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
)

const (
	good    = `{"ignition": {"version": "3.6.0"}}`
	warns   = `{"ignition": {"version": "3.6.0"}, "zz": 1}`
	bad     = `{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "a%sb%d100%"}]}}`
	ours    = `{"ignition": {"version": "3.6.0"}, "passwd": {"groups": [{"name": "a", "gid": -1}]}}`
	notJSON = "{\n  \"ignition\": {]\n}"
)

// A run is what a command did.
type run struct {
	code     int
	out, err string
}

// files makes a folder with a file of each text and gives the names.
func files(t *testing.T, texts ...string) (names []string) {
	t.Helper()
	dir := t.TempDir()
	for i, text := range texts {
		name := filepath.Join(dir, string(rune('a'+i))+".ign")
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
		names = append(names, name)
	}
	return names
}

// runs runs a command by the streams of a process of its own.
func runs(c cli.Command, in io.Reader, colors bool, args ...string) run {
	var out, errs strings.Builder
	p := &cli.Process{Name: c.Called, Args: args, Version: "9.9.9", In: in, Out: &diag.Screen{To: &out, Colors: colors},
		Err: &diag.Screen{To: &errs}}
	code := cli.Run(context.Background(), p, []cli.Program{{Command: c}})
	return run{code, out.String(), errs.String()}
}

func validate(stdin string, args ...string) run {
	return runs(check.Validate("glowplug validate"), strings.NewReader(stdin), false, args...)
}

func peer(stdin string, args ...string) run {
	return runs(check.Peer(), strings.NewReader(stdin), false, args...)
}

func TestVerdictsAndTheirExitCodes(t *testing.T) {
	for _, c := range []struct {
		claim, text   string
		code, strict  int
		lines, latest string // line form, and the end of the text form
	}{
		{"a good config", good, 0, 0, "", "valid: 1 file, 0 errors, 0 warnings\n"},
		{"a warning", warns, 0, 1,
			"NAME:1:36: warning[key-unknown] the key \"zz\" is not known here; it is ignored ($.zz)\n",
			"valid: 1 file, 0 errors, 1 warning\n"},
		{"an error, percent signs and all", bad, 1, 1, "NAME:1:67: error[path-relative] " +
			"the path \"a%sb%d100%\" is not absolute ($.storage.files.0.path)\n",
			"invalid: 1 file, 1 error, 0 warnings\n"},
		{"a rule of ours counts like any other", ours, 1, 1, "NAME:1:79: error[number-negative] " +
			"a group id cannot be negative ($.passwd.groups.0.gid)\n", "invalid: 1 file, 1 error, 0 warnings\n"},
		{"a syntax error", notJSON, 1, 1, "NAME:2:16: error[json-syntax] a key is expected, not \"]\"\n",
			"invalid: 1 file, 1 error, 0 warnings\n"},
		{"an empty file", "", 1, 1, "NAME:1:1: error[empty] the config is empty ($)\n",
			"invalid: 1 file, 1 error, 0 warnings\n"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			name := files(t, c.text)[0]
			lines := func(name string) string { return strings.ReplaceAll(c.lines, "NAME", name) }
			assert.Equal(t, run{c.code, lines(name), ""}, validate("", "--format", "line", name))
			assert.Equal(t, lines("standard input"), validate(c.text, "--format=line", "-").out)
			assert.Equal(t, lines("a.ign"), validate(c.text, "--format=line", "-", "--stdin-filename=a.ign").out)

			text := validate("", name)
			assert.Equal(t, c.code, text.code)
			assert.True(t, strings.HasSuffix(text.out, c.latest), text.out)
			assert.NotContains(t, text.out, "%!")
			if c.lines != "" {
				assert.Contains(t, text.out, "  --> "+name)
			}

			strict := validate("", "--strict", "--format=line", name)
			assert.Equal(t, c.strict, strict.code)
			assert.Equal(t, lines(name), strict.out, "the problems stay what they are")
			if c.strict > c.code {
				assert.Contains(t, validate("", name, "--strict").out, "\ninvalid: ")
			}
		})
	}
}

func TestProblemsComeInTheOrderOfTheText(t *testing.T) {
	got := validate(`{"zz": 1, "ignition": {"version": "3.6.0"}, `+
		`"storage": {"links": [{"path": "b"}], "files": [{"path": "a", "mode": "5"}]}}`, "--format=line", "-")
	var columns []string
	for line := range strings.Lines(got.out) {
		columns = append(columns, strings.Split(line, ":")[2])
	}
	assert.Equal(t, []string{"2", "67", "76", "115"}, columns, got.out)
}

func TestSeveralFilesAreJudgedTogether(t *testing.T) {
	names := files(t, good, warns, bad)
	absent := filepath.Join(filepath.Dir(names[0]), "absent.ign")
	got := validate("", append(names, absent, "--format=line")...)
	assert.Equal(t, 1, got.code)
	lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
	require.Len(t, lines, 3)
	assert.True(t, strings.HasPrefix(lines[0], names[1]+":1:36: warning[key-unknown] "), lines[0])
	assert.True(t, strings.HasPrefix(lines[1], names[2]+":1:67: error[path-relative] "), lines[1])
	assert.Contains(t, lines[2], "reading the config: ")
	assert.Contains(t, lines[2], "absent.ign")
	assert.Contains(t, validate("", append(names, absent)...).out, "\ninvalid: 2 of 4 files, 2 errors, 1 warning\n")
	assert.Equal(t, 0, validate("", names[0], names[1]).code)
}

// Files are read side by side, large ones alone.
func TestFilesAreToldOfInTheirOrder(t *testing.T) {
	var texts []string
	for i := range 40 {
		text := bad
		if i%3 == 0 {
			text = `{"ignition": {"version": "3.6.0"}, "storage": {"files": [{"path": "x", "contents":
				{"source": "data:,` + strings.Repeat("x", i<<15) + `"}}]}}`
		}
		texts = append(texts, text)
	}
	dir := t.TempDir()
	var names []string
	for i, text := range texts {
		names = append(names, filepath.Join(dir, fmt.Sprintf("%02d.ign", i)))
		require.NoError(t, os.WriteFile(names[i], []byte(text), 0o600))
	}
	got := validate("", "--format=line", dir)
	assert.Equal(t, 1, got.code)
	lines := strings.Split(strings.TrimSuffix(got.out, "\n"), "\n")
	require.Len(t, lines, len(names))
	for i, line := range lines {
		assert.True(t, strings.HasPrefix(line, names[i]+":1:67: error[path-relative] "), line)
	}
	assert.Equal(t, got.out, validate("", append([]string{"--format=line"}, names...)...).out)
}

func TestWhatIsIgnoredIsCounted(t *testing.T) {
	text := "variant: fcos\nversion: 1.7.0\nstorage:\n  files:\n    - path: /run/x # glowplug: ignore path-volatile\n"
	assert.Equal(t, "valid: 1 file, 0 errors, 0 warnings, 1 ignored\n", validate(text, "-").out)
	assert.Equal(t, 0, validate(text, "--fail-on=advice", "-").code)
	assert.Contains(t, validate(text, "--format=json", "-").out, `"ignored": 1`)
	text = strings.Replace(text, "ignore", "ignored", 1)
	assert.Equal(t, 1, validate(text, "--fail-on=advice", "-").code)
	assert.Contains(t, validate(text, "-").out, "1 warning, 1 piece of advice\n", "the comment is odd")
}

func TestTheReportGoesIntoAFile(t *testing.T) {
	name := files(t, bad)[0]
	report := filepath.Join(t.TempDir(), "report")
	on := validate("", "--format", "line", name)
	got := validate("", "--format", "line", "-o", report, name)
	assert.Equal(t, run{1, "", "invalid: 1 file, 1 error, 0 warnings\n"}, got)
	text, err := os.ReadFile(report)
	require.NoError(t, err)
	assert.Equal(t, on.out, string(text))
	assert.Equal(t, run{1, "", ""}, validate("", "-q", "--format", "line", "-o", report, name))
	assert.NotContains(t, validate("", "-q", name).out, "1 error")
	got = validate("", "-o", filepath.Join(report, "x"), name)
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.err, "writing the report: ")
	assert.NotContains(t, runs(check.Validate("x"), strings.NewReader(bad), true, "-o", report, "-").out, "\x1b")
	text, err = os.ReadFile(report)
	require.NoError(t, err)
	assert.NotContains(t, string(text), "\x1b", "colours are for terminals")
}

func TestJSONIsOneObject(t *testing.T) {
	names := files(t, warns, bad)
	var got struct {
		Valid    bool
		Problems []struct {
			Severity, Code, File, Path, Message, Hint string
			Line, Column, EndLine, EndColumn          int
		}
	}
	out := validate("", "--format", "json", names[0], names[1])
	assert.Equal(t, 1, out.code)
	require.NoError(t, json.Unmarshal([]byte(out.out), &got))
	assert.False(t, got.Valid)
	require.Len(t, got.Problems, 2)
	p := got.Problems[1]
	assert.Equal(t, []any{"error", "path-relative",
		names[1], "$.storage.files.0.path", `the path "a%sb%d100%" is not absolute`, "start it with /"},
		[]any{p.Severity, p.Code, p.File, p.Path, p.Message, p.Hint})
	assert.Equal(t, []int{1, 67, 1, 79}, []int{p.Line, p.Column, p.EndLine, p.EndColumn})

	assert.JSONEq(t, `{"valid": true, "problems": []}`, validate(good, "--format=json", "-").out)
	for _, c := range []struct {
		args []string
		want string
	}{{nil, `"valid": true`}, {[]string{"--strict"}, `"valid": false`}} {
		assert.Contains(t, validate(warns, append(c.args, "--format=json", "-")...).out, c.want)
	}
}

func TestColoursAreForTerminals(t *testing.T) {
	painted := "\x1b[1;31merror[path-relative]\x1b[0m"
	terminal := func(args ...string) string {
		return runs(check.Validate("x"), strings.NewReader(bad), true, append(args, "-")...).out
	}
	assert.Contains(t, terminal(), painted)
	assert.Contains(t, terminal("--color=auto"), painted)
	assert.NotContains(t, terminal("--color", "never"), "\x1b")
	assert.Contains(t, validate(bad, "--color=always", "-").out, painted)
	assert.NotContains(t, validate(bad, "-").out, "\x1b")
}

func TestWhatCannotBeReadIsInvalid(t *testing.T) {
	dir := t.TempDir()
	got := validate("", "--format=line", dir)
	assert.Equal(t, 1, got.code)
	assert.Equal(t, dir+": error[unreadable] reading the folder: no config is in this folder\n", got.out)
	assert.Contains(t, validate("", dir).out, "= hint: configs are *.ign, *.bu")
	absent := filepath.Join(dir, "absent")
	assert.Equal(t, absent+": error[unreadable] reading the config: "+absent+": no such file or directory\n",
		validate("", "--format=line", absent).out, "no place")
	t.Chdir(dir)
	got = runs(check.Validate("glowplug-validate"), strings.NewReader(""), false, "explain", "x")
	assert.Contains(t, got.out, "hint: explain is a command of glowplug: write `glowplug explain`\n")
	got = runs(check.Validate("x"), iotest.ErrReader(errors.New("unplugged")), false, "--format=line", "-")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.out, "reading the config: unplugged")
}

func TestHelpAndWrongUsage(t *testing.T) {
	for _, args := range [][]string{{"-h"}, {"--help"}, {"-help"}, {"--strict", "x", "-h"}} {
		got := validate("", args...)
		assert.Equal(t, 0, got.code)
		assert.True(t, strings.HasPrefix(got.out, "Usage: glowplug validate [OPTIONS] FILE|DIR...\n"), got.out)
		assert.NotContains(t, got.out, "%!")
		assert.Empty(t, got.err)
	}
	for _, c := range []struct{ claim, args, want string }{
		{"no file", "", "no file is given"},
		{"options and no file", "--strict", "no file is given"},
		{"an unknown format", "--format sarifx x",
			`the format "sarifx" is not known: text, line, json, sarif, github, gitlab and junit are`},
		{"an unknown lint", "--lint home-parents,frob x",
			`does not take the value "home-parents,frob": "frob" is no code`},
		{"an open bracket", "--exclude [a x", "a bracket of the pattern is not closed"},
		{"an unknown target", "--target plan9:4 x", `the target "plan9" is not known: --list-targets lists them`},
		{"an unknown option", "--lenient x", "the option --lenient is not known"},
		{"an unknown short option", "-x x", "the option -x is not known"},
		{"an option without its value", "x --format", "the option --format needs a value"},
		{"a switch with a wrong value", "--strict=maybe x", "the option --strict does not take the value"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			got := validate("", strings.Fields(c.args)...)
			assert.Equal(t, 2, got.code)
			assert.Empty(t, got.out)
			assert.Regexp(t, "^glowplug validate: .*"+regexp.QuoteMeta(c.want), got.err)
			assert.Contains(t, got.err, "Try 'glowplug validate --help'.")
		})
	}
}

func TestOptionsMayStandAnywhere(t *testing.T) {
	name := files(t, warns)[0]
	for _, args := range [][]string{{"--strict", "--format", "line", name}, {name, "--format=line", "--strict"},
		{"--format", "line", name, "--strict=true"}, {"-strict", "-format=line", "--", name}} {
		assert.Equal(t, 1, validate("", args...).code, args)
	}
	assert.Contains(t, validate("", "--", "--strict").out, "--strict", "behind -- a name may start with a dash")
	assert.Equal(t, 0, validate("", "--strict=false", name).code)
}

// docs/peer/engine.md §15.
func TestThePeersNameBringsThePeersForm(t *testing.T) {
	name := files(t, good)[0]
	for _, c := range []struct {
		claim, stdin string
		args         []string
		want         run
	}{
		{"a good config is silent", good, []string{"-"}, run{0, "", ""}},
		{"a file", "", []string{name}, run{0, "", ""}},
		{"a file behind --", "", []string{"--", name}, run{0, "", ""}},
		{"a warning is valid", warns, []string{"-"},
			run{0, "warning at $.zz, line 1 col 36: the key \"zz\" is not known here; it is ignored\n", ""}},
		{"an error, percent signs and all", bad, []string{"-"},
			run{1, "error at $.storage.files.0.path, line 1 col 67: the path \"a%sb%d100%\" is not absolute\n", ""}},
		{"a rule of ours is not mentioned", ours, []string{"-"}, run{0, "", ""}},
		{"a syntax error stands behind the byte", notJSON, []string{"-"},
			run{1, "error at line 2 col 17: a key is expected, not \"]\"\n", ""}},
		{"a syntax error at the end has no place", "{", []string{"-"},
			run{1, "error: the document ends inside an object\n", ""}},
		{"a value of a wrong kind is all that is told", `{"ignition": {"version": "3.6.0"}, ` +
			`"zz": 1, "storage": {"files": [{"path": "a", "mode": "5"}, {"path": 7}]}}`, []string{"-"},
			run{1, "error at line 1 col 92: a number is expected here, not a string\n", ""}},
		{"an empty text", "", []string{"-"}, run{1, "", "couldn't parse config: the config is empty\n"}},
		{"no version", `{}`, []string{"-"}, run{1, "",
			"couldn't parse config: the config does not say which version of the language it is written in\n"}},
		{"an odd version", `{"ignition": {"version": "3%s"}}`, []string{"-"},
			run{1, "", "couldn't parse config: \"3%s\" is not a version\n"}},
		{"an unknown version", `{"ignition": {"version": "2.0.0"}}`, []string{"-"},
			run{1, "", "couldn't parse config: version \"2.0.0\" of the config language is not known\n"}},
		{"a file that is not there", "", []string{"/nonexistent/x"},
			run{1, "", "couldn't read config: /nonexistent/x: no such file or directory\n"}},
		{"its version", "", []string{"-version"}, run{0, "Ignition 2.27.0+glowplug.9.9.9\n", ""}},
		{"its version, with a file", "", []string{"--version", "x"}, run{0, "Ignition 2.27.0+glowplug.9.9.9\n", ""}},
	} {
		t.Run(c.claim, func(t *testing.T) {
			assert.Equal(t, c.want, peer(c.stdin, c.args...))
		})
	}
}

func TestThePeersUsage(t *testing.T) {
	for _, c := range []struct {
		claim string
		args  []string
		code  int
	}{
		{"no file", nil, 1},
		{"two files", []string{"a", "b"}, 1},
		{"an option behind the file is a file", []string{"-", "-version"}, 1},
		{"help", []string{"-h"}, 0},
		{"long help", []string{"--help"}, 0},
		{"an unknown option", []string{"--strict", "x"}, 2},
	} {
		got := peer("", c.args...)
		assert.Equal(t, c.code, got.code, c.claim)
		assert.Contains(t, got.err, "Usage: ignition-validate [-version] FILE|-", c.claim)
		assert.Empty(t, got.out, c.claim)
	}
}

// Whoever sits at a terminal is told once where there is more on a problem; programs and files are not.
func TestAPersonIsToldOfExplain(t *testing.T) {
	shown := func(called string, terminal bool, args ...string) string {
		var out, errs strings.Builder
		p := &cli.Process{Name: called, Args: append(args, "-"), In: strings.NewReader(bad),
			Out: &diag.Screen{To: &out, Terminal: terminal}, Err: &diag.Screen{To: &errs}}
		cli.Run(context.Background(), p, []cli.Program{{Command: check.Validate(called)}})
		return out.String()
	}
	const more = "`glowplug explain path-relative` says more of such a problem.\n"
	assert.Equal(t, 1, strings.Count(shown("glowplug validate", true), more))
	for _, out := range []string{shown("glowplug validate", false), shown("glowplug-validate", true),
		shown("glowplug validate", true, "--format=line"), shown("glowplug validate", true, "--format=json")} {
		assert.NotContains(t, out, "explain")
	}
}
