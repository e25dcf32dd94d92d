//go:build !linux

package main

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
)

func imageAt(context.Context, *cli.Process, string) (check.Image, error) {
	return check.Image{}, cli.ErrNeedsLinux
}

// cannotApply asks nobody: what plans machines is for Linux.
func cannotApply(*document.Document) []diag.Problem { return nil }
