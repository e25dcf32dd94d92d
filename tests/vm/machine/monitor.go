package machine

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"path/filepath"
	"time"
)

// A monitor speaks with qemu about its machine: QMP, as docs/interop/qmp-spec.txt of qemu describes it.
type monitor struct {
	connection net.Conn
	answers    *json.Decoder
}

// monitorSocket is where qemu listens for one.
func monitorSocket(dir string) string { return filepath.Join(dir, "monitor") }

// monitorPatience is for one answer. They come at once; but a qemu that is stuck itself must not keep a test.
const monitorPatience = time.Minute

func openMonitor(socket string) (*monitor, error) {
	connection, err := net.DialTimeout("unix", socket, monitorPatience)
	if err != nil {
		return nil, err
	}
	m := &monitor{connection, json.NewDecoder(connection)}
	if err := m.do("qmp_capabilities", nil, nil); err != nil {
		return nil, errors.Join(err, m.Close())
	}
	return m, nil
}

func (m *monitor) Close() error { return m.connection.Close() }

// do has qemu execute a command, and decodes what it returns. Greetings and events come in between.
func (m *monitor) do(command string, arguments map[string]any, result any) error {
	request := map[string]any{"execute": command}
	if arguments != nil {
		request["arguments"] = arguments
	}
	if err := m.connection.SetDeadline(time.Now().Add(monitorPatience)); err != nil {
		return err
	}
	if err := json.NewEncoder(m.connection).Encode(request); err != nil {
		return err
	}
	for {
		var answer struct {
			Return json.RawMessage
			Error  *struct{ Desc string }
		}
		if err := m.answers.Decode(&answer); err != nil {
			return fmt.Errorf("monitor: %s: %w", command, err)
		}
		switch {
		case answer.Error != nil:
			return fmt.Errorf("monitor: %s: %s", command, answer.Error.Desc)
		case answer.Return != nil && result != nil:
			return json.Unmarshal(answer.Return, result)
		case answer.Return != nil:
			return nil
		}
	}
}

// human executes a command of the monitor for people.
func (m *monitor) human(line string) (text string, err error) {
	err = m.do("human-monitor-command", map[string]any{"command-line": line}, &text)
	return text, err
}

// diskBytes is how much the machine has read and written since its start, on all its disks.
func (m *monitor) diskBytes() (sum int64, err error) {
	var disks []struct {
		Stats struct {
			Read    int64 `json:"rd_bytes"`
			Written int64 `json:"wr_bytes"`
		}
	}
	err = m.do("query-blockstats", nil, &disks)
	for _, disk := range disks {
		sum += disk.Stats.Read + disk.Stats.Written
	}
	return sum, err
}

// sendBreak sends a break on the serial console. The character that follows it is a command of SysRq
// (Documentation/admin-guide/sysrq.rst of the kernel).
func (m *monitor) sendBreak() error {
	return m.do("chardev-send-break", map[string]any{"id": "serial0"}, nil)
}
