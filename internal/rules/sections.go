package rules

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/unit"
)

// A misspelling is a section that systemd does not have, and the name that it was probably meant to have.
type misspelling struct {
	name, meant string
	at          int // the offset in the text at which its line begins
}

// misspelt finds misspelt sections in the text of a unit. systemd ignores any section that it does not know.
func misspelt(contents string) (found []misspelling) {
	at := 0
	for _, line := range strings.Split(contents, "\n") {
		name, opens := strings.CutPrefix(strings.TrimSpace(line), "[")
		name, closes := strings.CutSuffix(name, "]")
		if opens && closes && !slices.Contains(unit.Sections(), name) && !strings.HasPrefix(name, "X-") {
			if meant := diag.Nearest(name, unit.Sections()); meant != "" {
				found = append(found, misspelling{name, meant, at})
			}
		}
		at += len(line) + 1
	}
	return found
}
