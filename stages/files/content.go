package files

import (
	"bytes"
	"context"
	"errors"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/source"
)

// An output takes the parts of a content one after the other. Mark says where a part begins, which is where Reset goes
// back to.
type output interface {
	Sink
	Mark()
}

// obtain writes all parts of a file to out, in order.
func (w *worker) obtain(ctx context.Context, n *node, out output) error {
	for _, p := range n.sources {
		out.Mark()
		if err := w.Fetch(ctx, p.Resource, out); err != nil {
			return plan.Step{ID: n.noun() + ":" + n.path, Subject: n.subject(), Origin: p.origin}.Fail(err)
		}
	}
	return nil
}

// local tells whether the content can be had without asking anybody.
func (n *node) local() bool {
	for _, p := range n.sources {
		if raw := text(p.Source); raw != "" && !strings.HasPrefix(raw, "data:") {
			return false
		}
	}
	return true
}

// A likeness is how a content compares with what is in a file.
type likeness uint8

const (
	undecided likeness = iota
	equal
	fileShorter    // the file is the beginning of the content
	contentShorter // the content is the beginning of the file
	unequal
)

var errDecided = errors.New("the comparison is decided")

// A comparison is an output that compares what it is given with a file from an offset on. It ends the writer's work
// with errDecided as soon as more of the content cannot change the result: a file of another kind costs one read, not a
// download.
type comparison struct {
	file     io.ReaderAt
	at, mark int64
	buf      []byte
	result   likeness
}

// Mark begins a part.
func (c *comparison) Mark() { c.mark = c.at }

// Reset starts the part again. What was equal the first time is compared once more, which is right: a server may send
// something else now.
func (c *comparison) Reset() error {
	c.at = c.mark
	return nil
}

// Write compares one chunk after the other, so that memory does not grow with the content.
func (c *comparison) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		chunk := p[done:min(len(p), done+32<<10)]
		if cap(c.buf) < len(chunk) {
			c.buf = make([]byte, len(chunk))
		}
		n, err := c.file.ReadAt(c.buf[:len(chunk)], c.at)
		if err != nil && !errors.Is(err, io.EOF) {
			return done, err
		}
		switch {
		case !bytes.Equal(c.buf[:n], chunk[:n]):
			c.result = unequal
			return done, errDecided
		case n < len(chunk):
			c.result = fileShorter
			return done, errDecided
		}
		done += n
		c.at += int64(n)
	}
	return len(p), nil
}

// end gives the result once the content is over.
func (c *comparison) end() (likeness, error) {
	if c.result != undecided {
		return c.result, nil
	}
	var one [1]byte
	switch n, err := c.file.ReadAt(one[:], c.at); {
	case n > 0:
		return contentShorter, nil
	case err != nil && !errors.Is(err, io.EOF):
		return undecided, err
	}
	return equal, nil
}

// compare plays a content against a file from base on.
func compare(file io.ReaderAt, base int64, play func(output) error) (likeness, error) {
	c := &comparison{file: file, at: base}
	if err := play(c); err != nil && c.result == undecided {
		return undecided, err
	}
	return c.end()
}

// holds tells whether the file at n, which is there, has the content that n asks for. A digest of the whole content
// saves getting it.
func (w *worker) holds(ctx context.Context, n *node) (bool, error) {
	f, err := w.plain().Open(n.at, false)
	if err != nil {
		return false, err
	}
	defer f.Close()
	return w.fileHolds(ctx, n, f)
}

// A contents is what is in a file.
type contents interface {
	io.ReadCloser
	io.ReaderAt
}

// fileHolds is holds for a file that is open.
func (w *worker) fileHolds(ctx context.Context, n *node, f contents) (bool, error) {
	if d, given := n.digest(); given {
		return digestMatches(f, d)
	}
	if n.overwrite && !n.local() {
		// Getting it to compare, and again to write it, would double the traffic of every first run.
		return false, nil
	}
	got, err := compare(f, 0, func(out output) error { return w.obtain(ctx, n, out) })
	return got == equal || got == contentShorter && n.at == w.presetAt, err
}

// digest gives the digest of the whole content, if the config has one.
func (n *node) digest() (d source.Digest, given bool) {
	if len(n.sources) != 1 || text(n.sources[0].Verification.Hash) == "" {
		return d, false
	}
	d, fault := source.ParseDigest(text(n.sources[0].Verification.Hash), config.Newest)
	return d, fault == nil
}

// digestMatches reads a file once, whatever its size.
func digestMatches(f io.Reader, d source.Digest) (bool, error) {
	h := d.New()
	_, err := io.Copy(h, f)
	return err == nil && d.Matches(h.Sum(nil)), err
}
