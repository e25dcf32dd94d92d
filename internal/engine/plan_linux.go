package engine

import (
	"context"
	"fmt"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/process"
	"github.com/glowplug-os/glowplug/internal/record"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/stages"
)

// Foretell fills in what the machine and its image decide, and says what a config will do, read from a file or, for -,
// from standard input. A boot, which is meant where no directory is, is root's.
func Foretell(ctx context.Context, p *cli.Process, config string, boot bool, q stages.Question) (*report.Plan,
	[]diag.Problem, error) {
	if err := Decide(p, boot, &q); err != nil {
		return nil, nil, err
	}
	if err := ReadConfig(ctx, p, config, &q); err != nil {
		return nil, nil, err
	}
	return stages.Foretell(ctx, q)
}

// Record does the same, and says what the machine or the directory is like.
func Record(ctx context.Context, p *cli.Process, config string, boot bool, q stages.Question) (*record.Record, error) {
	if err := Decide(p, boot, &q); err != nil {
		return nil, err
	}
	if err := ReadConfig(ctx, p, config, &q); err != nil {
		return nil, err
	}
	q.Files.Privileged, q.Files.Users.FirstBoot = true, true
	return stages.Record(ctx, q)
}

// Verify does the same, and says in what the machine or the directory differs from the config. It is told of owners as
// they are, whoever runs it. Without a config the question has the text of a record's.
func Verify(ctx context.Context, p *cli.Process, config string, boot bool, q stages.Question) (*drift.Report, error) {
	if err := Decide(p, boot, &q); err != nil {
		return nil, err
	}
	if config != "" {
		if err := ReadConfig(ctx, p, config, &q); err != nil {
			return nil, err
		}
	}
	q.Files.Privileged, q.Files.Users.FirstBoot = true, true
	return stages.Verify(ctx, q)
}

// Decide fills in what the machine and its image decide, and who runs this.
func Decide(p *cli.Process, boot bool, q *stages.Question) error {
	d, err := readDistribution(distributionFile, p.Env)
	if err != nil {
		return err
	}
	q.Files.Tools = tool.New(d.Tools, q.Log)
	if err := d.decide(p, &q.Files); err != nil {
		return err
	}
	q.Unprivileged = !q.Files.Privileged
	if boot {
		q.Files.Privileged, q.Files.Users.FirstBoot, q.Boot = true, true, q.Root != nil
	}
	return nil
}

// ReadConfig takes the text of a config from a file or, for -, from standard input.
func ReadConfig(ctx context.Context, p *cli.Process, config string, q *stages.Question) (err error) {
	if q.Name, q.Text, err = process.ReadUntil(ctx, p, config); err != nil {
		return fmt.Errorf("reading the config: %w", err)
	}
	q.Version, q.Rendered = p.Version, q.Rendered || handoff.IsConfig(config)
	return nil
}
