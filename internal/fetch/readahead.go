package fetch

import (
	"io"
	"sync"
)

// chunkSize is what is read, hashed and written in one go: large enough that handing it to another goroutine costs
// nothing beside the work on it, small enough to be in a core's own cache still when it is hashed (with 512 KiB, 1 GiB
// takes a quarter longer). At most chunksAhead of them are filled in advance, so a body being fetched holds about two
// megabytes, and one that fits into a chunk holds that one alone.
const (
	chunkSize   = 128 << 10
	chunksAhead = 15
)

type buffer [chunkSize]byte

// A bufferPool keeps buffers for the next body: a config can hold thousands of small ones.
type bufferPool struct{ pool sync.Pool }

func (p *bufferPool) get() *buffer {
	if b, ok := p.pool.Get().(*buffer); ok {
		return b
	}
	return new(buffer)
}

func (p *bufferPool) put(b *buffer) { p.pool.Put(b) }

// A chunk is some bytes of a body, and the error that came after them.
type chunk struct {
	in  *buffer
	n   int
	err error // io.EOF at the end
}

func (c chunk) bytes() []byte { return c.in[:c.n] }

// A readahead reads from a source in advance, in a goroutine of its own. What fits into one chunk is read without one.
type readahead struct {
	from    io.Reader
	abandon func() // makes a read that waits fail; nil where none does
	pool    *bufferPool
	first   chunk
	free    chan *buffer // nil for one that is still to be made
	filled  chan chunk
	quit    chan struct{}
	ended   chan struct{} // nil without a goroutine

	started bool
	over    bool  // the last chunk is taken
	current chunk // for Read
	taken   int
}

// newReadahead reads the first chunk, and starts to read more if that was not all. The caller calls end.
func newReadahead(from io.Reader, pool *bufferPool, abandon func()) *readahead {
	r := &readahead{from: from, pool: pool, abandon: abandon}
	if r.first = r.fill(pool.get()); r.first.err != nil {
		return r
	}
	r.free, r.filled = make(chan *buffer, chunksAhead+1), make(chan chunk, chunksAhead)
	r.quit, r.ended = make(chan struct{}), make(chan struct{})
	for range chunksAhead {
		r.free <- nil
	}
	go r.run()
	return r
}

// whole tells that the source had no more than the first chunk.
func (r *readahead) whole() bool { return r.ended == nil }

func (r *readahead) fill(b *buffer) chunk {
	c := chunk{in: b}
	for c.n < len(b) && c.err == nil {
		var n int
		n, c.err = r.from.Read(b[c.n:])
		c.n += n
	}
	return c
}

func (r *readahead) run() {
	defer close(r.ended)
	for {
		var b *buffer
		select {
		case b = <-r.free:
		case <-r.quit:
			return
		}
		if b == nil {
			b = r.pool.get()
		}
		c := r.fill(b)
		select {
		case r.filled <- c:
		case <-r.quit:
			return
		}
		if c.err != nil {
			return
		}
	}
}

// next gives the chunks in order; the one with an error is the last. The caller gives each back with done.
func (r *readahead) next() chunk {
	c := r.first
	if r.started {
		c = <-r.filled
	}
	r.started, r.over = true, c.err != nil
	return c
}

// done gives a chunk back, to be filled anew.
func (r *readahead) done(c chunk) {
	if c.err != nil || r.whole() {
		r.pool.put(c.in)
		return
	}
	r.free <- c.in
}

// Read is for those who want a stream.
func (r *readahead) Read(p []byte) (int, error) {
	for r.current.in == nil || r.taken == r.current.n {
		if r.current.in != nil {
			if r.current.err != nil {
				return 0, r.current.err
			}
			r.done(r.current)
		}
		r.current, r.taken = r.next(), 0
	}
	n := copy(p, r.current.bytes()[r.taken:])
	r.taken += n
	return n, nil
}

// end stops the reading, of which nobody has to wait for what is left.
func (r *readahead) end() {
	if !r.whole() {
		close(r.quit)
		if !r.over && r.abandon != nil {
			r.abandon()
		}
		<-r.ended
	}
	if r.current.in != nil {
		r.pool.put(r.current.in)
		r.current.in = nil
	}
}
