package script

import (
	"bufio"
	"bytes"
	"debug/elf"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/plan"
)

// emulator is the name under which this program plays a machine for images, as if it were provisioning them.
const emulator = "qemu-system-x86_64"

// What is played is said by a file beside the emulator, which gets no variable of the environment of its own.
const playing = "playing"

// playMachine writes to its disks and ends in one of several ways.
func playMachine(args []string) int {
	all := strings.Join(args, "\n")
	socket := regexp.MustCompile(`socket,id=port-glowplug,path=(.*)`).FindStringSubmatch(all)
	said, err := os.ReadFile(filepath.Join(filepath.Dir(os.Args[0]), playing))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	how := string(said)
	if how == "refused" {
		fmt.Fprintln(os.Stderr, "qemu: no such machine")
		return 1
	}
	port, err := net.Dial("unix", socket[1])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer port.Close()
	say := func(text string) { _, _ = io.WriteString(port, text+"\n") }
	if how == "mute" {
		return 0
	}
	say(`{"Hello":true}`)
	order, err := bufio.NewReader(port).ReadString('\n')
	if err != nil || !strings.Contains(order, `"Config"`) {
		return 1
	}
	for _, disk := range regexp.MustCompile(`(?m)file=(.*),format=raw.*`).FindAllStringSubmatch(all, -1) {
		if strings.HasSuffix(disk[0], ",snapshot=on") {
			continue
		}
		if err := overwrite(strings.ReplaceAll(disk[1], ",,", ",")); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		if how == "partly" {
			return 1
		}
	}
	switch how {
	case "gone": // without a word
	case "mad":
		say("Linux version \x1b[31m")
		say(`{"Done":true}`)
	case "failed":
		say(`{"Failed":"==\nIgnition failed: disks\n==\n"}`)
	case "killed":
		_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
	case "busy":
		say(`{"Warning":"busy"}`)
		time.Sleep(time.Hour)
	default:
		say(`{"Stage":"disks"}`)
		for disk := range 2 {
			entry := fmt.Sprintf("$.storage.disks.%d", disk)
			say(fmt.Sprintf(`{"Event":{"Turn":%d,"Effect":%d,"Origin":"%s.partitions.0"}}`, plan.Kept, plan.Create,
				entry))
			say(fmt.Sprintf(`{"Event":{"Turn":%d,"Effect":%d,"Origin":"%s","Does":true}}`, plan.Finished, plan.Change,
				entry))
		}
		say(`{"Done":true}`)
	}
	return 0
}

func overwrite(disk string) error {
	f, err := os.OpenFile(disk, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt([]byte("new"), 0)
	return errors.Join(err, f.Close())
}

// A workbench is what images are provisioned with where this program plays the machine.
type workbench struct {
	t        *testing.T
	dir, tmp string
}

// newWorkbench makes images, a config of them, and a system with programs that nobody runs.
func newWorkbench(t *testing.T) *workbench {
	t.Helper()
	b := &workbench{t, t.TempDir(), ""}
	var err error
	b.tmp, err = os.MkdirTemp("", "b") // the paths of sockets are short
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(b.tmp)) })
	for _, name := range []string{"modprobe", "udevadm", "mount", "umount", "blkid", "wipefs"} {
		b.write("tools/usr/bin/"+name, elfProgram())
	}
	b.write("tools/usr/lib/systemd/systemd-udevd", elfProgram())
	b.write("tools/usr/lib/modules/6.1.0/modules.dep", nil)
	b.write("tools/boot/vmlinuz", kernelFile())
	b.write("c.ign", []byte(`{"ignition": {"version": "3.4.0"}, "storage": {"disks": [
		{"device": "/dev/vda", "partitions": [{"number": 1, "label": "a", "sizeMiB": 16}]},
		{"device": "/dev/vdb", "partitions": [{"number": 1, "label": "b", "sizeMiB": 16}]}]}}`))
	me, err := os.Executable()
	require.NoError(t, err)
	require.NoError(t, os.Mkdir(filepath.Join(b.dir, "bin"), 0o755))
	require.NoError(t, os.Symlink(me, filepath.Join(b.dir, "bin", emulator)))
	for _, name := range []string{"a", "b"} {
		b.write(name, nil)
		require.NoError(t, os.Truncate(filepath.Join(b.dir, name), 64<<20))
		before := time.Now().Add(-time.Hour)
		require.NoError(t, os.Chtimes(filepath.Join(b.dir, name), before, before))
	}
	return b
}

