//go:build disk

package gpt

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/glowplug-os/glowplug/internal/block"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// tablers write a table on the device $D, which is an image, or a loop device where sectors have 4096 bytes.
var tablers = []struct{ name, command string }{
	{"sgdisk empty", "sgdisk -o $D"},
	{"sgdisk", `sgdisk -n 1:0:+1M -c 1:'Größe 🦀' -t 1:ef00 -n 3:0:+2M -t 3:8200 -A 3:set:0 -A 3:set:60 -n 9:-3M:0 -u ` +
		`9:12345678-9abc-def0-1234-56789abcdef0 $D`},
	{"sgdisk out of order", "sgdisk -n 5:8192:10239 -n 2:4096:6143 -n 128:2048:2051 -a 1 -n 7:3001:3100 $D"},
	{"sgdisk with 256 entries", "sgdisk -S 256 -n 200:0:+1M $D"},
	{"sgdisk with a table elsewhere", "sgdisk -j 512 -n 1:2048:+1M $D"},
	{"sgdisk hybrid", "sgdisk -n 1:0:+1M -n 2:0:+1M -h 1 $D"},
	{"sfdisk", `printf 'label: gpt\nstart=2048, size=2048, type=U, name="a name"\nsize=4096, type=L, ` +
		`attrs="LegacyBIOSBootable GUID:59"\n' | sfdisk -q $D`},
	{"sfdisk with 100 entries", `printf 'label: gpt\ntable-length: 100\nfirst-lba: 64\nlabel-id: ` +
		`01234567-89AB-CDEF-0123-456789ABCDEF\n5: start=4096, size=4096, type=S\n' | sfdisk -q $D`},
	{"go-diskfs", "go -C diskfs run . $D $B"},
}

// device makes an empty disk, and says what to do with it in the end.
func device(t *testing.T, sectorSize int, size int64) (image, node string) {
	image = filepath.Join(t.TempDir(), "image")
	f, err := os.Create(image)
	require.NoError(t, err)
	require.NoError(t, f.Truncate(size))
	require.NoError(t, f.Close())
	if sectorSize == 512 {
		return image, image
	}
	node = loop(t, image, sectorSize)
	t.Cleanup(func() { assert.NoError(t, exec.Command("losetup", "-d", node).Run()) })
	return image, node
}

func shell(t *testing.T, node string, sectorSize int, command string) {
	run := exec.Command("sh", "-c", command)
	run.Env = append(os.Environ(), "D="+node, "B="+strconv.Itoa(sectorSize))
	out, err := run.CombinedOutput()
	require.NoError(t, err, "%s: %s", command, out)
}

// sfdisk reads a table.
func sfdisk(t *testing.T, node string) []partition {
	out, err := exec.Command("sfdisk", "-J", node).Output()
	require.NoError(t, err)
	var read struct {
		PartitionTable struct {
			Partitions []struct {
				Node, Type, UUID, Name string
				Start, Size            uint64
			}
		}
	}
	require.NoError(t, json.Unmarshal(out, &read), "%s", out)
	all := []partition{}
	for _, p := range read.PartitionTable.Partitions {
		number, err := strconv.Atoi(strings.TrimPrefix(strings.TrimPrefix(p.Node, node), "p"))
		require.NoError(t, err)
		all = append(all, partition{number, p.Start, p.Size, p.Type, p.UUID, p.Name})
	}
	return all
}

func clean(t *testing.T, node string) {
	out, err := exec.Command("sgdisk", "-v", node).CombinedOutput()
	assert.NoError(t, err)
	assert.Contains(t, string(out), "No problems found.")
}

func TestLiveTables(t *testing.T) {
	prepared(t)
	const size = 16*mib + 3*4096
	var all []partitioned
	for _, maker := range tablers {
		for _, sectorSize := range []int{512, 4096} {
			t.Run(fmt.Sprint(maker.name, " ", sectorSize), func(t *testing.T) {
				image, node := device(t, sectorSize, size)
				command := maker.command
				if sectorSize == 4096 { // places are written for sectors of 512 bytes
					command = strings.NewReplacer("8192:10239", "1024:1279", "4096:6143", "512:767",
						"2048:2051", "256:259", "3001:3100", "375:380", "1:2048", "1:1024", "start=2048, size=2048",
						"start=256, size=256", "size=4096", "size=512", "start=4096", "start=512").Replace(command)
				}
				if strings.HasPrefix(maker.name, "go-diskfs") {
					shell(t, image, sectorSize, command)
				} else {
					shell(t, node, sectorSize, command)
				}
				p := partitioned{Name: t.Name()[len("TestLiveTables/"):], SectorSize: sectorSize, Size: size,
					Partitions: sfdisk(t, node)}
				raw, err := os.ReadFile(image)
				require.NoError(t, err)
				for at := int64(0); at < size; at += 512 {
					if sector := raw[at : at+512]; !bytes.Equal(sector, make([]byte, 512)) {
						p.Pieces = append(p.Pieces, piece{at, sector})
					}
				}
				assert.Equal(t, p.Partitions, partitions(inspected(t, bytes.NewReader(raw), size, sectorSize)))
				all = append(all, p)
			})
		}
	}
	if *record && !t.Failed() {
		write(t, tables, all)
	}
}

// TestLiveWrites lets sfdisk and sgdisk read what we write: new tables, and after each of some rounds of edits.
func TestLiveWrites(t *testing.T) {
	prepared(t)
	for _, sectorSize := range []int{512, 4096} {
		for _, size := range []int64{16 * mib, 5*mib + 4096, 300<<30 + 4096, 3 << 40} {
			t.Run(fmt.Sprint(sectorSize, " ", size), func(t *testing.T) {
				image, node := device(t, sectorSize, size)
				table, err := block.NewTable(uint64(size)/uint64(sectorSize), sectorSize, random(9))
				require.NoError(t, err)
				edits(t, table, image, node, size)
			})
		}
	}
}

func edits(t *testing.T, table *block.Table, image, node string, size int64) {
	r := rand.New(rand.NewPCG(*seed, uint64(size)))
	for round := range 12 {
		label := strings.Repeat("ö🦀", round)
		specs := []block.Spec{{Number: 1 + r.IntN(5), Label: &label, ShouldExist: r.IntN(4) > 0,
			WipePartitionEntry: true}}
		if sizeMiB := 1 + r.IntN(int(size>>22)); round > 0 {
			specs[0].SizeMiB = &sizeMiB
		}
		base, decisions, err := block.Layout(table, specs)
		if err != nil {
			continue
		}
		table, err = block.Apply(base, decisions, r32{r})
		require.NoError(t, err)
		f, err := os.OpenFile(node, os.O_WRONLY, 0)
		require.NoError(t, err)
		require.NoError(t, table.WriteTo(f))
		require.NoError(t, f.Close())
		clean(t, node)
		assert.Equal(t, partitions(table), sfdisk(t, node), image)
	}
}

// r32 is a random reader.
type r32 struct{ *rand.Rand }

func (r r32) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = byte(r.Uint32())
	}
	return len(p), nil
}
