//go:build !linux

package main

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
)

func (o *factsOptions) run(context.Context, *cli.Process) error { return cli.ErrNeedsLinux }

func notedImage(context.Context, *cli.Process, string) (check.Image, error) {
	return check.Image{}, cli.ErrNeedsLinux
}
