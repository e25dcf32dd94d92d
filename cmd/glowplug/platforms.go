package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/providers"
)

const platformsHelp = `Usage: glowplug platforms [--format text|json] [ID...]

Lists the platforms that a first boot can get its config from, or only those named: their id
(of the kernel argument ignition.platform.id), where the config is, whether getting it takes
the network, whether the platform is told how each stage ends, and whether ignition-rmcfg
can delete the config there. docs/platforms.md has more.

Options:
      --format FORMAT   text or json (default text)
  -h, --help            show this help

Exit codes: 0 done, 2 wrong usage.

Examples:
  glowplug platforms
  glowplug platforms --format json aws openstack
`

// platforms lists rows of the providers' table.
func (p *program) platforms(args []string) int {
	flags := pflag.NewFlagSet("platforms", pflag.ContinueOnError)
	flags.SetOutput(io.Discard)
	format := flags.String("format", "text", "")
	err := flags.Parse(args)
	if errors.Is(err, pflag.ErrHelp) {
		fmt.Fprint(p.out, platformsHelp)
		return exitOK
	}
	var chosen []providers.Platform
	if err == nil {
		chosen, err = choosePlatforms(flags.Args())
	}
	switch {
	case err != nil:
	case *format == "text":
		fmt.Fprint(p.out, platformsText(chosen))
		return exitOK
	case *format == "json":
		return p.platformsJSON(chosen)
	default:
		err = fmt.Errorf("the format %q is not known: text and json are", *format)
	}
	return p.misuse("glowplug platforms", err)
}

func choosePlatforms(ids []string) ([]providers.Platform, error) {
	all := providers.All()
	if len(ids) == 0 {
		return all, nil
	}
	for _, id := range ids {
		if _, known := providers.Find(id); !known {
			return nil, unknownPlatform(id)
		}
	}
	return slices.DeleteFunc(all, func(p providers.Platform) bool { return !slices.Contains(ids, p.ID) }), nil
}

// platformsText gives two lines to a platform: its name and what it can do, and where the config is.
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

func (p *program) platformsJSON(all []providers.Platform) int {
	rows := make([]platformRow, 0, len(all))
	for _, p := range all {
		rows = append(rows, platformRow{p.ID, p.Name, p.Source, p.Network, p.Reports(), p.Removes(), p.Note})
	}
	if err := diag.EncodeJSON(p.out, rows); err != nil {
		p.complain("glowplug platforms", err)
		return exitFailed
	}
	return exitOK
}
