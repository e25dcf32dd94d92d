//go:build linear

package linear

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// A shape is a kind of document, or of command, that can be made of any size.
type shape struct {
	name string
	// args are those of the program; FILE is the document, ROOT an empty folder. The first one may be a name to call it
	// by. What names no FILE reads the document on standard input.
	args []string
	// text makes the document of a size.
	text func(n int) string
	// size is the smallest size that is measured; twice and four times as much follow.
	size int
}

var (
	validate = []string{"glowplug", "validate", "FILE"}
	line     = []string{"glowplug", "validate", "--format", "line", "FILE"}
	fix      = []string{"glowplug", "validate", "--fix", "FILE"}
	asJSON   = []string{"glowplug", "validate", "--format", "json", "FILE"}
	peer     = []string{"ignition-validate", "FILE"}
	convert  = []string{"glowplug", "convert", "FILE"}
	older    = []string{"glowplug", "convert", "--to", "3.1.0", "FILE"}
	butane   = []string{"butane", "FILE"}
	rawLines = []string{"butane", "--raw-errors", "FILE"}
	dryRun   = []string{"glowplug", "apply", "--dry-run", "--root", "ROOT", "FILE"}
	leaving  = []string{"glowplug", "apply", "--dry-run", "--ignore-unsupported", "--root", "ROOT", "FILE"}
	apply    = []string{"glowplug", "apply", "--root", "ROOT", "FILE"}
	serve    = []string{"glowplug", "lsp"}
)

// config makes a config around its sections.
func config(sections string) string {
	return `{"ignition": {"version": "3.6.0"}, ` + sections + `}`
}

// each joins what a function gives for the numbers below n.
func each(n int, between string, item func(i int) string) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteString(between)
		}
		b.WriteString(item(i))
	}
	return b.String()
}

// list makes a config with one list in a section.
func list(section, name string, item func(i int) string) func(int) string {
	return func(n int) string {
		return config(fmt.Sprintf(`%q: {%q: [%s]}`, section, name, each(n, ",", item)))
	}
}

// same gives the same text for every number.
func same(text string) func(int) string { return func(int) string { return text } }

// numbered puts a number into a text for each %d.
func numbered(format string) func(int) string {
	return func(i int) string { return strings.ReplaceAll(format, "%d", fmt.Sprint(i)) }
}

// document makes a Butane document of the newest fcos version.
func document(text func(n int) string) func(int) string {
	return func(n int) string { return "variant: fcos\nversion: 1.7.0\n" + text(n) }
}

// lines makes a document of a head and that many equal parts.
func lines(head string, item func(i int) string) func(int) string {
	return document(func(n int) string { return head + each(n, "", item) })
}

// nested makes paths, each below the one before.
func nested(n int, between string, item func(path string) string) string {
	path := ""
	return each(n, between, func(int) string {
		path += "/a"
		return item(path)
	})
}

func quote(text string) string { return fmt.Sprintf("%q", text) }

// shapes are all that are measured.
func shapes() []shape {
	return slices.Concat(emptyItems(), nodes(), keys(), texts(), lists(), units(), sources(), yamlKeys(), yamlAliases(),
		yamlTexts(), sugar(), applying(), editing())
}

func emptyItems() []shape {
	return []shape{
		{name: "files with content", args: validate, size: 1000, text: list("storage", "files",
			numbered(`{"path": "/f%d", "mode": 420, "contents": {"source": "data:,%d"}}`))},
		{name: "null files", args: validate, size: 5000, text: list("storage", "files", same("null"))},
		{name: "empty files", args: validate, size: 5000, text: list("storage", "files", same("{}"))},
		{name: "empty files for the peer", args: peer, size: 5000, text: list("storage", "files", same("{}"))},
		{name: "empty units", args: validate, size: 5000, text: list("systemd", "units", same("{}"))},
		{name: "empty users", args: validate, size: 5000, text: list("passwd", "users", same("{}"))},
		{name: "empty disks", args: validate, size: 5000, text: list("storage", "disks", same("{}"))},
		{name: "empty volumes", args: validate, size: 5000, text: list("storage", "luks", same("{}"))},
		{name: "empty filesystems", args: validate, size: 5000, text: list("storage", "filesystems", same("{}"))},
		{name: "empty arrays", args: validate, size: 5000, text: list("storage", "raid", same("{}"))},
		{name: "empty links", args: validate, size: 5000, text: list("storage", "links", same("{}"))},
	}
}

