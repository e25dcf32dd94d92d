package tree

import "github.com/glowplug-os/glowplug/internal/diag"

// Ways are the paths of all nodes below a root. Nulls have none, and are not counted in lists.
type Ways struct {
	root  Node
	steps []step // by node, from the root on: both parsers make a node before those that it holds
}

// A step is the last step of the path of a node: the node above, and the number of the item. It is small because there
// is one for every node of a document.
type step struct{ up, item uint32 }

// WaysBelow collects the paths of all nodes below a node.
func WaysBelow(n Node) *Ways {
	w := &Ways{root: n}
	w.below(n)
	return w
}

func (w *Ways) below(n Node) {
	item := uint32(0)
	for c := range n.Children() {
		if c.Kind() == Null || c.i <= w.root.i {
			continue
		}
		i := int(c.i - w.root.i)
		if missing := i + 1 - len(w.steps); missing > 0 {
			w.steps = append(w.steps, make([]step, missing)...)
		}
		w.steps[i] = step{n.i, item}
		item++
		w.below(c)
	}
}

// To gives the path of a node, nil if the node is not below the root.
func (w *Ways) To(n Node) *diag.Trail {
	if n == w.root {
		return &diag.Trail{}
	}
	if n.a != w.root.a || n.i <= w.root.i || int(n.i-w.root.i) >= len(w.steps) {
		return nil
	}
	s := w.steps[n.i-w.root.i]
	if s.up == 0 {
		return nil
	}
	up := Node{n.a, s.up}
	if up.Kind() == List {
		return &diag.Trail{Up: w.To(up), Index: int(s.item)}
	}
	return &diag.Trail{Up: w.To(up), Name: n.Key()}
}
