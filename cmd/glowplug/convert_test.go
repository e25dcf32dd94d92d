package main

import (
	"context"
	"errors"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/cli"
)

func TestStandardInputThatCannotBeReadIsCalledStdin(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := callWith(context.Background(), iotest.ErrReader(errors.New("unplugged")), nil, "butane")
	assert.Equal(t, cli.ExitFailed, status)
	assert.Equal(t, "failed to read <stdin>: unplugged\n", stderr)
	assert.Empty(t, stdout)
}