func nodes() []shape {
	return []shape{
		{name: "files below files", args: validate, size: 300, text: func(n int) string {
			return config(`"storage": {"files": [` +
				nested(n, ",", func(p string) string { return `{"path": ` + quote(p) + `}` }) + `]}`)
		}},
		{name: "links below links", args: validate, size: 300, text: func(n int) string {
			return config(`"storage": {"links": [` +
				nested(n, ",", func(p string) string { return `{"path": ` + quote(p) + `, "target": "/x"}` }) + `]}`)
		}},
		{name: "links below links for the peer", args: peer, size: 300, text: func(n int) string {
			return config(`"storage": {"links": [` +
				nested(n, ",", func(p string) string { return `{"path": ` + quote(p) + `, "target": "/x"}` }) + `]}`)
		}},
		{name: "all below one file", args: validate, size: 1250, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/a"},` + each(n, ",", numbered(`{"path": "/a/b%d"}`)) + `]}`)
		}},
		{name: "one path many times", args: validate, size: 2500,
			text: list("storage", "files", same(`{"path": "/a"}`))},
		{name: "one path many times, as JSON", args: asJSON, size: 2500,
			text: list("storage", "files", same(`{"path": "/a"}`))},
		{name: "one path of many components", args: validate, size: 25000, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "` + strings.Repeat("/a", n) + `"}, {"path": "` +
				strings.Repeat("/a", n) + `/b"}]}`)
		}},
		{name: "one relative path of many components", args: validate, size: 25000, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "` + strings.Repeat("../", n) + `"}]}`)
		}},
	}
}

func keys() []shape {
	return []shape{
		{name: "unknown keys at the top", args: validate, size: 2500, text: func(n int) string {
			return config(each(n, ",", numbered(`"key%d": 1`)))
		}},
		{name: "unknown keys for the peer", args: peer, size: 2500, text: func(n int) string {
			return config(each(n, ",", numbered(`"key%d": 1`)))
		}},
		{name: "unknown keys in each file", args: line, size: 1000, text: list("storage", "files",
			numbered(`{"path": "/f%d", "zeta": 1, "user": {"beta": 1}, "alpha": 2, "contents": {"gamma": 3}}`))},
		{name: "unknown keys out of order", args: validate, size: 1000, text: list("storage", "files",
			numbered(`{"user": {"beta": 1}, "path": "/f%d", "contents": {"gamma": 3}, "append": [{"delta": 4}]}`))},
		{name: "one long unknown key", args: validate, size: 50000, text: func(n int) string {
			return config(`"` + strings.Repeat("a", n) + `": 1`)
		}},
		{name: "one long unknown key of dots", args: validate, size: 50000, text: func(n int) string {
			return config(`"` + strings.Repeat("a.", n) + `": 1`)
		}},
		{name: "long unknown keys", args: validate, size: 200, text: func(n int) string {
			return config(each(n, ",",
				func(i int) string { return `"` + strings.Repeat("passwd", 1000) + fmt.Sprint(i) + `": 1` }))
		}},
		{name: "keys of another case", args: peer, size: 2500,
			text: list("storage", "files", numbered(`{"Path": "f%d"}`))},
		{name: "one key many times", args: validate, size: 2500,
			text: list("storage", "files", same(`{"path": "/a", "path": "/b", "mode": 1, "mode": 2}`))},
		{name: "one key many times in one object", args: validate, size: 2500, text: func(n int) string {
			return config(each(n, ",", same(`"storage": {"files": [{"path": "a"}]}`)))
		}},
		{name: "values of a wrong kind", args: validate, size: 5000, text: list("storage", "files", same("1"))},
		{name: "values of a wrong kind in each file", args: validate, size: 2500,
			text: list("storage", "files", numbered(`{"path": %d, "mode": "0644"}`))},
	}
}

func texts() []shape {
	return []shape{
		{name: "a list of numbers", args: validate, size: 12500, text: list("x", "y", same("1"))},
		{name: "lists in lists", args: validate, size: 500, text: func(n int) string {
			return config(`"x": ` + strings.Repeat("[", n) + strings.Repeat("]", n))
		}},
		{name: "objects in objects", args: validate, size: 500, text: func(n int) string {
			return config(strings.Repeat(`"x": {`, n) + strings.Repeat("}", n))
		}},
		{name: "a string of escapes", args: validate, size: 25000, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/a", "contents": {"source": "data:,` +
				strings.Repeat(`\u0041`, n) + `"}}]}`)
		}},
		{name: "many strings of escapes", args: validate, size: 1250,
			text: list("storage", "files", numbered(`{"path": "\/a%d\u00e4\n"}`))},
		{name: "a string of blanks that are not UTF-8", args: validate, size: 25000, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/a` + strings.Repeat("\xff", n) + `"}]}`)
		}},
		{name: "many lines", args: validate, size: 5000, text: list("storage", "files", same("\n{\"path\": \"a\"}"))},
		{name: "all on one line", args: line, size: 5000, text: list("storage", "files", same(`{"path": "a"}`))},
		{name: "all on one line, of wide characters", args: line, size: 5000,
			text: list("storage", "files", same(`{"path": "ä"}`))},
		{name: "many secrets on one line", args: validate, size: 1250, text: list("passwd", "users",
			numbered(`{"name": "", "passwordHash": "x%d", "sshAuthorizedKeys": ["a%d", "b%d"]}`))},
		{name: "a text that ends early", args: validate, size: 50000, text: func(n int) string {
			return strings.Repeat(`{"a": "b", "c": `, 1000) + strings.Repeat(`"x" `, n)
		}},
	}
}

