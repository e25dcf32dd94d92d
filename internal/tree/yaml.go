package tree

import (
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"

	"go.yaml.in/yaml/v4"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// Flags of nodes that come from YAML. JSON has no use for them.
const (
	aliased   = 1 << (iota + 5) // the node stands where an alias does, or below one: somebody wrote it elsewhere
	inherited                   // the member was brought by a merge key
	quoted                      // the scalar is in quotes or a block, so that it is text whatever it says
)

// MergeKey is the key whose value brings members into a mapping. It stays in the tree as an empty list, so that it has
// a place; what it brings follows the other members.
const MergeKey = "<<"

// maxExpanded is how many nodes aliases may be replaced by. A few lines of aliases can stand for billions of nodes.
const maxExpanded = 500_000

// ParseYAML reads the first document of a YAML text (1.2, with the octal numbers of 1.1) into the arena. Mappings
// become objects, and any scalar may be a key. Aliases are replaced by what they stand for, which then has the alias's
// place; merge keys bring their members. Two equal keys both become members, as in JSON. A number keeps its spelling,
// which need not be JSON's.
//
// Errors come with the absent node. Beside a node there may be a problem that only we have with the text. A text of
// comments alone is null.
func (a *Arena) ParseYAML(doc *diag.Document) (Node, []diag.Problem) {
	if message := a.tooLarge(doc); message != "" {
		return Node{},
			[]diag.Problem{{Severity: diag.Error, Code: codes.TooLarge, Place: diag.Place{Doc: doc}, Message: message}}
	}
	return a.parseYAML(doc, partSize)
}

// parseYAML reads a text that is much larger than a part in parts of that size.
func (a *Arena) parseYAML(doc *diag.Document, size int) (Node, []diag.Problem) {
	y := &yamlReader{a: a, doc: doc, number: a.document(doc), lines: newYAMLLines(doc.Text)}
	if len(doc.Text) > 8*size {
		if root, ok := y.inParts(size); ok {
			return root, y.problems
		}
	}
	var documents [2]yaml.Node
	count, err := loadYAML(doc.Text, documents[:], nil)
	if count == 0 && err != nil {
		return Node{}, []diag.Problem{y.syntax(err, doc.Text)}
	}
	if count == 0 || len(documents[0].Content) == 0 {
		return Node{a, a.add(node{kind: Null, doc: y.number, flags: spelled, inner: y.a.addText("")})}, nil
	}
	root, _ := y.node(node{}, documents[0].Content[0])
	if len(y.problems) > 0 {
		return Node{}, y.problems
	}
	if count > 1 || err != nil {
		y.another(&documents[1], err, doc.Text)
	}
	return Node{a, root}, y.problems
}

// inParts reads a large text in parts. If ok is false, the text has to be read in one piece, and no problem has been
// reported.
func (y *yamlReader) inParts(size int) (root Node, ok bool) {
	begin := *y
	before := y.a.mark()
	p := &parts{y: y, size: size, anchors: anchors{}}
	var documents [2]yaml.Node
	var count int
	var err error
	first, end, ok := p.document(int(y.lines.starts[0]))
	switch {
	case ok && end < len(y.doc.Text):
		count, err = p.rest(end, documents[:])
		y.lines.partAt(0, 0)
	case ok:
		count = 1
	}
	switch {
	case count > 0 && len(y.problems) > 0:
		return Node{}, true
	case count > 1 || count == 1 && err != nil:
		y.another(&documents[1], err, p.unread(0))
		return Node{y.a, first}, true
	case count == 1:
		return Node{y.a, first}, true
	}
	y.a.reset(before)
	*y = begin
	if text := p.unread(0); len(p.read) > 0 {
		if count, err := loadYAML(text, documents[:1], p.anchors); count == 0 && err != nil {
			y.problems = []diag.Problem{y.syntax(err, text)}
			return Node{}, true
		}
	}
	return Node{}, false
}

// loadYAML reads documents of a text into the given nodes, until there are no more documents or no more nodes.
func loadYAML(text string, into []yaml.Node, known anchors) (count int, err error) {
	defer func() {
		// The library panics where it finds a mistake of its own. A machine that boots is better off with an error.
		if r := recover(); r != nil {
			err = errors.New("the YAML reader is confused")
		}
	}()
	var options []yaml.Option
	if known != nil {
		options = append(options, yaml.WithPlugin(known))
	}
	loader, err := yaml.NewLoader(strings.NewReader(text), options...)
	if err != nil {
		return 0, err
	}
	for i := range into {
		switch err := loader.Load(&into[i]); {
		case errors.Is(err, io.EOF):
			return i, nil
		case err != nil:
			return i, err
		}
	}
	return len(into), nil
}

type yamlReader struct {
	a        *Arena
	doc      *diag.Document
	number   uint16
	lines    yamlLines
	depth    int
	via      *diag.Span // the alias that is being expanded
	expanded int
	open     map[*yaml.Node]bool // the anchors that are being expanded
	problems []diag.Problem
}

// fail keeps the first problem: what follows from it is noise.
func (y *yamlReader) fail(span diag.Span, message, hint string) uint32 {
	if len(y.problems) == 0 {
		y.problems = append(y.problems, diag.Problem{Severity: diag.Error, Code: codes.YAMLSyntax,
			Place: diag.Place{Doc: y.doc, Span: span}, Message: message, Hint: hint})
	}
	return 0
}

// another reports a second document, which other programs do not read. For text see syntax.
func (y *yamlReader) another(second *yaml.Node, err error, text string) {
	at := len(y.doc.Text)
	if err != nil {
		at = y.syntax(err, text).Place.Span.Start
	} else if second.Line > 0 {
		at = y.lines.offset(second.Line, second.Column)
	}
	y.problems = append(y.problems, diag.Problem{
		Severity: diag.Error, Code: codes.YAMLDocuments, Stricter: true, Path: "$",
		Place:   diag.Place{Doc: y.doc, Span: diag.Span{Start: at, End: min(at+1, len(y.doc.Text))}},
		Message: "a second document starts here; only the first one is read", Hint: "put it into a file of its own",
	})
}

// node reads a value into a node that may already have its key. It returns where the value ends.
func (y *yamlReader) node(n node, from *yaml.Node) (at uint32, end int) {
	if y.a.used >= maxNodes {
		return y.fail(y.start(from), fmt.Sprintf("there are more than %d values", maxNodes), ""), 0
	}
	if y.via != nil {
		if y.expanded++; y.expanded > maxExpanded {
			return y.fail(*y.via, fmt.Sprintf("aliases stand for more than %d values", maxExpanded),
				"write the document without aliases of aliases"), 0
		}
	}
	if from.Kind == yaml.AliasNode {
		return y.alias(n, from)
	}
	span := y.start(from)
	n.doc, n.start = y.number, uint32(span.Start)
	if y.via != nil {
		n.flags |= aliased
	}
	if from.Kind == yaml.ScalarNode {
		return y.scalar(n, from, span)
	}
	if y.depth++; y.depth > maxDepth {
		return y.fail(span, fmt.Sprintf("lists and mappings nest deeper than %d levels", maxDepth), ""), 0
	}
	defer func() { y.depth-- }()
	n.kind = List
	if from.Kind == yaml.MappingNode {
		n.kind = Object
	}
	at = y.a.add(n)
	if n.kind == Object {
		end = y.members(at, from, span.End)
	} else {
		last := uint32(0)
		end = y.items(at, &last, from, span.End)
	}
	if y.via != nil {
		end = span.End
	} else if y.opens(span) {
		end = y.lines.closing(end)
	}
	y.a.at(at).end = uint32(end)
	return at, end
}

// start is where a node starts, as an empty span; for a flow collection it is the span of its bracket.
func (y *yamlReader) start(from *yaml.Node) diag.Span {
	if y.via != nil {
		return *y.via
	}
	at := y.lines.offset(from.Line, from.Column)
	span := diag.Span{Start: at, End: at}
	if from.Kind != yaml.ScalarNode && from.Style&yaml.FlowStyle != 0 {
		span.End = min(y.lines.afterProperties(at)+1, len(y.doc.Text))
	}
	return span
}

// opens: a bracket or a brace opens a flow collection, but not the mapping in [a: b].
func (y *yamlReader) opens(span diag.Span) bool {
	return span.End > span.Start && (y.doc.Text[span.End-1] == '{' || y.doc.Text[span.End-1] == '[')
}

// alias copies the node of an anchor. All of the copy has the place of the alias: that is the line that asks for the
// copy, and there may be many.
func (y *yamlReader) alias(n node, from *yaml.Node) (at uint32, end int) {
	span := y.start(from)
	if y.via == nil {
		span.End = min(span.Start+1+len(from.Value), len(y.doc.Text))
	}
	if y.open[from.Alias] {
		return y.fail(span, fmt.Sprintf("the alias *%s stands inside of what it stands for", from.Value), ""), 0
	}
	if y.open == nil {
		y.open = map[*yaml.Node]bool{}
	}
	y.open[from.Alias] = true
	defer delete(y.open, from.Alias)
	if y.via == nil {
		y.via = &span
		defer func() { y.via = nil }()
	}
	at, _ = y.node(n, from.Alias)
	return at, span.End
}

// scalar makes a scalar of the kind that the text looks like; the reader of the tree may take it for another kind.
func (y *yamlReader) scalar(n node, from *yaml.Node, span diag.Span) (at uint32, end int) {
	text := from.Value
	n.kind = String
	switch from.ShortTag() {
	case "!!null":
		n.kind = Null
	case "!!bool":
		n.kind = Bool
	case "!!int", "!!float":
		n.kind = Number
	case "!!binary":
		decoded, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(text), ""))
		if err != nil {
			return y.fail(span, "what is marked as !!binary is not base64", ""), 0
		}
		text = string(decoded)
	}
	if from.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle|
		yaml.TaggedStyle) != 0 {
		n.flags |= quoted
	}
	end = span.End
	if y.via == nil {
		end = y.lines.scalarEnd(span.Start, from)
	}
	n.end = uint32(end)
	if from.Style != 0 || y.via != nil || !standsForItself(n.kind, text, y.doc.Text[span.Start:end]) {
		n.flags |= spelled
		n.inner = y.a.addText(text)
	}
	return y.a.add(n), end
}

