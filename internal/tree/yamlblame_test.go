package tree

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// The library says where it could not go on, which may be lines below what is wrong.
func TestMistakesAreShownWhereTheyAre(t *testing.T) {
	for _, c := range []struct{ claim, text, place, message string }{
		{"a line of a block of text at the column of its key", "systemd:\n  " +
			"units:\n    - name: a.service\n      contents: |\n        [Service]\n      ExecStart=/bin/true\n        " +
			"Restart=always\n\n        [Install]\n        WantedBy=multi-user.target\n      enabled: true\n", "6:7",
			"the line stands left of the block of text above, so it is no part of it"},
		{"at the first column", "systemd:\n  units:\n    - name: a.service\n      contents: |\n        [Service]\n" +
			"ExecStart=/bin/true\n        Restart=always\n      enabled: true\n", "6:1",
			"the line stands left of the block of text above, so it is no part of it"},
		{"at the column of the dash", "systemd:\n  units:\n    - name: a.service\n      contents: " +
			"|\n        [Service]\n    ExecStart=/bin/true\n        Restart=always\n      enabled: true\n", "6:5",
			"the line stands left of the block of text above, so it is no part of it"},
		{"a section of a unit there", "systemd:\n  units:\n    - name: a.service\n      contents: |\n        " +
			"[Service]\n        ExecStart=/bin/true\n      [Install]\n        WantedBy=multi-user.target\n      " +
			"enabled: true\n", "7:7", "the line stands left of the block of text above, so it is no part of it"},
		{"a whole block there", "systemd:\n  units:\n    - name: " +
			"a.service\n      contents: |\n      [Service]\n      ExecStart=/bin/true\n      enabled: true\n", "5:7",
			"the line stands left of the block of text above, so it is no part of it"},
		{"a line between the block and its key", "storage:\n  files:\n    " +
			"- path: /a\n      contents:\n        inline: |\n            a\n          b\n      mode: 0644\n", "7:11",
			"the line stands left of the block of text above, so it is no part of it"},
		{"a tab for an indent", "storage:\n  files:\n\t- path: /a\n      mode: 0644\n", "3:1",
			"a tab stands where YAML takes spaces only"},
		{"a tab after blanks", "storage:\n  files:\n    - path: /a\n    \tmode: 0644\n", "4:5",
			"a tab stands where YAML takes spaces only"},
		{"a tab in a block of text", "systemd:\n  units:\n    - name: a.service\n      contents: " +
			"|\n        [Service]\n\tExecStart=/bin/true\n        Restart=always\n      enabled: true\n", "6:1",
			"a tab stands where YAML takes spaces only"},
		{"a double quote is not closed", "storage:\n  files:\n    - path: \"/a\n      mode: 0644\n    - path: " +
			"/b\n      mode: 0644\n", "3:13", "a quote is not closed"},
		{"a double quote is not closed, and others follow", "storage:\n  files:\n    - path: \"/a\n      mode: " +
			"0644\n    - path: \"/b\"\n      mode: 0644\n", "3:13", "a quote is not closed"},
		{"a single quote is not closed", "storage:\n  files:\n    - path: '/a\n      mode: 0644\n    - path: " +
			"/b\n      contents:\n        inline: it's\n", "3:13", "a quote is not closed"},
		{"a single quote is not closed, and others follow", "storage:\n  files:\n    - path: '/a\n      mode: " +
			"0644\n    - path: '/b'\n    - path: '/c'\n", "3:13", "a quote is not closed"},
		{"a bracket is not closed", "storage:\n  raid:\n    - devices: " +
			"[/dev/a, /dev/b\n      name: md\n      level: raid1\n", "3:16", "a bracket is not closed"},
		{"a brace is not closed at the end", "passwd: {users: [{name: core}]\n", "1:9", "a bracket is not closed"},
		{"a brace of an item is not closed", "storage:\n  files:\n    - {path: /a, " +
			"mode: 0644\n    - {path: /b, mode: 0644}\n", "3:7", "a bracket is not closed"},
		{"a bracket too many", "storage:\n  raid:\n    - devices: [/dev/a, /dev/b]]\n      name: md\n", "3:32",
			"a bracket is closed that is not open"},
		{"a colon is missing", "storage:\n  files:\n    - path: /a\n      mode 0644\n      overwrite: true\n", "4:7",
			"a colon is missing after a key"},
		{"a colon is missing after a dash", "storage:\n  files:\n    - path /a\n      mode: 0644\n", "3:7",
			"a colon is missing after a key"},
		{"a colon is missing after a section", "storage\n  files:\n    - path: /a\n", "1:1",
			"a colon is missing after a key"},
		{"a colon is missing after a section of a section", "storage:\n  files\n    - path: /a\n      mode: 0644\n",
			"2:3", "a colon is missing after a key"},
		{"a colon is missing on the last line", "storage:\n  files:\n    - path: /a\n      mode 0644\n", "4:7",
			"a colon is missing after a key"},
		{"a blank is missing after a colon", "storage:\n  files:\n    - path: /a\n      mode:0644\n      " +
			"overwrite: true\n", "4:11", "a blank is missing after the colon"},
		{"a blank is missing after a dash", "storage:\n  files:\n    -path: /a\n     mode: 0644\n", "3:5",
			"a blank is missing after the dash"},
		{"a blank is missing after a later dash", "storage:\n  files:\n    - path: /a\n    -path: /b\n", "4:5",
			"a blank is missing after the dash"},
		{"a key too far right", "storage:\n  files:\n    - path: /a\n       mode: 0644\n", "4:8",
			"the line does not fit to those around it"},
		{"a key too far left", "storage:\n  files:\n    - path: /a\n     mode: 0644\n      overwrite: true\n", "4:6",
			"the line does not fit to those around it"},
		{"an item too far left", "storage:\n  files:\n    - path: /a\n      mode: 0644\n   - path: /b\n", "5:4",
			"the line does not fit to those around it"},
		{"an item too far right", "storage:\n  files:\n    - path: /a\n      mode: 0644\n     - path: /b\n", "5:6",
			"the line does not fit to those around it"},
		{"a key at the column of the dash", "storage:\n  files:\n    - path: /a\n    mode: 0644\n    - path: /b\n",
			"4:5", "the line stands among the items of a list, but has no dash"},
		{"a section too far right", "storage:\n  files: []\n systemd:\n  units: []\n", "3:2",
			"the line does not fit to those around it"},
		{"a value with a colon", "storage:\n  files:\n    - path: a: b\n      mode: 0644\n", "3:14",
			"a colon makes a mapping where none can stand"},
		{"a value that starts with @", "storage:\n  files:\n    - path: @a\n      mode: 0644\n", "3:13",
			"this character cannot start a value"},
		{"a value that starts with %", "storage:\n  files:\n    - path: %a\n      mode: 0644\n", "3:13",
			"this character cannot start a value"},
		{"a value that starts with a backtick", "storage:\n  files:\n    - path: `a`\n      mode: 0644\n", "3:13",
			"this character cannot start a value"},
		{"an unknown escape", "storage:\n  files:\n    - path: \"\\d\"\n      mode: 0644\n", "3:14",
			"a backslash starts an escape in double quotes, and YAML has none of this name"},
		{"something behind a quote", "storage:\n  files:\n    - path: \"/a\" b\n      mode: 0644\n", "3:18",
			"something stands behind the quote that ends the value"},
		{"an unknown alias", "storage:\n  files:\n    - path: *a\n      mode: 0644\n", "3:13",
			"the alias stands for nothing: no anchor before it has its name"},
		{"a pattern with a star", "storage:\n  files:\n    - path: *.txt\n      mode: 0644\n", "3:13",
			"the alias stands for nothing: no anchor before it has its name"},
		{"a control character", "storage:\n  files:\n    - path: a\u0001b\n      mode: 0644\n", "3:14",
			"the text is not UTF-8, or has control characters"},
		{"a block of text with an unknown mark", "storage:\n  files:\n    - path: /a\n      contents: |x\n        a\n",
			"4:18", "something stands behind the sign of a block of text"},
		{"a block of text that starts on the line of its key", "storage:\n  files:\n    - path: /a\n      contents: " +
			"| hello\n        a\n", "4:19", "something stands behind the sign of a block of text"},
		{"a broken tag", "storage:\n  files:\n    - path: !<a\n      mode: 0644\n", "3:16", "the YAML cannot be read"},
		{"a conflict of versions", "storage:\n  files:\n<<<<<<< HEAD\n    - path: /a\n=======\n    - path: /b\n" +
			">>>>>>> x\n", "3:1", "a conflict of two versions is marked here"},
		{"a template", "storage:\n  files:\n    {{ if x }}\n    - path: /a\n    {{ end }}\n", "3:5",
			"this belongs to a template"},
		{"a list below a value", "storage:\n  files: x\n    - path: /a\n", "3:11",
			"a colon makes a mapping where none can stand"},
		{"a key below a value", "storage:\n  files: x\n    path: /a\n", "3:5",
			"the line does not fit to those around it"},
		{"a quote is not closed before a second document", "storage:\n  files: \"a\n---\nb: c\n", "2:10",
			"a quote is not closed"},
		{"a word behind an item with a comment", "storage:\n  files:\n    - path: /a #b\n      mode: 0644\n  x\n",
			"5:3", "a colon is missing after a key"},
		{"a word between two sections", "storage:\n  files:\n    - path: /a\n      mode: 0644\n  x\n" +
			"systemd:\n  units: []\n", "5:3", "a colon is missing after a key"},
		{"a quote is missing in braces", "storage:\n  files:\n    - {\"path\": \"/a, \"mode\": 420}\n    - " +
			"{\"path\": \"/b\", \"mode\": 420}\n", "3:16", "a quote is not closed"},
		{"a comma is missing in braces", "storage:\n  files:\n    - {path: /a mode: 0644}\n", "3:17",
			"a comma or the closing bracket is missing"},
		{"a bracket of several lines is not closed", "storage:\n  raid:\n    - devices: [\n        /dev/a,\n        " +
			"/dev/b\n      name: md\n      level: raid1\n", "3:16", "a bracket is not closed"},
		{"a mistake behind a bracket of several lines", "storage:\n  raid:\n    " +
			"- devices: [\n        /dev/a,\n        /dev/b]\n      name: md\n      level raid1\n      x: y\n", "7:7",
			"a colon is missing after a key"},
		{"a mistake behind a quote of several lines", "storage:\n  files:\n    - path: \"a\n        b\n        " +
			"c\"\n      mode 0644\n      x: y\n", "6:7", "a colon is missing after a key"},
		{"lines that end as on Windows", "systemd:\r\n  " +
			"units:\r\n    - contents: |\r\n        [Service]\r\n      ExecStart=/bin/true\r\n      name: a\r\n", "5:7",
			"the line stands left of the block of text above, so it is no part of it"},
		{"a colon is missing in an item below a block", "a:\n  - b: |\n      text\n  - c d\n    e: 1\n", "4:5",
			"a colon is missing after a key"},
		{"a list at the top", "- a: 1\n- b 2\n  c: 3\n", "2:3", "a colon is missing after a key"},
		{"a list below its key at its column", "files:\n- path: /a\n- path /b\n  mode: 0644\n", "3:3",
			"a colon is missing after a key"},
		{"below a directive and a marker", "%YAML 1.1\n---\na:\n  b\n  c: 1\n", "4:3",
			"a colon is missing after a key"},
		{"an alias that stands elsewhere", "a: &x 1\nb:\n  c: *x\n  d\n", "4:3", "a colon is missing after a key"},
		{"a folded block", "a:\n  b: >-\n    text\n  more text\n  c: 1\n", "4:3",
			"the line stands left of the block of text above, so it is no part of it"},
		{"a comment in between", "a:\n  b: |\n    text\n# no text\n  more text\n  c: 1\n", "5:3",
			"the line stands left of the block of text above, so it is no part of it"},
	} {
		t.Run(c.claim, func(t *testing.T) {
			root, problems := NewArena().ParseYAML(&diag.Document{Name: "x", Text: c.text})
			assert.False(t, root.Exists())
			require.Len(t, problems, 1)
			assert.Equal(t, "x:"+c.place+": "+c.message, problems[0].Error())
		})
	}
}