func lists() []shape {
	return []shape{
		{name: "users", args: validate, size: 1000, text: list("passwd", "users",
			numbered(`{"name": "u%d", "groups": ["a", "b"], "sshAuthorizedKeys": ["k"]}`))},
		{name: "one user in many groups", args: validate, size: 5000, text: func(n int) string {
			return config(`"passwd": {"users": [{"name": "u", "groups": [` + each(n, ",", numbered(`"g%d"`)) +
				`], "sshAuthorizedKeys": [` + each(n, ",", numbered(`"k%d"`)) + `]}]}`)
		}},
		{name: "one user twice in each group", args: validate, size: 5000, text: func(n int) string {
			return config(`"passwd": {"users": [{"name": "u", "groups": [` + each(n, ",", same(`"g"`)) + `]}]}`)
		}},
		{name: "kernel arguments", args: validate, size: 5000, text: func(n int) string {
			return config(`"kernelArguments": {"shouldExist": [` + each(n, ",", numbered(`"a=%d"`)) +
				`], "shouldNotExist": [` + each(n, ",", numbered(`"a=%d"`)) + `]}`)
		}},
		{name: "partitions", args: validate, size: 1250, text: func(n int) string {
			return config(`"storage": {"disks": [{"device": "/dev/a", "partitions": [` +
				each(n, ",", numbered(`{"number": 1%d, "label": "l%d", "startMiB": 1%d0, "sizeMiB": 5}`)) + `]}]}`)
		}},
		// No more than are planned.
		{name: "filesystems on partitions of many disks", args: validate, size: 500, text: func(n int) string {
			return config(`"storage": {"disks": [` + each(n, ",",
				numbered(`{"device": "/dev/vd%d-part", "partitions": [{"number": 1}]}`)) + `], "filesystems": [` +
				each(n, ",", numbered(`{"device": "/dev/vd%d-part1", "format": "ext4"}`)) + `]}`)
		}},
		{name: "partitions that are all alike", args: validate, size: 1250, text: func(n int) string {
			return config(`"storage": {"disks": [{"device": "/dev/a", "partitions": [` +
				each(n, ",", same(`{"number": 1, "label": "l", "startMiB": 1, "sizeMiB": 5, "guid": "x"}`)) + `]}]}`)
		}},
		{name: "arrays of many devices", args: validate, size: 2500, text: func(n int) string {
			return config(`"storage": {"raid": [{"name": "a", "level": "raid1", "devices": [` +
				each(n, ",", numbered(`"/dev/d%d"`)) + `], "options": [` + each(n, ",", same(`"x"`)) + `]}]}`)
		}},
		{name: "volumes and filesystems", args: validate, size: 750, text: func(n int) string {
			return config(`"storage": {"luks": [` + each(n, ",", numbered(`{"name": "v%d", "device": "/dev/d%d", `+
				`"clevis": {"tang": [{"url": "http://t%d", "thumbprint": "x"}]}}`)) + `], "filesystems": [` +
				each(n, ",",
					numbered(`{"device": "/dev/mapper/v%d", "format": "ext4", "path": "/m%d", "label": "l%d"}`)) + `]}`)
		}},
		{name: "filesystems in directories of their own", args: validate, size: 500, text: list("storage",
			"filesystems", numbered(
				`{"device": "/dev/d%d", "format": "ext4", "path": "/m%d/n", "wipeFilesystem": true}`))},
	}
}

