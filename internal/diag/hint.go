package diag

import "errors"

// A hinted error knows what a person can do about it. Its text is that of the error alone.
type hinted struct {
	error
	hint string
}

// Unwrap gives the error itself.
func (h hinted) Unwrap() error { return h.error }

// WithHint gives an error that says what a person can do about it, for Hints to find. The hint is one sentence without its full
// stop. It gives nil for nil.
func WithHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return hinted{err, hint}
}

// Hints lists the hints in an error and in all that it wraps, outermost first, each once.
func Hints(err error) []string {
	var found []string
	seen := map[string]bool{}
	var look func(error)
	look = func(err error) {
		switch e := err.(type) {
		case nil:
			return
		case hinted:
			if !seen[e.hint] {
				seen[e.hint] = true
				found = append(found, e.hint)
			}
		case interface{ Unwrap() []error }:
			for _, each := range e.Unwrap() {
				look(each)
			}
			return
		}
		look(errors.Unwrap(err))
	}
	look(err)
	return found
}
