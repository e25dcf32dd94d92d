package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/logs"
	"github.com/glowplug-os/glowplug/providers"
)

const removeHelp = `Usage: glowplug rmcfg --platform ID [OPTIONS]

Deletes the config where the platform keeps it, once the machine is made: whoever gets into
the machine later cannot read it there. %s can do so. The same
under the name ignition-rmcfg. Options may start with one dash or two.

Options:
  --platform ID      the platform
  --log-to-stdout    log to standard output instead of syslog
  --version          print the version

Exit codes: 0 deleted, 1 not deleted, or the platform cannot, 2 wrong usage.
`

// removeConfig is ignition-rmcfg (docs/peer/engine.md §14).
func (p *program) removeConfig(ctx context.Context, name string, args []string) int {
	var id string
	var stdout, version bool
	flags := flag.NewFlagSet("", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&id, "platform", "", "")
	flags.BoolVar(&stdout, "log-to-stdout", false, "")
	flags.BoolVar(&version, "version", false, "")
	err := flags.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprintf(p.out, removeHelp, removable())
		return exitOK
	case err == nil && version:
		fmt.Fprintln(p.out, "Ignition", build.Version())
		return exitOK
	case err == nil && flags.NArg() > 0:
		err = fmt.Errorf("%q is one argument too many", flags.Arg(0))
	}
	platform, known := providers.Find(id)
	if err == nil && !known {
		err = unknownPlatform(id)
	}
	if err != nil {
		return p.misuse(name, err)
	}
	log := p.logger(stdout)
	m := providers.Local()
	m.Log, m.Now, m.Getenv = log, time.Now, p.env
	if err := platform.Remove(ctx, m); err != nil {
		if errors.Is(err, providers.ErrCannot) {
			err = fmt.Errorf("%w: only %s can delete a config", err, removable())
		}
		log.Log(ctx, logs.Critical, "the config is not deleted: "+err.Error())
		p.complain(name, err)
		return exitFailed
	}
	log.Info("the config is deleted from platform " + id)
	return exitOK
}

// removable lists the platforms on which a config can be deleted.
func removable() string {
	var ids []string
	for _, p := range slices.DeleteFunc(providers.All(), func(p providers.Platform) bool { return !p.Removes() }) {
		ids = append(ids, p.ID)
	}
	return strings.Join(ids, " and ")
}
