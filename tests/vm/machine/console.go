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

// ports are the sockets that carry what the machine writes to its virtio ports.
type ports struct {
	listeners []net.Listener
	copies    sync.WaitGroup
	mutex     sync.Mutex
	failed    error
}

// portSocket is where qemu finds the other end of a port.
func portSocket(dir, name string) string { return filepath.Join(dir, "port-"+name) }

func openPorts(writers map[string]io.Writer, dir string) (*ports, error) {
	p := &ports{}
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
	if _, err = io.Copy(writer, connection); err != nil {
		p.mutex.Lock()
		defer p.mutex.Unlock()
		p.failed = errors.Join(p.failed, fmt.Errorf("port %s: %w", name, err))
		io.Copy(io.Discard, connection)
	}
}

// close waits for all that a qemu that has ended wrote.
func (p *ports) close() error {
	for _, listener := range p.listeners {
		listener.Close()
	}
	p.copies.Wait()
	return p.failed
}
