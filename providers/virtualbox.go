package providers

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
)

// The calls of VirtualBox's guest device that reach the guest properties (docs/peer/platforms.md §3). All fields are
// little-endian.
const (
	vboxDevice     = "/dev/vboxguest"
	vboxVersion    = 0xC02C5600
	vboxConnect    = 0xC09C5604
	vboxDisconnect = 0xC01C5605
	vboxGet        = 0xC0685607
	vboxDelete     = 0xC0385607
	vboxService    = "VBoxGuestPropSvc"

	vboxHeader    = 24
	vboxParameter = 16 // bytes of a parameter of a call
	vboxAt        = 40 // of the first one

	vboxOverflow = -41
	vboxNotFound = -78
	vboxDenied   = -10
)

// The properties.
const (
	vboxConfig   = "/Ignition/Config"
	vboxEncoding = "/Ignition/Config/Encoding"
)

// A vboxError is the return code of a call.
type vboxError int32

// Error names the codes that are told apart.
func (e vboxError) Error() string {
	switch e {
	case vboxNotFound:
		return "not found"
	case vboxDenied:
		return "permission denied: the property is read-only for the guest"
	}
	return fmt.Sprintf("VirtualBox error %d", int32(e))
}

func virtualbox(_ context.Context, m *Machine) (Document, error) {
	encoding, err := property(m, vboxEncoding)
	if err != nil {
		return Document{}, err
	}
	if encoding != "" {
		return Document{}, fmt.Errorf("guest property %s: the encoding is not known; the property must be "+
			"absent or empty", vboxEncoding)
	}
	text, err := property(m, vboxConfig)
	return Document{Text: []byte(text)}, err
}

// forgetVirtualbox deletes both properties; one that is not there is deleted too.
func forgetVirtualbox(_ context.Context, m *Machine) error {
	for _, name := range []string{vboxEncoding, vboxConfig} {
		err := withClient(m, func(c Controls, id uint32) error {
			block := vboxBlock(vboxAt+vboxParameter, 0)
			return vboxDo(c, vboxDelete, block, vboxCall(block, id, 4, name, nil)...)
		})
		if err != nil && !errors.Is(err, vboxError(vboxNotFound)) {
			return fmt.Errorf("delete guest property %s: %w", name, err)
		}
	}
	return nil
}

// property reads a guest property, "" where there is none.
func property(m *Machine, name string) (string, error) {
	var value []byte
	err := withClient(m, func(c Controls, id uint32) (err error) {
		value, err = readProperty(c, id, name)
		return err
	})
	if errors.Is(err, vboxError(vboxNotFound)) {
		return "", nil
	}
	if err == nil {
		value, err = propertyText(value)
	}
	if err != nil {
		return "", fmt.Errorf("guest property %s: %w", name, err)
	}
	return string(value), nil
}

// propertyMax is far above what the host keeps: 64 KiB since version 7, 128 bytes before.
const propertyMax = 16 << 20

// readProperty asks first how long the value is.
func readProperty(c Controls, id uint32, name string) ([]byte, error) {
	size, err := getProperty(c, id, name, make([]byte, 1))
	if err != nil && !errors.Is(err, vboxError(vboxOverflow)) {
		return nil, err
	}
	if size < 1 || size > propertyMax {
		return nil, fmt.Errorf("the host says that the value has %d bytes", size)
	}
	value := make([]byte, size)
	_, err = getProperty(c, id, name, value)
	return value, err
}

// getProperty fills the value; size is what it would need.
func getProperty(c Controls, id uint32, name string, value []byte) (size uint32, err error) {
	block := vboxBlock(104, 0)
	links := vboxCall(block, id, 1, name, value)
	err = vboxDo(c, vboxGet, block, links...)
	return binary.LittleEndian.Uint32(block[vboxAt+3*vboxParameter+4:]), err
}

// propertyText takes the flags off: a value is text, NUL, flags, NUL.
func propertyText(value []byte) ([]byte, error) {
	text, _, found := bytes.Cut(value, []byte{0})
	if !found {
		return nil, errors.New("the value has no end")
	}
	return text, nil
}

// withClient opens the device and connects to the service of guest properties for as long as use runs.
func withClient(m *Machine, use func(c Controls, id uint32) error) error {
	c, err := m.Control(vboxDevice)
	if err != nil {
		return err
	}
	defer c.Close()
	version := vboxBlock(44, 40)
	binary.LittleEndian.PutUint32(version[24:], 0x10000)
	binary.LittleEndian.PutUint32(version[28:], 0x10000)
	if err := vboxDo(c, vboxVersion, version); err != nil {
		return fmt.Errorf("%s: version: %w", vboxDevice, err)
	}
	connect := vboxBlock(156, 156)
	binary.LittleEndian.PutUint32(connect[16:], 28)
	binary.LittleEndian.PutUint32(connect[24:], 2) // a service that is there
	copy(connect[28:], vboxService)
	if err := vboxDo(c, vboxConnect, connect); err != nil {
		return fmt.Errorf("%s: connect: %w", vboxDevice, err)
	}
	id := binary.LittleEndian.Uint32(connect[24:])
	err = use(c, id)
	disconnect := vboxBlock(28, 28)
	binary.LittleEndian.PutUint32(disconnect[16:], vboxHeader)
	binary.LittleEndian.PutUint32(disconnect[24:], id)
	if closed := vboxDo(c, vboxDisconnect, disconnect); err == nil && closed != nil {
		err = fmt.Errorf("%s: disconnect: %w", vboxDevice, closed)
	}
	return err
}

// vboxBlock makes the block of a call with its header. In is how many bytes of it go in where that is not all of them.
func vboxBlock(size, in uint32) []byte {
	b := make([]byte, size)
	if in == 0 {
		in = size
	}
	binary.LittleEndian.PutUint32(b[0:], in)
	binary.LittleEndian.PutUint32(b[4:], 0x10001)
	binary.LittleEndian.PutUint32(b[16:], size)
	return b
}

// vboxCall fills in the call of a function: with the name of a property and, to get it, the buffer for the value, a
// time stamp and the size.
func vboxCall(block []byte, id, function uint32, name string, value []byte) []Link {
	const in32, in64, bufferBoth, bufferIn = 1, 2, 4, 5
	le := binary.LittleEndian
	le.PutUint32(block[24:], id)
	le.PutUint32(block[28:], function)
	le.PutUint32(block[32:], 0xFFFFFFFF) // no time limit
	block[36] = 1                        // can be interrupted
	le.PutUint16(block[38:], uint16((len(block)-vboxAt)/vboxParameter))
	buffer := func(i int, kind uint32, b []byte) Link {
		le.PutUint32(block[vboxAt+i*vboxParameter:], kind)
		le.PutUint32(block[vboxAt+i*vboxParameter+4:], uint32(len(b)))
		return Link{Offset: vboxAt + i*vboxParameter + 8, Buffer: b}
	}
	links := []Link{buffer(0, bufferIn, append([]byte(name), 0))}
	if value != nil {
		links = append(links, buffer(1, bufferBoth, value))
		le.PutUint32(block[vboxAt+2*vboxParameter:], in64)
		le.PutUint32(block[vboxAt+3*vboxParameter:], in32)
	}
	return links
}

// vboxDo calls, and gives the service's own return code as a vboxError.
func vboxDo(c Controls, request uint, block []byte, links ...Link) error {
	if err := c.Call(request, block, links...); err != nil {
		return err
	}
	if rc := int32(binary.LittleEndian.Uint32(block[12:])); rc != 0 {
		return vboxError(rc)
	}
	return nil
}
