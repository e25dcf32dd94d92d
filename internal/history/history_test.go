package history_test

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/history"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/tests/configs"
)

// told merges configs, each over the ones before, and tells of a path or a name.
func told(t *testing.T, asked string, texts ...string) string {
	t.Helper()
	return painted(t, diag.Style{}, asked, texts...)
}

func painted(t *testing.T, style diag.Style, asked string, texts ...string) string {
	t.Helper()
	log, arena := history.NewLog(), tree.NewArena()
	var all []*document.Document
	for i, text := range texts {
		doc, problems := configs.Parse(fmt.Sprint(i), []byte(`{"ignition": {"version": "3.5.0"}, `+text+`}`))
		require.False(t, diag.Fatal(problems), "%v", problems)
		doc = doc.In(arena)
		doc.Listen(log)
		all = append(all, doc)
	}
	answer := history.Answer{Entries: log.Of(document.Merge(all[0], all[1:]...), asked)}
	var out bytes.Buffer
	require.NoError(t, answer.WriteText(&out, style))
	return out.String()
}

func TestValuesComeFromTheDocumentsThatGiveThem(t *testing.T) {
	file := func(rest string) string { return `"storage": {"files": [{"path": "/a"` + rest + `}]}` }
	link := `"storage": {"links": [{"path": "/a", "target": "b"}]}`
	user := func(rest string) string { return `"passwd": {"users": [{"name": "a", ` + rest + `}]}` }
	for claim, test := range map[string]struct {
		asked string
		texts []string
		want  []string // of places, the document alone
	}{
		"the last one counts": {"/a", []string{file(`, "mode": 1`), file(`, "mode": 2`), file("")},
			[]string{"file /a ($.storage.files.0)", "  path: /a (2)", "    also 1", "    also 0", "  mode: 02 (1)",
				"    over 01 (0)"}},
		"a file that a link removes, and a file again": {"/a", []string{file(""), link, file("")},
			[]string{"file /a ($.storage.files.0)", "  in the place of file /a (0)", "  in the place of link /a (1)",
				"  path: /a (2)"}},
		"strings of a list": {"a", []string{user(`"groups": ["x"]`), user(`"groups": ["x", "y"]`)},
			[]string{"user a ($.passwd.users.0)", "  groups.0: x (0)", "  groups.1: y (1)",
				"  name: a (1)", "    also 0"}},
		"a value that is empty": {"$.passwd.users.0.shell", []string{user(`"shell": "x"`), user(`"shell": ""`)},
			[]string{"$.passwd.users.0.shell", `  "" (1)`, "    over x (0)"}},
		"a secret": {"$.passwd.users.0.password_hash", []string{user(`"passwordHash": "x"`),
			user(`"passwordHash": "y"`), user(`"passwordHash": "y"`)},
			[]string{"$.passwd.users.0.passwordHash", "  [redacted] (2)", "    also 1",
				"    over another, [redacted] (0)"}},
		"one document": {"/a", []string{file("")}, []string{"file /a ($.storage.files.0)", "  path: /a (0)"}},
		"nothing":      {"/b", []string{file("")}, []string{""}},
	} {
		t.Run(claim, func(t *testing.T) {
			var got []string
			for line := range strings.SplitSeq(strings.TrimSuffix(told(t, test.asked, test.texts...), "\n"), "\n") {
				if place := strings.LastIndexByte(line, ' '); strings.Count(line[place+1:], ":") == 2 {
					word := line[place+1:]
					name, _, _ := strings.Cut(word, ":")
					line = line[:place+1] + name
					if strings.HasSuffix(word, ")") {
						line += ")"
					}
				}
				got = append(got, line)
			}
			assert.Equal(t, test.want, got)
		})
	}
}

func TestPlacesAndNamesStandOutInColours(t *testing.T) {
	mode := func(mode int) string {
		return fmt.Sprintf(`"storage": {"files": [{"path": "/\u001b[31m", "mode": %d}]}`, mode)
	}
	text := painted(t, diag.Style{Color: true}, "$.storage.files.0", mode(1), mode(2))
	assert.Contains(t, text, "\x1b[1mfile /\\x1b[31m\x1b[0m ($.storage.files.0)\n")
	assert.Contains(t, text, "  mode: 02 (\x1b[1;36m1:1:")
	assert.Contains(t, text, "    \x1b[1;33mover\x1b[0m 01 (\x1b[1;36m0:1:")
	assert.Equal(t, told(t, "$.storage.files.0", mode(1), mode(2)),
		regexp.MustCompile("\x1b\\[[0-9;]+m").ReplaceAllString(text, ""))
}

func TestNothingThatMayBeASecretIsTold(t *testing.T) {
	for _, text := range []string{
		`"storage": {"files": [{"path": "/a", "contents": {"source": "data:,SEKRET"}}]}`,
		`"storage": {"files": [{"path": "/a", "contents": {"source": "https://u:SEKRET@a/b?c=SEKRET#SEKRET"}}]}`,
		`"storage": {"files": [{"path": "/a", "contents": {"source": "https://a/b",
			"httpHeaders": [{"name": "A: SEKRET", "value": "SEKRET"}]}}]}`,
		`"passwd": {"users": [{"name": "a", "passwordHash": "\u0053EKRET", "sshAuthorizedKeys": ["x SEKRET"]}]}`,
		`"kernelArguments": {"shouldExist": ["a=SEKRET"]}`,
		`"storage": {"luks": [{"name": "a", "device": "/b", "keyFile": {"source": "data:;base64,SEKRET=="},
			"clevis": {"custom": {"pin": "a", "config": "SEKRET"}, "tang": [{"url": "http://SEKRET@a"}]}}]}`,
		`"systemd": {"units": [{"name": "a", "contents": "[Service]\nEnvironment=SEKRET"}]}`,
	} {
		told := told(t, "$", text, text)
		assert.NotContains(t, told, "SEKRET")
		assert.Contains(t, told, diag.Redacted)
	}
	public := told(t, "$", `"passwd": {"users": [{"name": "a", "sshAuthorizedKeys": ["ssh-ed25519 AAAA a@b"]}]}`)
	assert.Contains(t, public, "ssh-ed25519 AAAA a@b")
}
