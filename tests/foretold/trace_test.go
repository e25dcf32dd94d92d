package foretold

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestATraceShowsWhatChangesAMachine(t *testing.T) {
	const begin = `7 execve("/bin/x", ["x"], 0x7f /* 3 vars */) = 0` + "\n"
	for _, line := range []string{
		`7 openat(AT_FDCWD, "/etc/O_RDWR", O_RDONLY|O_CLOEXEC) = 3`,
		`7 openat2(3, "etc", {flags=O_RDONLY|O_PATH|O_CLOEXEC, resolve=RESOLVE_IN_ROOT}, 24) = 4`,
		`7 ioctl(3, BLKGETSIZE64, [67108864]) = 0`, `8 <... unlink resumed>) = 0`, `7 write(1, "unlink(", 7) = 7`,
		`7 bind(3, {sa_family=AF_NETLINK}, 12) = 0`,
	} {
		assert.Empty(t, Wrote(begin+line+"\n"), line)
	}
	for _, line := range []string{
		`7 openat(AT_FDCWD, "/etc/f", O_RDWR|O_CLOEXEC) = 3`, `8 open("/f", O_WRONLY) = -1 EPERM`,
		`8 openat2(3, "f", {flags=O_RDONLY|O_CREAT, mode=0600}, 24 <unfinished ...>`, `7 unlinkat(3, "f", 0) = 0`,
		`7 ioctl(3, BLKPG, {op=BLKPG_ADD_PARTITION}) = 0`, `7 ioctl(3, BLKRRPART) = 0`, `9 mkdir("/x", 0700) = 0`,
		`7 mount("a", "/b", "ext4", 0, NULL) = 0`, `8 execve("/bin/mkfs", ["mkfs"], 0x7f) = 0`,
		`7 fsetxattr(3, "user.a", "b", 1, 0) = 0`, `7 pwrite64(3, "x", 1, 0) = 1`,
		`7 bind(3, {sa_family=AF_UNIX, sun_path="/x"}, 12) = 0`,
	} {
		assert.Equal(t, []string{line}, Wrote(begin+line+"\n"))
	}
	assert.NotEmpty(t, Wrote(""))
}
