package facts

import (
	"errors"
	"io/fs"

	"github.com/glowplug-os/glowplug/internal/diag"
)

var errEscape = errors.New(`a backslash is followed neither by another one nor by x and two hexadecimal digits`)

var errSpelling = errors.New(`\x is followed by what is no byte that has to be written so, or not in small letters`)

// A Fault is an error that a look had.
type Fault struct {
	Message Text   `json:"message"`
	Hints   []Text `json:"hints,omitempty"`
	// Kind is what callers tell apart.
	Kind string `json:"kind,omitempty"`
}

// kinds are those errors.
var kinds = []struct {
	name string
	is   error
}{{"absent", fs.ErrNotExist}, {"denied", fs.ErrPermission}}

// faultOf notes an error; nil for none.
func faultOf(err error) *Fault {
	if err == nil {
		return nil
	}
	f := &Fault{Message: TextOf(err.Error()), Hints: textsOf(diag.Hints(err))}
	for _, k := range kinds {
		if errors.Is(err, k.is) {
			f.Kind = k.name
		}
	}
	return f
}

// err is the error again.
func (f *Fault) err() error {
	if f == nil {
		return nil
	}
	n := &notedError{text: f.Message.text}
	for _, k := range kinds {
		if k.name == f.Kind {
			n.is = k.is
		}
	}
	var err error = n
	for i := len(f.Hints) - 1; i >= 0; i-- {
		err = diag.WithHint(err, f.Hints[i].text)
	}
	return err
}

// A notedError is an error that somebody else had.
type notedError struct {
	text string
	is   error
}

func (e *notedError) Error() string { return e.text }

func (e *notedError) Unwrap() error { return e.is }

// A LackError is about a look that facts have no answer to.
type LackError struct{ Look string }

func (e *LackError) Error() string { return "the facts do not have " + e.Look }

// Hint says how they can have it.
func (e *LackError) Hint() string {
	return "take the facts again with this version, and with --for and this config"
}
