package machine

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// readConsole reads lines until the console ends, shows them to live if there is one, and tells of each.
func readConsole(console io.Reader, started time.Time, live io.Writer, tell func(Line)) []Line {
	var lines []Line
	for reader := bufio.NewReader(console); ; {
		text, err := reader.ReadString('\n')
		if text != "" {
			line := Line{After: time.Since(started), Text: strings.Trim(text, "\r\n")}
			lines = append(lines, line)
			if live != nil {
				fmt.Fprintln(live, line)
			}
			tell(line)
		}
		if err != nil {
			return lines
		}
	}
}

// A countedReader counts what is read from it.
type countedReader struct {
	io.Reader
	bytes *atomic.Int64
}

func (r countedReader) Read(to []byte) (int, error) {
	n, err := r.Reader.Read(to)
	r.bytes.Add(int64(n))
	return n, err
}

// ports are the sockets that carry what the machine writes to its virtio ports.
type ports struct {
	listeners   []net.Listener
	copies      sync.WaitGroup
	bytes       *atomic.Int64 // counts what comes
	mutex       sync.Mutex
	connections map[string]net.Conn
	failed      error
}

// portSocket is where qemu finds the other end of a port.
func portSocket(dir, name string) string { return filepath.Join(dir, "port-"+name) }

func openPorts(writers map[string]io.Writer, dir string, bytes *atomic.Int64) (*ports, error) {
	p := &ports{bytes: bytes, connections: map[string]net.Conn{}}
	for name, writer := range writers {
		listener, err := net.Listen("unix", portSocket(dir, name))
		if err != nil {
			return nil, errors.Join(err, p.close())
		}
		p.listeners = append(p.listeners, listener)
		p.copies.Go(func() { p.copy(listener, name, writer) })
	}
	return p, nil
}

// copy brings what comes over the one connection to its writer. A writer that fails does not stop the machine.
func (p *ports) copy(listener net.Listener, name string, writer io.Writer) {
	connection, err := listener.Accept()
	if err != nil {
		return // closed before qemu came
	}
	defer connection.Close()
	p.mutex.Lock()
	p.connections[name] = connection
	p.mutex.Unlock()
	if _, err = io.Copy(writer, countedReader{connection, p.bytes}); err != nil {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.failed = errors.Join(p.failed, fmt.Errorf("port %s: %w", name, err))
		io.Copy(io.Discard, connection)
	}
}

// tell writes to a port. What nobody in the machine reads is kept for who will.
func (p *ports) tell(name, text string) error {
	p.mutex.Lock()
	connection := p.connections[name]
	p.mutex.Unlock()
	if connection == nil {
		return fmt.Errorf("port %s: not connected", name)
	}
	_, err := io.WriteString(connection, text)
	return err
}

// close waits for all that a qemu that has ended wrote.
func (p *ports) close() error {
	for _, listener := range p.listeners {
		listener.Close()
	}
	p.copies.Wait()
	return p.failed
}
