package main

import (
	"context"

	"github.com/glowplug-os/glowplug/internal/check"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/feasible"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/against"
)

// imageAt opens the root of an image, for what validate holds against it.
func imageAt(ctx context.Context, p *cli.Process, dir string) (open check.Image, err error) {
	q, opened := stages.Question{}, &opened{}
	if err := lookInto(&q, dir, opened); err != nil {
		return open, err
	}
	image := against.Image{Root: q.Root, Today: engine.Today(p)}
	if image.Decided, image.Tools, err = engine.ImageOf(q.Root); err != nil {
		opened.close()
		return open, err
	}
	return check.Image{Judge: func(doc *document.Document) []diag.Problem { return image.Judge(ctx, doc) },
		Systemd: image.Systemd(), End: opened.close}, nil
}

// cannotApply tells what no root and no disks can have as a config has it.
func cannotApply(doc *document.Document) []diag.Problem { return feasible.Problems(doc) }