func (b *workbench) write(name string, text []byte) {
	b.t.Helper()
	at := filepath.Join(b.dir, name)
	require.NoError(b.t, os.MkdirAll(filepath.Dir(at), 0o755))
	require.NoError(b.t, os.WriteFile(at, text, 0o755))
}

// elfProgram is a static program, as far as one can see that does not run it.
func elfProgram() []byte {
	var file bytes.Buffer
	header := elf.Header64{Ident: [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64),
		byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64),
		Version: uint32(elf.EV_CURRENT), Ehsize: 64, Phentsize: 56, Shentsize: 64}
	_ = binary.Write(&file, binary.LittleEndian, header)
	return file.Bytes()
}

// kernelFile is the begin of a kernel (Documentation/arch/x86/boot.rst).
func kernelFile() []byte {
	file := make([]byte, 0x400)
	copy(file[0x202:], "HdrS")
	binary.LittleEndian.PutUint16(file[0x20e:], 0x100)
	copy(file[0x300:], "6.1.0 #1\x00")
	return file
}

// apply gives the command that provisions the images, with a machine that plays something.
func (b *workbench) apply(how string, args ...string) *exec.Cmd {
	return b.command("apply", how, args...)
}

func (b *workbench) command(name, how string, args ...string) *exec.Cmd {
	all := slices.Concat([]string{name, "--emulate", "--tools", "tools", "--disk", "/dev/vda=a", "--disk",
		"/dev/vdb=b"}, args, []string{"c.ign"})
	b.write(filepath.Join("bin", playing), []byte(how))
	c := exec.CommandContext(b.t.Context(), filepath.Join(programs, "glowplug"), all...)
	c.Dir = b.dir
	c.Env = append(os.Environ(), "PATH="+filepath.Join(b.dir, "bin"), "TMPDIR="+b.tmp)
	return c
}

// images are the names and the first bytes of what is beside the images, the bytes only of these.
func (b *workbench) images() (all []string) {
	b.t.Helper()
	entries, err := os.ReadDir(b.dir)
	require.NoError(b.t, err)
	for _, e := range entries {
		if e.IsDir() || e.Name() == "c.ign" {
			continue
		}
		f, err := os.Open(filepath.Join(b.dir, e.Name()))
		require.NoError(b.t, err)
		text := make([]byte, 3)
		_, _ = f.Read(text)
		require.NoError(b.t, f.Close())
		all = append(all, strings.TrimRight(e.Name()+" "+string(text), " \x00"))
	}
	return all
}

// clean: nothing is left of what is temporary.
func (b *workbench) clean() {
	b.t.Helper()
	entries, err := os.ReadDir(b.tmp)
	require.NoError(b.t, err)
	assert.Empty(b.t, entries)
}

func exitOf(err error) int {
	if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
		return exit.ExitCode()
	}
	return 0
}

// However a machine ends: the images are the old ones, or marked, or the new ones; and nothing else is left.
func TestImagesWhateverBecomesOfTheMachine(t *testing.T) {
	old, made := []string{"a", "b"}, []string{"a new", "b new"}
	marked := []string{"a.incomplete new", "b.incomplete new"}
	for how, c := range map[string]struct {
		args   []string
		status int
		images []string
		says   []string
	}{
		"done":              {nil, 0, made, []string{"starting the machine\n", "done: "}},
		"mad":               {nil, 0, made, []string{`warning: the machine says what is no report`, "done: "}},
		"failed":            {nil, 1, old, []string{"Ignition failed: disks\n", "its card above says; the images"}},
		"gone":              {nil, 1, old, []string{"before it was done; the images are as they were"}},
		"mute":              {nil, 1, old, []string{"has not begun to talk"}},
		"killed":            {nil, 1, old, []string{"signal: killed; the images are as they were"}},
		"refused":           {nil, 1, old, []string{"qemu: no such machine; the images are as they were"}},
		"done, in place":    {[]string{"--in-place"}, 0, made, []string{"done: "}},
		"failed, in place":  {[]string{"--in-place"}, 1, marked, []string{"what is left of the images is "}},
		"killed, in place":  {[]string{"--in-place"}, 1, marked, []string{"signal: killed"}},
		"mute, in place":    {[]string{"--in-place"}, 1, old, []string{"; the images are as they were"}},
		"refused, in place": {[]string{"--in-place"}, 1, old, []string{"such machine; the images are as they were"}},
		"partly, in place": {[]string{"--in-place"}, 1, []string{"a.incomplete new", "b"},
			[]string{"what is left of the images is ", "a.incomplete\n"}},
		"done, quietly": {[]string{"-q"}, 0, made, nil},
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			b := newWorkbench(t)
			how, _, _ = strings.Cut(how, ",")
			out, err := b.apply(how, c.args...).CombinedOutput()
			assert.Equal(t, c.status, exitOf(err), "%s", out)
			for _, text := range c.says {
				assert.Contains(t, string(out), text)
			}
			if c.says == nil {
				assert.Empty(t, string(out))
			}
			assert.NotContains(t, string(out), "\x1b")
			assert.Equal(t, c.images, b.images())
			b.clean()
		})
	}
}

