package fetch

import (
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"

	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/klauspost/compress/gzip"
)

// A bound stops decompression that cannot be meant. The deflate format allows about 1:1030, and an image of an empty
// filesystem comes near that, so the ratio counts only past a size that such images have.
type bound struct {
	free  int64 // bytes that may come out whatever went in
	ratio int64 // past them, how many bytes may come out for one that went in
}

// passed compares without a product, which could overflow.
func (b bound) passed(in, out int64) bool { return out > b.free && out/b.ratio > in }

// A delivery brings the bytes of one resource to where they belong: body, gunzip, digest, writer.
type delivery struct {
	client *Client
	to     io.Writer
	gzip   bool

	digest source.Digest
	wanted string    // the digest's digits
	hash   hash.Hash // nil without a digest

	body    *tracked
	n       int64 // bytes given to the writer
	refused error // why a Write was not done
}

// expect sets the digest that finish compares with.
func (d *delivery) expect(text string) error {
	if text == "" {
		return nil
	}
	digest, fault := source.ParseDigest(text, newest)
	if fault != nil {
		return fmt.Errorf("digest: %w", fault)
	}
	d.digest, d.hash = digest, digest.New()
	_, d.wanted, _ = strings.Cut(text, "-")
	return nil
}

// Write passes decompressed bytes on.
func (d *delivery) Write(p []byte) (n int, err error) {
	defer func() { d.refused = err }()
	if d.gzip && d.client.bound.passed(d.body.n, d.n+int64(len(p))) {
		return 0, fmt.Errorf("decompresses to more than %d times its size: stopped after %d bytes", d.client.bound.ratio, d.n)
	}
	n, err = d.to.Write(p)
	d.n += int64(n)
	if d.hash != nil {
		d.hash.Write(p[:n])
	}
	return n, err
}

// take delivers a whole body and checks its digest. On an error body.err tells whether the body itself broke off.
func (d *delivery) take(body io.Reader) error {
	d.body = &tracked{from: body}
	copied := d.plain
	if d.gzip {
		copied = d.unzip
	}
	if err := copied(); err != nil {
		return err
	}
	return d.finish()
}

// plain copies in pieces of 32 KiB.
func (d *delivery) plain() error {
	_, err := io.Copy(d, d.body)
	return err
}

// unzip copies what is inside, all members of the archive. After the last one nothing else may follow.
func (d *delivery) unzip() error {
	z, _ := d.client.gunzip.Get().(*gzip.Reader)
	if z == nil {
		z = new(gzip.Reader)
	}
	defer d.client.gunzip.Put(z)
	if err := z.Reset(d.body); err != nil {
		return fmt.Errorf("gzip: %w", notEOF(err))
	}
	_, err := z.WriteTo(d)
	if err != nil && d.refused == nil {
		return fmt.Errorf("gzip: %w", err)
	}
	return err
}

// notEOF gives the end of an empty body its name: io.EOF says nothing to a person.
func notEOF(err error) error {
	if err == io.EOF {
		return fmt.Errorf("nothing to decompress: %w", io.ErrUnexpectedEOF)
	}
	return err
}

// finish compares the digest of everything that was written.
func (d *delivery) finish() error {
	if d.hash == nil {
		return nil
	}
	sum := d.hash.Sum(nil)
	if d.digest.Matches(sum) {
		return nil
	}
	return fmt.Errorf("%s does not match: expected %s, got %s, %d bytes", d.digest.Function(), d.wanted, hex.EncodeToString(sum), d.n)
}

// restart forgets what was delivered so far.
func (d *delivery) restart() error {
	if d.hash != nil {
		d.hash.Reset()
	}
	if d.n == 0 {
		return nil
	}
	sink, ok := d.to.(Sink)
	if !ok {
		return fmt.Errorf("the first %d bytes are written already and cannot be taken back", d.n)
	}
	d.n = 0
	return sink.Reset()
}

// tracked counts what is read from a body and keeps its error, so that a broken connection is told from a bad gzip
// stream and from a full disk.
type tracked struct {
	from io.Reader
	n    int64
	err  error
}

// Read reads from the body.
func (t *tracked) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	t.n += int64(n)
	if err != nil && err != io.EOF {
		t.err = err
	}
	return n, err
}
