package block

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"io"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// luksImage is the start of a volume that cryptsetup 2.6.1 made: both headers, without keyslots.
func luksImage(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open("testdata/luks/" + name + ".gz")
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	image, err := io.ReadAll(z)
	require.NoError(t, err)
	return image
}

func readLUKSImage(t testing.TB, image []byte) (LUKS, bool) {
	t.Helper()
	h, found, err := ReadLUKS(bytes.NewReader(image), int64(len(image)))
	require.NoError(t, err)
	return h, found
}

func TestHeadersOfCryptsetup(t *testing.T) {
	for name, want := range map[string]LUKS{
		"plain": {Version: 2, UUID: "6d0c1d3c-3b0b-4a1e-9a64-2f0f3a7c1e55", Label: "data", Keyslots: 1},
		"marked": {Version: 2, UUID: "0a8e9f3e-8a3c-4e4e-8f77-5f4b5f3f0b11", Label: "boxes",
			Subsystem: "glowplug-first-boot", Keyslots: 1},
		"bound": {Version: 2, UUID: "0a8e9f3e-8a3c-4e4e-8f77-5f4b5f3f0b11", Label: "boxes",
			Subsystem: "glowplug-first-boot", Keyslots: 1, Tokens: []string{"another", "clevis"}},
		"wide": {Version: 2, UUID: "9a9a9a9a-8a3c-4e4e-8f77-5f4b5f3f0b11", Keyslots: 1},
		"one":  {Version: 1, UUID: "2b0f4c5e-9e59-4a0e-8e3c-0c1f5d7f9a22"},
	} {
		t.Run(name, func(t *testing.T) {
			h, found := readLUKSImage(t, luksImage(t, name))
			assert.True(t, found)
			assert.Equal(t, want, h)
		})
	}
}

// edited changes the JSON of a copy, and its checksum with it.
func edited(image []byte, at int, from, to string) []byte {
	image = bytes.Clone(image)
	const size = 16 << 10
	json := image[at+luksFixed : at+size]
	changed := bytes.Replace(json, []byte(from), []byte(to), 1)
	copy(json, changed[:len(json)])
	return summed(image, at)
}

func summed(image []byte, at int) []byte {
	clear(image[at+448 : at+512])
	sum := sha256.Sum256(image[at : at+16<<10])
	copy(image[at+448:], sum[:])
	return image
}

func TestFlagsOfAVolume(t *testing.T) {
	image := edited(luksImage(t, "plain"), 0, `"keyslots_size":"16744448"`,
		`"keyslots_size":"16744448","flags":["allow-discards","no-read-workqueue"]`)
	h, _ := readLUKSImage(t, image)
	assert.Equal(t, []string{"allow-discards", "no-read-workqueue"}, h.Flags)
	assert.False(t, h.Broken)
}

func TestTheNewerGoodCopyCounts(t *testing.T) {
	const second = 16 << 10
	good := luksImage(t, "marked")
	newer := bytes.Clone(good)
	newer[second+23]++ // the lowest byte of its sequence
	copy(newer[second+24:], "later")
	newer = summed(newer, second)
	h, _ := readLUKSImage(t, newer)
	assert.Equal(t, "later", h.Label)

	for name, image := range map[string][]byte{
		"a newer second copy with a bad checksum": flip(newer, second+600),
		"a damaged second copy":                   flip(good, second+5000),
		"a damaged first copy":                    flip(good, 5000),
		"a first copy of zeros":                   append(make([]byte, second), good[second:]...),
	} {
		h, found := readLUKSImage(t, image)
		assert.True(t, found, name)
		assert.False(t, h.Broken, name)
		assert.Equal(t, "boxes", h.Label, name)
		assert.Equal(t, 1, h.Keyslots, name)
	}
}

func flip(image []byte, at int) []byte {
	image = bytes.Clone(image)
	image[at] ^= 0xff
	return image
}

// What cryptsetup writes when it formats comes in this order: a fixed part without checksum, the JSON, the fixed part
// again.
func TestAVolumeThatWasCutOffWhileItWasFormattedShowsItsMark(t *testing.T) {
	image := luksImage(t, "marked")
	clear(image[448:512])
	clear(image[luksFixed:])
	h, found := readLUKSImage(t, image)
	assert.True(t, found)
	assert.Equal(t, LUKS{Version: 2, UUID: "0a8e9f3e-8a3c-4e4e-8f77-5f4b5f3f0b11", Label: "boxes",
		Subsystem: "glowplug-first-boot", Broken: true}, h)
}

func TestBrokenHeadersAreNotBelieved(t *testing.T) {
	good := luksImage(t, "plain")
	both := func(change func(image []byte, at int) []byte) []byte {
		return change(change(bytes.Clone(good), 0), 16<<10)
	}
	for name, image := range map[string][]byte{
		"a size of 2^63": both(func(image []byte, at int) []byte {
			image[at+8] = 0x80
			return summed(image, at)
		}),
		"a size that is not permitted": both(func(image []byte, at int) []byte {
			be.PutUint64(image[at+8:], 20<<10)
			return summed(image, at)
		}),
		"an unknown checksum": both(func(image []byte, at int) []byte {
			copy(image[at+72:], "crc32\x00\x00")
			return summed(image, at)
		}),
		"no JSON": both(func(image []byte, at int) []byte { return edited(image, at, "{", "[") }),
		"flags of another kind": both(
			func(image []byte, at int) []byte { return edited(image, at, `"config":{`, `"config":{"flags":{},`) }),
	} {
		h, found := readLUKSImage(t, image)
		assert.True(t, found, name)
		assert.True(t, h.Broken, name)
		assert.Equal(t, "data", h.Label, name)
	}
	_, found := readLUKSImage(t, good[:500])
	assert.False(t, found, "a device that is smaller than a header")
	_, _, err := ReadLUKS(broken{}, 1<<20)
	assert.ErrorContains(t, err, "medium error")
}

func TestVolumesThatAreOpen(t *testing.T) {
	s := Sysfs{fstest.MapFS{
		"class/block/dm-0/dm/name": {Data: []byte("data\n")},
		"class/block/dm-0/dm/uuid": {Data: []byte("CRYPT-LUKS2-6d0c-data\n")},
		"class/block/dm-1/dm/name": {Data: []byte("data\n")}, "class/block/dm-1/dm/uuid": {Data: []byte("LVM-6d0c\n")},
	}}
	for device, want := range map[string]string{"dm-0": "data", "dm-1": "", "sda": ""} {
		name, err := s.VolumeName(device)
		require.NoError(t, err)
		assert.Equal(t, want, name, device)
	}
}

// FuzzReadLUKS: no bytes make it panic, a header that is found has a known version, and libblkid's view of it agrees.
func FuzzReadLUKS(f *testing.F) {
	for _, name := range []string{"plain", "bound", "wide", "one"} {
		f.Add(luksImage(f, name))
	}
	f.Add([]byte(luksMagic + "\x00\x02" + strings.Repeat("\xff", 600)))
	f.Add(append(make([]byte, 16<<10), luksSecondMagic+"\x00\x02"+strings.Repeat("\xff", 600)...))
	f.Fuzz(func(t *testing.T, image []byte) {
		h, found := readLUKSImage(t, image)
		if !found {
			return
		}
		assert.Contains(t, []int{1, 2}, h.Version)
		s, is := readLUKS(&device{r: bytes.NewReader(image), size: int64(len(image))})
		assert.True(t, is)
		assert.Equal(t, "crypto_LUKS", s.Type)
		if h.Version == 1 || h.Broken {
			assert.Equal(t, s.UUID, h.UUID)
		}
	})
}
