//go:build vm

package guest

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages/disks"
	"github.com/glowplug-os/glowplug/tests/foretold"
)

// A stage runs the disks stage in this machine. What its tools are called with is in log.
type stage struct {
	t       *testing.T
	storage config.Storage
	options disks.Options
	log     bytes.Buffer
	steps   []string // the IDs of those that were done, in order
	once    bool     // no second plan is asked: it takes a third of a second
	until   int      // how many steps are done before stop is called
	stop    context.CancelCauseFunc
}

// newStage takes the storage part of a config. A %d gets the nth disk.
func newStage(t *testing.T, form string, links ...string) *stage {
	s := &stage{t: t}
	text := form
	for i, link := range links {
		text = strings.ReplaceAll(text, fmt.Sprintf("%%%d", i), link)
	}
	require.NoError(t, json.Unmarshal([]byte(strings.ReplaceAll(text, "'", `"`)), &s.storage), text)
	log := slog.New(slog.NewTextHandler(&s.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	tools := tool.New(nil, log)
	s.options = disks.Options{
		Devices: &device.Devices{Tools: tools, Aliases: filepath.Join(t.TempDir(), "aliases"),
			Patience: 30 * time.Second, Log: log},
		Tools:  tools,
		Log:    log,
		Random: rand.Reader,
		Fetch: func(_ context.Context, r config.Resource) (diag.Secret, error) {
			return diag.Secret(strings.TrimPrefix(*r.Source, "data:,")), nil
		},
		Reach: func(ctx context.Context, url string) error {
			request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
			if err != nil {
				return err
			}
			reply, err := http.DefaultClient.Do(request)
			if err != nil {
				return err
			}
			return reply.Body.Close()
		},
		Tell: func(_ string, e plan.Event) {
			if e.Turn != plan.Finished && e.Turn != plan.Kept {
				return
			}
			if s.steps = append(s.steps, e.Step.ID); len(s.steps) == s.until {
				s.stop(errCut)
			}
		},
	}
	return s
}

// run does what a plan has said before. A plan after it is empty, but for what docs/rerun.md has.
func (s *stage) run() (disks.Keys, error) {
	s.t.Helper()
	s.steps = nil
	keys, faults, err := foretold.Disks(s.t.Context(), s.storage, s.options)
	assert.Empty(s.t, faults)
	if err == nil && !s.once {
		s.again()
	}
	return keys, err
}

// again: a plan of what is made already is empty, but for what docs/rerun.md has.
func (s *stage) again() {
	s.t.Helper()
	faults, err := foretold.DisksAgain(s.t.Context(), s.storage)
	assert.NoError(s.t, err)
	assert.Empty(s.t, faults)
}

func (s *stage) mustRun() disks.Keys {
	s.t.Helper()
	keys, err := s.run()
	require.NoError(s.t, err, s.log.String())
	return keys
}

func (s *stage) finish() {
	s.t.Helper()
	require.NoError(s.t, disks.Finish(s.t.Context(), s.storage, s.options))
}

var errCut = errors.New("cut off")

// runUntil stops after so many steps, and tells whether there were as many.
func (s *stage) runUntil(count int) bool {
	s.t.Helper()
	ctx, stop := context.WithCancelCause(s.t.Context())
	s.steps, s.until, s.stop = nil, count, stop
	_, err := disks.Run(ctx, s.storage, s.options)
	s.until = 0
	if err != nil { // it was not the last step
		require.ErrorIs(s.t, err, errCut)
	}
	return len(s.steps) >= count
}

// preview is the plan as people see it.
func (s *stage) preview() string {
	s.t.Helper()
	forecast, err := disks.Preview(s.storage, s.options.Devices.Scene(), s.options.Random)
	require.NoError(s.t, err)
	return forecast.Actions().Bind(nil).String()
}

// quick are options by which a key takes no time to derive.
const quick = `'options': ['--pbkdf', 'pbkdf2', '--pbkdf-force-iterations', '1000']`

func closeVolumes(t *testing.T, names ...string) {
	t.Cleanup(func() {
		for _, name := range names {
			closeVolume(name)
		}
	})
}

func hasNoSecret(t *testing.T, s *stage, secrets ...diag.Secret) {
	t.Helper()
	for _, secret := range secrets {
		require.NotEmpty(t, secret.Reveal())
		assert.NotContains(t, s.log.String(), secret.Reveal())
	}
}
