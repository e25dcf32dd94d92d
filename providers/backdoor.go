package providers

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
)

// registers go to the hypervisor and come back changed.
type registers struct{ ax, bx, cx, dx, si, di uint32 }

// Numbers of VMware's backdoor (docs/peer/platforms.md §3). The port and what each register means are those of
// open-vm-tools' documentation of the message channel.
const (
	backdoorMagic   = 0x564D5868
	backdoorPort    = 0x5658
	backdoorVersion = 10
	backdoorMessage = 0x1E

	rpcProtocol = 0x49435052
	rpcCookies  = 0x80000000

	messageOpen, messageSendSize, messageSend, messageReceiveSize, messageReceive, messageStatus, messageClose = 0, 1,
		2, 3, 4, 5, 6

	messageOK, messageReady, messageCheckpoint = 1, 2, 0x10
)

// replyMax bounds what the hypervisor may answer; guestinfo holds far less.
const replyMax = textMax

// attempts: a snapshot in the middle of a request asks to begin anew.
const attempts = 10

// A backdoor calls the hypervisor once.
type backdoor func(*registers)

// present asks for the version, which answers with the magic where there is a hypervisor behind the port.
func (b backdoor) present() bool {
	r := registers{ax: backdoorMagic, bx: ^uint32(backdoorMagic), cx: backdoorVersion, dx: backdoorPort}
	b(&r)
	return r.ax != 0 && r.ax != math.MaxUint32 && r.bx == backdoorMagic
}

// A channel is a conversation with the hypervisor: one request, one reply.
type channel struct {
	call    backdoor
	id      uint32
	hi, low uint32 // the cookie
}

// message does one step; ok is the lowest bit of flags.
func (c *channel) message(kind, bx, dx uint32) (r registers, flags uint32) {
	r = registers{ax: backdoorMagic, bx: bx, cx: kind<<16 | backdoorMessage, dx: dx<<16 | backdoorPort, si: c.hi,
		di: c.low}
	c.call(&r)
	return r, r.cx >> 16
}

var errHypervisor = errors.New("the hypervisor does not go along")

// request opens a channel, sends a text and gives the reply.
func (b backdoor) request(text string) (string, error) {
	c := &channel{call: b}
	r, flags := c.message(messageOpen, rpcProtocol|rpcCookies, 0)
	if flags&messageOK == 0 {
		if r, flags = c.message(messageOpen, rpcProtocol, 0); flags&messageOK == 0 {
			return "", fmt.Errorf("open a channel: %w", errHypervisor)
		}
	}
	c.id, c.hi, c.low = r.dx>>16, r.si, r.di
	defer c.message(messageClose, 0, c.id)
	for range attempts {
		reply, err := c.exchange(text)
		if !errors.Is(err, errCheckpoint) {
			return reply, err
		}
	}
	return "", errCheckpoint
}

var errCheckpoint = errors.New("the machine was paused in the middle of a request")

func (c *channel) exchange(text string) (string, error) {
	if err := c.send(text); err != nil {
		return "", fmt.Errorf("send: %w", err)
	}
	reply, err := c.receive()
	if err != nil {
		return "", fmt.Errorf("receive: %w", err)
	}
	return reply, nil
}

func refused(flags uint32) error {
	if flags&messageCheckpoint != 0 {
		return errCheckpoint
	}
	return errHypervisor
}

func (c *channel) send(text string) error {
	if _, flags := c.message(messageSendSize, uint32(len(text)), c.id); flags&messageOK == 0 {
		return refused(flags)
	}
	for len(text) > 0 {
		var word [4]byte
		n := copy(word[:], text)
		if _, flags := c.message(messageSend, binary.LittleEndian.Uint32(word[:]), c.id); flags&messageOK == 0 {
			return refused(flags)
		}
		text = text[n:]
	}
	return nil
}

func (c *channel) receive() (reply string, err error) {
	for range attempts {
		if reply, err = c.receiveOnce(); !errors.Is(err, errCheckpoint) {
			break
		}
	}
	return reply, err
}

func (c *channel) receiveOnce() (string, error) {
	r, flags := c.message(messageReceiveSize, 0, c.id)
	switch {
	case flags&messageOK == 0:
		return "", errHypervisor
	case flags&messageReady == 0:
		return "", nil
	case r.dx>>16 != messageSendSize:
		return "", errHypervisor
	}
	size := r.bx
	if size > replyMax {
		return "", fmt.Errorf("the reply is said to have %d bytes: %w", size, errHypervisor)
	}
	var reply []byte
	for uint32(len(reply)) < size {
		r, flags := c.message(messageReceive, 1, c.id)
		if flags&messageOK == 0 || r.dx>>16 != messageSend {
			c.message(messageReceive, 0, c.id)
			if flags&messageOK == 0 {
				return "", refused(flags)
			}
			return "", errHypervisor
		}
		reply = binary.LittleEndian.AppendUint32(reply, r.bx)
	}
	c.message(messageStatus, 1, c.id)
	return string(reply[:size]), nil
}
