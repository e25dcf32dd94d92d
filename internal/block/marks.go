package block

import (
	"io"
	"slices"
)

// A Mark is what makes one signature be found: without these bytes it is not.
type Mark struct {
	Type string
	Span
}

// End is the first byte behind a span.
func (s Span) End() int64 { return s.Offset + s.Size }

// Marks are those of all signatures on a device, also of such as Probe does not come to: copies of a superblock, and what is behind a
// signature that ends the search. They are found as wipefs finds them, by looking again without those that are known already.
func Marks(r io.ReaderAt, size int64) ([]Mark, error) {
	without := &blanked{under: r}
	for {
		_, found, err := probe(without, size)
		if err != nil {
			return nil, err
		}
		found = slices.DeleteFunc(found, func(m Mark) bool { return slices.Contains(without.marks, m) })
		if len(found) == 0 {
			return without.marks, nil
		}
		without.marks = append(without.marks, found...)
	}
}

// blanked reads a device as if marks on it were erased.
type blanked struct {
	under io.ReaderAt
	marks []Mark
}

// ReadAt reads bytes.
func (b *blanked) ReadAt(p []byte, offset int64) (int, error) {
	n, err := b.under.ReadAt(p, offset)
	for _, m := range b.marks {
		if from, to := max(m.Offset, offset), min(m.End(), offset+int64(n)); from < to {
			clear(p[from-offset : to-offset])
		}
	}
	return n, err
}
