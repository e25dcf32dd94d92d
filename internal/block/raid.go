package block

import (
	"encoding/binary"
	"io"
	"io/fs"
	"path"
	"strings"
)

// Superblocks of md arrays as the kernel's include/uapi/linux/raid/md_p.h has them: version 0.90 in the machine's own
// byte order at the end of a member, version 1 little-endian at the end (1.0), the start (1.1) or 4 KiB behind it
// (1.2).
const (
	mdMagic    = 0xa92b4efc
	mdSpare    = 0xffff // values of a role in version 1 that are no slot of the array
	mdFaulty   = 0xfffe
	mdReserved = 64 << 10 // at the end, in version 0.90
	mdMaxRoles = 1920     // that fit into the 4 KiB of a superblock of version 1
)

// NoRole is the Role of a member that is a spare or out of order.
const NoRole = -1

// A Member is what a device's superblock says of the md array that it is part of.
type Member struct {
	Metadata string // 0.90, 1.0, 1.1 or 1.2
	UUID     string // of the array
	Name     string // of the array, as "host:data"; "" in 0.90, which has none
	Level    int    // as the kernel counts: 0, 1, 4, 5, 6, 10; linear is -1
	Disks    int    // active members that the array is to have
	Role     int    // slot among them, from 0, or NoRole
	// Events counts changes of the array's state. It is 0 until the array runs; one without redundancy may never count.
	Events     uint64
	DataOffset int64 // bytes from the start of the device
	// Sound: the checksum is right.
	Sound bool
}

// ReadMember reads the md superblock of a device; found is false if there is none.
func ReadMember(r io.ReaderAt, size int64) (m Member, found bool, err error) {
	d := &device{r: r, size: size}
	m, found = mdMember(d)
	return m, found && d.err == nil, d.err
}

// readMD is what libblkid says of a member.
func readMD(d *device) (Signature, bool) {
	m, found := mdMember(d)
	return Signature{"linux_raid_member", m.UUID, m.Name}, found
}

func mdMember(d *device) (Member, bool) {
	if m, found := mdMember090(d); found {
		return m, true
	}
	for _, place := range []struct {
		metadata string
		at       int64
	}{{"1.0", (d.size/512 - 16) &^ 7 * 512}, {"1.1", 0}, {"1.2", 4096}} {
		sb := d.at(place.at, 256)
		if le.Uint32(sb) != mdMagic || le.Uint32(sb[4:]) != 1 || le.Uint64(sb[144:]) != uint64(place.at)/512 {
			continue
		}
		m := Member{
			Metadata: place.metadata, UUID: uuidText(sb[16:32]), Name: labelText(sb[32:64]),
			Level: int(int32(le.Uint32(sb[72:]))),
			Disks: int(le.Uint32(sb[92:])), Role: NoRole, Events: le.Uint64(sb[200:]),
			DataOffset: int64(le.Uint64(sb[128:]) * 512),
		}
		d.hit(place.at, 4)
		m.checkRoles(d, place.at, le.Uint32(sb[160:]), le.Uint32(sb[220:]))
		return m, true
	}
	return Member{}, false
}

// checkRoles reads the list behind the fixed part: it says which slot each device has, and the checksum covers it.
func (m *Member) checkRoles(d *device, at int64, number, count uint32) {
	if count > mdMaxRoles {
		return
	}
	sb := d.at(at, 256+2*int(count))
	if number < count {
		if role := le.Uint16(sb[256+2*number:]); role < mdFaulty {
			m.Role = int(role)
		}
	}
	stated := le.Uint32(sb[216:])
	clear(sb[216:220])
	var sum uint64
	for ; len(sb) >= 4; sb = sb[4:] {
		sum += uint64(le.Uint32(sb))
	}
	if len(sb) == 2 {
		sum += uint64(le.Uint16(sb))
	}
	m.Sound = uint32(sum)+uint32(sum>>32) == stated
}

// mdMember090: the byte order is that of the machine that wrote it.
func mdMember090(d *device) (Member, bool) {
	at := d.size&^(mdReserved-1) - mdReserved
	sb := d.at(at, 4096)
	for _, order := range []binary.ByteOrder{le, be} {
		if order.Uint32(sb) != mdMagic || order.Uint32(sb[4:]) != 0 {
			continue
		}
		word := func(i int) uint32 { return order.Uint32(sb[4*i:]) }
		var id []byte
		for _, i := range []int{5, 13, 14, 15} {
			id = be.AppendUint32(id, word(i))
		}
		m := Member{Metadata: "0.90", UUID: uuidText(id), Level: int(int32(word(7))), Disks: int(word(10)),
			Role: NoRole}
		const active, self = 1 << 1, 992 // a bit of a disk's state; the word where the member's own entry begins
		if word(self+4)&active != 0 {
			m.Role = int(word(self + 3))
		}
		m.Events = uint64(word(39))<<32 | uint64(word(40))
		if order == le {
			m.Events = uint64(word(40))<<32 | uint64(word(39))
		}
		var sum uint64
		for i := range 1024 {
			if i != 38 {
				sum += uint64(word(i))
			}
		}
		m.Sound = uint32(sum)+uint32(sum>>32) == word(38)
		d.hit(at, 4)
		return m, true
	}
	return Member{}, false
}

// ArrayRuns tells whether an md array, by its name in sysfs, is more than a collection of members that wait for others.
func (s Sysfs) ArrayRuns(name string) (bool, error) {
	state, err := fs.ReadFile(s.FS, path.Join(s.folder(name), "md/array_state"))
	text := strings.TrimSpace(string(state))
	return text != "inactive" && text != "clear", err
}
