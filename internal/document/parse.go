package document

import (
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// EmptyText is the problem of a text of no bytes.
func EmptyText(text *diag.Document) diag.Problem {
	return diag.Problem{
		Severity: diag.Error, Code: codes.Empty, Path: "$", Place: diag.Place{Doc: text},
		Message: "the config is empty",
		Hint:    `the smallest config is {"ignition": {"version": "` + config.Stable.String() + `"}}`,
	}
}

// Unread reports whether a path leads to what a value of a wrong kind has spoilt, or below it. It asks for the path
// only if there is such.
func (doc *Document) Unread(of func() string) bool {
	if len(doc.unread) == 0 {
		return false
	}
	for path := of(); path != ""; path = parent(path) {
		if doc.unread[path] {
			return true
		}
	}
	return false
}

func parent(path string) string { return path[:max(strings.LastIndexByte(path, '.'), 0)] }
