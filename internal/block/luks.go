package block

import (
	"bytes"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/json"
	"hash"
	"io"
	"slices"
	"strings"
)

// LUKS headers. Version 1 is a fixed part of big-endian fields; version 2 is a fixed part of 4096 bytes with JSON
// behind it, and the same again with a magic of its own (LUKS2 On-Disk Format Specification 1.1, §2 and §3).
const (
	luksMagic       = "LUKS\xba\xbe"
	luksSecondMagic = "SKUL\xba\xbe"
	luksFixed       = 4096
	luksSmallest    = 16 << 10 // of a header with its JSON; each permitted size is twice the one before
	luksLargest     = 4 << 20
)

// LUKS is what the header of an encrypted volume says.
type LUKS struct {
	Version   int // 1 or 2
	UUID      string
	Label     string   // of version 2, as all below
	Subsystem string   // free text, for whoever made the volume
	Flags     []string // how it is opened, as "allow-discards"
	Tokens    []string // their types, sorted
	Keyslots  int
	// Broken: no copy has a good checksum and JSON, so only UUID, Label and Subsystem are known.
	Broken bool
}

// luksMetadata is what is read of the JSON.
type luksMetadata struct {
	Keyslots map[string]json.RawMessage `json:"keyslots"`
	Tokens   map[string]struct {
		Type string `json:"type"`
	} `json:"tokens"`
	Config struct {
		Flags []string `json:"flags"`
	} `json:"config"`
}

// ReadLUKS reads the header of an encrypted volume; found is false if there is none of version 1 or 2. Of version 2 the
// newer good copy counts, as for cryptsetup. It reads at most 4 MiB a copy, whatever the header says.
func ReadLUKS(r io.ReaderAt, size int64) (header LUKS, found bool, err error) {
	d := &device{r: r, size: size}
	fixed, offset, found := luksHeader(d)
	if !found || d.err != nil {
		return LUKS{}, false, d.err
	}
	header = luksNames(fixed)
	if header.Version == 1 {
		return header, true, nil
	}
	header.Broken = true
	newest := uint64(0)
	for _, at := range luksPlaces(d, offset) {
		copy, sequence, good := readLUKSCopy(d, at)
		if good && (header.Broken || sequence > newest) {
			header, newest = copy, sequence
		}
	}
	return header, true, d.err
}

// luksHeader finds the fixed part by which a volume is recognised, as libblkid does: the first header, or where that is
// lost the second, which stands at one of a few places and says at which.
func luksHeader(d *device) (fixed []byte, at int64, found bool) {
	first := d.at(0, 512)
	if string(first[:6]) == luksMagic {
		version := be.Uint16(first[6:])
		return first, 0, version == 1 || version == 2
	}
	for at := int64(luksSmallest); at <= luksLargest; at *= 2 {
		if second := d.at(at, 512); string(second[:6]) == luksSecondMagic && be.Uint64(second[256:]) == uint64(at) {
			return second, at, be.Uint16(second[6:]) == 2
		}
	}
	return nil, 0, false
}

// luksPlaces are where copies of a header of version 2 are looked for. The first says how far behind it the second is,
// but a damaged one may lie, so all permitted places are looked at.
func luksPlaces(d *device, known int64) []int64 {
	places := []int64{known}
	for at := int64(luksSmallest); at <= luksLargest; at *= 2 {
		if second := d.at(at, 6); at != known && string(second) == luksSecondMagic {
			places = append(places, at)
		}
	}
	return places
}

// luksNames reads the fields that both versions have in one place, and those of version 2.
func luksNames(fixed []byte) LUKS {
	header := LUKS{Version: int(be.Uint16(fixed[6:])), UUID: labelText(fixed[168:208])}
	if header.Version == 2 {
		header.Label, header.Subsystem = luksText(fixed[24:72]), luksText(fixed[208:256])
	}
	return header
}

// luksText is text up to its first NUL. Unlike what blkid prints, it keeps white space at its end: cryptsetup compares
// it.
func luksText(raw []byte) string {
	text, _, _ := bytes.Cut(raw, []byte{0})
	return string(text)
}

// readLUKSCopy reads one header of version 2. A good one is where it says it is, of a permitted size, has JSON, and a
// checksum over all of it.
func readLUKSCopy(d *device, at int64) (header LUKS, sequence uint64, good bool) {
	fixed := d.at(at, 512)
	size := be.Uint64(fixed[8:])
	permitted := size >= luksSmallest && size <= luksLargest && size&(size-1) == 0
	magic := string(fixed[:6])
	named := at == 0 && magic == luksMagic || at != 0 && magic == luksSecondMagic && uint64(at) == size
	if !permitted || !named || be.Uint16(fixed[6:]) != 2 || be.Uint64(fixed[256:]) != uint64(at) {
		return LUKS{}, 0, false
	}
	whole := d.at(at, int(size))
	sum := luksSum(labelText(fixed[72:104]))
	if d.err != nil || sum == nil {
		return LUKS{}, 0, false
	}
	stated := bytes.Clone(whole[448:512])
	clear(whole[448:512])
	sum.Write(whole)
	text, _, _ := bytes.Cut(whole[luksFixed:], []byte{0})
	var metadata luksMetadata
	if !bytes.HasPrefix(stated, sum.Sum(nil)) || json.Unmarshal(text, &metadata) != nil {
		return LUKS{}, 0, false
	}
	header = luksNames(fixed)
	header.Flags, header.Keyslots = metadata.Config.Flags, len(metadata.Keyslots)
	for _, token := range metadata.Tokens {
		header.Tokens = append(header.Tokens, token.Type)
	}
	slices.Sort(header.Tokens)
	return header, be.Uint64(fixed[16:]), true
}

// luksSum is the checksum of a name; cryptsetup itself writes sha256 and nothing else.
func luksSum(name string) hash.Hash {
	switch name {
	case "sha256":
		return sha256.New()
	case "sha512":
		return sha512.New()
	}
	return nil
}

// readLUKS is what libblkid says of a volume.
func readLUKS(d *device) (Signature, bool) {
	fixed, at, found := luksHeader(d)
	if !found {
		return Signature{}, false
	}
	d.hit(at, int64(len(luksMagic)))
	header := luksNames(fixed)
	return Signature{"crypto_LUKS", header.UUID, labelText([]byte(header.Label))}, true
}

// VolumeName is the name under which an encrypted volume is open that device-mapper has as a device of this name in
// sysfs; "" if the device is no such volume. Cryptsetup marks its own in the UUIDs that it gives to device-mapper.
func (s Sysfs) VolumeName(name string) (string, error) {
	uuid, err := s.value(name, "dm/uuid")
	if err != nil || !strings.HasPrefix(uuid, "CRYPT-LUKS") {
		return "", err
	}
	return s.MapperName(name)
}
