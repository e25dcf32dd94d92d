package fetch

import (
	"bufio"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"strings"
	"sync/atomic"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/diag"
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

// A delivery brings the bytes of one resource to where they belong: body, gunzip, digest, writer. For what is larger
// than a buffer these four work at the same time.
type delivery struct {
	client *Client
	to     io.Writer
	gzip   bool

	digest source.Digest
	wanted string    // the digest's digits
	hash   hash.Hash // nil without a digest

	body   *tracked
	packed *tracked // what has come to be decompressed, of which less is in advance
	n      int64    // bytes given to the writer
	abort  func()   // makes a body that is being read fail at once; nil where it never blocks
	ours   bool     // the body was not to blame for the error of take
	// packing is how the server says that it has packed the body, though nobody has asked it to.
	packing string
	differs bool // the digest is another
}

// expect sets the digest that finish compares with.
func (d *delivery) expect(text string) error {
	if text == "" {
		return nil
	}
	digest, fault := source.ParseDigest(text, config.Newest) // an older document's digests have been checked before
	if fault != nil {
		return fmt.Errorf("digest: %w", fault)
	}
	d.digest, d.hash = digest, digest.New()
	_, d.wanted, _ = strings.Cut(text, "-")
	return nil
}

func (d *delivery) Write(p []byte) (int, error) {
	if d.gzip && d.client.bound.passed(d.packed.n.Load(), d.n+int64(len(p))) {
		return 0,
			fmt.Errorf("decompresses to more than %d times its size: stopped after %d bytes", d.client.bound.ratio, d.n)
	}
	n, err := d.to.Write(p)
	d.n += int64(n)
	return n, err
}

// take delivers a whole body and checks its digest. On an error d.ours tells whether it is something else than the body
// that broke off.
func (d *delivery) take(body io.Reader) error {
	d.body, d.ours = &tracked{from: body}, false
	copied := d.plain
	if d.gzip {
		copied = d.unzip
	}
	if err := copied(); err != nil {
		return err
	}
	d.ours = true
	return d.finish()
}

func (d *delivery) plain() error { return d.pour(d.body) }

// replay delivers what is unpacked already.
func (d *delivery) replay(content io.Reader) error {
	packed := d.gzip
	d.gzip = false
	defer func() { d.gzip = packed }()
	return d.take(content)
}

// give delivers what is in memory already, with one write: a small file is then one system call.
func (d *delivery) give(content []byte) error {
	d.ours = true
	if _, err := d.Write(content); err != nil {
		return err
	}
	if d.hash != nil {
		d.hash.Write(content)
	}
	return d.finish()
}

// An unzipper keeps the buffer that it reads from: the library would make one of 4 KiB, and copy that often.
type unzipper struct {
	gzip.Reader
	in *bufio.Reader
}

const unzipSize = 64 << 10

// unzip copies what is inside, all members of the archive. After the last one nothing else may follow.
func (d *delivery) unzip() error {
	in := readAhead(d.body, &d.client.chunks)
	defer in.end()
	z, _ := d.client.gunzip.Get().(*unzipper)
	if z == nil {
		z = &unzipper{in: bufio.NewReaderSize(nil, unzipSize)}
	}
	defer d.client.gunzip.Put(z)
	d.packed = &tracked{from: in}
	z.in.Reset(d.packed)
	if err := z.Reset(z.in); err != nil {
		d.stop(d.body.failed.Load() == nil)
		return fmt.Errorf("gzip: %w", unpacking(notEOF(err)))
	}
	return d.pour(labelled{"gzip", z})
}

// labelled puts a name before the errors of a reader.
type labelled struct {
	name string
	from io.Reader
}

func (r labelled) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	if err != nil && err != io.EOF {
		err = fmt.Errorf("%s: %w", r.name, err)
	}
	return n, err
}

// pour copies to the writer, hashing beside it.
func (d *delivery) pour(from io.Reader) error {
	in := readAhead(from, &d.client.chunks)
	defer in.end()
	sum := newSummer(d.hash, in)
	defer sum.end()
	for {
		p := in.next()
		if p.err != nil && p.err != io.EOF { // what came before it would have to be taken back
			d.stop(d.body.failed.Load() == nil)
			return p.err
		}
		sum.start(p)
		if p.n > 0 {
			if _, err := d.Write(p.bytes()); err != nil {
				d.stop(true)
				return err
			}
		}
		sum.written(p)
		if p.err != nil {
			return nil
		}
	}
}

// stop ends the reading of the body, which may be waiting for a server, because of an error that is ours. Where the
// error is the body's it has ended.
func (d *delivery) stop(ours bool) {
	d.ours = ours
	if ours && d.abort != nil {
		d.abort()
	}
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
	d.differs = true
	err := fmt.Errorf("%s does not match: expected %s, got %s, %d bytes", d.digest.Function(), d.wanted,
		hex.EncodeToString(sum), d.n)
	if d.packing != "" {
		err = fmt.Errorf("%w; the server says that it has packed them with %s, unasked", err, d.packing)
	}
	return diag.WithHint(err, adviseDigest)
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

// A summer hashes pieces while they are written, and gives them back. It may be behind the writer by as many pieces as
// there are, so that neither waits for the other each time.
type summer struct {
	hash  hash.Hash // nil for none
	in    *ahead
	work  chan piece // nil where hashing in between is cheaper
	wrote chan struct{}
	ended chan struct{}
}

func newSummer(h hash.Hash, in *ahead) *summer {
	s := &summer{hash: h, in: in}
	if h == nil || in.whole() {
		return s
	}
	s.work, s.wrote, s.ended = make(chan piece, chunksAhead+1), make(chan struct{}, chunksAhead+1), make(chan struct{})
	go s.run()
	return s
}

func (s *summer) run() {
	defer close(s.ended)
	for p := range s.work {
		s.hash.Write(p.bytes())
		<-s.wrote
		s.in.done(p)
	}
}

// start hashes a piece, or has it hashed.
func (s *summer) start(p piece) {
	switch {
	case s.work != nil:
		s.work <- p
	case s.hash != nil:
		s.hash.Write(p.bytes())
	}
}

// written says that the writer is done with a piece.
func (s *summer) written(p piece) {
	if s.work != nil {
		s.wrote <- struct{}{}
		return
	}
	s.in.done(p)
}

// end returns when all is hashed.
func (s *summer) end() {
	if s.work != nil {
		close(s.work)
		close(s.wrote)
		<-s.ended
	}
}

// tracked counts what is read from a body and keeps its error, so that a broken connection is told from a bad gzip
// stream and from a full disk.
type tracked struct {
	from   io.Reader
	n      atomic.Int64
	failed atomic.Pointer[error]
}

func (t *tracked) Read(p []byte) (int, error) {
	n, err := t.from.Read(p)
	t.n.Add(int64(n))
	if err != nil && err != io.EOF {
		t.failed.Store(&err)
	}
	return n, err
}
