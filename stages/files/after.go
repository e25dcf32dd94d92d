package files

import (
	"errors"
	"io/fs"

	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
)

// ErrNotKnown is the error of a file whose content is only known once it is written.
var ErrNotKnown = errors.New("what is written there is not known yet")

// ReadFile reads a text where its path leads once all is done.
func (p *Planned) ReadFile(name string, limit int64) ([]byte, error) {
	at, _, err := p.root.Walk(name, true)
	if err != nil {
		return nil, err
	}
	for _, c := range []*target.Claim{p.root.Over(at), p.root.Claimed(at)} {
		if c == nil {
			continue
		}
		if c.Text != nil {
			if text, known := c.Text(); known {
				return []byte(text), nil
			}
		}
		return nil, ErrNotKnown
	}
	if p.root.Emptied(at) {
		return nil, fs.ErrNotExist
	}
	return p.root.ReadFile(at, limit)
}

// Kind is that of what a path leads to once all is done.
func (p *Planned) Kind(name string) (root.Kind, error) {
	at, missing, err := p.root.Walk(name, true)
	if err != nil || missing {
		return root.Absent, err
	}
	for _, c := range []*target.Claim{p.root.Over(at), p.root.Claimed(at)} {
		if c != nil {
			return c.Kind, nil
		}
	}
	if p.root.Emptied(at) {
		return root.Absent, nil
	}
	found, err := p.root.Lstat(at)
	return found.Kind, err
}

// Names lists a directory where its path leads once all is done.
func (p *Planned) Names(dir string) ([]string, error) {
	_, names, err := p.root.List(dir)
	return names, err
}
