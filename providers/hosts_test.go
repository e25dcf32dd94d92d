package providers

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"strings"
	"time"
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
		r := Request{URL: "http://" + request.Host + request.URL.Path}
		e, err := s.take(r)
		if err != nil || e.status == 0 {
			return
		}
		time.Sleep(e.after)
		fmt.Fprintf(host, "HTTP/1.1 %d X\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", e.status, len(e.reply), e.reply)
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
		return strings.Replace(tritonFrame(fields[3]+" SUCCESS "+base64.StdEncoding.EncodeToString([]byte("x"))), "V2 ", "V2 9", 1)
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

// vbox is the guest device of VirtualBox, as far as its headers and calls are checked.
type vbox struct {
	s         *script
	connected bool
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
	if size := request >> 16 & 0x3FFF; int(size) != len(block) || le.Uint32(block[4:]) != 0x10001 {
		v.s.complain("the block of %#x has %d bytes", request, len(block))
	}
	result := func(rc int) { le.PutUint32(block[12:], uint32(int32(rc))) }
	switch request {
	case vboxVersion:
	case vboxConnect:
		v.connected = string(bytes.TrimRight(block[28:], "\x00")) == vboxService
		le.PutUint32(block[24:], 77)
	case vboxDisconnect:
		v.connected = false
	case vboxGet, vboxDelete:
		if le.Uint32(block[24:]) != 77 {
			v.s.complain("the client is not the one that has connected")
		}
		result(v.service(request, block, links))
	default:
		return fmt.Errorf("ioctl %#x: %w", request, errBroken)
	}
	return nil
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