// misspelt makes a config of one unit with misspelt sections.
func misspelt(n int) string {
	return config(`"systemd": {"units": [{"name": "a.service", "contents": "` +
		strings.Repeat(`[Servicf]\n# a comment\n`, n) + `"}]}`)
}

var unknownSetting = `Foo=1\n` + strings.Repeat(`# a comment\n`, 100)

func units() []shape {
	return []shape{
		{name: "units", args: validate, size: 750,
			text: list("systemd", "units", numbered(`{"name": "u%d@x.service", "enabled": true, "contents": `+
				`"[Unit]\nA=b\n[Install]\nWantedBy=x\n", "dropins": [{"name": "d.conf", "contents": "[A]\nb=c"}]}`))},
		{name: "a unit of many lines", args: validate, size: 5000, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "a.service", "contents": "[A]\n` +
				strings.Repeat(`B=c\n`, n) + `"}]}`)
		}},
		{name: "instances of a template of many lines", args: validate, size: 1000, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "a@.service", "contents": "[Service]\nExecStart=/a\n` +
				strings.Repeat(`Environment=B=c\n`, n) + `[Install]\nWantedBy=b\n"}, ` +
				each(n, ",", numbered(`{"name": "a@%d.service", "enabled": true}`)) + `]}`)
		}},
		{name: "services with a drop-in of many lines", args: validate, size: 1000, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "a-.service", "dropins": [{"name": "a.conf", "contents": ` +
				`"[Service]\n` + strings.Repeat(`Environment=B=c\n`, n) + `"}]}, ` +
				each(n, ",", numbered(`{"name": "a-%d.service", "contents": "[Service]\nExecStart=/a\n"}`)) + `]}`)
		}},
		{name: "a unit of many continued lines", args: validate, size: 5000, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "a.service", "enabled": true, "contents": "[A]\nB=` +
				strings.Repeat(`c\\\n`, n) + `"}]}`)
		}},
		{name: "a unit of one long line", args: validate, size: 25000, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "a.service", "contents": "[A]\nB=` + strings.Repeat(`c `, n) +
				`"}]}`)
		}},
		{name: "a unit of many sections", args: validate, size: 5000, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "a.service", "contents": "` + strings.Repeat(`[A]\n`, n) +
				`"}]}`)
		}},
		{name: "a unit of many drop-ins", args: validate, size: 1250, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "a.service", "dropins": [` +
				each(n, ",", numbered(`{"name": "d%d.conf", "contents": "[A]\nb=c"}`)) + `]}]}`)
		}},
		{name: "many units with a fault at their end", args: validate, size: 200, text: list("systemd", "units",
			numbered(`{"name": "u%d.service", "contents": "[A]\n`+strings.Repeat(`B=c\n`, 100)+`x"}`))},
		{name: "a unit of many misspelt sections", args: validate, size: 300, text: misspelt},
		{name: "a unit of many misspelt sections for the peer", args: peer, size: 300, text: misspelt},
		{name: "a unit of many misspelt sections at boot", args: dryRun, size: 300, text: misspelt},
		{name: "a unit of many misspelt sections in a block", args: validate, size: 300, text: lines("systemd:\n"+
			"  units:\n  - name: a.service\n    contents: |\n", same("      [Servicf]\n      # a comment\n"))},
		{name: "a unit of many misspelt sections in quotes", args: validate, size: 300, text: document(
			func(n int) string {
				return "systemd:\n  units:\n  - name: a.service\n    contents: \"" +
					strings.Repeat(`[Servicf]\n# a comment\n`, n) + "\"\n"
			})},
		// more than 100 of a text are not told
		{name: "a unit of many unknown settings", args: validate, size: 25, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "a.service", "contents": "[Service]\n` +
				strings.Repeat(unknownSetting, n) + `"}]}`)
		}},
		{name: "a file of many unknown settings", args: validate, size: 25, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/etc/systemd/system/a.service", "contents": {"source": ` +
				quote("data:,"+url.PathEscape("[Service]\n"+
					strings.ReplaceAll(strings.Repeat(unknownSetting, n), `\n`, "\n"))) + `}}]}`)
		}},
		{name: "units of mistakes to mend", args: fix, size: 100, text: lines("systemd:\n  units:\n", numbered(
			"  - name: u%d.service\n    contents: |\n      [Service]\n      ExecStrat=/bin/true\n"))},
		{name: "files of mistakes to mend", args: fix, size: 2000, text: list("storage", "files",
			numbered(`{"path": "/f%d", "mode": "0644"}`))},
		{name: "a document of mistakes to mend", args: fix, size: 2000, text: lines("storage:\n  files:\n",
			numbered("  - {path: etc/f%d, mode: 0644}\n"))},
		{name: "comments that silence nothing", args: validate, size: 500, text: lines("storage:\n  files:\n",
			numbered("  - path: /f%d # glowplug: ignore file-mode-decimal, file-mode\n"))},
		{name: "comments that silence something", args: validate, size: 100, text: lines("storage:\n  files:\n",
			numbered("  - {path: /f%d, mode: 644} # glowplug: ignore mode-decimal\n"))},
		{name: "templates and instances", args: validate, size: 750, text: list("systemd", "units",
			numbered(`{"name": "t%d@.service", "contents": "[A]\nb=c"}, {"name": "t%d@x.service", "enabled": true}`))},
		{name: "instances of one long template", args: validate, size: 300, text: func(n int) string {
			return config(`"systemd": {"units": [{"name": "t@.service", "contents": "[A]\n` + strings.Repeat(`B=c\n`,
				n) + `"}, ` + each(n, ",", numbered(`{"name": "t@%d.service", "enabled": true}`)) + `]}`)
		}},
	}
}

