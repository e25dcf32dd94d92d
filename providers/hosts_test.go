package providers

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strconv"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
)

// dial connects to an HTTP server that answers by the transcript.
func (s *script) dial(ctx context.Context, network, address string) (net.Conn, error) {
	name := network + " " + address
	if address == smartosSocket {
		return s.triton(), nil
	}
	if _, missing := s.last(network, "absent"); missing {
		return nil, errors.New(name + ": connection refused")
	}
	guest, host := net.Pipe()
	go func() {
		defer host.Close()
		request, err := http.ReadRequest(bufio.NewReader(host))
		if err != nil {
			return
		}
		r := fetch.Request{Method: request.Method, URL: "http://" + request.Host + request.URL.Path}
		if accept := request.Header.Get("Accept"); accept != "" {
			r.Headers = append(r.Headers, header("Accept", diag.Secret(accept)))
		}
		e, err := s.take(r)
		if err != nil || e.status == 0 {
			return
		}
		if sleep(s.t.Context(), e.after) != nil {
			return
		}
		length := cmp.Or(e.replyHeaders.Get("Content-Length"), strconv.Itoa(len(e.reply)))
		fmt.Fprintf(host, "HTTP/1.1 %d X\r\nContent-Length: %s\r\nConnection: close\r\n\r\n%s", e.status, length,
			e.reply)
	}()
	return guest, nil
}

// open opens the devices that have a host behind them.
func (s *script) open(path string) (Stream, error) {
	if _, missing := s.last(path, "absent"); missing {
		return nil, &fs.PathError{Op: "open", Path: path, Err: errBroken}
	}
	switch path {
	case kvpDevice:
		if _, there := s.last(kvpDevice, "file"); there {
			return s.hyperv(), nil
		}
	case smartosSerial:
		return s.triton(), nil
	}
	return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
}

// hyperv is the host's side of the key-value exchange.
func (s *script) hyperv() Stream {
	guest, host := net.Pipe()
	go func() {
		defer host.Close()
		message := make([]byte, kvpMessage)
		if _, err := io.ReadFull(host, message); err != nil || message[0] != kvpRegister {
			s.complain("the daemon does not register: %v", err)
			return
		}
		if len(s.now("pair")) > 0 {
			_, _ = host.Write(message) // the kernel answers with its own version, which gets no reply
		}
		for _, x := range s.now("pair") {
			key, value, _ := strings.Cut(x.rest, " ")
			message := kvpMessageOf(x.name[0]-'0', key, s.text(value))
			if _, err := host.Write(message); err != nil {
				s.complain("a pair is not read: %v", err)
				return
			}
			reply := make([]byte, kvpMessage)
			if _, err := io.ReadFull(host, reply); err != nil || !bytes.Equal(reply, make([]byte, kvpMessage)) {
				s.complain("the reply to a pair is %v %v", reply[:4], err)
			}
		}
		_, _ = io.Copy(io.Discard, host)
	}()
	return guest
}

func kvpMessageOf(pool byte, key, value string) []byte {
	message := make([]byte, kvpMessage)
	message[0], message[1] = kvpSet, pool
	binary.LittleEndian.PutUint32(message[8:], uint32(len(key)+1))
	binary.LittleEndian.PutUint32(message[12:], uint32(len(value)+1))
	copy(message[kvpKeyAt:], key)
	copy(message[kvpValueAt:], value)
	return message
}

// triton is the host's side of the metadata protocol.
func (s *script) triton() net.Conn {
	guest, host := net.Pipe()
	go func() {
		defer host.Close()
		in := bufio.NewReader(host)
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			if _, silent := s.last("triton", "absent"); !silent {
				fmt.Fprint(host, s.tritonReply(strings.TrimSpace(line)))
			}
		}
	}()
	return guest
}

func (s *script) tritonReply(line string) string {
	switch {
	case line == "":
		return "invalid command\n"
	case line == "NEGOTIATE V2":
		return "V2_OK\n"
	}
	fields := strings.Fields(line)
	key, _ := base64.StdEncoding.DecodeString(fields[len(fields)-1])
	value, found := s.last(string(key), "meta")
	switch {
	case !found:
		return tritonFrame(fields[3] + " NOTFOUND")
	case value == "DAMAGED":
		return strings.Replace(tritonFrame(fields[3]+" SUCCESS "+base64.StdEncoding.EncodeToString([]byte("x"))), "V2 ",
			"V2 9", 1)
	}
	return tritonFrame(fields[3] + " SUCCESS " + base64.StdEncoding.EncodeToString([]byte(value)))
}

