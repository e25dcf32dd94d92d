package writers

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestWhoWritesToAFileIsFoundByAnyNameOfIt(t *testing.T) {
	dir := t.TempDir()
	name, other := filepath.Join(dir, "a"), filepath.Join(dir, "b")
	require.NoError(t, os.WriteFile(name, []byte("x"), 0o600))
	require.NoError(t, os.Link(name, other))
	read, err := os.Open(name)
	require.NoError(t, err)
	defer read.Close()
	also, err := os.Open(other)
	require.NoError(t, err)
	defer also.Close()
	me := fmt.Sprintf("process %d (", os.Getpid())

	for range 2 { // to ask does not change the answer
		assert.Empty(t, Find(read, false), "two read it")
	}
	assert.Empty(t, process(read), "nor is a reader seen among the processes")

	for _, flags := range []int{os.O_WRONLY, os.O_RDWR | os.O_APPEND} {
		written, err := os.OpenFile(other, flags, 0)
		require.NoError(t, err)
		assert.Contains(t, Find(read, false), me)
		assert.Contains(t, Find(read, true), me)
		assert.Contains(t, process(read), me)
		require.NoError(t, written.Close())
		assert.Empty(t, Find(read, false))
	}
}

// Of a file whose only writer is a mapping no descriptor tells.
func TestWhoWritesWithoutADescriptorIsKnownToTheKernel(t *testing.T) {
	name := filepath.Join(t.TempDir(), "a")
	require.NoError(t, os.WriteFile(name, []byte("x"), 0o600))
	unmap := mapped(t, name)
	read, err := os.Open(name)
	require.NoError(t, err)
	defer read.Close()
	if is, known := open(read); known {
		assert.True(t, is)
		assert.Equal(t, "a program", Find(read, false))
	}
	assert.Empty(t, Find(read, true), "it may be the loop device")
	unmap()
	assert.Empty(t, Find(read, false))
}

// mapped maps a file that it has open no longer.
func mapped(t *testing.T, name string) (unmap func()) {
	t.Helper()
	f, err := os.OpenFile(name, os.O_RDWR, 0)
	require.NoError(t, err)
	data, err := unix.Mmap(int(f.Fd()), 0, 1, unix.PROT_READ|unix.PROT_WRITE, unix.MAP_SHARED)
	require.NoError(t, err)
	require.NoError(t, f.Close())
	return func() { require.NoError(t, unix.Munmap(data)) }
}
