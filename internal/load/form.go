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
		{func(start string) bool { return looksLike(start) != "" }, foreign},
		{func(string) bool { return true }, (*tree.Arena).ParseJSON},
	}
}

// foreign refuses a text of another program's form. The place is where a JSON reader would have stopped.
func foreign(arena *tree.Arena, doc *diag.Document) (tree.Node, *diag.Problem) {
	root, problem := arena.ParseJSON(doc)
	if problem == nil {
		return root, nil
	}
	what := looksLike(strings.TrimLeft(doc.Text, " \t\r\n"))
	problem.Message = "this is " + what + ", not a config"
	problem.Hint = "configs are JSON objects: {\"ignition\": {\"version\": …}, …}"
	return root, problem
}

// looksLike names what a text that is no config most likely is.
func looksLike(start string) string {
	known := []struct{ prefix, name string }{
		{"#cloud-config", "a cloud-config file for cloud-init"},
		{"#!", "a script"},
		{"MIME-Version:", "a MIME message, as cloud-init takes it"},
		{"Content-Type:", "a MIME message, as cloud-init takes it"},
		{"<", "HTML or XML"},
		{"\x1f\x8b", "gzip-compressed data"},
		{"apiVersion:", "a Kubernetes object in YAML"},
		{"variant:", "a Butane config"},
		{"---", "YAML"},
	}
	for _, k := range known {
		if strings.HasPrefix(start, k.prefix) {
			return k.name
		}
	}
	return ""
}
