package logs

import (
	"log/slog"

	"github.com/glowplug-os/glowplug/internal/plan"
)

// Step logs what becomes of a step of a plan (docs/peer/engine.md §16). Why one has failed is in the error that its
// run gives, and is told with that.
func Step(log *slog.Logger, e plan.Event) {
	switch name := e.Step.Name(); e.Turn {
	case plan.Started:
		log.Info("[started]  " + name)
	case plan.Finished:
		log.Info("[finished] " + name)
	case plan.Failed:
		log.Error("[failed]   " + name)
	case plan.Kept:
		log.Debug("[kept]     " + name)
	}
}