// vmware is the hypervisor's guestinfo.
func (s *script) vmware(request string) (string, error) {
	if _, missing := s.last("vmware", "absent"); missing {
		return "", ErrAbsent
	}
	verb, rest, _ := strings.Cut(request, " ")
	if verb == "info-get" {
		value, found := s.last(rest, "guest")
		switch {
		case value == "BROKEN":
			return "", errBroken
		case found:
			return "1 " + value, nil
		}
		return "0 No value found", nil
	}
	key, value, _ := strings.Cut(rest, " ")
	if _, refuses := s.last(key, "absent"); refuses {
		return "0 Permission denied", nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.things = append(s.things, thing{kind: "guest", name: key, rest: fmt.Sprintf("%q", value)})
	return "1 ", nil
}

// vbox is the guest device of VirtualBox, as the table of docs/peer/platforms.md §3 has it.
type vbox struct {
	s         *script
	connected bool
}

// vboxSizes are the sizes of each call's block, of what goes in and of what comes out.
var vboxSizes = map[uint][3]uint32{
	vboxVersion: {44, 40, 44}, vboxConnect: {156, 156, 28}, vboxGet: {104, 104, 104}, vboxDelete: {56, 56, 56},
	vboxDisconnect: {28, 28, 24},
}

func (s *script) control(path string) (Controls, error) {
	if _, missing := s.last(path, "absent"); missing || path != vboxDevice {
		return nil, &fs.PathError{Op: "open", Path: path, Err: fs.ErrNotExist}
	}
	return &vbox{s: s}, nil
}

func (v *vbox) Close() error {
	if v.connected {
		v.s.complain("the service is not let go")
	}
	return nil
}

func (v *vbox) Call(request uint, block []byte, links ...Link) error {
	le := binary.LittleEndian
	word := func(at int) uint32 { return le.Uint32(block[at:]) }
	got := [...]uint32{uint32(len(block)), word(0), word(16), word(4), word(8), word(20)}
	if size := vboxSizes[request]; got != [...]uint32{size[0], size[1], size[2], 0x10001, 0, 0} ||
		request>>16 != 3<<14|uint(size[0]) || request>>8&0xFF != 'V' {
		v.s.complain("the header of %#x is %v", request, got)
	}
	result := func(rc int) { le.PutUint32(block[12:], uint32(int32(rc))) }
	switch request {
	case vboxVersion:
		if word(24) != 0x10000 || word(28) != 0x10000 {
			v.s.complain("the versions asked for are %#x and %#x", word(24), word(28))
		}
	case vboxConnect:
		v.connected = word(24) == 2 && string(bytes.TrimRight(block[28:], "\x00")) == vboxService
		le.PutUint32(block[24:], 77)
	case vboxDisconnect:
		v.connected = v.connected && word(24) != 77
	case vboxGet, vboxDelete:
		if le.Uint32(block[24:]) != 77 {
			v.s.complain("the client is not the one that has connected")
		}
		v.inspect(request, block, links)
		result(v.service(request, block, links))
	default:
		return fmt.Errorf("ioctl %#x: %w", request, errBroken)
	}
	return nil
}

// inspect checks the parameters of a call: a name, and to get a value its buffer, a time stamp of 64 bits and a size
// of 32.
func (v *vbox) inspect(request uint, block []byte, links []Link) {
	le := binary.LittleEndian
	function, kinds := uint32(1), []uint32{5, 4, 2, 1}
	if request == vboxDelete {
		function, kinds = 4, kinds[:1]
	}
	if !v.connected || le.Uint32(block[28:]) != function || le.Uint32(block[32:]) != 0xFFFFFFFF || block[36] != 1 ||
		block[37] != 0 || int(le.Uint16(block[38:])) != len(kinds) {
		v.s.complain("the call of %#x is % x", request, block[24:40])
	}
	for i, kind := range kinds {
		at := 40 + 16*i
		if le.Uint32(block[at:]) != kind {
			v.s.complain("parameter %d of %#x is of type %d", i, request, le.Uint32(block[at:]))
		}
		if i < len(links) && (links[i].Offset != at+8 || int(le.Uint32(block[at+4:])) != len(links[i].Buffer)) {
			v.s.complain("the buffer of parameter %d of %#x is at %d", i, request, links[i].Offset)
		}
	}
	if name := links[0].Buffer; name[len(name)-1] != 0 || len(links) != min(2, len(kinds)) {
		v.s.complain("the name of a property is %q, with %d buffers", name, len(links))
	}
}

func (v *vbox) service(request uint, block []byte, links []Link) int {
	name := string(bytes.TrimRight(links[0].Buffer, "\x00"))
	value, found := v.s.last(name, "property")
	if request == vboxDelete {
		if _, readOnly := v.s.last(name, "absent"); readOnly {
			return vboxDenied
		}
		v.s.mu.Lock()
		defer v.s.mu.Unlock()
		v.s.things = append(v.s.things, thing{kind: "property", name: name, rest: "GONE"})
		return 0
	}
	switch {
	case value == "GONE", !found:
		return vboxNotFound
	case value == "BROKEN":
		return -1
	}
	raw := value + "\x00TRANSIENT\x00"
	binary.LittleEndian.PutUint32(block[vboxAt+3*vboxParameter+4:], uint32(len(raw)))
	if copy(links[1].Buffer, raw) < len(raw) {
		return vboxOverflow
	}
	return 0
}
