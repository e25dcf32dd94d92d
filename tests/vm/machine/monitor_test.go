package machine

import (
	"bufio"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// speaker is a qemu that gives an answer to each line, and its greeting first.
func speaker(t *testing.T, answers ...string) (socket string) {
	t.Helper()
	socket = filepath.Join(t.TempDir(), "monitor")
	listener, err := net.Listen("unix", socket)
	require.NoError(t, err)
	t.Cleanup(func() { listener.Close() })
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		io.WriteString(connection, `{"QMP": {"version": {}, "capabilities": []}}`+"\n")
		lines := bufio.NewScanner(connection)
		for _, answer := range answers {
			if lines.Scan() {
				io.WriteString(connection, answer+"\n")
			}
		}
	}()
	return socket
}

func TestTheMonitorAnswersAmongEvents(t *testing.T) {
	m, err := openMonitor(speaker(t, `{"return": {}}`, `{"event": "RESUME"}{"return": "RIP=1\r\n"}`,
		`{"return": [{"device": "a", "stats": {"rd_bytes": 5, "wr_bytes": 7}}, {"stats": {"rd_bytes": 1}}]}`,
		`{"error": {"class": "GenericError", "desc": "no such chardev"}}`))
	require.NoError(t, err)
	defer m.Close()
	text, err := m.human("info registers")
	require.NoError(t, err)
	assert.Equal(t, "RIP=1\r\n", text)
	bytes, err := m.diskBytes()
	require.NoError(t, err)
	assert.EqualValues(t, 13, bytes)
	assert.ErrorContains(t, m.sendBreak(), "chardev-send-break: no such chardev")
	_, err = m.diskBytes()
	assert.Error(t, err, "it has gone")
}

func TestAMonitorThatSaysNoIsNotOpened(t *testing.T) {
	_, err := openMonitor(speaker(t, `{"error": {"desc": "not now"}}`))
	assert.ErrorContains(t, err, "not now")
	_, err = openMonitor(filepath.Join(t.TempDir(), "none"))
	assert.Error(t, err)
}