// standsForItself: the text at the place of a scalar is its value, and is written as JSON writes it if it is no string.
func standsForItself(kind Kind, text, written string) bool {
	switch {
	case text == "" || text != written || kind == String && text[0] == '"':
		return false
	case kind == Number:
		return text == "0" || text[0] != '0' && strings.Trim(text, "0123456789") == ""
	case kind == Bool:
		return text == "true" || text == "false"
	}
	return kind == String || text == "null"
}

// link appends a child to a list or an object.
func (y *yamlReader) link(parent uint32, last *uint32, child uint32) {
	if child == 0 {
		return
	}
	if *last == 0 {
		y.a.at(parent).inner = child
	} else {
		y.a.at(*last).sib = child
	}
	*last = child
}

func (y *yamlReader) items(at uint32, last *uint32, from *yaml.Node, end int) int {
	for _, item := range from.Content {
		var child uint32
		if child, end = y.node(node{}, item); child == 0 {
			return end
		}
		y.link(at, last, child)
	}
	return end
}

// members reads a mapping; end is the end of the mapping if it has no members.
func (y *yamlReader) members(at uint32, from *yaml.Node, end int) int {
	last := uint32(0)
	merges, end := y.pairs(at, &last, from, end)
	y.merge(at, &last, merges)
	return end
}

