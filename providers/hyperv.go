package providers

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// The messages of Hyper-V's key-value exchange (linux/hyperv.h): one size, little-endian, of an operation, a pool, two
// sizes, a key and a value.
const (
	kvpMessage  = 7432
	kvpKeyMax   = 512
	kvpValueMax = 2048
	kvpKeyAt    = 16
	kvpValueAt  = kvpKeyAt + kvpKeyMax
	kvpPools    = 5

	kvpSet      = 1
	kvpRegister = 100
	kvpFail     = 0x80004005
)

// A pair is a key and a value that the host has set in a pool.
type pair struct {
	pool       byte
	key, value string
}

// pairsMax is far more than hosts keep, and as much as is held of any text.
const pairsMax = textMax / (kvpKeyMax + kvpValueMax)

const kvpDevice = "/dev/vmbus/hv_kvp"

// The host sends its pairs once a boot, right after somebody registers; a moment of silence ends them.
const (
	kvpAppears = 30 * time.Second
	kvpFirst   = 5 * time.Second
	kvpNext    = time.Second
)

// hyperv takes the config out of the pairs. As the host does not repeat them, all become the files in which the daemon
// of the booted system would have put them.
func hyperv(ctx context.Context, m *Machine) (Document, error) {
	if err := m.module(ctx, "hv_utils", "/sys/bus/vmbus/drivers/hv_utils"); err != nil {
		return Document{}, err
	}
	limited, stop := appearing(ctx, kvpAppears)
	defer stop()
	device, err := poll(limited, m, kvpDevice, time.Second, func() (Stream, bool, error) {
		s, err := m.Open(kvpDevice)
		if errors.Is(err, fs.ErrNotExist) {
			return nil, false, nil
		}
		return s, true, err
	})
	if err != nil {
		return Document{}, err
	}
	defer device.Close()
	pairs, err := readPairs(device, m.Now)
	if err != nil {
		return Document{}, fmt.Errorf("%s: %w", kvpDevice, err)
	}
	if len(pairs) == 0 {
		for pool := range byte(kvpPools) {
			pairs = append(pairs, keptPairs(m.Kept, pool)...)
		}
	}
	d := Document{Text: []byte(configOf(pairs))}
	for pool := range byte(kvpPools) {
		d.Files = append(d.Files, File{Path: poolPath(pool), Mode: 0o600, Text: poolFile(pairs, pool)})
	}
	return d, nil
}

func poolPath(pool byte) string { return "/var/lib/hyperv/.kvp_pool_" + strconv.Itoa(int(pool)) }

// keptPairs are the pairs of a pool as an earlier stage of this boot has got them.
func keptPairs(kept []File, pool byte) (pairs []pair) {
	for _, f := range kept {
		if f.Path == poolPath(pool) {
			pairs = append(pairs, pairsOf(f.Text.Reveal(), pool)...)
		}
	}
	return pairs
}

// pairsOf reads the file of a pool; what is no whole record at its end is left out.
func pairsOf(file string, pool byte) (pairs []pair) {
	const size = kvpKeyMax + kvpValueMax
	for ; len(file) >= size; file = file[size:] {
		key, _, _ := strings.Cut(file[:kvpKeyMax], "\x00")
		value, _, _ := strings.Cut(file[kvpKeyMax:size], "\x00")
		pairs = append(pairs, pair{pool, key, value})
	}
	return pairs
}

// readPairs registers and takes what the host sends until it is silent.
func readPairs(device Stream, now func() time.Time) (pairs []pair, err error) {
	message := make([]byte, kvpMessage)
	message[0] = kvpRegister
	if err := wholeMessage(device.Write(message)); err != nil {
		return nil, err
	}
	for wait := kvpFirst; ; wait = kvpNext {
		if err := device.SetReadDeadline(now().Add(wait)); err != nil {
			return nil, err
		}
		n, err := device.Read(message)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return pairs, nil
		case err != nil:
			return nil, err
		}
		if err := wholeMessage(n, nil); err != nil {
			return nil, err
		}
		if len(pairs) > pairsMax {
			return nil, fmt.Errorf("more than %d pairs", pairsMax)
		}
		reply := answer(message, &pairs)
		if reply == nil {
			continue
		}
		if err := wholeMessage(device.Write(reply)); err != nil {
			return nil, err
		}
	}
}

// wholeMessage judges a read or write of one message.
func wholeMessage(n int, err error) error {
	if err == nil && n != kvpMessage {
		return fmt.Errorf("a message of %d bytes: %w", n, io.ErrUnexpectedEOF)
	}
	return err
}

// answer takes up a message and gives the reply to it, nil where it gets none.
func answer(message []byte, pairs *[]pair) []byte {
	var fault uint32
	switch message[0] {
	case kvpRegister:
		return nil
	case kvpSet:
		p, ok := pairOf(message)
		if ok {
			*pairs = append(*pairs, p)
			break
		}
		fault = kvpFail
	default:
		fault = kvpFail
	}
	reply := make([]byte, kvpMessage)
	binary.LittleEndian.PutUint32(reply, fault)
	return reply
}

// pairOf reads a pair out of a whole message. Both sizes count the NUL at the end; one that cannot be is no pair.
func pairOf(message []byte) (p pair, ok bool) {
	key := binary.LittleEndian.Uint32(message[8:])
	value := binary.LittleEndian.Uint32(message[12:])
	if key == 0 || key > kvpKeyMax || value == 0 || value > kvpValueMax || message[1] >= kvpPools {
		return p, false
	}
	return pair{message[1], string(message[kvpKeyAt:][:key-1]), string(message[kvpValueAt:][:value-1])}, true
}

// configOf puts the config together: whole, or in parts that are counted. Values are short, so most come in parts.
func configOf(pairs []pair) string {
	const key = "ignition.config"
	first := map[string]string{}
	for _, p := range pairs {
		if _, known := first[p.key]; p.pool == 0 && !known {
			first[p.key] = p.value
		}
	}
	if whole := first[key]; strings.TrimSpace(whole) != "" {
		return whole
	}
	var text bytes.Buffer
	for i := 0; ; i++ {
		part, found := first[key+"."+strconv.Itoa(i)]
		if !found {
			return text.String()
		}
		text.WriteString(part)
	}
}

// poolFile is the file of a pool: records of fixed size, filled up with NULs.
func poolFile(pairs []pair, pool byte) diag.Secret {
	var file []byte
	for _, p := range pairs {
		if p.pool == pool {
			record := make([]byte, kvpKeyMax+kvpValueMax)
			copy(record, p.key)
			copy(record[kvpKeyMax:], p.value)
			file = append(file, record...)
		}
	}
	return diag.Secret(file)
}
