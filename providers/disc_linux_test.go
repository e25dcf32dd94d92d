package providers

import (
	"bytes"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestDiscFormat(t *testing.T) {
	image := func(ids ...string) io.ReaderAt {
		disc := make([]byte, 32768+2048*(len(ids)+1))
		for i, id := range ids {
			copy(disc[32768+2048*i+1:], id)
		}
		return bytes.NewReader(disc)
	}
	assert.Equal(t, "iso9660", discFormat(image("CD001", "CD001")))
	assert.Equal(t, "udf", discFormat(image("BEA01", "NSR03", "TEA01")))
	assert.Equal(t, "udf", discFormat(image("CD001", "CD001", "BEA01", "NSR02", "TEA01")))
	assert.Equal(t, "", discFormat(image("BEA01", "TEA01", "NSR02")))
	assert.Equal(t, "", discFormat(bytes.NewReader(nil)))
	assert.Equal(t, "", discFormat(image()))
}
