package providers

import (
	"encoding/binary"
	"math"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// A hypervisor answers at the level of registers, by the table of docs/peer/platforms.md §3.
type hypervisor struct {
	reply     string
	noCookies bool // refuses the cookie flag
	refuses   uint32
	interrupt map[uint32]int // message kind to how many times it is answered "checkpoint"
	lies      uint32         // bytes that the reply is said to have more

	request       []byte
	size          uint32
	taken, opened int
	closed        int
}

func (h *hypervisor) call(r *registers) {
	if r.ax != backdoorMagic || r.dx&0xFFFF != backdoorPort {
		r.ax = math.MaxUint32
		return
	}
	if r.cx == backdoorVersion {
		r.ax, r.bx = 6, backdoorMagic
		return
	}
	kind, in := r.cx>>16, *r
	r.cx &= 0xFFFF
	if kind != messageOpen && (in.dx>>16 != 5 || in.si != 0xAA || in.di != 0xBB) || h.refuses == kind+1 {
		return
	}
	if h.interrupt[kind] > 0 {
		h.interrupt[kind]--
		if h.taken = 0; kind == messageSend {
			h.request = nil
		}
		r.cx |= messageCheckpoint << 16
		return
	}
	r.cx |= messageOK << 16
	h.message(kind, in, r)
}

func (h *hypervisor) message(kind uint32, in registers, r *registers) {
	switch kind {
	case messageOpen:
		if in.bx != rpcProtocol|rpcCookies && (!h.noCookies || in.bx != rpcProtocol) || h.noCookies &&
			in.bx != rpcProtocol {
			r.cx &= 0xFFFF
			return
		}
		h.opened++
		r.dx, r.si, r.di = 5<<16|backdoorPort, 0xAA, 0xBB
	case messageSendSize:
		h.size, h.request = in.bx, nil
	case messageSend:
		h.request = binary.LittleEndian.AppendUint32(h.request, in.bx)
	case messageReceiveSize:
		h.taken = 0
		r.cx |= messageReady << 16
		r.bx, r.dx = uint32(len(h.reply))+h.lies, 1<<16|backdoorPort
	case messageReceive:
		var word [4]byte
		if h.taken < len(h.reply) {
			h.taken += copy(word[:], h.reply[h.taken:])
		}
		r.bx, r.dx = binary.LittleEndian.Uint32(word[:]), 2<<16|backdoorPort
	case messageClose:
		h.closed++
	}
}

func TestRequestsToVMware(t *testing.T) {
	for name, test := range map[string]struct {
		h    hypervisor
		want string
		err  string
	}{
		"a reply":                  {hypervisor{reply: "1 value"}, "1 value", ""},
		"a reply of whole words":   {hypervisor{reply: "1 valued"}, "1 valued", ""},
		"an empty reply":           {hypervisor{}, "", ""},
		"without cookies":          {hypervisor{reply: "1 ", noCookies: true}, "1 ", ""},
		"a snapshot while sending": {hypervisor{reply: "1 x", interrupt: map[uint32]int{messageSend: 2}}, "1 x", ""},
		"a snapshot while receiving": {hypervisor{reply: "1 x", interrupt: map[uint32]int{messageReceive: 2}}, "1 x",
			""},
		"snapshots without end": {hypervisor{interrupt: map[uint32]int{messageSendSize: math.MaxInt}}, "", "paused"},
		"snapshots without end, receiving": {hypervisor{reply: "x",
			interrupt: map[uint32]int{messageReceive: math.MaxInt}}, "", "paused"},
		"no channel":       {hypervisor{refuses: messageOpen + 1}, "", "open a channel"},
		"no size taken":    {hypervisor{refuses: messageSendSize + 1}, "", "send: the hypervisor does not go along"},
		"no payload taken": {hypervisor{refuses: messageSend + 1}, "", "send: the hypervisor does not go along"},
		"no size given": {hypervisor{refuses: messageReceiveSize + 1}, "",
			"receive: the hypervisor does not go along"},
		"no payload given": {hypervisor{reply: "x", refuses: messageReceive + 1}, "",
			"receive: the hypervisor does not go along"},
		"a size that no reply can have": {hypervisor{reply: "x", lies: 1 << 31}, "", "is said to have"},
	} {
		t.Run(name, func(t *testing.T) {
			h := &test.h
			got, err := backdoor(h.call).request("info-get guestinfo.abc")
			assert.Equal(t, h.opened, h.closed, "channels that are left open")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, got)
			assert.Equal(t, "info-get guestinfo.abc", string(h.request[:h.size]))
			assert.Equal(t, 1, h.opened)
		})
	}
}

func TestTheHypervisorIsRecognised(t *testing.T) {
	h := &hypervisor{}
	assert.True(t, backdoor(h.call).present())
	for _, ax := range []uint32{0, math.MaxUint32} {
		assert.False(t, backdoor(func(r *registers) { r.ax = ax }).present())
	}
}

// The processor that runs the tests is not one of VMware's, or if it is, the answer is one of its hypervisor.
func TestVMwareIsAskedOnlyWhereItIs(t *testing.T) {
	reply, err := vmwareRequest("info-get guestinfo.glowplug.test")
	if err != nil {
		require.ErrorIs(t, err, ErrAbsent)
		if runtime.GOARCH != "amd64" {
			assert.ErrorContains(t, err, runtime.GOARCH)
		}
		return
	}
	assert.True(t, strings.HasPrefix(reply, "0 ") || strings.HasPrefix(reply, "1 "))
}
