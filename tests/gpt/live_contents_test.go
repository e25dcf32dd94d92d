//go:build disk

package gpt

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const mib = 1 << 20

// A maker is a command that fills the device $D; $T is a folder with two files and room for more.
type maker struct {
	name    string
	size    int64
	command string
}

// makers are one for each tool, and for each kind that a tool can make.
var makers = []maker{
	{"blank", mib, "true"},
	{"ext2", 8 * mib, "mkfs.ext2 -q -L two $D"},
	{"ext3", 16 * mib, "mkfs.ext3 -q -L three $D"},
	{"ext4", 16 * mib, "mkfs.ext4 -q -L 'four 4' $D"},
	{"ext4 without label", 16 * mib, "mkfs.ext4 -q $D"},
	{"ext4 without journal", 16 * mib, "mkfs.ext4 -q -O ^has_journal $D"},
	{"ext4 with blocks of 1 KiB", 4 * mib, "mkfs.ext4 -q -b 1024 -L small $D"},
	{"journal", 16 * mib, "mke2fs -q -O journal_dev $D"},
	{"xfs", 320 * mib, "mkfs.xfs -q -L xlabel $D"},
	{"xfs 4", 320 * mib, "mkfs.xfs -q -m crc=0 $D"},
	{"btrfs", 128 * mib, "mkfs.btrfs -q -L 'butter fat' $D"},
	{"btrfs without label", 128 * mib, "mkfs.btrfs -q $D"},
	{"fat12", mib, "mkfs.fat -F 12 -n TWELVE $D"},
	{"fat12 on a floppy", 1440 << 10, "mkfs.fat -F 12 $D"},
	{"fat16", 16 * mib, "mkfs.fat -F 16 -n SIXTEEN $D"},
	{"fat32", 64 * mib, "mkfs.fat -F 32 -n 'THIRTY TWO' -i 1234ABCD $D"},
	{"fat32 without label", 64 * mib, "mkfs.fat -F 32 $D"},
	{"fat32 with sectors of 4 KiB", 512 * mib, "mkfs.fat -F 32 -S 4096 -n WIDE $D"},
	{"swap", 4 * mib, "mkswap -q -L sw $D"},
	{"swap without label", 4 * mib, "mkswap -q $D"},
	{"swap with pages of 64 KiB", 4 * mib, "mkswap -q -p 65536 -L big $D"},
	{"luks1", 16 * mib, "printf x | cryptsetup luksFormat -q --type luks1 --iter-time 1 --key-file - $D"},
	{"luks2", 16 * mib,
		"printf x | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 --iter-time 1 --key-file - --label secret $D"},
	{"luks2 by its second header", 16 * mib, "printf x | cryptsetup luksFormat -q --type luks2 --pbkdf pbkdf2 " +
		"--iter-time 1 --key-file - --label two $D; dd if=/dev/zero of=$D bs=4096 count=1 conv=notrunc"},
	{"ntfs", 16 * mib, "mkntfs -F -q -Q -L 'enn tee' $D"},
	{"ntfs with clusters of 64 KiB", 32 * mib, "mkntfs -F -q -Q -c 65536 $D"},
	{"exfat", 16 * mib, "mkfs.exfat -L 'ex fat' $D"},
	{"exfat without label", 16 * mib, "mkfs.exfat $D"},
	{"squashfs", 0, "mksquashfs $T/files $D -quiet -noappend"},
	{"erofs", 0, "mkfs.erofs -L ero $D $T/files || mkfs.erofs $D $T/files"},
	{"iso9660", 0, "xorriso -as mkisofs -quiet -V PLAIN_DISC -o $D $T/files"},
	{"iso9660 with Joliet", 0, "genisoimage -quiet -J -V 'A Joliet disc' -o $D $T/files"},
	{"iso9660 with Joliet and a long label", 0,
		"genisoimage -quiet -J -V 'A joliet disc with more words' -o $D $T/files"},
	{"iso9660 and udf", 0, "genisoimage -quiet -udf -J -V BRIDGE -o $D $T/files"},
	{"udf", 16 * mib, "mkudffs --label universal $D"},
	{"udf with blocks of 2 KiB", 32 * mib, "mkudffs --blocksize=2048 --label 'Größe' $D"},
	{"udf with blocks of 4 KiB", 32 * mib, "mkudffs --blocksize=4096 --label '한국' $D"},
	{"udf of a volume set with words", 16 * mib, "mkudffs --fullvsid='An odd set of volumes' --label=' spaces ' $D"},
	{"udf of a volume set with half a number", 16 * mib, "mkudffs --fullvsid='0123ABCD and more words' $D"},
	{"f2fs", 64 * mib, "mkfs.f2fs -q -f -l flash $D"},
	{"bcache backing", 64 * mib, "make-bcache -B $L"},
	{"bcache cache", 64 * mib, "make-bcache -C $L"},
	{"lvm", 64 * mib, "pvcreate -q -y -ff --config 'devices{use_devicesfile=0}' $L"},
	{"lvm at sector 3", 64 * mib, "pvcreate -q -y -ff --labelsector 3 --config 'devices{use_devicesfile=0}' $L"},
}

