package diag

import (
	"errors"
	"fmt"
	"io"
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestHintsAreFoundHoweverDeepAndDoNotChangeTheText(t *testing.T) {
	cause := WithHint(io.ErrUnexpectedEOF, "send all of it")
	err := WithHint(fmt.Errorf("fetch: %w",
		errors.Join(cause, WithHint(io.EOF, "begin again"), WithHint(io.EOF, "send all of it"))), "look at the server")
	assert.Equal(t, []string{"look at the server", "send all of it", "begin again"}, Hints(err))
	assert.Equal(t, "fetch: unexpected EOF\nEOF\nEOF", err.Error())
	assert.ErrorIs(t, err, io.ErrUnexpectedEOF)
	assert.NoError(t, WithHint(nil, "x"))
	assert.Empty(t, Hints(nil))
	assert.Empty(t, Hints(io.EOF))
}

func TestErrorsThatWereJoinedAreTakenApart(t *testing.T) {
	a, b, c := errors.New("a"), errors.New("b"), errors.New("c")
	assert.Equal(t, []error{a}, Errors(a))
	assert.Equal(t, []error{a, b, c}, Errors(errors.Join(a, errors.Join(b, c))))
	both := fmt.Errorf("%w (%w)", a, b)
	assert.Equal(t, []error{both}, Errors(both), "a text of its own is no list")
}
