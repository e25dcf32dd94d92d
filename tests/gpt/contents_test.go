package gpt

import (
	"testing"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

const (
	contents = "testdata/contents.jsonl.gz"
	pairs    = "testdata/pairs.jsonl.gz"
)

// A piece is some bytes of a device.
type piece struct {
	At   int64  `json:"at"`
	Data []byte `json:"data"`
}

// A content is a device that somebody's tool formatted, as far as it takes to tell with what, and what blkid says of
// it.
type content struct {
	Name   string  `json:"name"`
	Size   int64   `json:"size"`
	Pieces []piece `json:"pieces"`
	Says   verdict `json:"says"`
}

// A verdict is what blkid says.
type verdict struct {
	Ambivalent bool   `json:"ambivalent,omitempty"`
	Type       string `json:"type,omitempty"`
	UUID       string `json:"uuid,omitempty"`
	Label      string `json:"label,omitempty"`
}

// A pair is two contents on one device: the second was put over the first.
type pair struct {
	Under, Over string
	Says        verdict
	First       string `json:",omitempty"` // of the types that wipefs lists, if ambivalent
}

func (c content) device(t *testing.T) *memory {
	t.Helper()
	m := newMemory(c.Size)
	for _, p := range c.Pieces {
		_, err := m.WriteAt(p.Data, p.At)
		require.NoError(t, err)
	}
	return m
}

// over gives both contents on the device of the second, or of the first if that is larger.
func (c content) over(under content) content {
	both := content{Name: c.Name + " over " + under.Name, Size: max(c.Size, under.Size)}
	both.Pieces = append(append(both.Pieces, under.Pieces...), c.Pieces...)
	return both
}

// ours is what we say. As blkid does, it says nothing of what is ambivalent; then first is what we would choose.
func (c content) ours(t *testing.T) (v verdict, first string) {
	t.Helper()
	found, err := block.Probe(c.device(t), c.Size)
	require.NoError(t, err)
	one := found.First()
	if found.Ambivalent {
		return verdict{Ambivalent: true}, one.Type
	}
	return verdict{Type: one.Type, UUID: one.UUID, Label: one.Label}, ""
}

func (p pair) check(t *testing.T, both content) {
	t.Helper()
	says, first := both.ours(t)
	assert.Equal(t, p.Says, says, both.Name)
	assert.Equal(t, p.First, first, both.Name)
}

func TestContentsAreThoseThatBlkidSees(t *testing.T) {
	all := lines[content](t, contents)
	seen := map[string]bool{}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			says, _ := c.ours(t)
			assert.Equal(t, c.Says, says)
		})
		seen[c.Says.Type] = true
	}
	for _, kind := range []string{"ext2", "ext3", "ext4", "xfs", "btrfs", "vfat", "swap", "crypto_LUKS",
		"linux_raid_member", "LVM2_member", "iso9660", "udf", "squashfs", "erofs", "f2fs", "bcache", "zfs_member",
		"ntfs", "exfat"} {
		assert.Contains(t, seen, kind)
	}
}

func TestTwoContentsAreAmbivalentWhereBlkidSaysSo(t *testing.T) {
	named := map[string]content{}
	for _, c := range lines[content](t, contents) {
		named[c.Name] = c
	}
	all := lines[pair](t, pairs)
	ambivalent := 0
	for _, p := range all {
		p.check(t, named[p.Over].over(named[p.Under]))
		if p.Says.Ambivalent {
			ambivalent++
		}
	}
	t.Logf("%d pairs, %d ambivalent", len(all), ambivalent)
	assert.Greater(t, ambivalent, 50)
}
