package machine

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestNoMoreMachinesThanSeats(t *testing.T) {
	folder := t.TempDir()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	var leave []func()
	for range 2 {
		one, err := takeSeats(gone, folder, 1, 2)
		require.NoError(t, err)
		leave = append(leave, one)
	}
	_, err := takeSeats(gone, folder, 1, 2)
	assert.ErrorIs(t, err, context.Canceled, "both are taken")

	leave[0]()
	_, err = takeSeats(gone, folder, 2, 2)
	assert.ErrorIs(t, err, context.Canceled, "one is too few for two")
	one, err := takeSeats(gone, folder, 1, 2)
	require.NoError(t, err, "who wanted two has left the one")
	leave[0] = one

	waiting := make(chan error)
	go func() {
		_, err := takeSeats(t.Context(), folder, 3, 2)
		waiting <- err
	}()
	leave[0]()
	leave[1]()
	assert.NoError(t, <-waiting, "more than there are means all")
}
