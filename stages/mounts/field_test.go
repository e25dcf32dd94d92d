package mounts

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAnOptionWithALineEndIsRefusedBeforeAnythingIsMounted(t *testing.T) {
	s := filesystems("/dev/a ext4 /a", "/dev/b ext4 /b noatime")
	s.Filesystems[1].MountOptions[0] += "\nx"
	_, err := newWork(s, tree(t), Options{}).plan()
	assert.EqualError(t, err,
		"a mount option ($.storage.filesystems.1.mountOptions.0): a mount option cannot hold a line end")
}
