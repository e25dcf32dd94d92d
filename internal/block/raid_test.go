package block

import (
	"bytes"
	"encoding/binary"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const memberSize = 8<<20 + 12288

// superblock1 is one of version 1 with its checksum, as md_p.h has it.
func superblock1(at int64, name string, level int32, disks, number uint32, events uint64, roles ...uint16) []byte {
	sb := make([]byte, 256+2*len(roles))
	le.PutUint32(sb, mdMagic)
	le.PutUint32(sb[4:], 1)
	copy(sb[16:], testUUID)
	copy(sb[32:], name)
	le.PutUint32(sb[72:], uint32(level))
	le.PutUint32(sb[92:], disks)
	le.PutUint64(sb[128:], 2048)
	le.PutUint64(sb[144:], uint64(at/512))
	le.PutUint32(sb[160:], number)
	le.PutUint64(sb[200:], events)
	le.PutUint32(sb[220:], uint32(len(roles)))
	for i, role := range roles {
		le.PutUint16(sb[256+2*i:], role)
	}
	var sum uint64
	for i := 0; i+4 <= len(sb); i += 4 {
		sum += uint64(le.Uint32(sb[i:]))
	}
	if len(sb)%4 == 2 {
		sum += uint64(le.Uint16(sb[len(sb)-2:]))
	}
	le.PutUint32(sb[216:], uint32(sum)+uint32(sum>>32))
	return sb
}

// superblock090 is one of version 0.90 in a byte order.
func superblock090(order binary.ByteOrder, level int32, disks, slot, state uint32) []byte {
	sb := make([]byte, 4096)
	word := func(i int, v uint32) { order.PutUint32(sb[4*i:], v) }
	word(0, mdMagic)
	word(2, 90)
	for i, at := range []int{5, 13, 14, 15} {
		word(at, be.Uint32([]byte(testUUID[4*i:])))
	}
	word(7, uint32(level))
	word(10, disks)
	low, high := 39, 40
	if order == binary.ByteOrder(be) {
		low, high = 40, 39
	}
	word(low, 7)
	word(high, 1)
	word(995, slot)
	word(996, state)
	var sum uint64
	for i := range 1024 {
		sum += uint64(order.Uint32(sb[4*i:]))
	}
	word(38, uint32(sum)+uint32(sum>>32))
	return sb
}

func TestMembersOfArrays(t *testing.T) {
	const end = (memberSize/512 - 16) &^ 7 * 512
	const end090 = memberSize&^(mdReserved-1) - mdReserved
	const uuid = "30313233-3435-3637-3839-616263646566"
	for name, c := range map[string]struct {
		at   int
		sb   []byte
		want Member
	}{
		"1.0 at the end": {end, superblock1(end, "any:data", 1, 2, 1, 17, 0, 1),
			Member{Metadata: "1.0", UUID: uuid, Name: "any:data", Level: 1, Disks: 2, Role: 1, Events: 17,
				DataOffset: 1 << 20, Sound: true}},
		"1.1 at the start, a spare": {0, superblock1(0, "data", 5, 3, 3, 2, 0, 1, 2, mdSpare),
			Member{Metadata: "1.1", UUID: uuid, Name: "data", Level: 5, Disks: 3, Role: NoRole, Events: 2,
				DataOffset: 1 << 20, Sound: true}},
		"1.2 behind the start, linear, never ran, an odd number of roles": {4096,
			superblock1(4096, "any:data", -1, 3, 0, 0, 0, 1, 2), Member{Metadata: "1.2", UUID: uuid, Name: "any:data",
				Level: -1, Disks: 3, DataOffset: 1 << 20, Sound: true}},
		"1.2, out of order": {4096, superblock1(4096, "x", 1, 2, 1, 9, 0, mdFaulty),
			Member{Metadata: "1.2", UUID: uuid, Name: "x", Level: 1, Disks: 2, Role: NoRole, Events: 9,
				DataOffset: 1 << 20, Sound: true}},
		"1.2 with a number behind its roles": {4096, superblock1(4096, "x", 1, 2, 9, 9, 0),
			Member{Metadata: "1.2", UUID: uuid, Name: "x", Level: 1, Disks: 2, Role: NoRole, Events: 9,
				DataOffset: 1 << 20, Sound: true}},
		"1.2 with a bad checksum": {4096, flip(superblock1(4096, "x", 1, 2, 0, 9, 0), 76),
			Member{Metadata: "1.2", UUID: uuid, Name: "x", Level: 1, Disks: 2, Events: 9, DataOffset: 1 << 20}},
		"0.90": {end090, superblock090(le, 1, 2, 1, 6),
			Member{Metadata: "0.90", UUID: uuid, Level: 1, Disks: 2, Role: 1, Events: 1<<32 + 7, Sound: true}},
		"0.90 of a big-endian machine, a spare": {end090, superblock090(be, 5, 3, 3, 0),
			Member{Metadata: "0.90", UUID: uuid, Level: 5, Disks: 3, Role: NoRole, Events: 1<<32 + 7, Sound: true}},
	} {
		t.Run(name, func(t *testing.T) {
			r := area(memberSize, map[int]string{c.at: string(c.sb)})
			m, found, err := ReadMember(r, memberSize)
			require.NoError(t, err)
			assert.True(t, found)
			assert.Equal(t, c.want, m)
			content, err := Probe(r, memberSize)
			require.NoError(t, err)
			assert.Equal(t, Signature{"linux_raid_member", m.UUID, m.Name}, content.First())
		})
	}
	_, found, err := ReadMember(area(memberSize, nil), memberSize)
	require.NoError(t, err)
	assert.False(t, found)
	_, _, err = ReadMember(broken{}, memberSize)
	assert.ErrorContains(t, err, "medium error")
}

func TestASuperblockOfMoreRolesThanFitIsNotSound(t *testing.T) {
	sb := superblock1(4096, "x", 1, 2, 1, 9, 0, 1)
	le.PutUint32(sb[220:], 1<<32-1)
	m, found, err := ReadMember(area(memberSize, map[int]string{4096: string(sb)}), memberSize)
	require.NoError(t, err)
	assert.True(t, found)
	assert.False(t, m.Sound)
	assert.Equal(t, NoRole, m.Role)
}

func TestArraysThatRun(t *testing.T) {
	s := Sysfs{fstest.MapFS{
		"class/block/md1/md/array_state": {Data: []byte("inactive\n")},
		"class/block/md2/md/array_state": {Data: []byte("clean\n")},
		"class/block/md3/md/array_state": {Data: []byte("clear\n")},
	}}
	for name, want := range map[string]bool{"md1": false, "md2": true, "md3": false} {
		runs, err := s.ArrayRuns(name)
		require.NoError(t, err)
		assert.Equal(t, want, runs, name)
	}
	_, err := s.ArrayRuns("dm-0")
	assert.Error(t, err, "that is no array")
}

// FuzzReadMember: no bytes make it panic, and what is found is what libblkid finds, at the places of its version.
func FuzzReadMember(f *testing.F) {
	f.Add(superblock1(4096, "any:data", 1, 2, 1, 17, 0, 1), uint16(4096))
	f.Add(superblock1(0, "data", -1, 2, 1<<31, 0, 0, 1), uint16(0))
	f.Add(superblock090(le, 1, 2, 1, 6), uint16(0))
	f.Add(superblock090(be, 1, 2, 1, 6)[:3000], uint16(0))
	f.Fuzz(func(t *testing.T, piece []byte, at uint16) {
		image := make([]byte, int(at)+len(piece)+8192)
		copy(image[at:], piece)
		size := int64(len(image))
		m, found, err := ReadMember(bytes.NewReader(image), size)
		require.NoError(t, err)
		s, is := readMD(&device{r: bytes.NewReader(image), size: size})
		assert.Equal(t, found, is)
		if found {
			assert.Equal(t, m.UUID, s.UUID)
			assert.Contains(t, []string{"0.90", "1.0", "1.1", "1.2"}, m.Metadata)
			assert.GreaterOrEqual(t, m.Role, NoRole)
		}
	})
}
