package machine

import (
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAMachinesOwnTime(t *testing.T) {
	const s = time.Second
	for name, c := range map[string]struct {
		samples     []sample
		own, silent time.Duration
	}{
		"what it computes": {[]sample{{1 * s, s, false, 1}, {2 * s, 2 * s, false, 2}}, 2 * s, 0},
		"what it computes without a sign": {[]sample{{1 * s, s, false, 1}, {2 * s, 2 * s, false, 1},
			{3 * s, 3 * s, false, 1}}, 3 * s, 2 * s},
		"sleep": {[]sample{{1 * s, 0, true, 1}, {2 * s, 0, true, 1}, {3 * s, 0, true, 1}}, 3 * s, 2 * s},
		"waiting for a processor is not in it": {[]sample{{1 * s, s / 10, false, 1}, {100 * s, s / 5, false, 1}}, s / 5,
			s / 10},
		"a host that stood still is not in it": {[]sample{{1 * s, 0, true, 1}, {1000 * s, 0, true, 1}}, 3 * s, 2 * s},
		"several threads at once":              {[]sample{{1 * s, 2 * s, false, 1}}, 2 * s, 0},
		"work and then sleep, in one step":     {[]sample{{1 * s, s / 2, true, 1}}, s, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var p pace
			for _, sample := range c.samples {
				p.add(sample)
			}
			assert.Equal(t, c.own, p.own, "own")
			assert.Equal(t, c.silent, p.silent, "silent")
		})
	}
}

func TestWhichLimitIsPassed(t *testing.T) {
	assert.NoError(t, (&pace{own: 10, silent: 5}).exceeds(10, 5))
	assert.ErrorIs(t, (&pace{own: 11, silent: 5}).exceeds(10, 5), ErrLimit)
	assert.ErrorIs(t, (&pace{own: 10, silent: 6}).exceeds(10, 5), ErrSilent)
}

func TestStatOfAProcess(t *testing.T) {
	state, cpu, err := parseStat("12 (a ) S 1) R 1 12 12 0 -1 4194304 100 0 0 0 250 50 0 0 20 0 1 0 100 0 0\n")
	require.NoError(t, err)
	assert.Equal(t, "R", state)
	assert.Equal(t, 3*time.Second, cpu)
	for _, text := range []string{"", "12 (a) R", ")", "1 (a) S 1 1 1 1 1 1 1 1 1 1 x 1"} {
		_, _, err := parseStat(text)
		assert.Error(t, err, text)
	}
	_, _, err = look(os.Getpid())
	assert.NoError(t, err)
}