func sources() []shape {
	return []shape{
		{name: "headers", args: validate, size: 1250, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/a", "contents": {"source": "http://a", "httpHeaders": [` +
				each(n, ",", numbered(`{"name": "h%d", "value": "v"}, {"name": "H%d", "value": ""}`)) + `]}}]}`)
		}},
		{name: "files at the paths of units", args: validate, size: 750, text: func(n int) string {
			return config(`"systemd": {"units": [` + each(n,
				",", numbered(`{"name": "u%d.service", "contents": "[A]\nb=c"}`)) + `]}, "storage": {"files": [` +
				each(n, ",", numbered(`{"path": "/etc/systemd/system/u%d.service"}`)) + `]}`)
		}},
		{name: "a data: URL", args: validate, size: 50000, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/a", "contents": {"source": "data:;base64,` +
				strings.Repeat("QUFB", n) + `"}}]}`)
		}},
		{name: "a data: URL of escapes", args: validate, size: 50000, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/a", "contents": {"source": "data:,` +
				strings.Repeat("%20", n) + `"}}]}`)
		}},
		{name: "a data: URL of many parameters", args: validate, size: 5000, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/a", "contents": {"source": "data:text/plain` +
				strings.Repeat(";a=b", n) + `,x"}}]}`)
		}},
		{name: "configs to merge", args: validate, size: 1250, text: func(n int) string {
			return `{"ignition": {"version": "3.6.0", "config": {"merge": [` +
				each(n, ",", numbered(`{"source": "http://a/%d"}`)) + `]}}}`
		}},
		{name: "certificate bundles", args: validate, size: 1250, text: func(n int) string {
			return `{"ignition": {"version": "3.6.0", "security": {"tls": {"certificateAuthorities": [` +
				each(n, ",", numbered(`{"source": "httpx://a/%d"}`)) + `]}}}}`
		}},
		{name: "an older version of everything", args: older, size: 750,
			text: list("storage", "luks", numbered(`{"name": "v%d", "device": "/dev/d%d", "discard": true}`))},
		{name: "an older version of files", args: older, size: 750, text: list("storage", "files",
			numbered(`{"path": "/f%d", "mode": 2541, "contents": {"source": "data:,%d"}}`))},
	}
}

