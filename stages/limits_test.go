package stages

import (
	"bytes"
	"context"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
)

func TestLimitsComeFromTheKernelCommandLine(t *testing.T) {
	var told bytes.Buffer
	log := slog.New(slog.NewTextHandler(&told, nil))
	assert.Equal(t, limits{device: 90 * time.Second, tool: 30 * time.Minute}, parseLimits("quiet ro", log))
	assert.Equal(t, limits{device: 5 * time.Second, tool: 30 * time.Minute, resource: time.Minute, boot: time.Hour},
		parseLimits("glowplug.timeout.device=1s glowplug.timeout.device=5s glowplug.timeout.resource=1m "+
			"glowplug.timeout.boot=1h\n", log))
	assert.Equal(t, limits{device: 5 * time.Second, tool: time.Hour},
		parseLimits(`glowplug.timeout.device="5s" "glowplug.timeout.tool=1h"`, log), "quotes go")
	assert.Equal(t, limits{}, parseLimits("glowplug.timeout.device=0 glowplug.timeout.tool=0", log), "0 is no limit")
	assert.Empty(t, told.String())
	assert.Equal(t, limits{device: 90 * time.Second, tool: 30 * time.Minute},
		parseLimits("glowplug.timeout.device=soon glowplug.timeout.boot=-1s", log))
	assert.Contains(t, told.String(), "glowplug.timeout.device=soon is ignored")
	assert.Contains(t, told.String(), "glowplug.timeout.boot=-1s is ignored")
}

func TestABootThatTakesTooLongEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := limits{boot: time.Minute}.within(t.Context(), 50*time.Second)
		defer stop()
		start := time.Now()
		<-ctx.Done()
		assert.Equal(t, 10*time.Second, time.Since(start), "the time that the kernel has been up counts")
		assert.ErrorContains(t, context.Cause(ctx), "longer than 1m0s, which glowplug.timeout.boot sets")
	})
	ctx, stop := limits{}.within(t.Context(), time.Hour)
	defer stop()
	assert.NoError(t, ctx.Err())
}
