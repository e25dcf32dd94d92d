package guest

import (
	"errors"
	"os"
	"regexp"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// refusal is the kernel's line about a write that a disk has not taken (block/blk-mq.c, blk_print_req_error).
var refusal = regexp.MustCompile(`error, dev \S+, sector \d+ op 0x\w+:\(WRITE\)`)

// refused is such a line among the kernel's; "" for none.
func refused(lines string) string {
	for line := range strings.Lines(lines) {
		if refusal.MatchString(line) {
			// What is before it is for programs (Documentation/ABI/testing/dev-kmsg).
			_, text, _ := strings.Cut(line, ";")
			return strings.TrimSpace(text)
		}
	}
	return ""
}

// written says of a machine whose filesystems are unmounted whether the disks have all of it: what is written when
// nobody waits for it any more fails where nobody hears of it.
func written() error {
	unix.Sync()
	kernel, err := unix.Open("/dev/kmsg", unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return &os.PathError{Op: "open", Path: "/dev/kmsg", Err: err}
	}
	defer unix.Close(kernel)
	const recordMost = 8 << 10
	record := make([]byte, recordMost)
	for {
		switch n, err := unix.Read(kernel, record); {
		case errors.Is(err, unix.EAGAIN):
			return nil
		case errors.Is(err, unix.EPIPE): // older ones have made room meanwhile
		case err != nil:
			return &os.PathError{Op: "read", Path: "/dev/kmsg", Err: err}
		default:
			if line := refused(string(record[:n])); line != "" {
				return diag.WithHint(errors.New("a disk has not taken what was written: "+line),
					"make room where the images are: what they hold of holes is filled")
			}
		}
	}
}
