package disks

import (
	"io"

	"github.com/glowplug-os/glowplug/internal/block"
)

// An eraser is a disk as the change of a table needs it.
type eraser interface {
	block.Writer
	// Zero overwrites so many bytes with zeros.
	Zero(offset, n int64) error
}

// A sketch is a disk with changes that are not made. What will be done to the disk is done to its sketch first: so it
// is known that it can be done, and what will be there.
type sketch struct {
	under   io.ReaderAt
	patches []patch
}

// A patch is what a write leaves. Zeros take no memory.
type patch struct {
	offset, n int64
	data      []byte // nil for zeros
}

// over is the same sketch of a disk that was opened anew, with all that it was drawn over.
func (s *sketch) over(disk io.ReaderAt) *sketch {
	if below, drawn := s.under.(*sketch); drawn {
		disk = below.over(disk)
	}
	return &sketch{disk, s.patches}
}

// WriteAt keeps the bytes.
func (s *sketch) WriteAt(data []byte, offset int64) (int, error) {
	s.patches = append(s.patches, patch{offset, int64(len(data)), append([]byte{}, data...)})
	return len(data), nil
}

// Zero notes where zeros are.
func (s *sketch) Zero(offset, n int64) error {
	s.patches = append(s.patches, patch{offset, n, nil})
	return nil
}

// Sync has nothing to do.
func (s *sketch) Sync() error { return nil }

// ReadAt reads the disk as it will be.
func (s *sketch) ReadAt(p []byte, offset int64) (int, error) {
	n, err := s.under.ReadAt(p, offset)
	for _, w := range s.patches {
		from, to := max(w.offset, offset), min(w.offset+w.n, offset+int64(n))
		if from >= to {
			continue
		}
		part := p[from-offset : to-offset]
		if w.data == nil {
			clear(part)
		} else {
			copy(part, w.data[from-w.offset:])
		}
	}
	return n, err
}
