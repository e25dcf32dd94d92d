//go:build disk

package disk

import (
	"os"
	"testing"

	"github.com/glowplug-os/glowplug/tests/faults"
)

func TestMain(m *testing.M) {
	faults.Launched()
	os.Exit(m.Run())
}
