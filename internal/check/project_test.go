package check_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
)

const (
	volatile = "variant: fcos\nversion: 1.7.0\nstorage:\n  files:\n    - path: /run/a\n"
	relative = "variant: fcos\nversion: 1.7.0\nstorage:\n  files:\n    - path: run\n"
)

// inProject makes a folder of files by their names, and has it as the working directory.
func inProject(t *testing.T, files map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		name = filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o755))
		require.NoError(t, os.WriteFile(name, []byte(text), 0o600))
	}
	t.Chdir(dir)
}

func TestTheProjectFileSetsOptionsThatNoArgumentSets(t *testing.T) {
	for _, c := range []struct {
		claim, project string
		args           []string
		code           int
		out            string
	}{
		{"without it", "", []string{"-q", "--format", "line", "a.bu"}, 0,
			"a.bu:5:13: advice[path-volatile] what stands in /run is not there later: an empty filesystem is " +
				"mounted over it at each boot ($.storage.files.0.path)\n"},
		{"format and severity", "format: line\nfail-on: advice\nlint: path-volatile", []string{"a.bu"}, 1,
			"a.bu:5:13: advice[path-volatile] what stands in /run is not there later: an empty filesystem is " +
				"mounted over it at each boot ($.storage.files.0.path)\n"},
		{"an argument counts more", "format: line\nfail-on: advice", []string{"--format=text", "--lint=none", "a.bu"},
			0, "valid: 1 file, 0 errors, 0 warnings\n"},
		{"two words for a severity", "strict: true", []string{"--fail-on=error", "w.ign", "--lint=none", "-q",
			"--format=github"}, 0, "::warning file=w.ign,line=1,endLine=1,col=36,endColumn=40,title=key-unknown::" +
			"the key \"zz\" is not known here; it is ignored%0Ahint: known keys are ignition, kernelArguments, " +
			"passwd, storage, systemd\n"},
		{"from another folder's point of view", "lint: none", []string{"sub/c.bu"}, 0,
			"valid: 1 file, 0 errors, 0 warnings\n"},
		{"a target", "target: [fcos:34]\nformat: line", []string{"g.ign"}, 1,
			"g.ign:1:26: error[target-lacks] fcos:34 reads configs up to version 3.2.0, " +
				"and this one is of version 3.6.0 ($.ignition.version)\n"},
		{"not where it is not wanted", "lint: path-volatile\nformat: line",
			[]string{"--no-project", "--lint=none", "a.bu"}, 0, "valid: 1 file, 0 errors, 0 warnings\n"},
		{"what is ignored is counted", "ignore: {'a*': [path-volatile], b.bu: no-login}", []string{"a.bu", "g.ign"}, 0,
			"valid: 2 files, 0 errors, 0 warnings, 1 ignored\n"},
		{"by a path", "ignore: {'sub/**': [path-volatile], '*/a.bu': [path-volatile]}", []string{"sub/c.bu"}, 0,
			"valid: 1 file, 0 errors, 0 warnings, 1 ignored\n"},
		{"what is excluded is counted", "exclude: [sub, w.ign, README, 'r*']\nlint: none", []string{"."}, 0,
			"valid: 2 files, 0 errors, 0 warnings, 3 excluded\n"},
		{"by a folder", "ignore: {sub: [path-volatile]}", []string{"sub/c.bu"}, 0,
			"valid: 1 file, 0 errors, 0 warnings, 1 ignored\n"},
		{"standard input has a place", "ignore: {a.bu: [path-volatile]}", []string{"--stdin-filename=sub/../a.bu", "-"},
			0, "valid: 1 file, 0 errors, 0 warnings, 1 ignored\n"},
		{"or none", "ignore: {'*': [path-volatile]}", []string{"-", "--quiet", "--format=line"}, 0,
			"standard input:5:13: advice[path-volatile] what stands in /run is not there later: an empty filesystem " +
				"is mounted over it at each boot ($.storage.files.0.path)\n"},
	} {
		files := map[string]string{"a.bu": volatile, "sub/c.bu": volatile, "w.ign": warns, "g.ign": good, "README": "",
			"r.bu": relative}
		if c.project != "" {
			files[".glowplug.yaml"] = c.project
		}
		t.Run(c.claim, func(t *testing.T) {
			inProject(t, files)
			got := validate(volatile, c.args...)
			assert.Equal(t, run{c.code, c.out, ""}, got)
		})
	}
}

