package providers

import (
	"bufio"
	"context"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/tree"
)

// Where Triton's metadata is: on the second serial port of a virtual machine, in a socket of a zone.
const (
	smartosSerial = "/dev/ttyS1"
	smartosSocket = "/native/.zonecontrol/metadata.sock"
)

// smartos speaks Triton's metadata protocol, version 2.
func smartos(ctx context.Context, m *Machine) (Document, error) {
	zone, err := m.Glob(smartosSocket)
	if err != nil {
		return Document{}, err
	}
	var stream Stream
	if len(zone) > 0 {
		stream, err = m.Dial(ctx, "unix", smartosSocket)
	} else {
		stream, err = m.Open(smartosSerial)
	}
	if err != nil {
		return Document{}, err
	}
	defer stream.Close()
	stop := context.AfterFunc(ctx, func() { _ = stream.Close() })
	defer stop()
	t := &triton{m: m, stream: stream, in: bufio.NewReader(stream), serial: len(zone) == 0}
	text, err := t.userData()
	if ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	return Document{Text: text}, err
}

// triton is a conversation with the metadata service.
type triton struct {
	m      *Machine
	stream Stream
	in     *bufio.Reader
	serial bool
}

// userData asks for it by its names.
func (t *triton) userData() ([]byte, error) {
	if err := t.negotiate(); err != nil {
		return nil, fmt.Errorf("metadata: %w", err)
	}
	for _, key := range []string{"cloud-init:user-data", "user-data"} {
		text, err := t.get(key)
		if err != nil && !errors.Is(err, ErrNone) {
			return nil, fmt.Errorf("metadata: %s: %w", key, err)
		}
		if !tree.IsBlank(text) {
			return text, nil
		}
	}
	return nil, ErrNone
}

// How long the service may take for a line, and how long silence shows that what was left in the port has been read.
const (
	tritonLine  = 60 * time.Second
	tritonDrain = 100 * time.Millisecond
)

// shortLine is more than any line has but one with a value.
const shortLine = 4 << 10

// line reads one line of about so many bytes at most. The limit is for each piece of it: a long value takes minutes
// through a serial port.
func (t *triton) line(limit time.Duration, most int) (string, error) {
	var line []byte
	for {
		if err := t.stream.SetReadDeadline(t.m.Now().Add(limit)); err != nil {
			return "", err
		}
		part, err := t.in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return strings.TrimRight(string(line), "\r\n"), nil
		case !errors.Is(err, bufio.ErrBufferFull):
			return "", err
		case len(line) > most:
			return "", errors.New("a line without end")
		}
	}
}

// negotiate brings the port into a known state, and then the protocol to version 2.
func (t *triton) negotiate() error {
	if t.serial {
		if err := t.drain(); err != nil {
			return err
		}
	}
	if _, err := io.WriteString(t.stream, "NEGOTIATE V2\n"); err != nil {
		return err
	}
	reply, err := t.line(tritonLine, shortLine)
	if err == nil && reply != "V2_OK" {
		err = errors.New("the service does not speak version 2 of its protocol")
	}
	return err
}

// drain reads what is left in the port, and sends empty lines until the service calls them invalid.
func (t *triton) drain() error {
	var waste [shortLine]byte
	for end := t.m.Now().Add(tritonLine); ; {
		if t.m.Now().After(end) {
			return errors.New("the port does not fall silent; is it a console too?")
		}
		if err := t.stream.SetReadDeadline(t.m.Now().Add(tritonDrain)); err != nil {
			return err
		}
		if _, err := t.stream.Read(waste[:]); errors.Is(err, os.ErrDeadlineExceeded) {
			break
		} else if err != nil {
			return err
		}
	}
	const attempts = 10
	for range attempts {
		if _, err := io.WriteString(t.stream, "\n"); err != nil {
			return err
		}
		reply, err := t.line(6*time.Second, shortLine)
		switch {
		case err == nil && strings.HasPrefix(reply, "invalid command"):
			return nil
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return err
		}
	}
	return errors.New("the service does not answer")
}

// get asks for a value; ErrNone where there is none.
func (t *triton) get(key string) ([]byte, error) {
	var id [4]byte
	if _, err := io.ReadFull(t.m.Random, id[:]); err != nil {
		return nil, err
	}
	request := hex.EncodeToString(id[:])
	if _, err := io.WriteString(t.stream,
		tritonFrame(request+" GET "+base64.StdEncoding.EncodeToString([]byte(key)))); err != nil {
		return nil, err
	}
	line, err := t.line(tritonLine, textMax)
	if err != nil {
		return nil, err
	}
	return tritonReply(line, request)
}

func tritonFrame(body string) string {
	sum := binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE([]byte(body)))
	return "V2 " + strconv.Itoa(len(body)) + " " + hex.EncodeToString(sum) + " " + body + "\n"
}

// tritonReply reads a frame that answers a request; ErrNone says that there is no such value.
func tritonReply(line, request string) ([]byte, error) {
	fields := strings.SplitN(line, " ", 4)
	if len(fields) != 4 || fields[0] != "V2" {
		return nil, errors.New("the reply is no frame")
	}
	body := fields[3]
	if tritonFrame(body) != line+"\n" {
		return nil, errors.New("the reply is damaged: its length or checksum is wrong")
	}
	id, rest, _ := strings.Cut(body, " ")
	if id != request {
		return nil, errors.New("the reply is to another request")
	}
	verdict, value, _ := strings.Cut(rest, " ")
	switch verdict {
	case "SUCCESS":
		return base64.StdEncoding.DecodeString(value)
	case "NOTFOUND":
		return nil, ErrNone
	}
	return nil, errors.New("the service cannot answer")
}
