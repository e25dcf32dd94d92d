package diag

import (
	"errors"
	"strconv"
)

// A hinted error has a hint: what a person can do about it. Its text is the text of the error alone.
type hinted struct {
	error
	hint string
}

func (h hinted) Unwrap() error { return h.error }

// Hint says what a person can do.
func (h hinted) Hint() string { return h.hint }

// WithHint gives an error a hint, which Hints finds. A hint is one sentence without its full stop. Of nil it gives nil.
func WithHint(err error, hint string) error {
	if err == nil {
		return nil
	}
	return hinted{err, hint}
}

// Hints lists the hints of an error and of all errors that it wraps, outermost first, each once. Errors of other types
// have hints by a method Hint() string.
func Hints(err error) []string {
	var found []string
	seen := map[string]bool{}
	var look func(error)
	look = func(err error) {
		if err == nil {
			return
		}
		if h, ok := err.(interface{ Hint() string }); ok && !seen[h.Hint()] {
			seen[h.Hint()] = true
			found = append(found, h.Hint())
		}
		if joined, ok := err.(interface{ Unwrap() []error }); ok {
			for _, each := range joined.Unwrap() {
				look(each)
			}
			return
		}
		look(errors.Unwrap(err))
	}
	look(err)
	return found
}

// Few gives an error in lines. Of errors that errors.Join has put together, it gives the first most, and how many more
// there are.
func Few(err error, most int) (lines []string) {
	all := Errors(err)
	for _, each := range all[:min(most, len(all))] {
		lines = append(lines, OneLine(each.Error()))
	}
	if more := len(all) - len(lines); more > 0 {
		lines = append(lines, "and "+strconv.Itoa(more)+" more")
	}
	return lines
}

// Errors gives the errors that errors.Join has put together, or the error itself.
func Errors(err error) (all []error) {
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok || errors.Join(joined.Unwrap()...).Error() != err.Error() {
		return []error{err}
	}
	for _, each := range joined.Unwrap() {
		all = append(all, Errors(each)...)
	}
	return all
}
