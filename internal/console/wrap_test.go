package console

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestAWordOfAnyLengthIsWrapped(t *testing.T) {
	for n := range 3 * columnsMax {
		word := strings.Repeat("x", n)
		assert.Equal(t, word, strings.Join(wrap("", "", word), ""))
	}
}
