// Package prepared gets what a folder of tests needs and no checkout has: programs, packages, root trees. The folder's
// script prepare does that, and keeps it for the next run.
package prepared

import (
	"bytes"
	"os/exec"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// By runs a script, and gives what it prints: mostly the folder of what it has got.
func By(t *testing.T, script string, args ...string) string {
	t.Helper()
	var failed bytes.Buffer
	cmd := exec.Command(script, args...)
	cmd.Stderr = &failed
	out, err := cmd.Output()
	require.NoError(t, err, "%s: %s", script, failed.String())
	return strings.TrimSpace(string(out))
}
