//go:build !linux

package engine

import (
	"context"
	"time"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/providers"
)

func stageNames() []string { return nil }

func (o *stageOptions) run(context.Context, *cli.Process) error { return cli.ErrNeedsLinux }

func (o *stageOptions) misused(_ *cli.Process, err error) error { return err }

func applyInContainer(context.Context, *cli.Process, containerOptions) error {
	return cli.ErrNeedsLinux
}

func remove(context.Context, *cli.Process, providers.Platform, bool) error { return cli.ErrNeedsLinux }

func generate(context.Context, *cli.Process, []string) error { return cli.ErrNeedsLinux }

func imageReceiver(*cli.Process) (string, error) { return "", cli.ErrNeedsLinux }

func leftReport(*cli.Process, string) (name string, text []byte, err error) {
	return "", nil, cli.ErrNeedsLinux
}

func judgedBy() func() time.Time { return nil }