func yamlKeys() []shape {
	return []shape{
		{name: "YAML of files", args: convert, size: 500, text: lines("storage:\n  files:\n", numbered(
			"  - path: /f%d\n    mode: 0644\n    contents:\n      inline: |\n        text %d\n        and more\n"))},
		{name: "YAML of files for the peer", args: butane, size: 500, text: lines("storage:\n  files:\n", numbered(
			"  - path: /f%d\n    mode: 0644\n    contents:\n      inline: |\n        text %d\n        and more\n"))},
		{name: "YAML of unknown keys", args: validate, size: 750, text: lines("", numbered("key%d: 1\n"))},
		{name: "YAML of unknown keys for the peer", args: butane, size: 750, text: lines("", numbered("key%d: 1\n"))},
		{name: "YAML of unknown keys with problems below for the peer", args: butane, size: 750,
			text: lines("x:\n", numbered("  key%d: {a: 1, a: 2}\n"))},
		{name: "YAML of files with unknown keys", args: validate, size: 500,
			text: lines("storage:\n  files:\n", numbered("  - path: /f%d\n    pathh: 1\n    modde: 2\n"))},
		{name: "YAML of files with unknown keys for the peer", args: butane, size: 500,
			text: lines("storage:\n  files:\n", numbered("  - path: f%d\n    pathh: 1\n    modde: 2\n"))},
		{name: "YAML of equal keys", args: validate, size: 750, text: lines("", same("storage: {}\n"))},
		{name: "YAML of empty items", args: validate, size: 1250, text: lines("storage:\n  files:\n", same("  -\n"))},
		{name: "YAML of empty mappings", args: validate, size: 1250,
			text: lines("storage:\n  files:\n", same("  - {}\n"))},
		{name: "YAML of one line", args: validate, size: 750, text: document(func(n int) string {
			return "storage: {files: [" + each(n, ", ", numbered("{path: f%d, mode: 0644}")) + "]}\n"
		})},
		{name: "YAML of one line of wide characters", args: validate, size: 750, text: document(func(n int) string {
			return "storage: {files: [" + each(n, ", ", numbered("{path: ä%d, mode: 0644}")) + "]}\n"
		})},
		{name: "YAML of one line of wide characters for the peer, in one line each", args: rawLines, size: 750,
			text: document(func(n int) string {
				return "storage: {files: [" + each(n, ", ", numbered("{path: ä%d, mode: 0644}")) + "]}\n"
			})},
	}
}

