package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/providers"
)

func platformsCommand() cli.Command {
	var format string
	return cli.Command{
		Called: "glowplug platforms", Usage: []string{"glowplug platforms [--format text|json] [ID...]"},
		Short: "list where a first boot can get its config from",
		Text: []string{
			"Lists the platforms that a first boot can get its config from, " +
				"or only those named: their id (of the kernel argument ignition.platform.id), where the config is, " +
				"whether getting it takes the network, whether the platform is told how each stage ends, " +
				"and whether ignition-rmcfg can delete the config there. docs/platforms.md has more.",
		},
		Options: []cli.Option{{Long: "format", Value: "FORMAT", Values: []string{"text", "json"}, Default: "text",
			Set: cli.Text(&format), Words: "text or json"}},
		Exits:    []cli.Exit{{Code: 0, Meaning: "done"}, {Code: 2, Meaning: "wrong usage"}},
		Examples: []string{"glowplug platforms", "glowplug platforms --format json aws openstack"},
		Grammar:  cli.Ours(), Operands: cli.Operands{Values: providers.IDs}, Section: "1",
		Run: func(_ context.Context, p *cli.Process, ids []string) error {
			chosen, err := choosePlatforms(ids)
			switch {
			case err != nil:
				return &cli.UsageError{Err: err}
			case format == "json":
				return platformsJSON(p.Out, chosen)
			}
			_, err = fmt.Fprint(p.Out, platformsText(chosen))
			return err
		},
	}
}

func choosePlatforms(ids []string) ([]providers.Platform, error) {
	all := providers.All()
	if len(ids) == 0 {
		return all, nil
	}
	for _, id := range ids {
		if _, known := providers.Find(id); !known {
			return nil, providers.Unknown(id)
		}
	}
	return slices.DeleteFunc(all, func(p providers.Platform) bool { return !slices.Contains(ids, p.ID) }), nil
}

// platformsText gives two lines for each platform: its name and what it can do, and where the config is.
func platformsText(all []providers.Platform) string {
	width := 0
	for _, p := range all {
		width = max(width, len(p.ID))
	}
	var out strings.Builder
	for _, p := range all {
		facts := "network: " + string(p.Network)
		if p.Reports() {
			facts += ", status reports"
		}
		if p.Removes() {
			facts += ", rmcfg"
		}
		fmt.Fprintf(&out, "%-*s  %s (%s)\n%-*s  %s\n", width, p.ID, p.Name, facts, width, "", p.Source)
		if p.Note != "" {
			fmt.Fprintf(&out, "%-*s  %s\n", width, "", p.Note)
		}
	}
	return out.String()
}

// A platformRow is a platform in JSON. Network is "yes", "no" or "maybe".
type platformRow struct {
	ID      string            `json:"id"`
	Name    string            `json:"name"`
	Source  string            `json:"source"`
	Network providers.Network `json:"network"`
	Status  bool              `json:"status"`
	Remove  bool              `json:"rmcfg"`
	Note    string            `json:"note,omitempty"`
}

func platformsJSON(w io.Writer, all []providers.Platform) error {
	rows := make([]platformRow, 0, len(all))
	for _, p := range all {
		rows = append(rows, platformRow{p.ID, p.Name, p.Source, p.Network, p.Reports(), p.Removes(), p.Note})
	}
	return diag.EncodeJSON(w, rows)
}
