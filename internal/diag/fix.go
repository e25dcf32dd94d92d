package diag

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A Fix is another value for a scalar or a key, or takes a single character away, so that a problem is gone.
type Fix struct {
	Place Place  // of the value or the key, with its quotes
	Old   string // what the text says now
	Value string // what it should say
	Gone  bool   // it should not be there: a comma too many
	// Bare: the new value is a number or a word that stands without quotes, in the digits that it has here.
	Bare bool
	// Safe: nothing else can have been meant, so that it can be written unasked.
	Safe bool
	// Of is the span of the scalar of which the place is a part, and At the offset of the part in its value; zero where
	// the place is the scalar.
	Of Span
	At int
}

// Rewrite gives the fix that writes another string or key; nil where wanted is what is there already.
func Rewrite(at Place, old, wanted string) *Fix {
	if wanted == old {
		return nil
	}
	return &Fix{Place: at, Old: old, Value: wanted, Safe: true}
}

// Replace gives the fix that writes a number or a truth value, without quotes.
func Replace(at Place, old, wanted string) *Fix {
	return &Fix{Place: at, Old: old, Value: wanted, Bare: true, Safe: true}
}

// Remove gives the fix that takes the text of a place away.
func Remove(at Place, old string) *Fix { return &Fix{Place: at, Old: old, Gone: true, Safe: true} }

// Fits reports whether the fix can be written: the text of the place is spelled as the fix expects.
func (f *Fix) Fits() bool {
	if f.Gone {
		spelled, ok := f.Place.line()
		return ok && spelled == f.Old
	}
	return f.Text() != ""
}

// Text is what to write at the place, in the notation of the text there. It is "" where the place has another spelling
// than the fix expects, as a string that YAML folds, or a value that is made of something else.
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

// escapesAsJSON: JSON has each of the escapes.
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

// isPlainLine: no character has to be escaped in either notation.
func isPlainLine(s string) bool {
	for _, r := range s {
		if !IsVisible(r) || r == utf8.RuneError {
			return false
		}
	}
	return true
}

// quoted writes a string of JSON, which YAML reads alike.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// needsNoQuotes: YAML reads the text as the same string without quotes, at any place. A path or a word is such a text.
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