// A merge is the value of a merge key, and the place of the part that it stands in.
type merge struct {
	value        *yaml.Node
	above, first int
}

// pairs reads the keys and values of a mapping, but not the members that its merge keys bring.
func (y *yamlReader) pairs(at uint32, last *uint32, from *yaml.Node, begin int) (merges []merge, end int) {
	end = begin
	for i := 0; i+1 < len(from.Content); i += 2 {
		key, value := from.Content[i], from.Content[i+1]
		n, ok := y.key(key)
		if !ok {
			return nil, end
		}
		var child uint32
		if key.Value == MergeKey && key.Kind == yaml.ScalarNode && n.flags&quoted == 0 {
			merges = append(merges, merge{value, y.lines.above, y.lines.first})
			child, end = y.node(n, &yaml.Node{Kind: yaml.SequenceNode, Line: value.Line, Column: value.Column})
			end = y.mergeEnd(end, value)
		} else {
			n.flags &^= quoted
			child, end = y.node(n, value)
		}
		if child == 0 {
			return nil, end
		}
		y.link(at, last, child)
	}
	return merges, end
}

// mergeEnd is the end of the value of a merge key.
func (y *yamlReader) mergeEnd(end int, value *yaml.Node) int {
	if y.via == nil && value.Kind == yaml.AliasNode {
		return min(end+1+len(value.Value), len(y.doc.Text))
	}
	for _, c := range value.Content {
		if start := y.start(c); y.via == nil {
			end = y.mergeEnd(max(start.End, y.lines.scalarEnd(start.Start, c)), c)
		}
	}
	if y.via == nil && value.Style&yaml.FlowStyle != 0 {
		end = y.lines.closing(end)
	}
	return end
}

