package providers

import (
	"errors"
	"io"
	"io/fs"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func TestALocalSocketIsReached(t *testing.T) {
	path := filepath.Join(t.TempDir(), "sock")
	listener, err := net.Listen("unix", path)
	require.NoError(t, err)
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.WriteString(w, r.URL.Path)
	})}
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(func() { _ = server.Close() })
	m := Local().complete()
	m.Now = time.Now
	reply, err := visit(t.Context(), m, over(m, "unix", path), "http://x/1.0/config", http.Header{}, time.Millisecond)
	require.NoError(t, err)
	assert.Equal(t, "/1.0/config", string(reply.Body))
	_, err = m.Dial(t.Context(), "unix", path+"x")
	require.ErrorIs(t, err, fs.ErrNotExist)
}

// Nobody listens there, and where the kernel knows no vsock it says so.
func TestAVsockWithoutAHostIsAnError(t *testing.T) {
	t.Parallel() // the kernel takes two seconds
	for _, address := range []string{"1:9", "x:1", "1:x", ""} {
		_, err := Local().Dial(t.Context(), "vsock", address)
		require.Error(t, err, address)
	}
}

func TestAScratchFolderGoes(t *testing.T) {
	var at string
	broken := errors.New("broken")
	require.ErrorIs(t, Local().Scratch(func(dir string) error {
		at = dir
		info, err := os.Stat(dir)
		require.NoError(t, err)
		assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
		return broken
	}), broken)
	assert.NoDirExists(t, at)
}

func TestTheLoopbackIsAmongTheInterfaces(t *testing.T) {
	all, err := Local().Interfaces()
	require.NoError(t, err)
	assert.Contains(t, func() (names []string) {
		for _, i := range all {
			if i.Loopback {
				names = append(names, i.Name)
			}
		}
		return names
	}(), "lo")
}

func TestLabelsThatNoDeviceHasAreNoError(t *testing.T) {
	device, err := Local().Labelled("no such label/ here")
	require.NoError(t, err)
	assert.Empty(t, device)
	_, err = Local().Discs()
	require.NoError(t, err)
	_, drive := discKind("/dev/null")
	assert.False(t, drive)
	_, drive = discKind(filepath.Join(t.TempDir(), "absent"))
	assert.False(t, drive)
}

// A terminal passes bytes as they are, and reads end in time; a pair of terminals stands for a serial port.
func TestASerialPortIsForBytes(t *testing.T) {
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	require.NoError(t, err)
	defer master.Close()
	n, err := unix.IoctlGetInt(int(master.Fd()), unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetPointerInt(int(master.Fd()), unix.TIOCSPTLCK, 0))
	path := "/dev/pts/" + strconv.Itoa(n)
	port, err := Local().Open(path)
	require.NoError(t, err)
	defer port.Close()
	_, err = io.WriteString(master, "\x03a\r\n")
	require.NoError(t, err)
	got := make([]byte, 4)
	require.NoError(t, port.SetReadDeadline(time.Now().Add(time.Minute)))
	_, err = io.ReadFull(port, got)
	require.NoError(t, err)
	assert.Equal(t, "\x03a\r\n", string(got))
	require.NoError(t, port.SetReadDeadline(time.Now().Add(time.Millisecond)))
	_, err = port.Read(got)
	require.ErrorIs(t, err, os.ErrDeadlineExceeded)
	_, err = Local().Open(path)
	require.ErrorIs(t, err, unix.EAGAIN, "another program must not have it too")
}

func TestFilesAreReadUpToALimit(t *testing.T) {
	name := filepath.Join(t.TempDir(), "file")
	require.NoError(t, os.WriteFile(name, []byte("12345678"), 0o600))
	text, err := readLocal(name, 8)
	require.NoError(t, err)
	assert.Equal(t, "12345678", string(text))
	_, err = readLocal(name, 7)
	require.EqualError(t, err, name+": longer than 0 MiB")
	_, err = readLocal("/dev/zero", 1<<20)
	require.EqualError(t, err, "/dev/zero: longer than 1 MiB")
	_, err = Local().ReadFile(name + ".absent")
	require.ErrorIs(t, err, fs.ErrNotExist)
	_, err = Local().ReadFile(t.TempDir())
	require.ErrorContains(t, err, "is a directory")
	text, err = Local().ReadFile("/proc/self/stat")
	require.NoError(t, err)
	assert.NotEmpty(t, text, "the kernel says 0 bytes of these")
}

func TestControls(t *testing.T) {
	_, err := Local().Control(filepath.Join(t.TempDir(), "absent"))
	require.ErrorIs(t, err, fs.ErrNotExist)
	c, err := Local().Control("/dev/null")
	require.NoError(t, err)
	defer c.Close()
	block := make([]byte, 32)
	require.ErrorIs(t, c.Call(vboxVersion, block, Link{16, []byte("x")}), unix.ENOTTY)
	assert.NotZero(t, block[16:24], "the address of the buffer is in the block")
	assert.Equal(t, make([]byte, 16), block[:16])
	runtime.KeepAlive(block)
}
