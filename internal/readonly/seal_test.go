//go:build linux

package readonly

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// The test begins itself again, as what Seal takes from a process does not come back.
const sealed = "GLOWPLUG_TEST_SEALED"

// attempts are what a sealed process may and may not do in a directory with a file f and a directory d.
var attempts = map[string]struct {
	may bool
	do  func(dir string) error
}{
	"read a file":     {true, func(dir string) error { _, err := os.ReadFile(dir + "/f"); return err }},
	"list":            {true, func(dir string) error { _, err := os.ReadDir(dir); return err }},
	"write a file":    {false, func(dir string) error { return open(dir+"/f", unix.O_WRONLY) }},
	"write by mode":   {false, func(dir string) error { return open(dir+"/f", unix.O_RDWR) }},
	"empty a file":    {false, func(dir string) error { return open(dir+"/f", unix.O_RDONLY|unix.O_TRUNC) }},
	"make a file":     {false, func(dir string) error { return open(dir+"/new", unix.O_CREAT|unix.O_RDONLY) }},
	"make a pipe":     {false, func(dir string) error { return unix.Mkfifo(dir+"/new", 0o600) }},
	"make a folder":   {false, func(dir string) error { return os.Mkdir(dir+"/new", 0o700) }},
	"make a link":     {false, func(dir string) error { return os.Symlink("x", dir+"/new") }},
	"make a name":     {false, func(dir string) error { return os.Link(dir+"/f", dir+"/new") }},
	"rename":          {false, func(dir string) error { return os.Rename(dir+"/f", dir+"/new") }},
	"remove":          {false, func(dir string) error { return unix.Unlink(dir + "/f") }},
	"remove a folder": {false, func(dir string) error { return unix.Rmdir(dir + "/d") }},
	"truncate":        {false, func(dir string) error { return os.Truncate(dir+"/f", 0) }},
	"chmod":           {false, func(dir string) error { return os.Chmod(dir+"/f", 0o600) }},
	"chown":           {false, func(dir string) error { return os.Lchown(dir+"/f", os.Getuid(), os.Getgid()) }},
	"label":           {false, func(dir string) error { return unix.Setxattr(dir+"/f", "user.x", []byte("x"), 0) }},
	"mount":           {false, func(dir string) error { return unix.Mount("x", dir+"/d", "tmpfs", 0, "") }},
	"start a program": {false, func(string) error { return exec.Command("/bin/true").Run() }},
	"write by another call": {false, func(dir string) error {
		fd, err := unix.Openat2(unix.AT_FDCWD, dir+"/f", &unix.OpenHow{Flags: unix.O_WRONLY})
		if err == nil {
			return unix.Close(fd)
		}
		return err
	}},
}

func open(name string, flags int) error {
	fd, err := unix.Open(name, flags|unix.O_CLOEXEC, 0o600)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// attempt is the process that is sealed.
func attempt(t *testing.T, dir string) {
	start, ids, threads := make(chan struct{}), make(chan int), make(chan error)
	try := func() { // on a thread of its own
		runtime.LockOSThread()
		ids <- unix.Gettid()
		<-start
		threads <- open(dir+"/f", unix.O_WRONLY)
	}
	runtime.LockOSThread()
	go try()
	before := <-ids // is sealed as well
	lacks, err := Seal()
	require.NoError(t, err)
	fmt.Println("lacks:", strings.Join(lacks, ", "))
	go try()
	later := <-ids
	require.NotContains(t, []int{unix.Gettid(), before}, later)
	require.NotEqual(t, unix.Gettid(), before)
	close(start)
	require.Error(t, <-threads)
	require.Error(t, <-threads)
	for name, each := range attempts {
		fmt.Printf("%s: %v\n", name, each.do(dir) == nil)
	}
}

func TestASealedProcessReadsAndChangesNothing(t *testing.T) {
	if dir := os.Getenv(sealed); dir != "" {
		attempt(t, dir)
		return
	}
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "f"), []byte("text"), 0o644))
	require.NoError(t, os.Mkdir(filepath.Join(dir, "d"), 0o755))
	self := exec.Command(os.Args[0], "-test.run=^TestASealedProcess", "-test.count=1")
	self.Env = append(os.Environ(), sealed+"="+dir)
	out, err := self.CombinedOutput()
	require.NoError(t, err, string(out))
	lacksLandlock := strings.Contains(string(out), "lacks: Landlock")
	for name, each := range attempts {
		if name == "write by another call" && lacksLandlock {
			continue
		}
		assert.Contains(t, string(out), fmt.Sprintf("%s: %v\n", name, each.may))
	}
	t.Log(strings.Split(string(out), "\n")[0])
	text, err := os.ReadFile(filepath.Join(dir, "f"))
	require.NoError(t, err)
	assert.Equal(t, "text", string(text))
}
