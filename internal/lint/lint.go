package lint

import (
	"slices"

	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/cursor"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
)

// Codes lists the codes of all lints.
func Codes() (all []codes.Code) {
	for _, row := range codes.Rows() {
		if row.Kind == codes.Advice {
			all = append(all, row.Code)
		}
	}
	return all
}

// Document gives advice on a document: of these codes, or of all where there are none.
func Document(doc *document.Document, only []codes.Code) []diag.Problem {
	var log cursor.Log
	root, cfg := doc.Cursor(&log), doc.Config()
	l := linter{only: only, volatile: volatile()}
	l.logins(root.Key("passwd"), cfg)
	l.sources(root, cfg)
	l.nodes(root.Key("storage"), cfg)
	l.units(root, cfg)
	return log.All()
}

// A linter is the work on one document. No cursor is made where nothing is to be said, as there may be very many files.
type linter struct {
	only     []codes.Code
	volatile []folder
}

// wants tells whether advice of a code is wanted.
func (l linter) wants(code codes.Code) bool { return len(l.only) == 0 || slices.Contains(l.only, code) }

// advise gives advice at a place, if it is wanted; nil if not.
func (l linter) advise(a *cursor.At, code codes.Code, format string, args ...any) *cursor.Finding {
	if !l.wants(code) {
		return nil
	}
	return a.Report(diag.Advice, code, format, args...)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
