package lsp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// What a message may have at most. A text of 256 MiB, which is the largest that is read, fits with its escapes.
const (
	headerLineMost  = 4 << 10 // bytes
	headerLinesMost = 32
	bodyMost        = 640 << 20 // bytes
	grownAtOnce     = 1 << 20   // bytes that are there before any of them has come
)

var errHeader = errors.New("the header of a message is malformed")

// reading makes a reader that can hold one line of a header.
func reading(in io.Reader) *bufio.Reader { return bufio.NewReaderSize(in, headerLineMost) }

// readFrame gives the body of the next message, io.EOF where there is none. Memory grows with what has come, and not
// with what the header announces.
func readFrame(in *bufio.Reader) ([]byte, error) {
	size, err := readHeader(in)
	if err != nil {
		return nil, err
	}
	if size > bodyMost {
		return nil, fmt.Errorf("a message of %d bytes: at most %d are read", size, bodyMost)
	}
	var body bytes.Buffer
	body.Grow(min(size, grownAtOnce))
	if _, err := io.CopyN(&body, in, int64(size)); err != nil {
		return nil, cut(err)
	}
	return body.Bytes(), nil
}

// readHeader gives the length of the body.
func readHeader(in *bufio.Reader) (size int, err error) {
	size = -1
	for number := range headerLinesMost {
		line, err := in.ReadSlice('\n')
		switch {
		case errors.Is(err, io.EOF) && number == 0 && len(line) == 0:
			return 0, io.EOF
		case errors.Is(err, bufio.ErrBufferFull):
			return 0, errHeader
		case err != nil:
			return 0, cut(err)
		}
		name, value, found := strings.Cut(strings.TrimRight(string(line), "\r\n"), ":")
		switch {
		case name == "" && !found && size >= 0:
			return size, nil
		case !found:
			return 0, errHeader
		case strings.EqualFold(name, "Content-Length"):
			if size, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || size < 0 {
				return 0, errHeader
			}
		}
	}
	return 0, errHeader
}

// cut: an end within a message is none that was meant.
func cut(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// writeFrame writes a message.
func writeFrame(out io.Writer, body []byte) error {
	_, err := fmt.Fprintf(out, "Content-Length: %d\r\n\r\n%s", len(body), body)
	return err
}
