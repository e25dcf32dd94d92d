//go:build !linux

package main

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/contrast"
	"github.com/glowplug-os/glowplug/internal/document"
)

func (o *diffOptions) plans(context.Context, *cli.Process, [2]*document.Document, *contrast.Contrast) error {
	return cli.ErrNeedsLinux
}
