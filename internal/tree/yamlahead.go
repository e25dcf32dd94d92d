package tree

import (
	"strings"

	"go.yaml.in/yaml/v4"
)

// readAhead is how many parts the library reads while another part becomes nodes of ours. More parts would take more
// memory than they save time.
const readAhead = 2

// A part is a stretch of a text that the library reads at once. single: it is one entry that is larger than a part
// should be.
type part struct {
	from, to int
	single   bool
	text     string
	read     chan *yaml.Node // gives what it holds, as load does; nil if that is not read ahead
}

// part gives the next part of the block; its end is -1 where the text cannot be divided.
func (b *block) part(to int) part {
	for len(b.coming) <= readAhead && b.scanned >= 0 && b.scanned < to {
		p := part{from: b.scanned}
		if p.to, p.single = b.next(p.from, to); p.to >= 0 {
			p.text = b.text(p.from, p.to)
			p.ahead()
		}
		b.coming, b.scanned = append(b.coming, p), p.to
	}
	first := b.coming[0]
	b.coming = b.coming[1:]
	return first
}

// ahead starts to read a part, unless it may be divided further, or may have anchors or aliases, whose meaning depends
// on all parts before.
func (p *part) ahead() {
	if p.single || strings.IndexByte(p.text, '&') >= 0 || strings.IndexByte(p.text, '*') >= 0 {
		return
	}
	read, text := make(chan *yaml.Node, 1), p.text
	p.read = read
	go func() { read <- load(text, nil) }()
}

// top gives the node of a part, nil if the part cannot be read by itself.
func (b *block) top(p part) *yaml.Node {
	if p.read != nil {
		return <-p.read
	}
	return load(p.text, b.anchors)
}
