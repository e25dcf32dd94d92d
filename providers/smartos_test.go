package providers

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A serial port brings a long value slowly. The time is for each piece, not for all.
func TestALongValueMayTakeItsTimeThroughASerialPort(t *testing.T) {
	text := `{"ignition":{"version":"3.4.0"},"comment":"` + strings.Repeat("x", 30<<10) + `"}`
	for name, test := range map[string]struct {
		pause time.Duration // after each 4 KiB
		err   string
	}{
		"it comes":        {50 * time.Second, ""},
		"it stops coming": {61 * time.Second, "metadata: cloud-init:user-data: "},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				guest, host := net.Pipe()
				defer time.Sleep(2 * test.pause) // lets the service notice
				go slowTriton(host, text, test.pause)
				m := Machine{Now: time.Now, Random: bytes.NewReader(make([]byte, 64)),
					Open: func(string) (Stream, error) {
						return guest, nil
					}}.complete()
				start := time.Now()
				d, err := smartos(t.Context(), m)
				if test.err != "" {
					require.ErrorContains(t, err, test.err)
					require.ErrorContains(t, err, "timeout")
					return
				}
				require.NoError(t, err)
				assert.Equal(t, text, string(d.Text))
				assert.Greater(t, time.Since(start), 5*time.Minute)
			})
		})
	}
}

// slowTriton answers as the service does, and pauses after each 4 KiB.
func slowTriton(host net.Conn, text string, pause time.Duration) {
	defer host.Close()
	in := bufio.NewReader(host)
	for {
		line, err := in.ReadString('\n')
		if err != nil {
			return
		}
		reply := "invalid command\n"
		switch fields := strings.Fields(line); {
		case line == "NEGOTIATE V2\n":
			reply = "V2_OK\n"
		case len(fields) > 3:
			reply = tritonFrame(fields[3] + " SUCCESS " + base64.StdEncoding.EncodeToString([]byte(text)))
		}
		for len(reply) > 0 {
			n := min(len(reply), 4<<10)
			if _, err := io.WriteString(host, reply[:n]); err != nil {
				return
			}
			if reply = reply[n:]; len(reply) > 0 {
				time.Sleep(pause)
			}
		}
	}
}

// A port that is a console too may say anything: no line of the negotiation is long.
func TestALineWithoutEndIsNone(t *testing.T) {
	in := bufio.NewReader(strings.NewReader(strings.Repeat("x", 64<<10)))
	s := &triton{m: Machine{}.complete(), stream: endless("x"), in: in}
	_, err := s.line(time.Second, shortLine)
	require.EqualError(t, err, "a line without end")
}