// busy waits until a machine is at work.
func (b *workbench) busy(c *exec.Cmd) *bufio.Reader {
	b.t.Helper()
	pipe, err := c.StderrPipe()
	require.NoError(b.t, err)
	require.NoError(b.t, c.Start())
	lines := bufio.NewReader(pipe)
	for {
		line, err := lines.ReadString('\n')
		require.NoError(b.t, err)
		if line == "warning: busy\n" {
			return lines
		}
	}
}

func TestASignalWhileAMachineWorksLeavesTheOldImages(t *testing.T) {
	listen(t)
	for name, sign := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorkbench(t)
			c := b.apply("busy")
			rest := b.busy(c)
			require.NoError(t, c.Process.Signal(sign))
			text, _ := io.ReadAll(rest)
			assert.NotZero(t, exitOf(c.Wait()))
			assert.Contains(t, string(text), "the images are as they were")
			assert.Equal(t, []string{"a", "b"}, b.images())
			b.clean()
		})
	}
}

// A look at images can be ended by signals too, and leaves nothing of what is temporary.
func TestASignalWhileAMachineLooksLeavesNothing(t *testing.T) {
	listen(t)
	for name, sign := range endings {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorkbench(t)
			c := b.command("verify", "busy")
			rest := b.busy(c)
			require.NoError(t, c.Process.Signal(sign))
			text, _ := io.ReadAll(rest)
			assert.Equal(t, 1, exitOf(c.Wait()))
			assert.Contains(t, string(text), "interrupted ("+name+")")
			assert.Equal(t, []string{"a", "b"}, b.images())
			b.clean()
		})
	}
}

// Whoever kills it leaves the old images, or marked ones, and no machine; the next run cleans up.
func TestKilledWhileAMachineWorks(t *testing.T) {
	for name, left := range map[string][]string{
		"":           {"a", "a.glowplug-new new", "b", "b.glowplug-new new"},
		"--in-place": {"a.incomplete new", "b.incomplete new"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorkbench(t)
			c := b.apply("busy", strings.Fields(name)...)
			rest := b.busy(c)
			require.NoError(t, c.Process.Kill())
			// The machine has the other end of it too, and holds it as long as it lives.
			_, _ = io.ReadAll(rest)
			assert.Error(t, c.Wait())
			assert.Equal(t, left, b.images())
			found, err := filepath.Glob(filepath.Join(b.tmp, "*", "initramfs"))
			require.NoError(t, err)
			assert.Empty(t, found, "the machine has read it")
			out, err := b.apply("done").CombinedOutput()
			if name == "" {
				require.NoError(t, err, "%s", out)
				assert.Equal(t, []string{"a new", "b new"}, b.images())
				return
			}
			assert.Equal(t, 1, exitOf(err))
			assert.Contains(t, string(out), "a.incomplete is: a run with --in-place has not come to its end")
			assert.Equal(t, left, b.images())
		})
	}
}

