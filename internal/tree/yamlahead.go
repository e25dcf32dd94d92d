package tree

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// readAhead is how many parts the library reads beside the one that becomes nodes of ours. More would take more memory
// than they save time.
const readAhead = 2

// A part is a stretch of a text that the library reads at once. single: it is one entry, and too large.
type part struct {
	from, to int
	single   bool
	top      func() *yaml.Node // what it holds, nil if it cannot be read by itself
}

// ahead finds the parts of a stretch of text in their order, and has the library read some of them before they are
// asked for, each by itself.
type ahead struct {
	next    func(from, to int) (next int, single bool)
	text    func(from, to int) string
	load    func(text string) *yaml.Node
	at, end int
	coming  []part
}

// part gives the next part. It ends at -1 if the text cannot be taken apart there.
func (a *ahead) part() part {
	for len(a.coming) <= readAhead && a.at >= 0 && a.at < a.end {
		from := a.at
		p := part{from: from}
		p.to, p.single = a.next(from, a.end)
		if p.to >= 0 {
			p.top = a.reading(a.text(from, p.to), p.single)
		}
		a.coming, a.at = append(a.coming, p), p.to
	}
	first := a.coming[0]
	a.coming = a.coming[1:]
	return first
}

// reading starts to read a text, unless it may be taken apart, or may have anchors or aliases: these mean what they
// mean after all parts before.
func (a *ahead) reading(text string, single bool) func() *yaml.Node {
	if single || strings.IndexByte(text, '&') >= 0 || strings.IndexByte(text, '*') >= 0 {
		return func() *yaml.Node { return a.load(text) }
	}
	read := make(chan *yaml.Node, 1)
	go func() { read <- a.load(text) }()
	return func() *yaml.Node { return <-read }
}
