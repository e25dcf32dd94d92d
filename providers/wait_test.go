package providers

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A call into a device or a hypervisor may never come back.
func TestACallThatDoesNotComeBackIsTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		m := Machine{Log: slog.New(slog.NewTextHandler(&log, nil)), Now: time.Now}
		stuck := make(chan struct{})
		defer close(stuck)
		late := errors.New("the boot takes too long")
		ctx, stop := context.WithTimeoutCause(t.Context(), 70*time.Second, late)
		defer stop()
		_, err := told("the host",
			func(context.Context, *Machine) (Document, error) { <-stuck; return Document{}, nil })(ctx, m.complete())
		require.ErrorIs(t, err, late)
		require.ErrorContains(t, err, "waiting for the host")
		assert.Contains(t, log.String(), "waiting since 2000-01-01T00:00:00Z (30s) for the host")
		assert.Contains(t, log.String(), "waiting since 2000-01-01T00:00:00Z (1m0s) for the host")
	})
}

// Whether the end of the boot's time or the source that it ended is heard of first, that no source has a config is not
// known then.
func TestARaceThatIsEndedFails(t *testing.T) {
	late := errors.New("the boot takes too long")
	for range 50 {
		synctest.Test(t, func(t *testing.T) {
			ctx, stop := context.WithTimeoutCause(t.Context(), 1500*time.Millisecond, late)
			defer stop()
			refused, began := errors.New("refused"), time.Now()
			_, err := race{
				contenders: []contender{
					{ask: func(ctx context.Context, _ *Machine) (Document, error) {
						return Document{}, sleep(ctx, time.Hour)
					}, waits: true},
					{ask: func(context.Context, *Machine) (Document, error) { return Document{}, refused }},
				},
				more: func() []contender {
					if time.Since(began) > 0 {
						time.Sleep(time.Second) // both have happened then
					}
					return nil
				},
				failed: func(*Machine, error) error { return ErrNone },
			}.run(ctx, Machine{}.complete())
			require.ErrorIs(t, err, late)
			require.ErrorIs(t, err, refused)
			require.NotErrorIs(t, err, ErrNone)
			assert.Equal(t, "refused\nthe boot takes too long", err.Error(), "each is told once")
		})
	}
}
