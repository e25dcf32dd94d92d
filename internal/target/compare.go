package target

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
)

// An Output takes the parts of a content one after the other. Mark says where a part begins, which is where Reset goes
// back to.
type Output interface {
	Sink
	Mark()
}

// A Likeness is how a content compares with what is in a file.
type Likeness uint8

// The likenesses.
const (
	Undecided Likeness = iota
	Equal
	FileShorter    // the file is the beginning of the content
	ContentShorter // the content is the beginning of the file
	Unequal
)

// A Comparer compares a content of which only its length and its SHA-256 are known.
type Comparer interface {
	CompareDigest(size int64, sum []byte) error
}

// ErrDecided ends the writing of a content of which nobody needs more.
var ErrDecided = errors.New("the comparison is decided")

// A comparison is an Output that compares what it is given with a file from an offset on. It ends the writer's work
// with ErrDecided as soon as more of the content cannot change the result: a file of another kind costs one read, not a
// download.
type comparison struct {
	file     io.ReaderAt
	at, mark int64
	buf      []byte
	result   Likeness
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
			c.result = Unequal
			return done, ErrDecided
		case n < len(chunk):
			c.result = FileShorter
			return done, ErrDecided
		}
		done += n
		c.at += int64(n)
	}
	return len(p), nil
}

// CompareDigest reads so much of the file.
func (c *comparison) CompareDigest(size int64, sum []byte) error {
	of := sha256.New()
	n, err := io.Copy(of, io.NewSectionReader(c.file, c.at, size))
	switch {
	case err != nil:
		return err
	case n < size || !bytes.Equal(of.Sum(nil), sum):
		c.result = Unequal
		return ErrDecided
	}
	c.at += size
	return nil
}

// end gives the result once the content is over.
func (c *comparison) end() (Likeness, error) {
	if c.result != Undecided {
		return c.result, nil
	}
	var one [1]byte
	switch n, err := c.file.ReadAt(one[:], c.at); {
	case n > 0:
		return ContentShorter, nil
	case err != nil && !errors.Is(err, io.EOF):
		return Undecided, err
	}
	return Equal, nil
}

// A Query is what is asked of a content.
type Query struct {
	// Of is what it is compared with: the config path of an entry, the place of another file, or one of our records.
	Of string
	// From is the byte of the content that the comparison begins with.
	From int64
}

// An Answerer is a Content that takes note of what it is asked, or that knows the answer and has no bytes. compare
// finds the answer out by reading the content.
type Answerer interface {
	Answer(q Query, compare func() (Likeness, error)) (Likeness, error)
}

// Ask has a content answer, if it does, or else compares. All that planners want to know of a content that only some
// may read goes this way: facts of a machine have answers, and no such content.
func Ask(content any, q Query, compare func() (Likeness, error)) (Likeness, error) {
	if a, is := content.(Answerer); is {
		return a.Answer(q, compare)
	}
	return compare()
}

// Compare plays a content against that of a file.
func Compare(file io.ReaderAt, q Query, play func(Output) error) (Likeness, error) {
	return Ask(file, q, func() (Likeness, error) {
		c := &comparison{file: file, at: q.From}
		if err := play(c); err != nil && c.result == Undecided {
			return Undecided, err
		}
		return c.end()
	})
}

// Holds tells whether the file at a resolved path has a content, which is that of an entry.
func Holds(v View, at, of string, play func(Output) error) (bool, error) {
	f, err := v.Open(at)
	if err != nil {
		return false, err
	}
	defer f.Close()
	got, err := Compare(f, Query{Of: of}, play)
	return got == Equal, err
}
