package device

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// A process chooses its own name.
func TestWhoHoldsADiskIsPrinted(t *testing.T) {
	t.Parallel()
	proc := t.TempDir()
	f, err := os.Create(filepath.Join(proc, "disk"))
	require.NoError(t, err)
	defer f.Close()
	var stat unix.Stat_t
	require.NoError(t, unix.Fstat(int(f.Fd()), &stat))
	file := fmt.Sprintf("%02x:%02x:%d", unix.Major(stat.Dev), unix.Minor(stat.Dev), stat.Ino)
	locks := "1: POSIX ADVISORY WRITE 6 " + file + " 0 EOF\n2: FLOCK ADVISORY WRITE 7 " + file + " 0 EOF\n"
	require.NoError(t, os.WriteFile(filepath.Join(proc, "locks"), []byte(locks), 0o600))
	require.NoError(t, os.Mkdir(filepath.Join(proc, "7"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(proc, "7/comm"), []byte("a\x1b[2J\n"), 0o600))
	assert.Equal(t, `a\x1b[2J (process 7)`, locker(proc, f))
}
