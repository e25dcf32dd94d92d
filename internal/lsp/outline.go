package lsp

import (
	"sort"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// An entry is a member of an object or an item of a list, as far as a text shows them that may be half typed.
type entry struct {
	parent int32     // the entry that it is in; of the first entry, which is the whole text, -1
	column int32     // of its key or its dash; in brackets -1
	item   bool      // it is an item of a list
	bare   bool      // a word where a key belongs, with no colon yet
	open   byte      // the bracket that its value begins with, 0 for none
	closed bool      // the bracket has its other half
	at     int       // where it begins: with its key, its dash, or its value
	key    diag.Span // with its quotes
	value  diag.Span // what is written there: a scalar, or all from bracket to bracket; empty where it is not there yet
}

// An outline is what a text looks like to somebody who reads brackets in JSON, and indentation in YAML.
type outline struct {
	text    string
	json    bool    // brackets alone decide
	entries []entry // in the order of the text
}

// outlined reads a text. It takes time in proportion to the text, whatever that is.
func outlined(text string) *outline {
	o := &outline{text: text, entries: []entry{{parent: -1, column: -1}}}
	start := strings.TrimLeft(text, " \t\r\n\ufeff")
	o.json = strings.HasPrefix(start, "{")
	s := scanner{outline: o, stack: []int32{0}}
	if o.json {
		s.pos = len(text) - len(start)
		s.flow(0)
	} else {
		s.pos = len(text) - len(strings.TrimPrefix(text, "\ufeff"))
		s.block()
	}
	return o
}

// name is the key of an entry without its quotes.
func (o *outline) name(e *entry) string { return unquoted(o.text[e.key.Start:e.key.End]) }

// said is the scalar of an entry without its quotes.
func (o *outline) said(e *entry) string {
	if e.open != 0 {
		return ""
	}
	return unquoted(o.text[e.value.Start:e.value.End])
}

func unquoted(text string) string {
	if text != "" && (text[0] == '"' || text[0] == '\'') {
		quote := text[:1]
		text = strings.TrimSuffix(text[1:], quote)
	}
	return text
}

// members lists the entries of an entry.
func (o *outline) members(parent int32) (all []int32) {
	for i := int(parent) + 1; i < len(o.entries); i++ {
		if o.entries[i].parent == parent {
			all = append(all, int32(i))
		}
	}
	return all
}

// under finds the scalar at a path of keys, "" for none.
func (o *outline) under(path ...string) string {
	at := int32(0)
	for _, step := range path {
		found := false
		for _, i := range o.members(at) {
			if e := &o.entries[i]; !e.item && !e.bare && o.name(e) == step {
				at, found = i, true
				break
			}
		}
		if !found {
			return ""
		}
	}
	return o.said(&o.entries[at])
}

// A spot is where a cursor is: at a key, at a value, in an object or a list with nothing under it, or nowhere: in a
// comment, say, or behind a value.
type spot struct {
	entry int32
	part  part
}

type part int

const (
	nowhere part = iota
	within       // the value of the entry, which is an object or a list or will be one
	atKey        // of the entry
	atValue      // the entry's scalar, or where it belongs
)

// spot finds where an offset is.
func (o *outline) spot(at int) spot {
	i := int32(sort.Search(len(o.entries), func(i int) bool { return o.entries[i].at > at })) - 1
	column, first := o.column(at)
	said := len(strings.TrimRight(o.text[:at], " \t"))
	for ; i >= 0; i = o.entries[i].parent {
		if part := o.part(&o.entries[i], at); part != nowhere {
			return spot{i, part}
		}
		switch e := &o.entries[i]; {
		case e.column < 0 && (i > 0 || o.json):
			if end := max(e.key.End, e.value.End); said <= end && end <= at {
				return spot{} // nothing but blanks is between it and the offset: a comma is missing
			}
		case !first:
		case e.open == 0 && column > int(e.column) && e.value.Start == e.value.End:
			return spot{i, within}
		}
	}
	return spot{}
}

// part is what of an entry an offset is at or in, brackets being what it is in.
func (o *outline) part(e *entry, at int) part {
	switch {
	case e.key.Start < e.key.End && e.key.Start <= at && at <= e.key.End:
		return atKey
	case e.open != 0:
		if e.value.Start < at && (at < e.value.End || !e.closed && at <= e.value.End) {
			return within
		}
	case e.parent >= 0 && !e.bare && (e.value.Start <= at && at <= e.value.End || o.sameLine(e, at)):
		return atValue
	}
	return nowhere
}

// sameLine: the value of an entry is missing, and the offset is where it belongs.
func (o *outline) sameLine(e *entry, at int) bool {
	return e.value.Start == e.value.End && at >= e.value.Start && !e.item &&
		(e.column >= 0 || strings.Trim(o.text[e.value.Start:at], " \t") == "") &&
		!strings.ContainsAny(o.text[e.value.Start:at], "\r\n")
}

// column is that of an offset; behind the first word of its line it is that of the word. first: nothing but blanks and
// dashes is before it.
func (o *outline) column(at int) (column int, first bool) {
	start := strings.LastIndexAny(o.text[:at], "\r\n") + 1
	before := o.text[start:at]
	if strings.Trim(before, " \t-") == "" {
		return len(before), true
	}
	return len(before) - len(strings.TrimLeft(before, " \t")), false
}
