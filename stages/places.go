package stages

import (
	"errors"
	"sort"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// placed puts the place in the user's document before the error of a step.
func (r *run) placed(err error) error {
	return plan.EachError(err, func(err error) error {
		var step *plan.StepError
		if !errors.As(err, &step) || step.Origin == "" || r.full == nil {
			return err
		}
		if where := r.where(step.Origin); where != "" {
			return &PlacedError{where, err}
		}
		return err
	})
}

// remark logs what will not be as the config has it, with its place in the user's document.
func (r *run) remark(origin, what string) {
	where := r.where(origin)
	if where == "" {
		where = origin
	}
	r.Log.Warn(where + ": " + what)
}

// A PlacedError is a failure with the place in the user's document that asked for what failed.
type PlacedError struct {
	Place string // "name:line:col"
	Err   error
}

// Error puts the place first, as compilers do.
func (e *PlacedError) Error() string { return e.Place + ": " + e.Err.Error() }

func (e *PlacedError) Unwrap() error { return e.Err }

// where gives the place in the user's document that a config path stands at, "" where it is not known.
func (r *run) where(origin string) string {
	p := &r.places
	if p.index == nil {
		p.index = tree.Index{}
	}
	place := r.full.At(origin, p.index).Place()
	if place.Doc == nil || place.Doc != r.cache {
		return place.String()
	}
	if p.origins == nil {
		var err error
		if p.origins, err = r.Paths.LoadOrigins([]byte(r.cache.Text)); err != nil {
			r.Log.Warn(err.Error())
		}
		r.user.Items(p.add)
	}
	return p.written(place.Span)
}

// places tell where the user wrote what stands in the config of an earlier stage. They are empty until they are asked
// for, and made once: there may be as many errors as entries.
type places struct {
	index   tree.Index
	origins *handoff.Origins
	items   []item // as they begin in the text
}

// An item of a list.
type item struct {
	path string
	span diag.Span
	in   int // the innermost item around it, -1 for none
}

// add adds an item that begins behind all others.
func (p *places) add(path string, at diag.Place) {
	p.items = append(p.items, item{path, at.Span, p.around(at.Span, len(p.items)-1)})
}

// written tells where the user wrote what stands at a span.
func (p *places) written(span diag.Span) string {
	last := sort.Search(len(p.items), func(i int) bool { return p.items[i].span.Start > span.Start }) - 1
	if i := p.around(span, last); i >= 0 {
		return p.origins.Find(p.items[i].path)
	}
	return ""
}

// around gives the innermost item around a span, of the last one that begins before it and those which that is in.
func (p *places) around(span diag.Span, last int) int {
	for last >= 0 && p.items[last].span.End < span.End {
		last = p.items[last].in
	}
	return last
}
