package fetch

import (
	"context"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
)

// A ReusableSink is a Sink that can be read once it is complete. What it holds of a resource with a digest is copied
// from there when the same resource is asked for again.
type ReusableSink interface {
	Sink
	// Reread opens the content for reading; it begins at offset. The file stays readable under whatever name it gets.
	Reread() (f *os.File, offset int64, err error)
}

// keptMax is how many files are held open to copy from.
const keptMax = 64

// A download is one fetch whose content others may copy.
type download struct {
	done   chan struct{}
	file   *os.File // nil if the content cannot be copied
	offset int64
	size   int64
}

// Downloads are those of a client that are under way, and those whose content can be copied.
type downloads struct {
	mu   sync.Mutex
	all  map[string]*download
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

// reuse copies what an earlier fetch of the resource has left, or fetches it.
func (c *Client) reuse(ctx context.Context, r Resource, to *transfer, fetch func() error) error {
	key := r.key()
	if key == "" {
		return fetch()
	}
	d, first := c.downloads.join(key, to)
	switch {
	case d == nil:
		return fetch()
	case first:
		err := fetch()
		c.downloads.complete(key, d, to, err)
		return err
	}
	select {
	case <-d.done:
	case <-ctx.Done():
		return &Error{Kind: KindCancelled, Err: context.Cause(ctx)}
	}
	if d.file == nil {
		return fetch()
	}
	// Somebody may have written to the file since. The digest would tell, and the source has it still.
	err := to.store(io.NewSectionReader(d.file, d.offset, d.size), nil)
	if err == nil {
		return nil
	}
	if err := to.reset(); err != nil {
		return err
	}
	return fetch()
}

// join finds a download, or makes this transfer the first of one. It gives nil where there is none and what is written
// cannot be read later.
func (s *downloads) join(key string, to *transfer) (d *download, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if d := s.all[key]; d != nil {
		return d, false
	}
	if _, ok := to.to.(ReusableSink); !ok {
		return nil, false
	}
	if s.all == nil {
		s.all = map[string]*download{}
	}
	d = &download{done: make(chan struct{})}
	s.all[key] = d
	return d, true
}

// complete ends a download, and keeps its content if it has gone well.
func (s *downloads) complete(key string, d *download, to *transfer, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	defer close(d.done)
	if err == nil {
		d.file, d.offset, err = to.to.(ReusableSink).Reread()
		d.size = to.n
	}
	if err != nil {
		d.file = nil
		delete(s.all, key)
		return
	}
	s.kept = append(s.kept, key)
	if len(s.kept) > keptMax {
		delete(s.all, s.kept[0]) // whoever copies from it still has it; the collector closes it
		s.kept = s.kept[1:]
	}
}
