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

// Options say what advice is wanted.
type Options struct {
	Only     []codes.Code // of these codes; of all where there are none
	Systemds []Systemd    // of those that the units are for, what is known
}

// A Systemd is one that units are for.
type Systemd struct {
	Version int
	Of      string                   // what has it, such as a release
	Later   func(version int) string // what to do for a later one
}

// Document gives advice on a document.
func Document(doc *document.Document, o Options) []diag.Problem {
	var log cursor.Log
	root, cfg := doc.Cursor(&log), doc.Config()
	l := &linter{Options: o, volatile: volatile()}
	l.logins(root.Key("passwd"), cfg)
	l.sources(root, cfg)
	l.nodes(root.Key("storage"), cfg)
	l.partitions(root.Key("storage"), &cfg.Storage)
	l.disks(root.Key("storage"), &cfg.Storage)
	l.units(root, cfg)
	return log.All()
}

// A linter is the work on one document. No cursor is made where nothing is to be said, as there may be very many files.
type linter struct {
	Options
	volatile []folder
}

// wants tells whether advice of a code is wanted.
func (l *linter) wants(code codes.Code) bool {
	return len(l.Only) == 0 || slices.Contains(l.Only, code)
}

// advise gives advice at a place, if it is wanted; nil if not.
func (l *linter) advise(a *cursor.At, code codes.Code, format string, args ...any) *cursor.Finding {
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
