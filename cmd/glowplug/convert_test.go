package main

import (
	"bytes"
	"context"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
)

func TestStandardInputThatCannotBeReadIsCalledStdin(t *testing.T) {
	t.Parallel()
	var out, err bytes.Buffer
	p := program{name: "butane", in: iotest.ErrReader(errors.New("unplugged")), out: &out, err: &err, env: environment(nil)}
	assert.Equal(t, exitFailed, p.run(context.Background()))
	assert.Equal(t, "failed to read <stdin>: unplugged\n", err.String())
	assert.Empty(t, out.String())
}
