package scene

import (
	"cmp"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// A Prediction is a device as it will be, under all names that are known beforehand.
type Prediction struct {
	Names []string
	Seen  *Seen
	// Place is where it is, if what will be on it is what is there; nil if Seen says it.
	Place *Place
}

// A Departure is a device that will not be there, by its name in /sys/class/block, and why.
type Departure struct{ Name, Why string }

// A GoneError is about a name of a device that will not be there. It is an fs.ErrNotExist.
type GoneError struct{ Path, Why string }

func (e *GoneError) Error() string {
	return "device " + diag.Name(e.Path) + ": will not be there: " + e.Why
}

// Hint says what can be done.
func (e *GoneError) Hint() string {
	return "have the config make it, keep what it is on, or name another device"
}

func (e *GoneError) Unwrap() error { return fs.ErrNotExist }

// After is a scene as it will be: predictions over what there is.
type After struct {
	now  Scene
	then map[string]Prediction
	gone map[string]string // why devices will not be there, by their names in /sys/class/block
	// lacks says why nothing is known of what is not there; "" if it will not be there.
	lacks string
}

// NewAfter begins with nothing predicted.
func NewAfter(now Scene) *After {
	return &After{now: now, then: map[string]Prediction{}, gone: map[string]string{}}
}

// Add adds predictions, later ones in place of earlier ones of the same name, and devices that will be gone.
func (a *After) Add(predictions []Prediction, gone []Departure) {
	for _, p := range predictions {
		for _, name := range p.Names {
			a.then[path.Clean(name)] = p
		}
	}
	for _, each := range gone {
		a.gone[each.Name] = each.Why
	}
}

// Lack notes why nothing is known of a device that is not there: it may be a part of what will not be made, or of a
// disk that could not be looked at.
func (a *After) Lack(why string) { a.lacks = why }

// Predicted is what is predicted of a name; nil if nothing is.
func (a *After) Predicted(name string) (*Seen, error) {
	p, known := a.then[path.Clean(name)]
	if !known {
		return nil, nil
	}
	seen := *p.Seen
	seen.Path = name
	if p.Place == nil {
		return &seen, nil
	}
	var err error
	seen.Filling, err = a.now.Inside(*p.Place)
	return &seen, err
}

// Look is as it will be.
func (a *After) Look(name string) (*Seen, error) {
	if seen, err := a.Predicted(name); seen != nil {
		return seen, err
	}
	node, _, err := a.Find(name)
	if gone := (*GoneError)(nil); errors.Is(err, fs.ErrNotExist) && a.lacks != "" && !errors.As(err, &gone) {
		return &Seen{Path: name, Unknown: a.lacks}, nil
	}
	if err != nil {
		return nil, err
	}
	if seen, err := a.Predicted(node); seen != nil {
		seen.Path = name
		return seen, err
	}
	now, err := a.now.Look(name)
	if err != nil || len(a.gone) == 0 {
		return now, err
	}
	seen := *now
	seen.Users, seen.Busy = without(now.Users, a.gone), map[int][]User{}
	for number, users := range now.Busy {
		if left := without(users, a.gone); len(left) > 0 {
			seen.Busy[number] = left
		}
	}
	return &seen, nil
}

// Inside is about the bytes as they are now: only the first change of a disk is planned on them.
func (a *After) Inside(p Place) (Filling, error) { return a.now.Inside(p) }

// Find is as it will be.
func (a *After) Find(name string) (string, User, error) {
	if p, known := a.then[path.Clean(name)]; known {
		return p.Seen.Node, User{Use: Device, Name: p.Seen.Name}, nil
	}
	node, is, err := a.now.Find(name)
	if why := a.goes(is.Name); err == nil && why != "" && a.then[node].Seen == nil {
		return "", User{}, &GoneError{name, why}
	}
	return node, is, err
}

// goes says why a device will not be there, or is a partition of one that will not be; "" if it will.
func (a *After) goes(name string) string {
	disk := strings.TrimRight(name, "0123456789")
	if disk == name {
		return a.gone[name]
	}
	return cmp.Or(a.gone[name], a.gone[disk], a.gone[strings.TrimSuffix(disk, "p")])
}

// Links are as they are now.
func (a *After) Links() map[string][]string { return a.now.Links() }