func yamlAliases() []shape {
	return []shape{
		{name: "YAML of one line of wide characters and aliases", args: validate, size: 750,
			text: document(func(n int) string {
				return "x: &x {mode: 0644}\nstorage: {files: [" + each(n, ", ", numbered("{path: ä%d, <<: *x}")) +
					"]}\n"
			})},
		{name: "YAML of one line of wide merges", args: validate, size: 750, text: document(func(n int) string {
			return "x: &x {mode: 0644}\ny: {ä: 1, <<: [" + each(n, ", ", same("*x")) + "], b: 2}\n"
		})},
		{name: "YAML of one large merge", args: validate, size: 500, text: document(func(n int) string {
			return "x: &x {" + each(n, ", ", numbered("a%d: 1")) + "}\ny: {<<: *x}\n"
		})},
		{name: "YAML of many large merges", args: validate, size: 300, text: document(func(n int) string {
			return "x: &x {" + each(n, ", ", numbered("a%d: 1")) + "}\ny: {<<: [" + each(n, ", ", same("*x")) + "]}\n"
		})},
		// All three sizes stand for more values than are read: below the bound such a text means a square of itself.
		{name: "YAML of merges of merges", args: validate, size: 600, text: document(func(n int) string {
			return "x0: &x0 {a: 1}\n" +
				each(n, "", func(i int) string { return fmt.Sprintf("x%d: &x%d {<<: *x%d, a%d: 1}\n", i+1, i+1, i, i) })
		})},
		{name: "YAML of aliases of large lists", args: validate, size: 300, text: document(func(n int) string {
			return "x: &x [" + each(n, ", ", numbered("a%d")) + "]\ny: [" + each(n, ", ", same("*x")) + "]\n"
		})},
		{name: "YAML of aliases of files", args: validate, size: 300, text: document(func(n int) string {
			return "x: &x {path: /a, mode: 0644, contents: {inline: a}}\nstorage: {files: [" +
				each(n, ", ", same("*x")) + "]}\n"
		})},
		{name: "YAML of anchors", args: validate, size: 750, text: lines("", numbered("k%d: &a%d x\nl%d: *a%d\n"))},
		{name: "YAML of lists in lists", args: validate, size: 200, text: document(
			func(n int) string { return "x: " + strings.Repeat("[", n) + strings.Repeat("]", n) + "\n" })},
		{name: "YAML of mappings in mappings", args: validate, size: 200, text: document(
			func(n int) string { return "x: " + strings.Repeat("{a: ", n) + "1" + strings.Repeat("}", n) + "\n" })},
	}
}

func yamlTexts() []shape {
	return []shape{
		{name: "YAML of comments", args: validate, size: 2500, text: lines("", numbered("# comment %d\n"))},
		{name: "YAML of comments and keys", args: validate, size: 750,
			text: lines("", numbered("# comment %d\nkey%d: 1 # more\n"))},
		{name: "YAML of a long block", args: convert, size: 5000, text: lines("storage:\n  files:\n  - path: /a\n    "+
			"contents:\n      inline: |\n", numbered("        line %d\n"))},
		{name: "YAML of a long folded text", args: convert, size: 5000, text: lines("storage:\n  files:\n  - path: "+
			"/a\n    contents:\n      inline: >\n", numbered("        line %d\n"))},
		{name: "YAML of a long plain text", args: convert, size: 5000, text: lines("storage:\n  files:\n  - path: "+
			"/a\n    contents:\n      inline: a\n", numbered("        line %d\n"))},
		{name: "YAML of a long text in quotes", args: convert, size: 5000, text: document(func(n int) string {
			return "storage:\n  files:\n  - path: /a\n    contents:\n      inline: \"a\n" +
				each(n, "", numbered("        line %d\\n\n")) + "\"\n"
		})},
		{name: "YAML of decimal modes", args: validate, size: 500,
			text: lines("storage:\n  files:\n", numbered("  - {path: /f%d, mode: 644}\n"))},
	}
}

