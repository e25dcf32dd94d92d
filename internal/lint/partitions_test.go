package lint_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestTypesOfPartitionsAreThoseOfWhatIsOnThem(t *testing.T) {
	const (
		esp  = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"
		home = "933ac7e1-2eb4-4f13-b844-0e14e2aef915"
		srv  = "3b8f8425-20e0-4f3b-907f-1a25a76f98e8"
		swap = "0657fd6d-a4ab-43c4-84e5-0933c84b4f4f"
		tmp  = "7ec6f557-3bc5-4aca-b293-16ef5df639d1"
		data = "0fc63daf-8483-4772-8e79-3d69d8477de4"
		md   = "a19d880f-05fc-4d3b-a006-743f0f84911e"
		bios = "21686148-6449-6e6f-744e-656564454649"
		guid = "11111111-2222-3333-4444-55555555555a"
		at   = "partition-type storage."
	)
	for _, c := range []struct{ claim, guid, filesystem, want string }{
		{"an ESP", esp, `"format": "vfat", "path": "/boot/efi"`, ""},
		{"an ESP that firmware cannot read", esp, `"format": "ext4"`, at + "filesystems.0.format"},
		{"swap", swap, `"format": "swap"`, ""},
		{"no swap", swap, `"format": "xfs"`, at + "filesystems.0.format"},
		{"swap on plain data", data, `"format": "swap"`, at + "filesystems.0.format"},
		{"a home", home, `"format": "ext4", "path": "/home"`, ""},
		{"the home of an image with /var", home, `"format": "ext4", "path": "/var/home"`, ""},
		{"a home that is something else", home, `"format": "ext4", "path": "/data"`, at + "filesystems.0.path"},
		{"one for /srv in /home", srv, `"format": "btrfs", "path": "/home"`, at + "filesystems.0.path"},
		{"one that is mounted nowhere", home, `"format": "ext4"`, ""},
		{"/var/tmp", tmp, `"format": "ext4", "path": "/var/tmp"`, ""},
		{"plain data", data, `"format": "ext4", "path": "/data"`, ""},
		{"a member of an array", md, `"format": "ext4"`, at + "filesystems.0.format"},
		{"where GRUB writes", bios, `"format": "vfat"`, at + "filesystems.0.format"},
		{"nothing is made", bios, `"format": "none"`, ""},
		{"a type of which nothing is known", guid, `"format": "ext4"`, ""},
		{"a digit that is wrong", "933ac7e1-2eb4-4f13-b844-0e14e2aef916", `"format": "swap"`,
			at + "disks.0.partitions.0.typeGuid"},
		{"two that are swapped", "393ac7e1-2eb4-4f13-b844-0e14e2aef915", `"format": "swap"`,
			at + "disks.0.partitions.0.typeGuid"},
		{"three that are wrong", "333ac7e1-2eb4-4f13-b844-0e14e2aef926", `"format": "swap"`, ""},
	} {
		for _, device := range []string{"/dev/disk/by-partlabel/a\\\\x20b", "/dev/disk/by-partuuid/" + guid} {
			got := advised(t, config(`"storage": {"disks": [{"device": "/dev/vda", "partitions": [{"label": "a b", `+
				`"number": 1, "guid": "`+guid+`", "typeGuid": "`+c.guid+`"}]}], "filesystems": [{"device": "`+device+
				`", `+c.filesystem+`}]}`))
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			assert.Equal(t, want, got, c.claim)
		}
	}
	assert.Empty(t, advised(t, config(`"storage": {"disks": [{"device": "/dev/vda", "partitions": [{"number": 1, `+
		`"typeGuid": "`+esp+`"}, {"label": "a", "number": 2}]}], "filesystems": [{"device": "/dev/vda1", "format": `+
		`"ext4"}, {"device": "/dev/disk/by-partlabel/a", "format": "swap"}]}`)), "not told apart, or without a type")
}
