package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/providers"
)

func remove(ctx context.Context, p *cli.Process, platform providers.Platform, stdout bool) error {
	log, asWanted := logger(p, stdout)
	m := providers.Local()
	m.Log, m.Now, m.Getenv = log, p.Now, p.Env
	if err := platform.Remove(ctx, m); err != nil {
		if errors.Is(err, providers.ErrCannot) {
			err = fmt.Errorf("%w: only %s can delete a config", err, removable())
		}
		if asWanted { // otherwise it is where the error is shown too
			log.Log(ctx, logs.Critical, "the config is not deleted: "+err.Error())
		}
		return err
	}
	log.Info("the config is deleted from platform " + platform.ID)
	return nil
}
