package lint_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestWhatOnlySomeDisksTakeIsAdvice(t *testing.T) {
	const at = "only-kept storage."
	filesystem := func(members string) string {
		return `"storage": {"filesystems": [{"device": "/dev/vda1", ` + members + `}]}`
	}
	partition := func(disk, members string) string {
		return `"storage": {"disks": [{"device": "/dev/vda", ` + disk + `"partitions": [{` + members + `}]}]}`
	}
	array := func(members string) string {
		return `"storage": {"raid": [{"level": "raid1", "devices": ["/dev/vda", "/dev/vdb"], ` + members + `}]}`
	}
	long := strings.Repeat("x", 255)
	for members, want := range map[string]string{
		filesystem(`"format": "vfat", "label": "EFI"`):                             "",
		filesystem(`"format": "vfat", "label": "efi"`):                             "",
		filesystem(`"format": "vfat", "label": "EFI.SYS"`):                         at + "filesystems.0.label",
		filesystem(`"format": "vfat", "label": " EFI"`):                            at + "filesystems.0.label",
		filesystem(`"format": "vfat", "label": "ä"`):                               at + "filesystems.0.label",
		filesystem(`"format": "vfat", "label": "EFI.SYS", "wipeFilesystem": true`): "",
		filesystem(`"format": "vfat", "label": "NO NAME"`):                         "",
		filesystem(`"format": "ext4", "label": "EFI.SYS"`):                         "",
		filesystem(`"format": "btrfs", "label": "` + long + `"`):                   at + "filesystems.0.label",
		filesystem(`"format": "btrfs", "label": "` + long[1:] + `"`):               "",
		filesystem(`"format": "xfs", "uuid": ""`):                                  at + "filesystems.0.uuid",
		filesystem(`"format": "btrfs", "uuid": ""`):                                "",
		filesystem(`"format": "vfat", "uuid": ""`):                                 "",
		partition("", `"number": 129`):                                             at + "disks.0.partitions.0.number",
		partition("", `"number": 255`):                                             at + "disks.0.partitions.0.number",
		partition("", `"number": 256`):                                             "",
		partition("", `"number": 128`):                                             "",
		partition("", `"number": 129, "shouldExist": false`):                       "",
		partition(`"wipeTable": true, `, `"number": 129`):                          "",

		array(`"name": "a+b"`):                        "array-name storage.raid.0.name",
		array(`"name": ".a"`):                         "array-name storage.raid.0.name",
		array(`"name": "/dev/md/a:b"`):                "array-name storage.raid.0.name",
		array(`"name": "größe"`):                      "array-name storage.raid.0.name",
		array(`"name": "/dev/md/a.b_c-d"`):            "",
		array(`"name": "/dev/md127"`):                 "",
		array(`"name": "a", "options": ["--name=b"]`): "",
		array(`"name": "a", "options": ["--name=@"]`): "array-name storage.raid.0.options.0",
		array(`"name": "a", "options": ["-N", "@"]`):  "array-name storage.raid.0.options.1",
	} {
		var all []string
		if want != "" {
			all = []string{want}
		}
		assert.Equal(t, all, advised(t, config(members)), members)
	}
}
