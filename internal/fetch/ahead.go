package fetch

import (
	"io"
	"sync"
)

// chunkSize is what is read, hashed and written in one go: large enough that handing it to another goroutine costs
// nothing beside the work on it, small enough to be in a core's own cache still when it is hashed (with 512 KiB, 1 GiB
// takes a quarter longer). At most chunksAhead of them are filled in advance, so a body being fetched holds about two
// megabytes, and one that fits into a buffer holds that one alone.
const (
	chunkSize   = 128 << 10
	chunksAhead = 15
)

type chunk [chunkSize]byte

// chunks are kept for the next body: a config can hold thousands of small ones.
type chunks struct{ pool sync.Pool }

func (b *chunks) get() *chunk {
	if one, ok := b.pool.Get().(*chunk); ok {
		return one
	}
	return new(chunk)
}

func (b *chunks) put(one *chunk) { b.pool.Put(one) }

// A piece is some bytes of a body, and the error that came after them.
type piece struct {
	in  *chunk
	n   int
	err error // io.EOF at the end
}

func (p piece) bytes() []byte { return p.in[:p.n] }

// An ahead reads from a source in advance, in a goroutine of its own. What fits into one buffer is read without one.
type ahead struct {
	from   io.Reader
	chunks *chunks
	first  piece
	free   chan *chunk // nil for one that is still to be made
	filled chan piece
	quit   chan struct{}
	ended  chan struct{} // nil without a goroutine

	current piece // for Read
	taken   int
	started bool
}

// readAhead reads the first buffer, and starts to read more if that was not all. The caller calls end.
func readAhead(from io.Reader, b *chunks) *ahead {
	a := &ahead{from: from, chunks: b}
	if a.first = a.fill(b.get()); a.first.err != nil {
		return a
	}
	a.free, a.filled = make(chan *chunk, chunksAhead+1), make(chan piece, chunksAhead)
	a.quit, a.ended = make(chan struct{}), make(chan struct{})
	for range chunksAhead {
		a.free <- nil
	}
	go a.run()
	return a
}

// whole tells that the source had no more than the first buffer.
func (a *ahead) whole() bool { return a.ended == nil }

func (a *ahead) fill(b *chunk) piece {
	p := piece{in: b}
	for p.n < len(b) && p.err == nil {
		var n int
		n, p.err = a.from.Read(b[p.n:])
		p.n += n
	}
	return p
}

func (a *ahead) run() {
	defer close(a.ended)
	for {
		var b *chunk
		select {
		case b = <-a.free:
		case <-a.quit:
			return
		}
		if b == nil {
			b = a.chunks.get()
		}
		p := a.fill(b)
		select {
		case a.filled <- p:
		case <-a.quit:
			return
		}
		if p.err != nil {
			return
		}
	}
}

// next gives the pieces in order; the one with an error is the last. The caller gives each back with done.
func (a *ahead) next() piece {
	if !a.started {
		a.started = true
		return a.first
	}
	return <-a.filled
}

// done gives a piece back, to be filled anew.
func (a *ahead) done(p piece) {
	if p.err != nil || a.whole() {
		a.chunks.put(p.in)
		return
	}
	a.free <- p.in
}

// Read is for those who want a stream.
func (a *ahead) Read(p []byte) (int, error) {
	for a.current.in == nil || a.taken == a.current.n {
		if a.current.in != nil {
			if a.current.err != nil {
				return 0, a.current.err
			}
			a.done(a.current)
		}
		a.current, a.taken = a.next(), 0
	}
	n := copy(p, a.current.bytes()[a.taken:])
	a.taken += n
	return n, nil
}

// end stops reading. It waits for the goroutine, so whoever calls it has made sure that the source does not block.
func (a *ahead) end() {
	if !a.whole() {
		close(a.quit)
		<-a.ended
	}
	if a.current.in != nil {
		a.chunks.put(a.current.in)
		a.current.in = nil
	}
}
