package machine

import (
	"bufio"
	"fmt"
	"io"
	"strings"
	"sync/atomic"
	"time"
)

// readConsole reads lines until the console ends, shows them to live if there is one, and tells of each.
func readConsole(console io.Reader, started time.Time, live io.Writer, tell func(Line)) []Line {
	var lines []Line
	for reader := bufio.NewReader(console); ; {
		text, err := reader.ReadString('\n')
		if text != "" {
			line := Line{After: time.Since(started), Text: strings.Trim(text, "\r\n")}
			lines = append(lines, line)
			if live != nil {
				fmt.Fprintln(live, line)
			}
			tell(line)
		}
		if err != nil {
			return lines
		}
	}
}

// A countedReader counts what is read from it.
type countedReader struct {
	io.Reader
	bytes *atomic.Int64
}

func (r countedReader) Read(to []byte) (int, error) {
	n, err := r.Reader.Read(to)
	r.bytes.Add(int64(n))
	return n, err
}
