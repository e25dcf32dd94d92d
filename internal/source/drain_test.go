package source

import (
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

// zeros are without end.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func TestWhatUnpacksWithoutEndIsStopped(t *testing.T) {
	in := &counted{Reader: strings.NewReader("abc"), n: 3}
	assert.ErrorIs(t, new(Judge).drain(io.Discard, zeros{}, in, 1<<20), errExpands)
	assert.NoError(t, new(Judge).drain(io.Discard, io.LimitReader(zeros{}, 1<<20), in, 1<<20), "as much as is free")
	in.n = 1 << 20
	all := io.LimitReader(zeros{}, 100<<20)
	assert.NoError(t, new(Judge).drain(io.Discard, all, in, 1<<20), "as much as the ratio allows")
}
