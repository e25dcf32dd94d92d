// Package history tells where the values of a config that was merged come from: which documents gave each, and which
// values it stands in the place of. It hears of it while package document merges (a Log is the Listener of that), so
// that nothing here says how configs merge.
//
// In come the Log and the config; out come Entries: what is asked for, by a path or a name, with each value in it, and
// for each value what the documents say, in their order. What may be a secret is left out; of that only whether two are
// equal is told.
package history

import (
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/language"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// A Log is what has been merged.
type Log struct {
	of   map[tree.Node][]tree.Node
	gone map[place][]removed
}

// A place is a key in a name space of lists, where items exclude each other.
type place struct{ space, key string }

// A removed item, and the list that it was of.
type removed struct {
	list *language.Shape
	of   []tree.Node
}

// NewLog makes a Log of nothing.
func NewLog() *Log {
	return &Log{map[tree.Node][]tree.Node{}, map[place][]removed{}}
}

// Made notes what a node was made of.
func (l *Log) Made(node tree.Node, of []tree.Node) { l.of[node] = append([]tree.Node(nil), of...) }

// Gone notes an item that was removed because its key is elsewhere.
func (l *Log) Gone(list *language.Shape, of []tree.Node) {
	at := place{list.Field.List.Space, document.KeyOf(list.Field.List, of[0])}
	l.gone[at] = append(l.gone[at], removed{list, of})
}

// layers are the nodes that documents have for a node, each over the ones before.
func (l *Log) layers(n tree.Node) (all []tree.Node) {
	of, merged := l.of[n]
	if !merged {
		return []tree.Node{n}
	}
	for _, each := range of {
		all = append(all, l.layers(each)...)
	}
	return all
}
