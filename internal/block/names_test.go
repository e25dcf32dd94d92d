package block

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// What the makers of Debian 12 take (mke2fs 1.47, mkfs.btrfs 6.2, mkfs.xfs 6.1, mkswap 2.38, mkfs.fat 4.2, cryptsetup
// 2.6).
func TestUUIDsThatMakersTake(t *testing.T) {
	const uuid, bare = "b2fcb3ab-1f4d-4a3b-9f2b-2f5d6f8d2f01", "b2fcb3ab1f4d4a3b9f2b2f5d6f8d2f01"
	for format, takes := range map[string]string{
		"btrfs": "UUID none", "ext4": "UUID random", "swap": "UUID random", "xfs": "UUID",
		"vfat": "dashed hex short digits", "crypto_LUKS": "UUID",
		"none": "UUID none random dashed hex short long digits bare bad",
		"":     "UUID none random dashed hex short long digits bare bad",
	} {
		for name, uuid := range map[string]string{"UUID": uuid, "none": "", "random": "Random", "dashed": "2E24-ec82",
			"hex": "0x12", "short": "12", "digits": "2e24ec82", "long": "2e24ec8212", "bare": bare,
			"bad": "2e24_ec82"} {
			assert.Equal(t, slices.Contains(strings.Fields(takes), name), TakesUUID(format, uuid), "%s %s", format,
				name)
		}
	}
}

func TestNumbersOfVFATAreComparedAsNumbers(t *testing.T) {
	for _, uuid := range []string{"12AB", "0x12ab", "0000-12AB", "000012ab"} {
		assert.Equal(t, "000012ab", BareUUID("vfat", uuid), uuid)
	}
	assert.Equal(t, "12ab", BareUUID("ext4", "12AB"))
}

func TestAUUIDOfZerosIsNone(t *testing.T) {
	const zeros = "00000000-0000-0000-0000-000000000000"
	for _, format := range []string{"ext4", "xfs", "btrfs", "swap"} {
		assert.Empty(t, SeenUUID(format, zeros), format)
		assert.NotEmpty(t, SeenUUID(format, zeros[1:]+"1"), format)
	}
	assert.Equal(t, "00000000", SeenUUID("vfat", "0"))
}

func TestALabelIsTheNameOfALink(t *testing.T) {
	for label, want := range map[string]string{
		"größe": "größe", "a b/c.d-é": `a\x20b\x2fc.d-é`, "#+-.:=@_": "#+-.:=@_", `a\b"`: `a\x5cb\x22`, "": "",
	} {
		assert.Equal(t, want, LinkName(label))
	}
}
