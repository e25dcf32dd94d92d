package document

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Parse reads a JSON text as a config of the version that it names. It finds mistakes in the text, and parts that the
// language does not have; whether the config makes sense is the business of package rules. The problems stand in the
// order of the text. The document is nil where the text is not JSON or its version is not known. name is the name of
// the text in problems.
func Parse(name string, text []byte) (*Document, []diag.Problem) {
	source := &diag.Document{Name: name, Text: string(text)}
	if source.Text == "" {
		return nil, []diag.Problem{EmptyText(source)}
	}
	root, problem := tree.NewArena().ParseJSON(source)
	if problem != nil {
		return nil, []diag.Problem{*problem}
	}
	doc, problems, ignored := Decode(root)
	problems = append(problems, ignored...)
	if problem := tree.NotUTF8(source); problem != nil {
		problems = append(problems, *problem)
	}
	diag.Sort(problems)
	return doc, problems
}

// EmptyText is the problem of a text of no bytes.
func EmptyText(text *diag.Document) diag.Problem {
	return diag.Problem{
		Severity: diag.Error, Code: codes.Empty, Path: "$", Place: diag.Place{Doc: text},
		Message: "the config is empty",
		Hint:    `the smallest config is {"ignition": {"version": "` + config.Stable.String() + `"}}`,
	}
}

// Unread reports whether a path leads to what a value of a wrong kind has spoilt, or below it. It asks for the path
// only if there is such.
func (doc *Document) Unread(of func() string) bool {
	if len(doc.unread) == 0 {
		return false
	}
	for path := of(); path != ""; path = parent(path) {
		if doc.unread[path] {
			return true
		}
	}
	return false
}

func parent(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }
