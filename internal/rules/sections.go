package rules

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// sections are the sections that systemd reads in units of any kind (systemd.unit(5), and the page of each kind).
func sections() []string {
	return strings.Fields("Unit Service Socket Timer Mount Automount Swap Path Slice Scope Install")
}

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
		if opens && closes && !slices.Contains(sections(), name) && !strings.HasPrefix(name, "X-") {
			if meant := diag.Nearest(name, sections()); meant != "" {
				found = append(found, misspelling{name, meant, at})
			}
		}
		at += len(line) + 1
	}
	return found
}
