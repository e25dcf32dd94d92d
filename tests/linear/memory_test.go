//go:build linear

package linear

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// filled repeats an item between a head and a tail until the document has 2 MB.
func filled(head, item, between, tail string) string {
	return head + item + strings.Repeat(between+item, (2<<20-len(head)-len(tail))/len(between+item)) + tail
}

const (
	butaneHead = "variant: fcos\nversion: 1.7.0\n"
	configHead = `{"ignition": {"version": "3.6.0"}, `
)

// The shapes are of the shortest values that their kind has, each of which takes as much memory as a long one.
func memoryShapes() map[string]string {
	shapes := map[string]string{
		"JSON with an error at its end": filled(configHead+`"x": [`, "1", ",", "}"),
		"JSON of equal keys":            filled(configHead, `"k": 1`, ",", "}"),
		"JSON of a long key":            filled(configHead+`"`, "k", "", `": 1}`),
		"JSON of problems": filled(configHead+`"storage": {"files": [`, `{"a": 1, "b": 1, "path": "f"}`,
			",", "]}}"),
		"YAML of problems": filled(butaneHead+"storage:\n  files:\n", "  - {a: 1, b: 1, path: f}\n", "",
			""),
		"YAML of files": filled(butaneHead+"storage:\n  files:\n", "  - path: /f\n    mode: 0644\n", "",
			""),
		"YAML of files on one line": filled(butaneHead+"storage: {files: [", "{path: /f, mode: 0644}", ", ",
			"]}\n"),
		"YAML of one large item":         filled(butaneHead+"x:\n- y:\n", "  - a\n", "", ""),
		"YAML in braces":                 filled("{variant: fcos, version: 1.7.0, x: {y: [", "a", ", ", "]}}\n"),
		"YAML of equal keys":             filled(butaneHead+"x:\n", "  a: 1\n", "", ""),
		"YAML of comments":               filled(butaneHead, "# c\n", "", "x: 1\n"),
		"YAML of a long text":            filled(butaneHead+"x: |\n", "  line\n", "", ""),
		"YAML without a head":            filled("", "- a\n", "", ""),
		"YAML with CRLF":                 filled("variant: fcos\r\nversion: 1.7.0\r\nx:\r\n", "- a\r\n", "", ""),
		"YAML with a quote left open":    filled(butaneHead+"x:\n", "- a\n", "", "- \"b\n"),
		"YAML of a merge key and others": filled(butaneHead+"x: &x {a: 1}\ny:\n  <<: *x\n", "  a: 1\n", "", ""),
		"YAML of a merge key at its top": filled(butaneHead+"x: &x {a: 1}\n<<: *x\n", "a: 1\n", "", ""),
		"YAML of items with merge keys": filled(butaneHead+"x: &x {mode: 0644}\nstorage:\n  files:\n",
			"  - {<<: *x, path: /f}\n", "", ""),
		"YAML of a merge key in braces":       filled(butaneHead+"x: &x {a: 1}\ny: {<<: *x, ", "a: 1", ", ", "}\n"),
		"YAML with a second document":         filled(butaneHead+"x:\n", "- a\n", "", "---\na: 1\n"),
		"YAML with a large second document":   filled(butaneHead+"x:\n- a\n---\ny:\n", "- a\n", "", ""),
		"YAML with an end":                    filled(butaneHead+"x:\n", "- a\n", "", "...\n"),
		"YAML with a version":                 filled("%YAML 1.1\n---\n"+butaneHead+"x:\n", "- a\n", "", ""),
		"YAML with an error after a bracket":  filled(butaneHead+"x: [", "a", ", ", "]\ny: \"b\n"),
		"YAML with an item after a bracket":   filled(butaneHead+"x: {y: [", "a", ", ", "]}\n- z\n"),
		"YAML with a bracket left open":       filled(butaneHead+"x: [", "a", ", ", "\ny: b\n"),
		"YAML of keys in quotes":              filled(butaneHead+"x:\n", "  'a': 1\n", "", ""),
		"YAML below a key in quotes":          filled(butaneHead+"'x y':\n", "  - a\n", "", ""),
		"YAML of tags in brackets":            filled(butaneHead+"x: [", "!a b", ", ", "]\n"),
		"YAML of a value that cannot be used": filled(butaneHead+"w: !!binary \"?\"\nx:\n", "- a\n", "", ""),
		"YAML with a tab at its end":          filled(butaneHead+"x:\n", "- a: 1\n", "", "\t- b\n"),
	}
	for _, item := range []string{"1", `""`, "{}", "[]", `{"a":1}`} {
		shapes["JSON of "+item] = filled(configHead+`"x": [`, item, ",", "]}")
	}
	for _, item := range []string{"- a", "-", "- ''", `- "a"`, "- 1", "- a: 1", "- {a: 1}", "- - - a", "- !!str a",
		"- a # b"} {
		shapes["YAML of "+item] = filled(butaneHead+"x:\n", item+"\n", "", "")
	}
	for _, item := range []string{"a", "1", `""`, "[]", "{}", "{a: 1}", "[[a]]"} {
		shapes["YAML of one line of "+item] = filled(butaneHead+"x: [", item, ",", "]\n")
	}
	return shapes
}

// What a process takes at most is ten times its document, and 64 MiB for itself.
func TestMemoryIsTenTimesTheDocumentAtMost(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a program on large documents")
	}
	dir := t.TempDir()
	build := exec.Command("go", "build", "-o", dir, "./cmd/glowplug", "./tests/bench/peak")
	build.Dir = "../.."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	for name, text := range memoryShapes() {
		file := filepath.Join(t.TempDir(), "document")
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		commands := []string{"validate"}
		if strings.HasPrefix(name, "YAML") {
			commands = append(commands, "convert")
		}
		for _, command := range commands {
			t.Run(fmt.Sprintf("%s: %s", command, name), func(t *testing.T) {
				t.Parallel()
				out, err := exec.Command(filepath.Join(dir, "peak"), filepath.Join(dir, "glowplug"), command,
					file).Output()
				peak, bad := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
				require.NoError(t, bad, "%v", err) // an invalid document is an error of the program, with a peak
				assert.LessOrEqual(t, peak, int64(10*len(text)+64<<20), "for %d bytes", len(text))
			})
		}
	}
}
