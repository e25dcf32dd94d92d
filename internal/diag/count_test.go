package diag

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestThingsAreCountedInWords(t *testing.T) {
	assert.Equal(t, "0 files", Count(0, "file"))
	assert.Equal(t, "1 file", Count(int64(1), "file"))
	assert.Equal(t, "2 kernel arguments", Count(uint64(2), "kernel argument"))
	assert.Equal(t, "1 directory", Count(1, "directory"))
	assert.Equal(t, "11 directories", Count(11, "directory"))
	assert.Equal(t, "3 fixes", Count(3, "fix"))
}
