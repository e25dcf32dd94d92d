package target

import (
	"context"
	"errors"
	"io"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
)

// WriteText has a file with a text on disk when it returns. inherit keeps the labels of the file that is there.
func (m *Means) WriteText(at string, want root.Attrs, inherit bool, text string) error {
	return m.WriteSynced(at, want, inherit, PlayText(text))
}

// PlayText plays a text.
func PlayText(text string) func(Output) error {
	return func(to Output) error {
		_, err := io.WriteString(to, text)
		return err
	}
}

// Draft writes a file whole under a temporary name, in a directory that is made, with those above it, with a mode. The
// caller places it, or discards it.
func Draft(r *root.Root, at string, dirs uint32, want root.Attrs, play func(Output) error) (*root.Temp, error) {
	if _, err := r.MkdirAll(Up(at), dirs); err != nil {
		return nil, err
	}
	t, err := r.Create(at, want)
	if err != nil {
		return nil, err
	}
	if err := play(t); err != nil {
		t.Discard()
		return nil, err
	}
	return t, nil
}

// DirMode is that of directories that nobody says anything of.
const DirMode = 0o755

// WriteSynced writes a file whole and has it on disk when it returns: what cannot be told from a half-written one
// later, and what nobody can make again. inherit keeps the labels of the file that is there.
func (m *Means) WriteSynced(at string, want root.Attrs, inherit bool, play func(Output) error) error {
	t, err := Draft(m.Root, at, DirMode, want, play)
	if err != nil {
		return err
	}
	if inherit {
		if err := t.Inherit(); err != nil {
			t.Discard()
			return err
		}
	}
	return t.PlaceSynced(true)
}

// A File is a file that a step writes whole, whatever is there.
type File struct {
	At   string
	Of   string // what Play is of, as in a Query
	Want root.Attrs
	Play func(context.Context, Output) error
	// Trees says that a directory that is there goes too, with all below it; otherwise it is refused.
	Trees bool
	// Remote says that Play has to ask somebody else. It is then called only to write the file: getting a content to
	// compare it, and again to write it, would double what is got.
	Remote bool
}

var (
	errDirectory = errors.New("a directory is there")
	// ErrRoot is the refusal of an entry that would take the place of the root directory.
	ErrRoot = errors.New("the root directory itself cannot be replaced")
	// ErrNoContents is the refusal of a file that is to replace what is there with nothing.
	ErrNoContents = errors.New("overwrite needs contents to write")
)

// judge tells what becomes of what is there.
func (f *File) judge(ctx context.Context, v View, found root.Facts) (Verdict, error) {
	match := Differs
	if found.Kind == root.File && f.Want.Fit(found) && !f.Remote {
		same, err := Holds(v, f.At, f.Of, func(to Output) error { return f.Play(ctx, to) })
		if err != nil {
			return Refuse, err
		}
		if same {
			match = Alike
		}
	}
	if found.Kind == root.Directory && !f.Trees {
		return Refuse, errDirectory
	}
	return Judge(FileWithSource, found.Kind, true, match), nil
}

// Held tells whether a file is there already as a run before has left it.
func (f *File) Held(t *Target) bool {
	found, err := t.Before(f.At)
	if err != nil {
		return false
	}
	verdict, err := f.judge(context.Background(), t, found)
	return err == nil && verdict == Done
}

// Fill completes a step that writes a file. Its content is on disk, with that of other steps, before it has its name.
// That another owner's file has the right content is not enough: readers would get what that owner writes next.
func (m *Means) Fill(s *plan.Step, t *Target, f File) error {
	if f.At == "/" {
		return ErrRoot
	}
	found, err := t.Before(f.At)
	if err != nil {
		return err
	}
	verdict, err := f.judge(context.Background(), t, found)
	switch {
	case verdict == Refuse && errors.Is(err, errDirectory):
		return diag.WithHint(err, "take the directory away: this is a file")
	case err != nil: // who reads when the step runs gets the error
		verdict = Replace
	}
	s.Effect = [...]plan.Effect{MakeNew: plan.Create, Replace: plan.Change, Done: plan.Keep}[verdict]
	if verdict == Replace {
		if found.Kind == root.Directory {
			s.Effect = plan.Destroy
		}
		if err := t.MayGo(f.At, found.Kind); err != nil {
			return err
		}
	}
	s.Check = func(ctx context.Context) (plan.State, error) { return m.isFilled(ctx, f) }
	var ready *root.Temp
	s.Prepare = func(ctx context.Context) (err error) {
		ready, err = Draft(m.Plain(), f.At, DirMode, f.Want, func(to Output) error { return f.Play(ctx, to) })
		return err
	}
	s.Abandon = func() {
		if ready != nil {
			ready.Discard()
		}
	}
	s.Do = func(context.Context) error {
		t := ready
		ready = nil
		if f.Trees {
			if err := m.Clear(f.At); err != nil {
				t.Discard()
				return err
			}
		}
		return t.Place(true)
	}
	return nil
}

func (m *Means) isFilled(ctx context.Context, f File) (plan.State, error) {
	in := m.Plain()
	found, err := in.Lstat(f.At)
	if err != nil {
		return plan.Pending, err
	}
	switch verdict, err := f.judge(ctx, Of(in), found); {
	case errors.Is(err, errDirectory):
		return plan.Conflict, err
	case err != nil || verdict != Done:
		return plan.Pending, err
	}
	return plan.Done, nil
}

// Clear removes a directory, which a rename cannot take the place of.
func (m *Means) Clear(at string) error {
	found, err := m.Plain().Lstat(at)
	if err != nil || found.Kind != root.Directory {
		return err
	}
	return m.Plain().RemoveAll(at)
}