// What is refused with a machine at hand leaves nothing behind.
func TestImagesThatAMachineCannotBeMadeFor(t *testing.T) {
	for name, c := range map[string]struct {
		prepare func(b *workbench)
		args    []string
		says    string
	}{
		"a kernel that is none": {func(b *workbench) { b.write("k", []byte("x")) }, []string{"--kernel", "k"},
			"the kernel k: is no kernel for x86"},
		"a kernel that is no file": {func(*workbench) {}, []string{"--kernel", "bin"}, "the kernel: bin is no file"},
		"a kernel whose modules are missing": {func(b *workbench) {
			b.write("k", bytes.Replace(kernelFile(), []byte("6.1.0"),
				[]byte("9.9.9"), 1))
		}, []string{"--kernel", "k"}, "modules of 9.9.9 are not on this system"},
		"modules without an index": {func(b *workbench) { b.write("k", kernelFile()) },
			[]string{"--kernel", "k", "--modules", "bin"}, "modules.dep: no such file"},
		"no qemu": {func(b *workbench) { require.NoError(b.t, os.Remove(filepath.Join(b.dir, "bin", emulator))) }, nil,
			"qemu, in whose machine images are provisioned, is not installed"},
		"a system that lacks programs": {func(b *workbench) {
			require.NoError(b.t, os.Remove(filepath.Join(b.dir, "tools/usr/bin/blkid")))
		}, nil, "tools lacks what the machine needs for this config: blkid"},
		"no such system": {func(b *workbench) {
			require.NoError(b.t, os.RemoveAll(filepath.Join(b.dir, "tools")))
		}, nil, "no kernel is on tools to start a machine with"},
		"one image for two disks": {func(*workbench) {}, []string{"--disk", "/dev/vdc=a"}, "/dev/vda and for /dev/vdc"},
		"a name of a run": {func(b *workbench) {
			require.NoError(b.t, os.Rename(filepath.Join(b.dir, "b"), filepath.Join(b.dir, "a.glowplug-new")))
			require.NoError(b.t, os.Symlink("a.glowplug-new", filepath.Join(b.dir, "b")))
		}, nil, "has a name that a run gives to what it works on"},
		"what is in the way of the mark": {func(b *workbench) { b.write("b.incomplete", nil) }, []string{"--in-place"},
			"b.incomplete is there already"},
		"a run that was at its end": {func(b *workbench) { b.write("b.glowplug-journal", nil) }, []string{"--dry-run"},
			"a run was interrupted before what it has made was in its place"},
		"a journal that is none": {func(b *workbench) { b.write("b.glowplug-journal", nil) }, nil,
			"b.glowplug-journal: is no journal of images"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newWorkbench(t)
			c.prepare(b)
			before := b.images()
			out, err := b.apply("done", c.args...).CombinedOutput()
			assert.Equal(t, 1, exitOf(err), "%s", out)
			assert.Contains(t, string(out), c.says)
			assert.Contains(t, string(out), "hint: ")
			assert.Equal(t, before, b.images())
			b.clean()
		})
	}
}

// A dry run takes images that nobody may write to, and changes nothing.
func TestADryRunOfImagesThatAreReadOnly(t *testing.T) {
	t.Parallel()
	b := newWorkbench(t)
	for _, name := range []string{"a", "b"} {
		require.NoError(t, os.Chmod(filepath.Join(b.dir, name), 0o444))
	}
	out, err := b.apply("done", "--dry-run").CombinedOutput()
	require.NoError(t, err, "%s", out)
	assert.Contains(t, string(out), "+ partition 1 of /dev/vda")
	assert.Equal(t, []string{"a", "b"}, b.images())
}

// Images that are links are made anew where they are, and the links stay.
func TestImagesByLinks(t *testing.T) {
	t.Parallel()
	b := newWorkbench(t)
	require.NoError(t, os.Mkdir(filepath.Join(b.dir, "far"), 0o755))
	require.NoError(t, os.Rename(filepath.Join(b.dir, "a"), filepath.Join(b.dir, "far", "a")))
	require.NoError(t, os.Symlink("far/a", filepath.Join(b.dir, "a")))
	out, err := b.apply("done").CombinedOutput()
	require.NoError(t, err, "%s", out)
	to, err := os.Readlink(filepath.Join(b.dir, "a"))
	require.NoError(t, err)
	assert.Equal(t, "far/a", to)
	assert.Equal(t, []string{"a new", "b new"}, b.images())
}
