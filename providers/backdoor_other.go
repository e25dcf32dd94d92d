//go:build !amd64 || !linux

package providers

import (
	"fmt"
	"runtime"
)

// vmwareRequest: the calls are spelt in the processor's own instructions.
func vmwareRequest(string) (string, error) {
	return "", fmt.Errorf("%w: VMware is supported on amd64 only, not on %s", ErrAbsent, runtime.GOARCH)
}
