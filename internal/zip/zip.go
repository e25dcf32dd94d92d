// Package zip compresses the content of a config that is written down. A machine that boots reads a config and would
// unpack the content at once, so the engine does without this package.
package zip

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"

	fastgzip "github.com/klauspost/compress/gzip"
)

// A Zipper compresses one text after another by writers that it keeps: making one costs more than compressing a small
// file.
type Zipper struct {
	fast *fastgzip.Writer // nil where there is little to do
	slow *gzip.Writer
	out  bytes.Buffer
}

// New makes one, for much to do or little.
func New(much bool) *Zipper {
	z := &Zipper{}
	if much {
		z.fast, _ = fastgzip.NewWriterLevel(nil, fastgzip.BestSpeed) // the level is a good one
	}
	return z
}

// Zip compresses. By and large it compresses as the peer does, so that both find the same content worth it; where there
// is a lot to do and a size settles what is worth it, a faster way does. What it gives is valid until the next call.
func (z *Zipper) Zip(text string, settles func(size int) bool) []byte {
	if z.fast != nil {
		if zipped := z.through(z.fast, text); settles(len(zipped)) {
			return zipped
		}
	}
	if z.slow == nil {
		z.slow, _ = gzip.NewWriterLevel(nil, gzip.BestCompression) // the level is a good one
	}
	return z.through(z.slow, text)
}

type resetter interface {
	io.WriteCloser
	Reset(io.Writer)
}

func (z *Zipper) through(w resetter, text string) []byte {
	z.out.Reset()
	w.Reset(&z.out)
	_, err := io.WriteString(w, text)
	if errors.Join(err, w.Close()) != nil {
		return []byte(text) // a buffer takes everything
	}
	return z.out.Bytes()
}
