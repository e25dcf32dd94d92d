//go:build !linux

package main

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/cli"
)

func (o *recordOptions) run(_ context.Context, _ *cli.Process, operands []string) error {
	if err := o.judge(operands); err != nil {
		return err
	}
	return cli.ErrNeedsLinux
}
