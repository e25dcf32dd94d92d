package load

import (
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// parse finds out which form a text has and reads it. Each form is one row; a text that has none is shown what it looks like.
func parse(arena *tree.Arena, doc *diag.Document) (tree.Node, *diag.Problem) {
	start := strings.TrimLeft(doc.Text, " \t\r\n")
	for _, form := range forms() {
		if form.is(start) {
			return form.read(arena, doc)
		}
	}
	return tree.Node{}, nil
}

type form struct {
	is   func(start string) bool
	read func(*tree.Arena, *diag.Document) (tree.Node, *diag.Problem)
}

func forms() []form {
	return []form{
		{func(start string) bool { what, _ := looksLike(start); return what != "" }, foreign},
		{func(string) bool { return true }, (*tree.Arena).ParseJSON},
	}
}

// foreign refuses a text of another program's form, at the place where a JSON reader would have stopped.
func foreign(arena *tree.Arena, doc *diag.Document) (tree.Node, *diag.Problem) {
	root, problem := arena.ParseJSON(doc)
	if problem != nil {
		what, hint := looksLike(strings.TrimLeft(doc.Text, " \t\r\n"))
		problem.Message, problem.Hint = "this is "+what+", not a config", hint
	}
	return root, problem
}

// looksLike names what a text that is no config most likely is, "" where nothing speaks for anything.
func looksLike(start string) (what, hint string) {
	const object = `a config is a JSON object: {"ignition": {"version": …}, …}`
	known := []struct{ prefix, what, hint string }{
		{"#cloud-config", "a cloud-config file", "cloud-init reads it; " + object},
		{"#!", "a script", "cloud-init would run it; a config can bring it along as a file, and a unit that runs it"},
		{"MIME-Version:", "a MIME message", "cloud-init takes such; " + object},
		{"Content-Type:", "a MIME message", "cloud-init takes such; " + object},
		{"<", "HTML or XML", "perhaps a server sent an error page; " + object},
		{"\x1f\x8b", "gzip-compressed data", "decompress it first"},
		{"apiVersion:", "a Kubernetes object", "take the config out of its spec"},
		{"variant:", "a Butane config", "convert it to JSON first"},
		{"---", "YAML", object},
	}
	for _, k := range known {
		if strings.HasPrefix(start, k.prefix) {
			return k.what, k.hint
		}
	}
	return "", ""
}
