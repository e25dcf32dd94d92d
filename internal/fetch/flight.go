package fetch

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A Keeper is a Sink that can be read once it is complete. What it holds of a resource with a digest is copied from
// there when the same resource is asked for again.
type Keeper interface {
	Sink
	// Reread opens the content for reading; it begins at offset. The file stays readable under whatever name it gets.
	Reread() (f *os.File, offset int64, err error)
}

// keptMax is how many files are held open to copy from.
const keptMax = 64

// A flight is one fetch that others may wait for.
type flight struct {
	done   chan struct{}
	file   *os.File // nil if the content is not to be had
	offset int64
	size   int64
}

// flights are the fetches of a client that are under way, and those that it has the content of.
type flights struct {
	mu   sync.Mutex
	all  map[string]*flight
	kept []string // oldest first
}

// key tells resources apart whose content is certain; "" is for all others.
func (r Resource) key() string {
	if r.Digest == "" {
		return ""
	}
	parts := []string{r.Digest, r.URL, strconv.FormatBool(r.Gzip)}
	for _, h := range r.Headers {
		parts = append(parts, h.Name, h.Value.Reveal())
	}
	for i, p := range parts {
		parts[i] = strconv.Itoa(len(p)) + ":" + p
	}
	return strings.Join(parts, "")
}

// once fetches a resource, or copies what an earlier fetch of it has left.
func (c *Client) once(ctx context.Context, r Resource, to *delivery, fetch func() error) error {
	key := r.key()
	if key == "" {
		return fetch()
	}
	f, first := c.flights.join(key, to)
	switch {
	case f == nil:
		return fetch()
	case first:
		err := fetch()
		c.flights.land(key, f, to, err)
		return err
	}
	select {
	case <-f.done:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	if f.file == nil {
		return fetch()
	}
	// Somebody may have written to the file since. The digest would tell, and the source has it still.
	err := to.replay(io.NewSectionReader(f.file, f.offset, f.size))
	if err == nil {
		return nil
	}
	if err := to.restart(); err != nil {
		return err
	}
	return fetch()
}

// join finds a fetch, or makes to the first of one. It gives nil where there is none and to cannot be read later.
func (s *flights) join(key string, to *delivery) (f *flight, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f := s.all[key]; f != nil {
		return f, false
	}
	if _, ok := to.to.(Keeper); !ok {
		return nil, false
	}
	if s.all == nil {
		s.all = map[string]*flight{}
	}
	f = &flight{done: make(chan struct{})}
	s.all[key] = f
	return f, true
}

// land ends a fetch, and keeps its content if it has gone well.
func (s *flights) land(key string, f *flight, to *delivery, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(f.done)
	if err == nil {
		f.file, f.offset, err = to.to.(Keeper).Reread()
		f.size = to.n
	}
	if err != nil {
		f.file = nil
		delete(s.all, key)
		return
	}
	s.kept = append(s.kept, key)
	if len(s.kept) > keptMax {
		delete(s.all, s.kept[0]) // whoever copies from it still has it; the collector closes it
		s.kept = s.kept[1:]
	}
}
