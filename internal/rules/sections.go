package rules

import (
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// sections are those that systemd reads in units of any kind (systemd.unit(5), and the page of each kind).
func sections() []string {
	return strings.Fields("Unit Service Socket Timer Mount Automount Swap Path Slice Scope Install")
}

// A misspelling is a section that systemd does not have, and the one that its name is almost that of.
type misspelling struct {
	name, meant string
	at          int // where in the text its line begins
}

// misspelt finds such sections. Of others systemd says nothing, and it passes over all of them.
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
