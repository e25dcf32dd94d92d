package providers

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"net"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
)

// Machine is what sources ask of the machine and the network. Local fills in what takes no more than system calls; the
// caller adds the rest. A field that is nil is a thing that the caller cannot do, and an error where a source needs it.
type Machine struct {
	// Log is told of what is waited for and of what is passed over; it never gets a config, a token or a whole URL.
	Log *slog.Logger
	// Offline says that the network may not be up yet: whoever needs it answers fetch.ErrNeedNet before any request.
	Offline bool
	// Arch is the machine's, in Go's words.
	Arch string
	// CommandLine is the kernel's. Sources sets it.
	CommandLine string
	// Kept are the files that the platform gave an earlier stage of this boot (FileOf reads them from the state). Some
	// hosts say a thing only once.
	Kept []File
	// Said is the text of a Document that an earlier stage of this boot got and that is given Once.
	Said diag.Secret
	// Now is the wall clock.
	Now func() time.Time
	// Random gives bytes for names that must not come twice.
	Random io.Reader

	// Getenv gives an environment variable, "" where it is unset.
	Getenv func(name string) string
	// ReadFile reads a file; its errors are those of the os package.
	ReadFile func(path string) ([]byte, error)
	// Glob lists the paths that match a pattern of path/filepath, in order.
	Glob func(pattern string) ([]string, error)
	// Scratch lends a private folder for as long as use runs.
	Scratch func(use func(dir string) error) error

	// Get fetches a URL of any scheme with the default headers.
	Get func(ctx context.Context, url string) ([]byte, error)
	// Do puts an HTTP request until there is an answer, as fetch.Request says.
	Do func(ctx context.Context, r fetch.Request) (fetch.Reply, error)
	// Interfaces lists the network interfaces as they are now.
	Interfaces func() ([]Interface, error)
	// Dial connects to a socket: "unix" and a path, or "vsock" and "CID:PORT".
	Dial func(ctx context.Context, network, address string) (net.Conn, error)

	// Labelled gives the device whose filesystem has a label, "" while there is none. Case counts.
	Labelled func(label string) (device string, err error)
	// Mount mounts a device read-only, as a filesystem of a type or, where that is "", of whichever it has; lets use
	// read it; and unmounts. use's error comes back as it is.
	Mount func(ctx context.Context, device, kind string, use func(fs.FS) error) error
	// Discs lists the optical drives as they are now.
	Discs func() ([]Disc, error)

	// Modprobe loads a kernel module; that it is there already is no error.
	Modprobe func(ctx context.Context, module string) error
	// Run runs one of the distribution's tools and gives what it printed.
	Run func(ctx context.Context, tool string, args ...string) ([]byte, error)
	// Open opens a character device to talk to.
	Open func(path string) (Stream, error)
	// Control opens a character device for ioctl(2).
	Control func(path string) (Controls, error)
	// VMware puts a request to the hypervisor: "info-get guestinfo.x" is answered "1 value" or "0 reason". Where there
	// is no such hypervisor it is an error that holds ErrAbsent.
	VMware func(request string) (reply string, err error)
}

// An Interface is a network interface as far as sources look at it.
type Interface struct {
	Name     string
	Index    int
	Up       bool
	Loopback bool
	LinkV6   bool // it has a link-local IPv6 address
	GlobalV6 bool // it has another IPv6 address
}

// A Disc is an optical drive.
type Disc struct {
	Device string
	Kind   string // udf or iso9660; "" while the drive has nothing of these to read
}

// A Stream is a device that is read and written: *os.File is one, and so is a net.Conn.
type Stream interface {
	io.ReadWriteCloser
	SetReadDeadline(t time.Time) error
}

// Controls is an open device that takes ioctl(2) calls.
type Controls interface {
	// Call does one call. The block goes to the kernel and comes back changed. Before, the address of each link's
	// buffer is written into the block as 64 bits at its offset; the buffers may come back changed too.
	Call(request uint, block []byte, links ...Link) error
	io.Closer
}

// A Link is a buffer that a block of an ioctl refers to.
type Link struct {
	Offset int
	Buffer []byte
}

// module loads a kernel module unless what it brings is there.
func (m *Machine) module(ctx context.Context, name, sentinel string) error {
	if sentinel != "" {
		if found, err := m.Glob(sentinel); err != nil || len(found) > 0 {
			return err
		}
	}
	return m.Modprobe(ctx, name)
}

// unable is the error about a field that the caller has left out.
func unable(what string) error { return errors.New("this version cannot " + what) }

// complete makes up for what the caller has left out, so that sources need not ask: by an answer that is as good as
// none, or else by an error.
func (m Machine) complete() *Machine {
	if m.Log == nil {
		m.Log = slog.New(slog.DiscardHandler)
	}
	if m.Random == nil {
		m.Random = rand.Reader
	}
	if m.Now == nil {
		m.Now = func() time.Time { return time.Time{} }
	}
	if m.Getenv == nil {
		m.Getenv = func(string) string { return "" }
	}
	if m.ReadFile == nil {
		m.ReadFile = func(name string) ([]byte, error) {
			return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
		}
	}
	if m.Glob == nil {
		m.Glob = func(string) ([]string, error) { return nil, nil }
	}
	if m.Interfaces == nil {
		m.Interfaces = func() ([]Interface, error) { return nil, nil }
	}
	if m.VMware == nil {
		m.VMware = func(string) (string, error) { return "", ErrAbsent }
	}
	m.refuse()
	return &m
}

func (m *Machine) refuse() {
	if m.Scratch == nil {
		m.Scratch = func(func(string) error) error { return unable("make a folder") }
	}
	if m.Get == nil {
		m.Get = func(context.Context, string) ([]byte, error) { return nil, unable("fetch anything") }
	}
	if m.Do == nil {
		m.Do = func(context.Context, fetch.Request) (fetch.Reply, error) {
			return fetch.Reply{}, unable("ask metadata services")
		}
	}
	if m.Dial == nil {
		m.Dial = func(context.Context, string, string) (net.Conn, error) { return nil, unable("connect to sockets") }
	}
	if m.Discs == nil {
		m.Discs = func() ([]Disc, error) { return nil, unable("read discs") }
	}
	if m.Modprobe == nil {
		m.Modprobe = func(context.Context, string) error { return unable("load kernel modules") }
	}
	if m.Run == nil {
		m.Run = func(_ context.Context, tool string, _ ...string) ([]byte, error) { return nil, unable("run " + tool) }
	}
	if m.Open == nil {
		m.Open = func(path string) (Stream, error) { return nil, unable("talk to " + path) }
	}
	if m.Control == nil {
		m.Control = func(path string) (Controls, error) { return nil, unable("talk to " + path) }
	}
	if m.Labelled == nil || m.Mount == nil {
		m.Labelled = func(string) (string, error) { return "", unable("read configs from devices; use " + argURL) }
		m.Mount = func(context.Context, string, string, func(fs.FS) error) error {
			return unable("read configs from devices")
		}
	}
}
