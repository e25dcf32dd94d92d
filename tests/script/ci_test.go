package script

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	yaml "github.com/glowplug-os/glowplug/internal/tree"
)

// parseYAML reads a file of the repository, or a block of one.
func parseYAML(t *testing.T, text string) yaml.Node {
	t.Helper()
	root, problem := yaml.NewArena().ParseYAML(&diag.Document{Text: text})
	require.Nil(t, problem, text)
	return root
}

func repositoryFile(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", name))
	require.NoError(t, err)
	return string(text)
}

// pipelineFolder is a repository whose config has a mistake in line 4, beside one that has none.
func pipelineFolder(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	for name, text := range map[string]string{
		"hosts/web.ign": "{\n  \"ignition\": {\"version\": \"3.6.0\"},\n  \"storage\": {\n" +
			"    \"files\": [{\"path\": \"etc/motd\"}]\n  }\n}\n",
		"hosts/good.bu": minimalButane, "files/motd": "hello",
		"bin/generate-config": "#!/bin/sh\ncat hosts/web.ign\n",
	} {
		at := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(at), 0o755))
		require.NoError(t, os.WriteFile(at, []byte(text), 0o755))
	}
	return dir
}

// shell runs a script in a folder, with variables, and gives its exit code.
func shell(t *testing.T, dir, script string, env ...string) (code int, out string) {
	t.Helper()
	command := exec.Command("bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script)
	command.Dir = dir
	command.Env = append(env, "PATH="+dir+"/bin:"+programs+":"+os.Getenv("PATH"), "HOME="+os.Getenv("HOME"))
	text, err := command.CombinedOutput()
	if err != nil {
		require.IsType(t, &exec.ExitError{}, err, string(text))
	}
	return command.ProcessState.ExitCode(), string(text)
}

const annotation = "::error file=hosts/web.ign,line=4,endLine=4,col=24,endColumn=34,title=path-relative::" +
	"the path \"etc/motd\" is not absolute%0Ahint: "

func TestTheActionAnnotatesTheLine(t *testing.T) {
	t.Parallel()
	steps := parseYAML(t, repositoryFile(t, "action.yml")).Get("runs").Get("steps")
	require.Equal(t, 3, steps.Len())
	module, err := filepath.Abs("../..")
	require.NoError(t, err)
	building := steps.First().Next()
	temp := t.TempDir()
	code, out := shell(t, temp, building.Get("run").Text(), "GITHUB_ACTION_PATH="+module, "RUNNER_TEMP="+temp,
		"GITHUB_PATH="+filepath.Join(temp, "path"))
	require.Zero(t, code, out)
	added := strings.TrimSpace(repositoryText(t, filepath.Join(temp, "path")))
	require.FileExists(t, filepath.Join(added, "glowplug-validate"), "the steps that follow find the program")

	checking := "PATH=" + added + ":$PATH\n" + building.Next().Get("run").Text()
	for _, c := range []struct {
		paths, format, options string
		code                   int
		want                   string
	}{
		{"hosts", "github", "--strict --files-dir files", 1, annotation},
		{".", "github", "", 1, annotation},
		{"hosts", "sarif", "", 1, `"uri": "hosts/web.ign"`},
		{"hosts/good.bu", "github", "", 0, "valid: 1 file, 0 errors, 0 warnings\n"},
		{"$(touch${IFS}forged) hosts/*.ign", "github", "", 1, "hosts/*.ign"},
		{"-x", "github", "", 1, "-x"},
	} {
		dir := pipelineFolder(t)
		code, out := shell(t, dir, checking, "RUNNER_TEMP="+temp, "GLOWPLUG_PATHS="+c.paths,
			"GLOWPLUG_FORMAT="+c.format, "GLOWPLUG_OPTIONS="+c.options)
		assert.Equal(t, c.code, code, out)
		assert.Contains(t, out, c.want)
		assert.NoFileExists(t, filepath.Join(dir, "forged"), "nothing of a value is run")
	}
}

func TestTheHooksCheckAndCorrect(t *testing.T) {
	t.Parallel()
	hooks := parseYAML(t, repositoryFile(t, ".pre-commit-hooks.yaml"))
	require.Equal(t, 2, hooks.Len())
	for hook := hooks.First(); hook.Exists(); hook = hook.Next() {
		files := regexp.MustCompile(hook.Get("files").Text())
		for name, want := range map[string]bool{"a/b.ign": true, "b.bu": true, "b.bus": false, "ign": false,
			"a.JSON": true, "a.yml": true, "a.yaml": true} {
			assert.Equal(t, want, files.MatchString(name), name)
		}
		dir := pipelineFolder(t)
		entry := hook.Get("entry").Text()
		require.NoError(t, os.WriteFile(filepath.Join(dir, "pod.yaml"), []byte("kind: Pod\n"), 0o600))
		code, out := shell(t, dir, entry+" hosts/web.ign hosts/good.bu pod.yaml")
		fixes := hook.Get("id").Text() == "glowplug-fix"
		assert.Equal(t, !fixes, code == 1, out)
		again, out := shell(t, dir, "glowplug-validate hosts")
		assert.Equal(t, fixes, again == 0, out)
	}
}

// The Containerfile is built by no test; what it runs is.
func TestTheCommandsOfTheContainerfileRun(t *testing.T) {
	t.Parallel()
	text := repositoryFile(t, "Containerfile")
	at := filepath.Join(t.TempDir(), "glowplug-validate")
	built := false
	for line := range strings.Lines(text) {
		if run, found := strings.CutPrefix(strings.TrimSpace(line), "RUN "); found {
			code, out := shell(t, "../..", strings.ReplaceAll(run, "-o /glowplug-validate", "-o "+at))
			require.Zero(t, code, out)
			built = true
		}
	}
	require.True(t, built)
	program, err := os.ReadFile(at)
	require.NoError(t, err)
	assert.NotContains(t, string(program), "/lib64/ld-linux", "an image from scratch has no loader of libraries")
	code, out := shell(t, pipelineFolder(t), at+" --strict .")
	assert.Equal(t, 1, code)
	assert.Contains(t, out, "--> hosts/web.ign:4:24")
	for _, line := range []string{"FROM scratch\n", "USER 65534:65534\n", "ENTRYPOINT [\"/glowplug-validate\"]\n"} {
		assert.Contains(t, text, "\n"+line)
	}
}

// Each command line of the page runs, but for those of podman and pre-commit, which are not at hand.
func TestThePageOnPipelinesIsTrue(t *testing.T) {
	t.Parallel()
	page := repositoryFile(t, "docs/ci.md")
	count := 0
	for line := range strings.Lines(page) {
		line = strings.TrimSpace(line)
		line = strings.TrimPrefix(strings.TrimPrefix(line, "- run: "), "- ")
		line = strings.TrimPrefix(line, "/")
		if !strings.HasPrefix(line, "glowplug-validate ") && !strings.HasPrefix(line, "generate-config") {
			continue
		}
		count++
		dir := pipelineFolder(t)
		code, out := shell(t, dir, line)
		assert.Equal(t, 1, code, "%s\n%s", line, out)
		for _, report := range []string{"glowplug.sarif", "glowplug.json", "glowplug.xml"} {
			if strings.Contains(line, report) {
				assert.FileExists(t, filepath.Join(dir, report))
				out = repositoryText(t, filepath.Join(dir, report))
			}
		}
		assert.Contains(t, out, "path-relative", line)
	}
	assert.Equal(t, 6, count)
	shown, _, _ := strings.Cut(annotation, "not absolute")
	assert.Contains(t, page, shown)
	for _, block := range strings.Split(page, "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		parseYAML(t, strings.ReplaceAll(block, "${{", "{"))
	}
}

// What the page gives the action are inputs of it, and what is uploaded is what they have written.
func TestWorkflowsOfThePageFitTheAction(t *testing.T) {
	t.Parallel()
	inputs := parseYAML(t, repositoryFile(t, "action.yml")).Get("inputs")
	assert.Equal(t, "github", inputs.Get("format").Get("default").Text())
	uploads := 0
	for _, block := range strings.Split(repositoryFile(t, "docs/ci.md"), "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		workflow := parseYAML(t, block)
		steps := workflow.Get("jobs").Get("configs").Get("steps")
		for step := steps.First(); step.Exists(); step = step.Next() {
			switch uses := step.Get("uses").Text(); {
			case strings.HasPrefix(uses, "glowplug-os/glowplug@"):
				for input := range step.Get("with").Children() {
					assert.True(t, inputs.Get(input.Key()).Exists(), input.Key())
				}
				assert.NotContains(t, step.Get("with").Get("options").Text(), "--format", "the action gives it already")
			case strings.HasPrefix(uses, "github/codeql-action/upload-sarif@"):
				uploads++
				assert.Equal(t, "always()", step.Get("if").Text())
				assert.Equal(t, "write", workflow.Get("permissions").Get("security-events").Text())
				assert.Contains(t, block, "--output "+step.Get("with").Get("sarif_file").Text()+"\n")
			}
		}
	}
	assert.Equal(t, 1, uploads)
}

// bootButane is a config for a directory and a disk.
const bootButane = "variant: fcos\nversion: 1.5.0\nstorage:\n  disks:\n    - device: /dev/vda\n" +
	"      partitions: [{number: 1, label: srv}]\n  files:\n    - {path: /etc/motd, contents: {inline: Welcome.}}\n"

// What is in the way fails the job, and what changes does not; the page is there all the same.
func TestThePlanOfThePageOnPipelinesIsKept(t *testing.T) {
	t.Parallel()
	_, section, found := strings.Cut(repositoryFile(t, "docs/ci.md"), "\n## A plan as a page\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var scripts []string
	for _, block := range strings.Split(section, "```yaml\n")[1:] {
		block, _, _ = strings.Cut(block, "```")
		workflow := parseYAML(t, block)
		for line := range workflow.Get("plan").Get("script").Children() {
			scripts = append(scripts, line.Text())
		}
		for step := range workflow.Get("jobs").Get("plan").Get("steps").Children() {
			if run := step.Get("run").Text(); strings.Contains(run, "glowplug plan ") {
				scripts = append(scripts, run)
			}
		}
	}
	scripts = []string{scripts[0], strings.Join(scripts[1:], "\n")}
	for _, script := range scripts {
		for there, want := range map[string]int{"": 0, "hi": 1} {
			dir := pipelineFolder(t)
			require.NoError(t, os.WriteFile(filepath.Join(dir, "hosts", "boot.bu"), []byte(bootButane), 0o600))
			if there != "" {
				require.NoError(t, os.MkdirAll(filepath.Join(dir, "root", "etc"), 0o755))
				require.NoError(t, os.WriteFile(filepath.Join(dir, "root", "etc", "motd"), []byte(there), 0o600))
			}
			code, out := shell(t, dir, script)
			assert.Equal(t, want, code, out)
			page := repositoryText(t, filepath.Join(dir, "plan.html"))
			assert.True(t, strings.HasPrefix(page, "<!DOCTYPE html>\n"))
			assert.Equal(t, want == 1, strings.Contains(page, "Something is in the way"))
		}
	}
}

// The job fails where something differs, and the report is there all the same.
func TestTheVerificationOfThePageOnPipelinesRuns(t *testing.T) {
	t.Parallel()
	_, section, found := strings.Cut(repositoryFile(t, "docs/ci.md"), "\n## Whether an image is what its config says\n")
	require.True(t, found)
	_, block, _ := strings.Cut(section, "```yaml\n")
	block, _, _ = strings.Cut(block, "```")
	var script string
	for line := range parseYAML(t, block).Get("verify").Get("script").Children() {
		script += line.Text() + "\n"
	}
	for there, want := range map[string]int{"Welcome.": 0, "hi": 3} {
		dir := pipelineFolder(t)
		require.NoError(t, os.WriteFile(filepath.Join(dir, "hosts", "web.bu"), []byte("variant: fcos\nversion: 1.5.0\n"+
			"storage:\n  files:\n    - {path: /etc/motd, contents: {inline: Welcome.}}\n"), 0o600))
		require.NoError(t, os.MkdirAll(filepath.Join(dir, "root", "etc"), 0o755))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "root", "etc", "motd"), []byte(there), 0o600))
		require.NoError(t, os.Chmod(filepath.Join(dir, "root", "etc", "motd"), 0o644))
		code, out := shell(t, dir, strings.Replace(script, "verify ", "verify --no-owner ", 1))
		assert.Equal(t, want, code, out)
		assert.Contains(t, repositoryText(t, filepath.Join(dir, "verify.xml")), `<testcase name="file /etc/motd"`)
	}
}

func repositoryText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(text)
}
