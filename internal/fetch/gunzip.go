package fetch

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/klauspost/compress/gzip"
)

// An expansion stops decompression that cannot be meant. The deflate format allows about 1:1030, and an image of an
// empty filesystem comes near that, so the ratio counts only past a size that such images have.
type expansion struct {
	free  int64 // bytes that may come out whatever went in
	ratio int64 // past them, how many bytes may come out for one that went in
}

// exceeded compares without a product, which could overflow.
func (e expansion) exceeded(in, out int64) bool { return out > e.free && out/e.ratio > in }

// A gunzip reads what is in an archive, all members of it; after the last one nothing else may follow. It keeps the
// buffer that it reads from: the library would make one of 4 KiB, and copy that often.
type gunzip struct {
	reader   gzip.Reader
	buffered *bufio.Reader
	archive  counter
	n        int64 // bytes given
	limit    expansion
}

const gunzipBuffer = 64 << 10

// gzipMagic is how each archive begins (RFC 1952, section 2.3.1).
const gzipMagic = "\x1f\x8b"

// A gunzipPool keeps what 100 KB are needed for, as a config can hold thousands of small archives.
type gunzipPool struct{ pool sync.Pool }

func (p *gunzipPool) get() *gunzip {
	if g, ok := p.pool.Get().(*gunzip); ok {
		return g
	}
	return &gunzip{buffered: bufio.NewReaderSize(nil, gunzipBuffer)}
}

func (p *gunzipPool) put(g *gunzip) { p.pool.Put(g) }

// open begins an archive.
func (g *gunzip) open(archive io.Reader, limit expansion) error {
	g.archive, g.n, g.limit = counter{from: archive}, 0, limit
	g.buffered.Reset(&g.archive)
	if head, _ := g.buffered.Peek(len(gzipMagic)); len(head) > 0 && !strings.HasPrefix(gzipMagic, string(head)) {
		return gunzipError(gzip.ErrHeader)
	}
	if err := g.reader.Reset(g.buffered); err != nil {
		return gunzipError(notEOF(err))
	}
	return nil
}

func (g *gunzip) Read(p []byte) (int, error) {
	n, err := g.reader.Read(p)
	if g.limit.exceeded(g.archive.n, g.n+int64(n)) {
		return 0, &Error{Kind: KindSize, Err: fmt.Errorf(
			"decompresses to more than %d times its size: stopped after %s", g.limit.ratio,
			diag.Count(g.n, "byte"))}
	}
	g.n += int64(n)
	if err != nil && err != io.EOF {
		err = gunzipError(err)
	}
	return n, err
}

// gunzipError is what is wrong with an archive. What is wrong with the body that it comes from stays as it is.
func gunzipError(err error) error {
	if KindOf(err) != "" {
		return err
	}
	if errors.Is(err, gzip.ErrHeader) {
		return badContent(diag.WithHint(fmt.Errorf("is not gzip: %w", err), hintGzip))
	}
	return badContent(fmt.Errorf("gzip: %w", err))
}

// notEOF gives the end of an empty body its name: io.EOF says nothing to a person.
func notEOF(err error) error {
	if err == io.EOF {
		return fmt.Errorf("nothing to decompress: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// A counter counts what is read.
type counter struct {
	from io.Reader
	n    int64
}

func (c *counter) Read(p []byte) (int, error) {
	n, err := c.from.Read(p)
	c.n += int64(n)
	return n, err
}

// InflatedMax is how much so many bytes of gzip may hold where at most limit is wanted: zeros without end are no text,
// and memory has one.
func InflatedMax(packed int, limit int64) int64 {
	const free, ratio = 64 << 20, 200
	return min(max(free, ratio*int64(packed)), limit)
}

// unpacked takes gzip off. What a server only says to be gzip is left as it is.
func unpacked(text []byte, limit int64) ([]byte, error) {
	if !bytes.HasPrefix(text, []byte(gzipMagic)) {
		return text, nil
	}
	limit = InflatedMax(len(text), limit)
	z, err := gzip.NewReader(bytes.NewReader(text))
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(z, limit+1))
	}
	switch {
	case err != nil:
		return nil, badContent(fmt.Errorf("the answer's Content-Encoding: gzip: %w", notEOF(err)))
	case int64(len(text)) > limit:
		return nil, tooLarge(limit)
	}
	return text, nil
}
