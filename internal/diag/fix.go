package diag

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Fix is another value for a single scalar or key, or the end of a single sign, so that a problem is gone.
type Fix struct {
	Place Place  // of the value or the key, with its quotes
	Old   string // what it says
	Value string // what it should say
	Gone  bool   // it should not be there: a comma too many
	// Bare: the new value is a number or a word that stands without quotes, in the digits that it has here.
	Bare bool
	// Safe: nothing else can have been meant, so that it can be written unasked.
	Safe bool
}

// Rewrite gives the fix that has a string or a key say something else; nil for what it says already.
func Rewrite(at Place, old, wanted string) *Fix {
	if wanted == old {
		return nil
	}
	return &Fix{Place: at, Old: old, Value: wanted, Safe: true}
}

// Replace gives the fix that has a number or a truth value in the place of another, or of a string.
func Replace(at Place, old, wanted string) *Fix {
	return &Fix{Place: at, Old: old, Value: wanted, Bare: true, Safe: true}
}

// Remove gives the fix that takes something away.
func Remove(at Place, old string) *Fix { return &Fix{Place: at, Old: old, Gone: true, Safe: true} }

// Fits reports whether the fix can be written: the place says what the fix takes it for.
func (f *Fix) Fits() bool {
	if f.Gone {
		spelled, ok := f.Place.line()
		return ok && spelled == f.Old
	}
	return f.Text() != ""
}

// Text is what to write in the place, in the notation that is used there. It is "" where the place does not simply say
// what the fix takes it for: where YAML folds a string, or the value is made of something else.
func (f *Fix) Text() string {
	spelled, ok := f.Place.line()
	if !ok || !isPlainLine(f.Value) || f.Value == "" {
		return ""
	}
	says := spelled == f.Old || spelled == "'"+strings.ReplaceAll(f.Old, "'", "''")+"'"
	if spelled[0] == '"' {
		said, err := strconv.Unquote(spelled)
		says = err == nil && said == f.Old && escapesAsJSON(spelled)
	}
	switch {
	case !says || f.Bare && spelled == f.Value:
		return ""
	case f.Bare:
		return f.Value
	case spelled[0] == '\'':
		return "'" + strings.ReplaceAll(f.Value, "'", "''") + "'"
	case spelled[0] != '"' && needsNoQuotes(f.Value):
		return f.Value
	}
	return quoted(f.Value)
}

// escapesAsJSON: each escape is one that JSON has too.
func escapesAsJSON(text string) bool {
	for i := 0; i+1 < len(text); i++ {
		if text[i] == '\\' {
			if i++; strings.IndexByte(`"\bfnrtu`, text[i]) < 0 {
				return false
			}
		}
	}
	return true
}

// line is the text of a place within a line.
func (p Place) line() (text string, ok bool) {
	if p.Doc == nil || p.Span.Start < 0 || p.Span.End > len(p.Doc.Text) || p.Span.Start >= p.Span.End {
		return "", false
	}
	text = p.Doc.Text[p.Span.Start:p.Span.End]
	return text, !strings.ContainsAny(text, "\n\r")
}

// isPlainLine: nothing in it needs to be escaped in one notation and not in the other.
func isPlainLine(s string) bool {
	for _, r := range s {
		if !IsVisible(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// quoted is a string of JSON, which is one of YAML too.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// needsNoQuotes: YAML takes it for the same text as it stands, wherever it stands. A path or a word is such.
func needsNoQuotes(s string) bool {
	const others = "/._-"
	if s == "" || !isASCIILetter(s[0]) && s[0] != '/' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if !isASCIILetter(c) && (c < '0' || c > '9') && strings.IndexByte(others, c) < 0 {
			return false
		}
	}
	for _, word := range strings.Fields("y n yes no on off true false null") {
		if strings.EqualFold(s, word) {
			return false
		}
	}
	return true
}