func TestAProjectFileSilencesNoError(t *testing.T) {
	inProject(t, map[string]string{"r.bu": relative, "made.ign": bad, ".glowplug.yaml": "fail-on: error\nlint: none\n" +
		"format: line\nignore: {'**': [path-relative, key-unknown], 'r.bu': [json-syntax, nonsense]}\n"})
	got := validate("", ".")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.out, "r.bu:5:13: error[path-relative]")
	assert.Contains(t, got.out, "made.ign:1:67: error[path-relative]")
	assert.Contains(t, got.out, ".glowplug.yaml:4:17: error[project-file] path-relative is an error")
	assert.Contains(t, got.out, ".glowplug.yaml:4:55: error[project-file] json-syntax is an error")
	assert.Contains(t, got.out, ".glowplug.yaml:4:68: error[project-file] \"nonsense\" is no code")
	assert.Equal(t, 0, validate(good, "--no-project", "--lint=none", "-").code)
}

func TestAWrongProjectFileIsInvalidAndTheConfigsAreCheckedAllTheSame(t *testing.T) {
	files := map[string]string{"g.ign": good, "r.bu": relative, ".glowplug.yaml": "format: lines\nfail-on: never\n" +
		"target: nix:1\nlint: [none-such]\nfiles_dir: files\n"}
	inProject(t, files)
	got := validate("", "--format=line", "g.ign", "r.bu")
	assert.Equal(t, run{1, `.glowplug.yaml:1:9: error[project-file] the format "lines" is not known: text, line, ` +
		`json, sarif, github, gitlab and junit are known ($.format)
.glowplug.yaml:2:10: error[project-file] the fail-on "never" is not known: ` +
		`error, warning and advice are known ($.fail-on)
.glowplug.yaml:3:9: error[project-file] the target "nix" is not known: --list-targets lists them ($.target)
.glowplug.yaml:4:8: error[project-file] "none-such" is no code of advice: ` + "`glowplug explain`" +
		` lists all codes ($.lint.0)
.glowplug.yaml:5:1: error[project-file] a project file has no setting "files_dir" ($.files_dir)
r.bu:5:13: error[path-relative] the path "run" is not absolute ($.storage.files.0.path)
`, ""}, got)
	assert.Equal(t, got.out, validate("", "--format=line", ".glowplug.yaml", "g.ign", "r.bu").out,
		"named, it is told once")
	alone := validate("", "--no-project", "--format=line", ".glowplug.yaml")
	assert.Equal(t, 1, alone.code)
	assert.Contains(t, alone.out, ".glowplug.yaml:1:9: error[project-file] the format \"lines\" is not known")
}

func TestAFolderThatIsNotThereIsAnErrorOfTheProjectFile(t *testing.T) {
	inProject(t, map[string]string{"r.bu": relative, ".glowplug.yaml": "# of all\nfiles-dir: gone\n"})
	const told = `.glowplug.yaml:2:12: error[project-file] the folder "gone": no such file or directory ($.files-dir)
`
	got := validate("", "--format=line", "r.bu")
	assert.Equal(t, run{1, told + "r.bu:5:13: error[path-relative] the path \"run\" is not absolute " +
		"($.storage.files.0.path)\n", ""}, got)
	assert.Equal(t, run{1, told, ""}, validate("", "--format=line", ".glowplug.yaml"))
	assert.Equal(t, run{1, told, ""}, validate("", "--format=line", "--no-project", ".glowplug.yaml"))
	for _, format := range []string{"text", "json", "sarif", "github", "gitlab", "junit"} {
		got := validate("", "--format", format, "r.bu")
		assert.Equal(t, 1, got.code, format)
		assert.Contains(t, got.out, "project-file", format)
		assert.Contains(t, got.out, "path-relative", format)
		assert.Empty(t, got.err, format)
	}
}

func TestARootOfAProjectFileThatCannotBeJudgedIsItsError(t *testing.T) {
	inProject(t, map[string]string{"r.bu": relative, ".glowplug.yaml": "root: image\n", "image/etc/passwd": ""})
	against := func(context.Context, *cli.Process, string) (check.Image, error) {
		return check.Image{}, errors.New("it is no image")
	}
	by := func(against check.Against, args ...string) run {
		command := check.ValidateBy("glowplug validate", check.Means{Against: against})
		return runs(command, strings.NewReader(""), false, args...)
	}
	got := by(against, "--format=line", "r.bu")
	assert.Equal(t, 1, got.code)
	assert.Contains(t, got.out, ".glowplug.yaml:1:7: error[project-file] it is no image ($.root)\nr.bu:5:13: ")
	got = by(against, "--root=image", "r.bu")
	assert.Contains(t, got.err, "it is no image", "an argument that cannot be followed ends the call")
}

