package stages

import (
	"errors"

	"github.com/glowplug-os/glowplug/internal/console"
	"github.com/glowplug-os/glowplug/internal/diag"
)

// CardOf is the card of a stage that has failed. It names a place only where it is that of all that failed: of several
// errors any may be the cause of the others.
func CardOf(stage string, err error) console.Card {
	var placed *PlacedError
	if len(diag.Errors(err)) == 1 && errors.As(err, &placed) {
		return console.NewCard(stage, placed.Place, placed.Err)
	}
	return console.NewCard(stage, "", err)
}