// key gives an empty node the key of a member.
func (y *yamlReader) key(key *yaml.Node) (n node, ok bool) {
	span := y.start(key)
	scalar := key
	if key.Kind == yaml.AliasNode {
		scalar = key.Alias
		span.End = max(span.End, min(span.Start+1+len(key.Value), len(y.doc.Text)))
	}
	if scalar.Kind != yaml.ScalarNode {
		y.fail(span, "a list or a mapping stands where a key belongs",
			"a key is a word; a value that starts with { or [ or * may need quotes")
		return n, false
	}
	if y.via == nil && key.Kind == yaml.ScalarNode {
		span.End = y.lines.scalarEnd(span.Start, key)
	}
	if key.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle) != 0 {
		n.flags |= quoted
	}
	n.flags |= renamed
	n.key = y.name(scalar.Value, span)
	return n, true
}

// name keeps a key. It keeps a text only where the text at the place is another one.
func (y *yamlReader) name(name string, span diag.Span) uint32 {
	k := memberKey{start: uint32(span.Start), end: uint32(span.End), doc: y.number}
	if y.doc.Text[span.Start:span.End] != name {
		k.given, k.name = true, y.a.addText(name)
	}
	return y.a.addKey(k)
}

// merge adds the members that the merge keys of a mapping bring and that the mapping does not have itself. Of equal
// ones the first counts.
func (y *yamlReader) merge(at uint32, last *uint32, merges []merge) {
	if len(merges) == 0 || len(y.problems) > 0 {
		return
	}
	have := map[string]bool{}
	for member := range (Node{y.a, at}).Children() {
		have[member.Key()] = true
	}
	for _, m := range merges {
		y.lines.partAt(m.above, m.first)
		sources := []*yaml.Node{m.value}
		if m.value.Kind == yaml.SequenceNode {
			sources = m.value.Content
		}
		for _, source := range sources {
			y.inherit(at, last, source, have)
		}
	}
}

// inherit adds the members of one mapping, and of those that this mapping inherits from itself. A mapping that is being
// added cannot be added within itself.
func (y *yamlReader) inherit(at uint32, last *uint32, source *yaml.Node, have map[string]bool) {
	span := y.start(source)
	if y.expanded++; y.expanded > maxExpanded { // merges of merges may bring nothing and still never end
		y.fail(span, fmt.Sprintf("aliases stand for more than %d values", maxExpanded),
			"write the document without aliases of aliases")
		return
	}
	mapping := source
	if source.Kind == yaml.AliasNode {
		mapping = source.Alias
	}
	if mapping.Kind != yaml.MappingNode {
		y.fail(span, "a merge key takes a mapping, or a list of mappings",
			"write <<: *name, where &name marks a mapping")
		return
	}
	if y.open[mapping] {
		y.fail(span, "a merge key stands inside of what it merges", "")
		return
	}
	if y.open == nil {
		y.open = map[*yaml.Node]bool{}
	}
	y.open[mapping] = true
	defer delete(y.open, mapping)
	if y.via == nil {
		if source.Kind == yaml.AliasNode {
			span.End = min(span.Start+1+len(source.Value), len(y.doc.Text))
		}
		y.via = &span
		defer func() { y.via = nil }()
	}
	var deeper []*yaml.Node
	y.expanded += len(mapping.Content) / 2 // keys are looked at, be they brought in or not
	for i := 0; i+1 < len(mapping.Content); i += 2 {
		key, value := mapping.Content[i], mapping.Content[i+1]
		if key.Value == MergeKey {
			deeper = append(deeper, value)
			continue
		}
		n, ok := y.key(key)
		if !ok {
			return
		}
		if name := y.a.keyName(n.key); !have[name] {
			have[name] = true
			n.flags = n.flags&^quoted | inherited
			child, _ := y.node(n, value)
			y.link(at, last, child)
		}
	}
	for _, value := range deeper {
		sources := []*yaml.Node{value}
		if value.Kind == yaml.SequenceNode {
			sources = value.Content
		}
		for _, s := range sources {
			y.inherit(at, last, s, have)
		}
	}
}

// Quoted reports whether a scalar of a YAML text is in quotes, in a block or tagged. It is false for JSON.
func (n Node) Quoted() bool { return n.node().flags&quoted != 0 }

// Aliased reports whether the node was written elsewhere in its YAML text, and stands here by an alias or a merge key.
func (n Node) Aliased() bool { return n.node().flags&aliased != 0 }

// IsMerge reports whether a member is the empty list that stays in the tree for a merge key.
func IsMerge(n Node) bool { return n.Kind() == List && !n.First().Exists() && n.Key() == MergeKey }

// Inherited reports whether a merge key brought the member.
func (n Node) Inherited() bool { return n.node().flags&inherited != 0 }
