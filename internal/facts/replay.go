package facts

import (
	"fmt"
	"slices"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/target"
)

// A Replay answers planners from a document. It is for one planner at a time.
type Replay struct {
	doc    *Document
	wanted *Wanted
	same   bool // the config is the one that the facts are for
	lacks  []string
	lacked map[string]bool
}

// NewReplay answers for the plan of a config.
func NewReplay(doc *Document, of *Wanted) *Replay {
	return &Replay{doc: doc, wanted: of, same: of.Is(doc.For), lacked: map[string]bool{}}
}

// Lacks are the looks that the document had no answer to, each once. A plan with any is not known.
func (r *Replay) Lacks() []string { return slices.Clip(r.lacks) }

// lack notes one, and is its error.
func (r *Replay) lack(format string, names ...any) error {
	look := fmt.Sprintf(format, names...)
	if !r.lacked[look] {
		r.lacked[look] = true
		r.lacks = append(r.lacks, look)
	}
	return &LackError{look}
}

// Scene is that of the document; nil if it has none.
func (r *Replay) Scene() scene.Scene {
	if r.doc.Devices == nil {
		return nil
	}
	s := &sceneReplay{r, r.doc.Devices, map[string]*Inside{}}
	for i := range s.from.Insides {
		in := &s.from.Insides[i]
		s.insides[in.key()] = in
	}
	return s
}

// Root is that of the document; nil if it has none.
func (r *Replay) Root() target.Whole {
	if r.doc.Root == nil {
		return nil
	}
	return &rootReplay{r, r.doc.Root, map[string]map[string]bool{}}
}

// Protection tells what keeps a path of the root from being changed.
func (r *Replay) Protection(at string) (root.Protection, error) {
	if r.doc.Root != nil {
		if p, known := r.doc.Root.Protection[TextOf(at)]; known {
			return p.told()
		}
	}
	return root.Protection{}, r.lack("what protects %s", diag.Name(at))
}

type sceneReplay struct {
	*Replay
	from    *Devices
	insides map[string]*Inside
}

func (s *sceneReplay) Look(path string) (*scene.Seen, error) {
	look, known := s.from.Looks[TextOf(path)]
	switch {
	case !known:
		return nil, s.lack("device %s", diag.Name(path))
	case look.Error != nil:
		return nil, look.Error.err()
	}
	return look.Device.seen(path), nil
}

func (s *sceneReplay) Inside(p scene.Place) (scene.Filling, error) {
	in, known := s.insides[keyOfPlace(p)]
	switch {
	case !known:
		return scene.Filling{}, s.lack("what is on %s from byte %d on, %d bytes", diag.Name(p.Node), p.At.Offset,
			p.At.Size)
	case in.Error != nil:
		return scene.Filling{}, in.Error.err()
	}
	return in.Filling.filling(), nil
}

// keyOfPlace tells places apart.
func keyOfPlace(p scene.Place) string {
	return fmt.Sprintf("%q %d %v %v", p.Node, p.SectorSize, p.At, p.Zeros)
}

func (s *sceneReplay) Find(path string) (string, scene.User, error) {
	find, known := s.from.Finds[TextOf(path)]
	switch {
	case !known:
		return "", scene.User{}, s.lack("where %s leads", diag.Name(path))
	case find.Error != nil:
		return "", scene.User{}, find.Error.err()
	}
	return find.Node.text, told([]User{*find.Is})[0], nil
}

func (s *sceneReplay) Links() map[string][]string {
	if !s.from.Linked {
		_ = s.lack("the names of disks")
	}
	all := map[string][]string{}
	for node, names := range s.from.Links {
		all[node.text] = stringsOf(names)
	}
	return all
}
