//go:build unix

package check

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestAReportHasTheModeOfTheFileThatIsThere(t *testing.T) {
	defer syscall.Umask(syscall.Umask(0o027))
	name := filepath.Join(t.TempDir(), "report")
	mode := func() fs.FileMode {
		require.NoError(t, replace(name, []byte("text")))
		info, err := os.Stat(name)
		require.NoError(t, err)
		return info.Mode()
	}
	assert.Equal(t, fs.FileMode(0o640), mode(), "of a new one, as the umask has it")
	require.NoError(t, os.Chmod(name, 0o604))
	assert.Equal(t, fs.FileMode(0o604), mode())
}
