package logs

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/plan"
)

func TestTheLogTellsHowStepsBeginAndEnd(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := slog.New(Stdout(&out)).WithGroup("files")
	s := plan.Step{Effect: plan.Create, Subject: "file /a"}
	for _, turn := range []plan.Turn{plan.Started, plan.Awaited, plan.Finished, plan.Kept, plan.Failed} {
		Step(log, plan.Event{Turn: turn, Step: s})
	}
	assert.Equal(t, `INFO     : files: [started]  create file /a
INFO     : files: [finished] create file /a
DEBUG    : files: [kept]     create file /a
ERROR    : files: [failed]   create file /a
`, out.String())
}
