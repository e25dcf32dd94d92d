package guest

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/handoff"
	port "github.com/glowplug-os/glowplug/internal/machine"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/root"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/providers"
	"github.com/glowplug-os/glowplug/stages"
)

// ModulesFile is the file of the initramfs that names the kernel modules to load, a line each. It also shows that this
// is the machine.
const ModulesFile = "/usr/lib/glowplug/machine-modules"

// Is tells whether a process is the machine's first one.
func Is(pid int) bool {
	_, err := os.Stat(ModulesFile)
	return pid == 1 && err == nil
}

// mounts are the kernel's own filesystems, and those for what is temporary.
var mounts = []struct{ kind, folder string }{
	{"proc", "/proc"}, {"sysfs", "/sys"}, {"devtmpfs", "/dev"}, {"tmpfs", "/run"}, {"tmpfs", "/tmp"},
}

// sysroot is where a boot has the root.
const sysroot = "/sysroot"

// A machine is this one.
type machine struct {
	tools *tool.Set
	now   func() time.Time
	env   func(string) string
	order Order
	found filesystem // that has the root, where the config does not make it

	mu   sync.Mutex
	port io.Writer
}

// Main does all that there is to do, and switches the machine off. An error says that it cannot be.
func Main(ctx context.Context, env func(string) string, now func() time.Time) error {
	m := &machine{now: now, env: env, tools: tool.New(nil, nil)}
	err := m.begin(ctx)
	if err == nil {
		m.end(m.work(ctx))
	} else {
		fmt.Fprintln(os.Stderr, "glowplug: "+err.Error()) // the console, of which the last lines are told
	}
	unix.Sync()
	return unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// work does what is ordered.
func (m *machine) work(ctx context.Context) error {
	if m.order.Compare != nil {
		return m.compare(ctx)
	}
	err := m.provision(ctx)
	if err == nil {
		err = at("disks", written())
	}
	return err
}

// begin gets the machine as far as it has its order.
func (m *machine) begin(ctx context.Context) error {
	for _, each := range mounts {
		if err := unix.Mount(each.kind, each.folder, each.kind, 0, ""); err != nil &&
			!errors.Is(err, unix.EBUSY) { // the kernel mounts devtmpfs itself
			return fmt.Errorf("mount %s: %w", each.folder, err)
		}
	}
	if err := os.Symlink("/proc/self/fd", "/dev/fd"); err != nil {
		return err
	}
	if err := unix.Sethostname([]byte("localhost")); err != nil {
		return err
	}
	text, err := os.ReadFile(ModulesFile)
	if err != nil {
		return err
	}
	// A module that the kernel has built in, or does not know, is none the worse.
	args := append([]string{"-a", "-q", "-b"}, strings.Fields(string(text))...)
	if _, err := m.tools.Run(ctx, tool.Command{Tool: "modprobe", Args: args}); errors.Is(err, tool.ErrNotFound) {
		return err
	}
	return m.connect()
}

// connect opens the port, says that the machine is there, and takes its order.
func (m *machine) connect() error {
	device, err := portDevice("/sys/class/virtio-ports")
	if err != nil {
		return err
	}
	f, err := os.OpenFile(device, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	m.port = f
	m.say(Saying{Hello: true})
	from := bufio.NewReader(f)
	text, err := from.ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(text, &m.order)
	}
	if err != nil {
		return fmt.Errorf("the order: %w", err)
	}
	go abandoned(from)
	return nil
}

// portDevice is the device of the port.
func portDevice(class string) (string, error) {
	files, err := filepath.Glob(filepath.Join(class, "*/name"))
	for _, file := range files {
		if name, err := os.ReadFile(file); err == nil && strings.TrimSpace(string(name)) == port.PortName {
			return "/dev/" + filepath.Base(filepath.Dir(file)), nil
		}
	}
	return "", errors.Join(errors.New("there is no port to talk over"), err)
}

// abandoned ends the machine when nobody listens any more: then nobody takes what it makes.
func abandoned(from io.Reader) {
	_, _ = io.Copy(io.Discard, from)
	_ = unix.Reboot(unix.LINUX_REBOOT_CMD_POWER_OFF)
}

// say tells something. Whoever listens no more ends the machine.
func (m *machine) say(s Saying) {
	text, err := line(s)
	if err != nil {
		text = []byte("{}\n")
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	_, _ = m.port.Write(text)
}

// A stageError is a failure of a part of the work.
type stageError struct {
	stage string
	err   error
}

func (e *stageError) Error() string { return e.stage + ": " + e.err.Error() }
func (e *stageError) Unwrap() error { return e.err }

func at(stage string, err error) error {
	if err == nil {
		return nil
	}
	return &stageError{stage, err}
}

// end says how it went.
func (m *machine) end(err error) {
	if err != nil && m.order.Compare != nil {
		m.say(Saying{Refused: err.Error(), Hint: strings.Join(diag.Hints(err), "\n")})
		err = nil
	}
	if err == nil {
		m.say(Saying{Done: true})
		return
	}
	stage := &stageError{"machine", err}
	_ = errors.As(err, &stage)
	m.say(Saying{Failed: stages.CardOf(stage.stage, stage.err).
		Away("mend the cause and run it again").String()})
}

// provision makes the disks what the config says.
func (m *machine) provision(ctx context.Context) error {
	if err := nameDisks(ctx, m.tools, m.order.Disks); err != nil {
		return at("devices", err)
	}
	if m.order.Network {
		if err := m.network(ctx); err != nil {
			return at("network", err)
		}
	}
	cfg, err := stages.Rendered(m.order.Config.Text)
	if err != nil {
		return err
	}
	of, err := m.rootOf(ctx, cfg)
	if err != nil {
		return at("root", err)
	}
	if err := m.order.Config.Leave(paths, "image"); err != nil {
		return err
	}
	if AsksArguments(cfg) { // while nothing is changed yet
		if _, err := m.bootPlaces(ctx); err != nil {
			return at("kargs", err)
		}
	}
	if err := m.stage(ctx, "disks", target.DefaultImage(), nil); err != nil {
		return err
	}
	if AsksArguments(cfg) {
		if err := m.arguments(ctx); err != nil {
			return err
		}
	}
	if of == none {
		return nil
	}
	if of == found {
		if err := m.mount(ctx, m.found, sysroot, "rw"); err != nil {
			return at("root", err)
		}
	}
	return m.fill(ctx, cfg, of)
}

// paths are where the stages of a boot find what others have left.
var paths = handoff.Paths{Config: handoff.Config, State: "/run/ignition/state", NeedNet: "/run/ignition/neednet"}

// fill does in the root what is to be done there, and unmounts it.
func (m *machine) fill(ctx context.Context, cfg config.Config, of whose) error {
	if err := m.stage(ctx, "mount", target.DefaultImage(), nil); err != nil {
		return err
	}
	image, programs, err := decided()
	if err != nil {
		return at("files", err)
	}
	tab, _ := textOf(filepath.Join(sysroot, "etc/fstab")) // one that is not there mounts nothing
	passwd, _ := textOf(filepath.Join(sysroot, "etc/passwd"))
	for _, each := range hidden(cfg, tab, passwd) {
		m.say(Saying{Warning: each})
	}
	if !hasFile(cfg, "/etc/machine-id") {
		if err := forget(sysroot); err != nil {
			return at("machine-id", err)
		}
	}
	if err := m.stage(ctx, "files", image, programs); err != nil {
		return err
	}
	for _, each := range clones(sysroot) {
		m.say(Saying{Warning: each})
	}
	for _, folder := range bootFolders {
		if err := m.clear(filepath.Join(sysroot, folder), func() error { return nil }); err != nil {
			return at("first boot", err)
		}
	}
	if err := m.stage(ctx, "umount", image, programs); err != nil {
		return err
	}
	if of == found {
		if err := m.unmount(ctx, sysroot); err != nil {
			return at("root", err)
		}
	}
	return at("first boot", m.clearElsewhere(ctx))
}

// clear takes the mark of a first boot out of a folder.
func (m *machine) clear(folder string, writable func() error) error {
	gone, texts, err := marks(folder)
	if err != nil || len(gone)+len(texts) == 0 {
		return err
	}
	if err := writable(); err != nil {
		return err
	}
	return clearMarks(gone, texts)
}

// clearElsewhere takes the mark of a first boot out of filesystems that boot loaders read.
func (m *machine) clearElsewhere(ctx context.Context) error {
	all, err := m.views(ctx)
	for _, s := range all {
		if err := m.within(ctx, s.filesystem, m.clear); err != nil {
			m.say(Saying{Warning: diag.OneLine("not looked through for the mark of a first boot: " + err.Error())})
		}
	}
	return err
}

// decided is what the builder of the image has decided.
func decided() (target.Image, map[string]string, error) {
	in, err := root.Open(sysroot)
	if err != nil {
		return target.Image{}, nil, err
	}
	defer in.Close()
	image, tools, err := engine.ImageOf(target.Of(in))
	image.ReportFile, image.MetricsDir = "", "" // they tell of a boot, and of how long it took
	return image, tools, err
}

func hasFile(cfg config.Config, at string) bool {
	for i := range cfg.Storage.Files {
		if filepath.Clean(cfg.Storage.Files[i].Path) == at {
			return true
		}
	}
	return false
}

// stage runs one stage of a boot.
func (m *machine) stage(ctx context.Context, name string, image target.Image, programs map[string]string) error {
	m.say(Saying{Stage: name})
	log := slog.New(teller{m})
	platform, _ := providers.Find("metal")
	return at(name, stages.Run(ctx, stages.Boot{
		Stage: name, Platform: platform, Root: sysroot, Paths: paths, CommandLine: "/proc/cmdline",
		Version: m.order.Version, Tools: tool.New(programs, log), Identity: target.Identity{Privileged: true},
		Getenv: m.env, Log: log, FirstProcess: "/proc/1/comm", BootID: bootID(), Now: m.now, Today: m.order.Today,
		Image: image, Steps: func(e plan.Event) { m.say(Saying{Event: eventOf(e)}) },
	}))
}

// bootID is the kernel's name for this boot.
func bootID() string {
	text, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return strings.TrimSpace(string(text))
}

// A teller tells of what is logged as a warning.
type teller struct{ m *machine }

// Enabled leaves out what a boot logs of what goes well, and of what fails, which the card tells.
func (teller) Enabled(_ context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && level < slog.LevelError
}

// Handle tells of a record.
func (t teller) Handle(_ context.Context, r slog.Record) error {
	t.m.say(Saying{Warning: diag.OneLine(r.Message)})
	return nil
}

// WithAttrs and WithGroup change nothing: lines have neither.
func (t teller) WithAttrs([]slog.Attr) slog.Handler { return t }

// WithGroup changes nothing.
func (t teller) WithGroup(string) slog.Handler { return t }
