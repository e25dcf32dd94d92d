package machine

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// Quote writes a value for an option of qemu, where a comma ends it.
func Quote(value string) string { return strings.ReplaceAll(value, ",", ",,") }

// Ports are the sockets that carry what a machine writes to its virtio ports.
type Ports struct {
	listeners   []net.Listener
	copies      sync.WaitGroup
	count       func(bytes int)
	mutex       sync.Mutex
	connections map[string]net.Conn
	failed      error
}

// portSocket is where qemu finds the other end of a port.
func portSocket(dir, name string) string { return filepath.Join(dir, "port-"+name) }

// PortArguments are qemu's for ports, whose sockets are in a folder.
func PortArguments[T any](ports map[string]T, dir string) (args []string) {
	if len(ports) > 0 {
		args = append(args, "-device", "virtio-serial-pci")
	}
	for _, name := range slices.Sorted(maps.Keys(ports)) {
		args = append(args, "-chardev", fmt.Sprintf("socket,id=port-%s,path=%s", name, Quote(portSocket(dir, name))),
			"-device", fmt.Sprintf("virtserialport,chardev=port-%s,name=%[1]s", name))
	}
	return args
}

// socketMost is how long the path of a socket may be (unix(7)).
const socketMost = 107

// OpenPorts waits for a qemu that PortArguments are given to. Count hears of all that comes.
func OpenPorts(writers map[string]io.Writer, dir string, count func(bytes int)) (*Ports, error) {
	p := &Ports{count: count, connections: map[string]net.Conn{}}
	for name, writer := range writers {
		at := portSocket(dir, name)
		if len(at) > socketMost {
			return nil, errors.Join(diag.WithHint(fmt.Errorf("the path of a socket is too long: %s", diag.Name(at)),
				"name a folder with a shorter path for what is temporary: TMPDIR=DIR"), p.Close())
		}
		listener, err := net.Listen("unix", at)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		p.listeners = append(p.listeners, listener)
		p.copies.Go(func() { p.copy(listener, name, writer) })
	}
	return p, nil
}

// copy brings what comes over the one connection to its writer. A writer that fails does not stop the machine.
func (p *Ports) copy(listener net.Listener, name string, writer io.Writer) {
	connection, err := listener.Accept()
	if err != nil {
		return // closed before qemu came
	}
	defer connection.Close()
	p.mutex.Lock()
	p.connections[name] = connection
	p.mutex.Unlock()
	if _, err = io.Copy(writer, counted{connection, p.count}); err != nil {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.failed = errors.Join(p.failed, fmt.Errorf("port %s: %w", name, err))
		_, _ = io.Copy(io.Discard, connection)
	}
}

// counted tells how much is read.
type counted struct {
	io.Reader
	count func(bytes int)
}

func (c counted) Read(to []byte) (int, error) {
	n, err := c.Reader.Read(to)
	c.count(n)
	return n, err
}

// Tell writes to a port. What nobody in the machine reads is kept for who will.
func (p *Ports) Tell(name, text string) error {
	p.mutex.Lock()
	connection := p.connections[name]
	p.mutex.Unlock()
	if connection == nil {
		return fmt.Errorf("port %s: not connected", name)
	}
	_, err := io.WriteString(connection, text)
	return err
}

// Close waits for all that a qemu that has ended wrote.
func (p *Ports) Close() error {
	for _, listener := range p.listeners {
		_ = listener.Close()
	}
	p.copies.Wait()
	return p.failed
}
