package check_test

import (
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAFixThatCannotBeWrittenIsNoneAndHidesNothing(t *testing.T) {
	pipe := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	go func() { _ = os.WriteFile(pipe, []byte(`{"ignition": {"version": "3.6"}}`), 0o600) }()
	r := validate("", "--fix", pipe)
	assert.Equal(t, 1, r.code)
	assert.Contains(t, r.out, "no regular file")
	assert.Contains(t, r.out, "version-syntax")
	assert.NotContains(t, r.out, "fixed ")
	assert.Contains(t, r.out, "after 0 fixes")
}
