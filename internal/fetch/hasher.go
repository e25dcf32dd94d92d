package fetch

import "hash"

// A hasher hashes chunks while they are written, and gives them back. It may be behind the writer by as many chunks as
// there are, so that neither waits for the other each time.
type hasher struct {
	hash  hash.Hash // nil for none
	in    *readahead
	work  chan chunk // nil where hashing in between is cheaper
	wrote chan struct{}
	ended chan struct{}
}

// newHasher hashes what comes in. The caller calls end.
func newHasher(function hash.Hash, in *readahead) *hasher {
	h := &hasher{hash: function, in: in}
	if function == nil || in.whole() {
		return h
	}
	h.work, h.wrote, h.ended = make(chan chunk, chunksAhead+1), make(chan struct{}, chunksAhead+1), make(chan struct{})
	go h.run()
	return h
}

func (h *hasher) run() {
	defer close(h.ended)
	for c := range h.work {
		h.hash.Write(c.bytes())
		<-h.wrote
		h.in.done(c)
	}
}

// start hashes a chunk, or has it hashed.
func (h *hasher) start(c chunk) {
	switch {
	case h.work != nil:
		h.work <- c
	case h.hash != nil:
		h.hash.Write(c.bytes())
	}
}

// written says that the writer is done with a chunk.
func (h *hasher) written(c chunk) {
	if h.work != nil {
		h.wrote <- struct{}{}
		return
	}
	h.in.done(c)
}

// end returns when all is hashed.
func (h *hasher) end() {
	if h.work != nil {
		close(h.work)
		close(h.wrote)
		<-h.ended
	}
}