// make runs a maker and gives the device's file.
func (m maker) make(t *testing.T, dir string) string {
	image := filepath.Join(dir, "image")
	require.NoError(t, os.RemoveAll(image))
	if m.size > 0 {
		require.NoError(t, os.WriteFile(image, nil, 0o600))
		require.NoError(t, os.Truncate(image, m.size))
	}
	env := append(os.Environ(), "D="+image, "T="+dir)
	if strings.Contains(m.command, "$L") {
		device := loop(t, image, 512)
		defer func() { require.NoError(t, exec.Command("losetup", "-d", device).Run()) }()
		env = append(env, "L="+device)
	}
	command := exec.Command("sh", "-c", m.command)
	command.Env = env
	out, err := command.CombinedOutput()
	require.NoError(t, err, "%s: %s", m.name, out)
	return image
}

// A watched reader remembers what was read of a device.
type watched struct {
	io.ReaderAt
	sectors map[int64]bool
}

func (w watched) ReadAt(data []byte, at int64) (int, error) {
	for sector := at / 512; sector*512 < at+int64(len(data)); sector++ {
		w.sectors[sector] = true
	}
	return w.ReaderAt.ReadAt(data, at)
}

// sample keeps what Probe reads of a device.
func sample(t *testing.T, name, image string) content {
	f, err := os.Open(image)
	require.NoError(t, err)
	defer f.Close()
	info, err := f.Stat()
	require.NoError(t, err)
	w := watched{f, map[int64]bool{}}
	_, err = block.Probe(w, info.Size())
	require.NoError(t, err)
	c := content{Name: name, Size: info.Size()}
	var sectors []int64
	for sector := range w.sectors {
		sectors = append(sectors, sector)
	}
	for sector := range int64(8) {
		sectors = append(sectors, sector)
	}
	slices.Sort(sectors)
	for _, sector := range slices.Compact(sectors) {
		data := make([]byte, 512)
		n, err := f.ReadAt(data, sector*512)
		require.True(t, err == nil || errors.Is(err, io.EOF))
		if !bytes.Equal(data, make([]byte, 512)) {
			c.Pieces = append(c.Pieces, piece{sector * 512, data[:n]})
		}
	}
	return c
}

// blkid asks the real one about a device with just the pieces of a content.
func (c content) blkid(t *testing.T, dir string) verdict {
	image := filepath.Join(dir, "pieces")
	f, err := os.Create(image)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(c.Size))
	for _, p := range c.Pieces {
		_, err := f.WriteAt(p.Data, p.At)
		require.NoError(t, err)
	}
	require.NoError(t, f.Close())
	return blkid(t, image)
}

func blkid(t *testing.T, image string) (v verdict) {
	for key, to := range map[string]*string{"TYPE": &v.Type, "UUID": &v.UUID, "LABEL": &v.Label} {
		out, err := exec.Command("blkid", "-p", "-o", "value", "-s", key, image).Output()
		var exit *exec.ExitError
		if errors.As(err, &exit) && exit.ExitCode() == 8 {
			return verdict{Ambivalent: true}
		}
		if !errors.As(err, &exit) || exit.ExitCode() != 2 {
			require.NoError(t, err)
		}
		*to = strings.TrimSuffix(string(out), "\n")
	}
	return v
}

// wipefs gives the first type that wipefs lists: it goes on where blkid gives up, in the same order.
func wipefs(t *testing.T, image string) string {
	out, err := exec.Command("wipefs", "-J", image).Output()
	require.NoError(t, err)
	var listed struct{ Signatures []struct{ Type string } }
	require.NoError(t, json.Unmarshal(out, &listed))
	for _, s := range listed.Signatures {
		if s.Type != "dos" && s.Type != "PMBR" && s.Type != "gpt" {
			return s.Type
		}
	}
	return ""
}

// withFiles is a folder as makers want it.
func withFiles(t *testing.T) string {
	dir := t.TempDir()
	require.NoError(t, os.Mkdir(filepath.Join(dir, "files"), 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "files", "a file"), []byte("text"), 0o600))
	return dir
}