func sugar() []shape {
	return []shape{
		{name: "labels", args: convert, size: 750, text: func(n int) string {
			return "variant: openshift\nversion: 4.20.0\nmetadata:\n  name: x\n  labels:\n    " +
				"machineconfiguration.openshift.io/role: worker\n" + each(n, "", numbered("    label%d: x\n"))
		}},
		{name: "labels for the peer", args: butane, size: 750, text: func(n int) string {
			return "variant: openshift\nversion: 4.20.0\nmetadata:\n  name: x\n  labels:\n    " +
				"machineconfiguration.openshift.io/role: worker\n" + each(n, "", numbered("    label%d: x\n"))
		}},
		{name: "mount units of encrypted volumes", args: convert, size: 200, text: document(func(n int) string {
			return "storage:\n  luks:\n" + each(n, "",
				numbered("  - {name: v%d, device: /dev/d%d, clevis: {tang: [{url: 'http://a', thumbprint: x}]}}\n")) +
				"  filesystems:\n" +
				each(n, "",
					numbered("  - {path: /m%d, device: /dev/mapper/v%d, format: ext4, with_mount_unit: true}\n"))
		})},
		{name: "quadlets", args: convert, size: 500, text: lines("systemd:\n  quadlets:\n",
			numbered("  - {name: q%d.container, contents: '[A]', dropins: [{name: d.conf, contents: '[A]'}]}\n"))},
		{name: "quadlets from templates", args: convert, size: 500,
			text: lines("systemd:\n  quadlets:\n", numbered("  - {name: q@%d.container}\n"))},
		{name: "partitions called root", args: convert, size: 375, text: lines("storage:\n  disks:\n  - device: "+
			"/dev/a\n    partitions:\n", numbered("    - {label: root, number: 1%d}\n"))},
		{name: "mirrored disks", args: convert, size: 375,
			text: lines("boot_device:\n  layout: x86_64\n  mirror:\n    devices:\n", numbered("    - /dev/d%d\n"))},
		{name: "users of the boot loader", args: convert, size: 500,
			text: lines("grub:\n  users:\n", numbered("    - {name: u%d, password_hash: x}\n"))},
		{name: "inline configs to merge", args: validate, size: 400, text: lines("ignition:\n  config:\n    merge:\n",
			same("    - inline: '{\"ignition\": {\"version\": \"3.4.0\"}, \"x\": 1}'\n"))},
		{name: "configs to merge within configs to merge", args: apply, size: 100, text: func(n int) string {
			inner := config(`"storage": {"files": [` + each(10, ",", numbered(`{"path": "/f%d"}`)) + `]}`)
			return `{"ignition": {"version": "3.6.0", "config": {"merge": [` + each(n, ",", func(i int) string {
				return `{"source": "data:,` + url.PathEscape(strings.ReplaceAll(inner, "/f", fmt.Sprintf("/f%d-", i))) +
					`"}`
			}) + `]}}}`
		}},
	}
}

func applying() []shape {
	return []shape{
		{name: "apply: files", args: dryRun, size: 500,
			text: list("storage", "files", numbered(`{"path": "/d%d/f", "contents": {"source": "data:,%d"}}`))},
		{name: "apply: nested directories", args: dryRun, size: 100, text: func(n int) string {
			return config(`"storage": {"directories": [` +
				nested(n, ",", func(p string) string { return `{"path": ` + quote(p) + `}` }) + `]}`)
		}},
		{name: "apply: chains of links", args: dryRun, size: 200,
			text: list("storage", "links", numbered(`{"path": "/l%d", "target": "/x/l%d"}`))},
		{name: "apply: hard links", args: dryRun, size: 250, text: func(n int) string {
			return config(`"storage": {"files": [{"path": "/f", "contents": {"source": "data:,x"}}], "links": [` +
				each(n, ",", numbered(`{"path": "/h%d", "target": "/f", "hard": true}`)) + `]}`)
		}},
		{name: "apply: units", args: dryRun, size: 250, text: list("systemd", "units", numbered(
			`{"name": "u%d.service", "enabled": true, "contents": "[Service]\nA=b\n[Install]\nWantedBy=x.target\n"}`))},
		{name: "apply: users", args: dryRun, size: 200,
			text: list("passwd", "users", numbered(`{"name": "u%d", "groups": ["g"]}`))},
		{name: "apply: volumes, left out", args: leaving, size: 2000,
			text: list("storage", "luks", numbered(`{"name": "v%d", "device": "/dev/d%d"}`))},
		{name: "apply: groups", args: dryRun, size: 200, text: list("passwd", "groups", numbered(`{"name": "g%d"}`))},
	}
}
