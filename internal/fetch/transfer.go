package fetch

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/source"
)

// A transfer brings the content of one resource to its writer. Of what is larger than a chunk, the next bytes are read,
// unpacked and hashed while those before them are written.
type transfer struct {
	client *Client
	to     io.Writer
	gzip   bool

	digest source.Digest
	digits string    // the digest's
	hash   hash.Hash // nil without a digest

	n int64 // bytes given to the writer
	// coding is how the server says that it has packed the body, though nobody has asked it to.
	coding string
}

// newTransfer prepares a transfer of what r says to a writer.
func (c *Client) newTransfer(r Resource, to io.Writer) (*transfer, error) {
	t := &transfer{client: c, to: to, gzip: r.Gzip}
	if r.Digest == "" {
		return t, nil
	}
	digest, fault := source.ParseDigest(r.Digest, config.Newest) // an older document's digests have been checked before
	if fault != nil {
		return t, badRequest(fmt.Errorf("digest: %w", fault))
	}
	t.digest, t.hash = digest, digest.New()
	_, t.digits, _ = strings.Cut(r.Digest, "-")
	return t, nil
}

// receive takes a whole body and verifies what is in it. It has the body abandoned, which may be waiting for a server,
// where its rest is of no use any more.
func (t *transfer) receive(body io.Reader, abandon func()) error {
	if !t.gzip {
		return t.store(body, abandon)
	}
	in := newReadahead(body, &t.client.buffers, abandon)
	defer in.end()
	g := t.client.gunzips.get()
	defer t.client.gunzips.put(g)
	if err := g.open(in, t.client.expansion); err != nil {
		return err
	}
	return t.store(g, abandon)
}

// receiveBytes takes what is in memory already, with one write: a small file is then one system call.
func (t *transfer) receiveBytes(content []byte) error {
	if t.gzip {
		return t.receive(bytes.NewReader(content), nil)
	}
	if err := t.write(content); err != nil {
		return err
	}
	if t.hash != nil {
		t.hash.Write(content)
	}
	return t.verify()
}

// store takes what is unpacked, and verifies it.
func (t *transfer) store(content io.Reader, abandon func()) error {
	if err := t.copy(content, abandon); err != nil {
		return err
	}
	return t.verify()
}

// copy writes, and hashes beside it.
func (t *transfer) copy(from io.Reader, abandon func()) error {
	in := newReadahead(from, &t.client.buffers, abandon)
	defer in.end()
	h := newHasher(t.hash, in)
	defer h.end()
	for {
		c := in.next()
		if c.err != nil && c.err != io.EOF { // what came before it would have to be taken back
			return c.err
		}
		h.start(c)
		if err := t.write(c.bytes()); err != nil {
			return err
		}
		h.written(c)
		if c.err != nil {
			return nil
		}
	}
}

func (t *transfer) write(p []byte) error {
	if len(p) == 0 {
		return nil
	}
	n, err := t.to.Write(p)
	t.n += int64(n)
	return unwritable(err)
}

// verify compares the digest of everything that was written.
func (t *transfer) verify() error {
	if t.hash == nil {
		return nil
	}
	sum := t.hash.Sum(nil)
	if t.digest.Matches(sum) {
		return nil
	}
	err := fmt.Errorf("%s does not match: expected %s, got %s, %s", t.digest.Function(), t.digits,
		hex.EncodeToString(sum), diag.Count(t.n, "byte"))
	if t.coding != "" {
		err = fmt.Errorf("%w; the server says that it has packed them with %s, unasked", err, t.coding)
	}
	return &Error{Kind: KindDigest, Err: diag.WithHint(err, hintDigest)}
}

// matches holds another text against the digest.
func (t *transfer) matches(text []byte) bool {
	t.hash.Reset()
	t.hash.Write(text)
	return t.digest.Matches(t.hash.Sum(nil))
}

// reset has the writer forget what it was given.
func (t *transfer) reset() error {
	if t.hash != nil {
		t.hash.Reset()
	}
	if t.n == 0 {
		return nil
	}
	sink, ok := t.to.(Sink)
	if !ok {
		return unwritable(fmt.Errorf("what is written already cannot be taken back: %s", diag.Count(t.n, "byte")))
	}
	t.n = 0
	return unwritable(sink.Reset())
}

// unwritable is an error of the writer, which may have said whose fault it is.
func unwritable(err error) error {
	if err == nil || KindOf(err) != "" {
		return err
	}
	return &Error{Kind: KindWriter, Err: err}
}
