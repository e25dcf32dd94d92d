package block

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

// A GUID as it stands on a disk: the first three fields little-endian, the rest as written.
type GUID [16]byte

// guidGroups are the bytes of each group of a GUID's text, in the order of the text.
var guidGroups = [5][]int{{3, 2, 1, 0}, {5, 4}, {7, 6}, {8, 9}, {10, 11, 12, 13, 14, 15}}

// LinuxData is the type of a partition whose type nobody gave, as sgdisk gives it.
var LinuxData = GUID{0xAF, 0x3D, 0xC6, 0x0F, 0x83, 0x84, 0x72, 0x47, 0x8E, 0x79, 0x3D, 0x69, 0xD8, 0x47, 0x7D, 0xE4}

// String is the GUID in capitals, as sgdisk and libblkid's callers write it.
func (g GUID) String() string {
	var groups [5]string
	for i, order := range guidGroups {
		for _, at := range order {
			groups[i] += strings.ToUpper(hex.EncodeToString(g[at : at+1]))
		}
	}
	return strings.Join(groups[:], "-")
}

// ParseGUID reads the text of a GUID in either case.
func ParseGUID(text string) (GUID, error) {
	var g GUID
	groups := strings.Split(text, "-")
	if len(groups) != len(guidGroups) {
		return GUID{}, fmt.Errorf("GUID %.50q: not five groups of digits", text)
	}
	for i, order := range guidGroups {
		raw, err := hex.DecodeString(groups[i])
		if err != nil || len(raw) != len(order) {
			return GUID{}, fmt.Errorf("GUID %.50q: group %d is not %d hexadecimal digits", text, i+1, 2*len(order))
		}
		for k, at := range order {
			g[at] = raw[k]
		}
	}
	return g, nil
}

// newGUID makes a random GUID (RFC 9562, version 4).
func newGUID(random io.Reader) (GUID, error) {
	var g GUID
	if _, err := io.ReadFull(random, g[:]); err != nil {
		return GUID{}, fmt.Errorf("random GUID: %w", err)
	}
	g[7] = g[7]&0x0F | 0x40
	g[8] = g[8]&0x3F | 0x80
	return g, nil
}

// readAt gives n bytes at an offset, or nil if the device ends before that.
func readAt(r io.ReaderAt, size, offset int64, n int) ([]byte, error) {
	if offset < 0 || n < 0 || offset > size-int64(n) {
		return nil, nil
	}
	data := make([]byte, n)
	read, err := r.ReadAt(data, offset)
	if read == n {
		return data, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = io.ErrUnexpectedEOF // shorter than it was said to be
	}
	return nil, fmt.Errorf("bytes %d to %d: %w", offset, offset+int64(n)-1, err)
}

var le = binary.LittleEndian
var be = binary.BigEndian