func TestOrdersToAYAMLReaderThatAreRefusedSayWhatToDo(t *testing.T) {
	const (
		version = "programs that read these documents take no version of YAML but 1.1 from a line %YAML"
		order   = "a line that begins with % is an order to a YAML reader, and this is none that it takes"
	)
	for _, c := range []struct{ claim, text, place, message string }{
		{"a directive of YAML 1.2", "%YAML 1.2\n---\na: 1\n", "1:1", version},
		{"a directive of YAML 1.2 below a comment", "# c\n\n%YAML 1.2\n---\na: 1\n", "3:1", version},
		{"a directive of no version", "%YAML x\n---\na: 1\n", "1:7", order},
		{"a directive that nobody knows", "%FOO x\n---\na: 1\n", "1:5", order},
		{"a directive that stands twice", "%YAML 1.1\n%YAML 1.1\n---\na: 1\n", "2:1", order},
		{"a directive without the marker", "%YAML 1.2\na: 1\n", "1:1", order},
	} {
		t.Run(c.claim, func(t *testing.T) {
			_, problems := NewArena().ParseYAML(&diag.Document{Name: "x", Text: c.text})
			require.Len(t, problems, 1)
			assert.Equal(t, "x:"+c.place+": "+c.message, problems[0].Error())
			assert.Contains(t, problems[0].Hint, "remove the line")
		})
	}
}

// However a text is made, finding its mistake reads it a few dozen times at most.
func TestFindingAMistakeIsLinear(t *testing.T) {
	nested := strings.Builder{}
	for i := range 200 {
		nested.WriteString(strings.Repeat(" ", i) + "a:\n")
	}
	for claim, text := range map[string]string{
		"a deep nest":             nested.String() + strings.Repeat(" ", 200) + "a: b: c\n",
		"quotes that never end":   strings.Repeat("a: \"b\n", 2001),
		"brackets that never end": strings.Repeat("a: [\n", 2000),
		"items of items":          strings.Repeat("- ", 2000) + "a: b: c\n",
		"words":                   strings.Repeat("a\n", 2000) + "b: c\n",
		"blocks of text":          strings.Repeat("a: |\n  b\n c\n", 2000),
	} {
		lines := strings.Split(text, "\n")
		b := &blamer{lines, 32*len(text) + 1<<16}
		b.find(0, len(lines))
		assert.Greater(t, b.budget, -9*len(text), claim)
	}
}
