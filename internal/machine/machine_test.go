package machine

import (
	"bytes"
	"io/fs"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestModulesAreLoadedAfterWhatTheyNeed(t *testing.T) {
	order, err := LoadOrder(strings.NewReader("k/a.ko: k/b.ko k/c.ko\nk/b.ko: k/c.ko\nk/c.ko:\nk/d.ko:\n"+
		"k/e-f.ko.xz:\n"), []string{"a", "built_in", "c", "e_f"})
	require.NoError(t, err)
	assert.Equal(t, []string{"k/c.ko", "k/b.ko", "k/a.ko", "k/e-f.ko.xz"}, order)
}

func TestModulesThatNeedEachOtherEndTheSearch(t *testing.T) {
	order, err := LoadOrder(strings.NewReader("a.ko: b.ko\nb.ko: a.ko\n"), []string{"a"})
	require.NoError(t, err)
	assert.Equal(t, []string{"b.ko", "a.ko"}, order)
}

// The numbers are at fixed places, and each part begins at a multiple of four bytes.
func TestAnArchiveIsOfAlignedParts(t *testing.T) {
	var out bytes.Buffer
	archive := NewArchive(&out)
	archive.Add("dir", fs.ModeDir|0o755, nil)
	archive.Add("dir/file", 0o644, []byte("hello"))
	archive.Add("link", fs.ModeSymlink|0o777, []byte("dir"))
	require.NoError(t, archive.Close())
	text := out.String()
	assert.Zero(t, len(text)%4)
	for name, header := range map[string]string{
		"dir\x00":            "070701" + "00000001" + "000041ED",
		"dir/file\x00":       "070701" + "00000002" + "000081A4",
		"link\x00":           "070701" + "00000003" + "0000A1FF",
		"TRAILER!!!\x00\x00": "070701" + "00000004",
	} {
		at := strings.Index(text, name)
		require.Positive(t, at, name)
		begin := at - 110
		assert.Zero(t, begin%4, name)
		assert.True(t, strings.HasPrefix(text[begin:], header), name)
	}
	assert.Contains(t, text, "hello\x00\x00\x00070701")
}
