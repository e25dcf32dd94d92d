package target

import (
	"github.com/glowplug-os/glowplug/internal/root"
)

// A Target is a root as it is seen with what is planned for it. As a View it is the root as the accounts will leave it:
// entries of the config come later, and are planned in it.
type Target struct {
	laid
	claims  map[string]*Claim // of entries, by place
	over    map[string]*Claim // of what comes after the entries, by place
	takers  []*Claim          // the same, in order
	written []string
	ways    map[string]struct{} // directories that an entry before has to make on its way
	emptied map[string]struct{} // where entries remove what is there, which may be a tree
	below   map[string]bool     // directories, and whether they are below one of these
	placed  map[string][]string // the names of entries by the directory that they are in; nil before List is called
}

// New plans nothing yet for the root that a view shows.
func New(v View) *Target {
	return &Target{laid: laid{view: v, top: place{from: "/"}, found: map[string]root.Facts{}},
		claims: map[string]*Claim{}, over: map[string]*Claim{}, ways: map[string]struct{}{}, below: map[string]bool{}}
}
