package fetch

import (
	"bytes"
	"io"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// trickle sends a byte after each pause.
func trickle(pauses ...time.Duration) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		for _, pause := range pauses {
			select {
			case <-time.After(pause):
			case <-r.Context().Done():
				return
			}
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
		}
	}
}

// stream sends a text so many times, after a pause each.
func stream(text []byte, pause time.Duration, times int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		for range times {
			time.Sleep(pause)
			_, _ = w.Write(text)
			w.(http.Flusher).Flush()
		}
	}
}

func TestAServerMaySendNothingForSoLong(t *testing.T) {
	const idle = 20 * time.Second
	for claim, test := range map[string]struct {
		settings  Settings
		serve     http.HandlerFunc
		err, hint string // "" for none
		after     time.Duration
	}{
		"bytes now and then are enough": {Settings{Idle: idle},
			trickle(15*time.Second, 15*time.Second, 15*time.Second, 15*time.Second), "", "", time.Minute},
		"so few of them that it has no end are not": {Settings{Idle: idle},
			trickle(slices.Repeat([]time.Duration{15 * time.Second}, 100)...),
			"only 6 bytes in 1m40s (attempts: 1): the server had not sent all of its answer", hintIdle,
			100 * time.Second},
		"more of them are": {Settings{Idle: time.Second},
			stream(bytes.Repeat([]byte("x"), 2*perSecond), 500*time.Millisecond, 100), "", "", 50 * time.Second},
		"a body that stops is not": {Settings{Idle: idle}, trickle(time.Second, time.Hour),
			"no answer and no byte for 20s (attempts: 1): the server had not sent all of its answer", hintIdle,
			21 * time.Second},
		"answers that are none do not count": {Settings{Idle: idle},
			func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) },
			"no answer and no byte for 20s (attempts: 8): the server answered 503 Service Unavailable", hintIdle,
			idle},
		"a total limit stands in its place": {Settings{Idle: idle, Total: 30 * time.Second}, trickle(time.Hour),
			"could not be fetched in time (30s, attempts: 1): the server had not sent all of its answer", hintTime,
			30 * time.Second},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := quiet()
				c.jitter = func(most time.Duration) time.Duration { return most }
				defer inMemory(c, test.serve)()
				require.NoError(t, c.Configure(t.Context(), test.settings))
				start := time.Now()
				_, err := c.Fetch(t.Context(), Resource{URL: "http://config.test/"}, io.Discard)
				assert.Equal(t, test.after, time.Since(start))
				if test.err == "" {
					require.NoError(t, err)
					return
				}
				require.EqualError(t, err, "http://config.test/: "+test.err)
				assert.Equal(t, KindTime, KindOf(err))
				assert.Equal(t, []string{test.hint}, diag.Hints(err))
			})
		})
	}
}

// A slowWriter takes its time.
type slowWriter struct{ pause time.Duration }

func (w slowWriter) Write(p []byte) (int, error) {
	time.Sleep(w.pause)
	return len(p), nil
}

func TestAWriterMayTakeLongerThanAServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet()
		content := noise(longBody)
		defer inMemory(c, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(content) })()
		require.NoError(t, c.Configure(t.Context(), Settings{Idle: time.Second}))
		n, err := c.Fetch(t.Context(), Resource{URL: "http://config.test/"}, slowWriter{time.Minute})
		require.NoError(t, err)
		assert.EqualValues(t, len(content), n)
	})
}
