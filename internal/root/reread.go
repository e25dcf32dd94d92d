package root

import (
	"os"
	"strconv"
)

// Reread opens what was written since Mark, or since the beginning, for reading; it begins at offset. The descriptor is
// one for reading only, so that the file can be run as a program meanwhile.
func (t *Temp) Reread() (f *os.File, offset int64, err error) {
	f, err = os.Open("/proc/self/fd/" + strconv.Itoa(t.fd))
	return f, t.mark, err
}
