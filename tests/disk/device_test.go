//go:build disk

package disk

import (
	"os"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// A program that another lane starts has, until its exec, all that is open here. A device must be free all the same
// once it is let go.
func TestADeviceIsFreeOnceItWasUsedAloneWhateverElseStarts(t *testing.T) {
	node := loopDevice(t, "16M")
	tools := tool.New(nil, nil)
	stop := make(chan struct{})
	var others sync.WaitGroup
	for range 4 {
		others.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					_, err := tools.Run(t.Context(), tool.Command{Tool: "true"})
					assert.NoError(t, err)
				}
			}
		})
	}
	devices, busy := device.Devices{}, 0
	for range 2000 {
		require.NoError(t, devices.Alone(t.Context(), node, os.O_RDONLY, func(*os.File) error { return nil }))
		fd, err := unix.Open(node, unix.O_RDONLY|unix.O_EXCL|unix.O_CLOEXEC, 0)
		if err != nil {
			busy++
			continue
		}
		unix.Close(fd)
	}
	close(stop)
	others.Wait()
	assert.Zero(t, busy, "how often it was in use")
}
