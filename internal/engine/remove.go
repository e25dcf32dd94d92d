package engine

import (
	"context"
	"errors"
	"strings"

	"github.com/glowplug-os/glowplug/internal/build"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/providers"
)

// Remove deletes the config where the platform keeps it (docs/peer/engine.md §14).
func Remove(called string) cli.Command {
	var id string
	var stdout, version bool
	return cli.Command{
		Called: called,
		Usage:  []string{"glowplug rmcfg --platform ID [OPTIONS]", "ignition-rmcfg --platform ID [OPTIONS]"},
		Brief:  "--platform ID", Short: "delete the config where the platform keeps it", Grammar: cli.Remove(),
		Product: "Ignition", Level: build.Ignition, Section: "8",
		Text: []string{
			"Deletes the config where the platform keeps it, once the machine is made: whoever gets into the machine " +
				"later cannot read it there. " +
				removable() + " can do so. Options may start with one dash or two.",
		},
		Options: []cli.Option{
			{Long: "platform", Value: "ID", Values: removableIDs(), Open: true, Set: cli.Text(&id),
				Words: "the platform"},
			{Long: "log-to-stdout", Set: cli.Switch(&stdout), Words: "log to standard output instead of syslog"},
			{Long: "version", Set: cli.Switch(&version), Words: "print the version"},
			cli.HelpOption(),
		},
		Exits: []cli.Exit{{Code: 0, Meaning: "deleted"}, {Code: 1, Meaning: "not deleted, or the platform cannot"},
			{Code: 2, Meaning: "wrong usage"}},
		Stops: true,
		Run: func(ctx context.Context, p *cli.Process, operands []string) error {
			platform, err := findPlatform(id)
			switch {
			case version:
				return cli.ErrVersion
			case len(operands) > 0:
				return cli.Misuse("%q is one argument too many", operands[0])
			case err != nil:
				return &cli.UsageError{Err: err}
			}
			return remove(ctx, p, platform, stdout)
		},
	}
}

// removable names the platforms on which a config can be deleted.
func removable() string { return strings.Join(removableIDs(), " and ") }

func removableIDs() (ids []string) {
	for _, p := range providers.All() {
		if p.Removes() {
			ids = append(ids, p.ID)
		}
	}
	return ids
}

func findPlatform(id string) (providers.Platform, error) {
	platform, known := providers.Find(id)
	var err error
	switch {
	case id == "":
		err = errors.New("--platform is missing")
	case !known:
		err = providers.Unknown(id)
	}
	return platform, err
}