// TestLiveContents formats devices with every tool and asks blkid and us what is on them, then on every two of them.
func TestLiveContents(t *testing.T) {
	prepared(t)
	dir := withFiles(t)
	all := constructed()
	for _, m := range makers {
		image := m.make(t, dir)
		c := sample(t, m.name, image)
		c.Says = blkid(t, image)
		assert.Equal(t, c.Says, c.blkid(t, dir), "%s: the sample is not enough for blkid", m.name)
		all = append(all, c)
	}
	for i := range all {
		if c := &all[i]; i < len(all)-len(makers) {
			c.Says = c.blkid(t, dir)
			assert.NotEmpty(t, c.Says.Type, c.Name)
		}
		says, _ := all[i].ours(t)
		assert.Equal(t, all[i].Says, says, all[i].Name)
	}
	both := livePairs(t, dir, all)
	if *record {
		write(t, contents, all)
		write(t, pairs, both)
	}
}

func livePairs(t *testing.T, dir string, all []content) (both []pair) {
	for _, under := range all {
		for _, over := range all {
			if under.Size < 64*mib && under.Name != over.Name && !strings.Contains(under.Name+over.Name, " with") {
				c := over.over(under)
				p := pair{Under: under.Name, Over: over.Name, Says: c.blkid(t, dir)}
				if p.Says.Ambivalent {
					p.First = wipefs(t, filepath.Join(dir, "pieces"))
				}
				p.check(t, c)
				both = append(both, p)
			}
		}
	}
	return both
}

// constructed are superblocks for which there is no tool here that works without a kernel of its own; their layout is
// from the formats' documents (md.4, the ZFS on-disk format), and blkid has to agree that they are what they say.
func constructed() []content {
	id := []byte("0123456789abcdef")
	var all []content
	for name, at := range map[string]int64{"md 1.0": 16*mib - 8192, "md 1.1": 0, "md 1.2": 4096} {
		sb := make([]byte, 1024)
		binary.LittleEndian.PutUint32(sb, 0xa92b4efc)
		binary.LittleEndian.PutUint32(sb[4:], 1)
		copy(sb[16:], id)
		copy(sb[32:], "host:"+strings.ReplaceAll(name, " ", ""))
		binary.LittleEndian.PutUint64(sb[144:], uint64(at)/512)
		sum := uint64(0)
		for i := 0; i < 256; i += 4 {
			sum += uint64(binary.LittleEndian.Uint32(sb[i:]))
		}
		binary.LittleEndian.PutUint32(sb[216:], uint32(sum)+uint32(sum>>32))
		all = append(all, content{Name: name, Size: 16 * mib, Pieces: []piece{{at, sb}}})
	}
	for name, order := range map[string]binary.ByteOrder{"md 0.90": binary.LittleEndian,
		"md 0.90 big-endian": binary.BigEndian} {
		sb := make([]byte, 4096)
		order.PutUint32(sb, 0xa92b4efc)
		order.PutUint32(sb[8:], 90)
		for i, at := range []int{20, 52, 56, 60} {
			order.PutUint32(sb[at:], uint32(i+1)*0x11223344)
		}
		all = append(all, content{Name: name, Size: 16*mib + 4096, Pieces: []piece{{16*mib - 65536, sb}}})
	}
	all = append(all, zfs("zfs", 0), zfs("zfs at its end", 64*mib-512<<10))
	slices.SortFunc(all, func(a, b content) int { return strings.Compare(a.Name, b.Name) })
	return all
}

func zfs(name string, at int64) content {
	list := []byte{1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}
	word := binary.BigEndian.AppendUint32
	text := func(to []byte, s string) []byte {
		return append(append(word(to, uint32(len(s))), s...), make([]byte, (4-len(s)%4)%4)...)
	}
	add := func(name string, kind uint32, value []byte) {
		body := append(word(word(text(nil, name), kind), 1), value...)
		list = append(word(word(list, uint32(8+len(body))), 64), body...)
	}
	add("version", 8, binary.BigEndian.AppendUint64(nil, 5000))
	add("name", 9, text(nil, "tank"))
	add("state", 8, binary.BigEndian.AppendUint64(nil, 0))
	add("txg", 8, binary.BigEndian.AppendUint64(nil, 4))
	add("pool_guid", 8, binary.BigEndian.AppendUint64(nil, 12345678901234567890))
	add("guid", 8, binary.BigEndian.AppendUint64(nil, 987654321))
	list = append(list, make([]byte, 8)...)
	ring := make([]byte, 4*1024)
	for i := range 4 {
		binary.LittleEndian.PutUint64(ring[i*1024:], 0x00bab10c)
		binary.LittleEndian.PutUint64(ring[i*1024+8:], 5000)
		binary.LittleEndian.PutUint64(ring[i*1024+16:], uint64(10+i))
	}
	return content{Name: name, Size: 64 * mib, Pieces: []piece{{at + 16<<10, list}, {at + 128<<10, ring}}}
}
