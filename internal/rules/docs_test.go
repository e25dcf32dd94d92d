package rules_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/codes"
)

// kinds gives what the table of codes says of each.
func kinds() map[string][]codes.Kind {
	all := map[string][]codes.Kind{}
	for _, row := range codes.Rows() {
		all[string(row.Code)] = row.Kinds()
	}
	return all
}

func TestSeveritiesOfRulesAreThoseOfTheTable(t *testing.T) {
	table := kinds()
	for _, c := range ruleCases() {
		for _, line := range c.want {
			severity, rest, _ := strings.Cut(line, " ")
			code, _, _ := strings.Cut(rest, " ")
			want := map[string]codes.Kind{"error": codes.Error, "warning": codes.Warning}[severity]
			switch {
			case c.stricter && len(c.want) == 1 && severity == "error":
				want = codes.OurError
			case c.stricter && len(c.want) == 1:
				want = codes.OurWarning
			case c.laxer:
				want = codes.LaxWarning
			}
			assert.Contains(t, table[code], want, line)
		}
	}
}
