// Package configs reads configs for tests, from text to problems in one call. Programs read them by internal/load.
package configs

import (
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/rules"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Parse reads a JSON text as a config of the version that it names, without its rules. The problems stand in the order
// of the text. The document is nil where the text is not JSON or its version is not known. name is the name of the text
// in problems.
func Parse(name string, text []byte) (*document.Document, []diag.Problem) {
	source := &diag.Document{Name: name, Text: string(text)}
	if source.Text == "" {
		return nil, []diag.Problem{document.EmptyText(source)}
	}
	root, problem := tree.NewArena().ParseJSON(source)
	if problem != nil {
		return nil, []diag.Problem{*problem}
	}
	doc, problems, ignored := document.Decode(root)
	problems = append(problems, ignored...)
	if problem := tree.NotUTF8(source); problem != nil {
		problems = append(problems, *problem)
	}
	diag.Sort(problems)
	return doc, problems
}

// Judge is Parse, with the problems that the rules of the version find. Rules that no other engine has give errors too;
// Problem.Stricter marks them.
func Judge(name string, text []byte) (*document.Document, []diag.Problem) {
	doc, problems := Parse(name, text)
	if doc != nil {
		problems = append(problems, rules.Document(doc)...)
		diag.Sort(problems)
	}
	return doc, problems
}