func TestSettingsOfUnitsAreHeldAgainstTheSystemdThatTheyAreFor(t *testing.T) {
	inProject(t, map[string]string{"web.bu": "variant: fcos\nversion: 1.4.0\nsystemd:\n  units:\n" +
		"    - name: a.service\n      contents: |\n        [Service]\n        ExecStart=/a\n        RestartSteps=3\n"})
	at := "web.bu:9:9: advice[unit-directive-newer] RestartSteps came with systemd 254, and "
	passes, of := ", which passes over it ($.systemd.units.0.contents)\n", func(text string) string {
		text, _, _ = strings.Cut(text, "valid: ")
		return text
	}
	assert.Empty(t, of(validate("", "--format=line", "web.bu").out))
	assert.Empty(t, of(validate("", "--format=line", "--lint=none", "--target=flatcar:3815", "web.bu").out))
	got := validate("", "--format=line", "--target=flatcar:3815.2.0,fcos:39,microos:20250101,r4e:9.2", "web.bu")
	assert.Equal(t, 0, got.code)
	assert.Equal(t, at+"flatcar:3815.2.0 has 252"+passes+at+"r4e:9.2 has 252"+passes, of(got.out))
	got = validate("", "--target=flatcar:3815,r4e:9.2", "web.bu")
	assert.Contains(t, got.out, "hint: Flatcar has systemd 254 or a later one from flatcar:3913 on")
	assert.Contains(t, got.out, "hint: no release of RHEL for Edge that is known here has systemd 254: do without it")

	judge := func(*document.Document) []diag.Problem { return nil }
	against := func(context.Context, *cli.Process, string) (check.Image, error) {
		return check.Image{Systemd: 253, End: func() {}, Judge: judge}, nil
	}
	command := check.ValidateBy("glowplug validate", check.Means{Against: against})
	got = runs(command, strings.NewReader(""), false, "--format=line", "--root=.", "web.bu")
	assert.Equal(t, at+"this image has 253"+passes, of(got.out))
}

func TestFilesThatAreNamedMayBeExcluded(t *testing.T) {
	inProject(t, map[string]string{"r.bu": relative, "old/deep/r.bu": relative,
		".glowplug.yaml": "exclude: [old, r.bu]\n"})
	assert.Equal(t, 1, validate("", "old/deep/r.bu").code, "what is named is checked")
	assert.Equal(t, run{0, "valid: 0 files, 0 errors, 0 warnings, 2 excluded\n", ""},
		validate("", "--as-in-folders", "old/deep/r.bu", "r.bu"))
	t.Chdir("old")
	assert.Equal(t, run{0, "valid: 0 files, 0 errors, 0 warnings, 1 excluded\n", ""},
		validate("", "--as-in-folders", "deep/r.bu"), "from within what is excluded")
	t.Chdir("..")
	for _, format := range []string{"json", "sarif", "gitlab", "junit", "github", "line"} {
		assert.Equal(t, 0, validate("", "--as-in-folders", "--format", format, "r.bu").code)
	}
}

func TestNotesNameLocalFilesAsTheyAreOpened(t *testing.T) {
	inProject(t, map[string]string{
		"web.bu": "variant: fcos\nversion: 1.7.0\nignition: {config: {merge: [{local: r.ign}]}}\n" +
			"systemd: {units: [{name: a.service, contents_local: ./a.service}]}\n",
		"site/a.service": "[Service]\nExecStart=/a\nFoo=1\n", "site/r.ign": bad,
	})
	for _, args := range [][]string{{"--files-dir=site"}, {"--files-dir=./site/"}} {
		got := validate("", append(args, "--format=json", "web.bu")...)
		assert.Contains(t, got.out, `"file": "site/a.service"`)
		assert.Contains(t, got.out, `"file": "site/r.ign"`)
	}
	require.NoError(t, os.WriteFile(".glowplug.yaml", []byte("files-dir: site\n"), 0o600))
	got := validate("", "--format=sarif", "web.bu")
	assert.Contains(t, got.out, `"uri": "site/a.service"`)
	assert.Contains(t, got.out, `"uri": "site/r.ign"`)
}
