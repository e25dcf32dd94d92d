package main

import (
	"context"
	"crypto/rand"
	random "math/rand/v2"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/contrast"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/facts"
	"github.com/glowplug-os/glowplug/internal/report"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages"
)

// plans compares the plans of two configs for one machine.
func (o *diffOptions) plans(ctx context.Context, p *cli.Process, both [2]*document.Document,
	c *contrast.Contrast) error {
	q, err := o.on.question(p)
	if err != nil {
		return err
	}
	if o.on.facts != "" {
		plans, err := planBothNoted(ctx, p, o.on.facts, both, q)
		if err != nil {
			return lacking(p, err)
		}
		return o.result(p.Out, report.Compare(plans[0], plans[1], c.Fields()))
	}
	opened := &opened{}
	defer opened.close()
	if err := o.on.look(&q, opened); err != nil {
		return err
	}
	if err := engine.Decide(p, o.on.root == "", &q); err != nil {
		return err
	}
	plans, err := planBoth(ctx, p, both, q)
	if err != nil {
		return err
	}
	return o.result(p.Out, report.Compare(plans[0], plans[1], c.Fields()))
}

// planBothNoted is planBoth on facts.
func planBothNoted(ctx context.Context, p *cli.Process, file string, both [2]*document.Document, q stages.Question) (
	plans [2]*report.Plan, err error) {
	noted, err := readFacts(ctx, p, file)
	if err != nil {
		return plans, err
	}
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return plans, err
	}
	q.Offline = true
	for i, doc := range both {
		q.Random = random.NewChaCha8(seed)
		r, err := q.Of(ctx, doc)
		if err != nil {
			return plans, err
		}
		wanted, err := facts.WantedOf(doc.Config())
		if err != nil {
			return plans, err
		}
		plan, problems, err := onNoted(ctx, r, facts.NewReplay(noted, wanted), noted)
		if err != nil {
			return plans, err
		}
		show(p, problems)
		plans[i] = plan
	}
	return plans, nil
}

// planBoth opens what both are about before the first plan gives up the rights to that. Chance gives both the same.
func planBoth(ctx context.Context, p *cli.Process, both [2]*document.Document, q stages.Question) (
	plans [2]*report.Plan, err error) {
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return plans, err
	}
	q.Offline, q.Seal = true, sync.OnceValue(q.Seal)
	var devices [2]func(config.Storage) (scene.Scene, error)
	for i, doc := range both {
		if q.Devices != nil {
			s, err := q.Devices(doc.Config().Storage)
			if err != nil {
				return plans, err
			}
			devices[i] = func(config.Storage) (scene.Scene, error) { return s, nil }
		}
	}
	for i, doc := range both {
		q.Devices, q.Random = devices[i], random.NewChaCha8(seed)
		r, err := q.Of(ctx, doc)
		if err != nil {
			return plans, err
		}
		plan, problems, err := r.On(ctx, func(*stages.Question) {})
		if err != nil {
			return plans, err
		}
		show(p, problems)
		plans[i] = plan
	}
	return plans, nil
}
