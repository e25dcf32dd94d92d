package main

import (
	"context"
	"crypto/rand"
	random "math/rand/v2"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/contrast"
	"github.com/glowplug-os/glowplug/internal/diag"
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
	q.Offline, q.Seal = true, sync.OnceValue(q.Seal)
	opened := &opened{}
	defer opened.close()
	var on [2]planner
	if o.on.facts != "" {
		q.Files.Enable = !o.on.noPreset
		on, err = noted(ctx, p, o.on.facts, both)
	} else {
		on, err = o.here(p, &q, both, opened)
	}
	if err != nil {
		return err
	}
	var plans [2]*report.Plan
	for i, plan := range on {
		if plans[i], err = plan(ctx, p, both[i], q); err != nil {
			return lacking(p, err)
		}
	}
	return o.result(p.Out, report.Compare(plans[0], plans[1], c.Fields()))
}

// A planner plans a config, and tells what is in its way.
type planner func(context.Context, *cli.Process, *document.Document, stages.Question) (*report.Plan, error)

// planning gives both planners the same chance. on plans a config that is read, on what one of them is about.
func planning(on func(ctx context.Context, i int, r *stages.Reading) (*report.Plan, []diag.Problem, error)) (
	both [2]planner, err error) {
	var seed [32]byte
	if _, err := rand.Read(seed[:]); err != nil {
		return both, err
	}
	for i := range both {
		both[i] = func(ctx context.Context, p *cli.Process, doc *document.Document, q stages.Question) (*report.Plan,
			error) {
			q.Random = random.NewChaCha8(seed)
			r, err := q.Of(ctx, doc)
			if err != nil {
				return nil, err
			}
			plan, problems, err := on(ctx, i, r)
			if err != nil {
				return nil, err
			}
			show(p, problems)
			return plan, nil
		}
	}
	return both, nil
}

// here is for what options say. All that both are about is opened before the first plan gives up the rights to that.
func (o *diffOptions) here(p *cli.Process, q *stages.Question, both [2]*document.Document, opened *opened) (
	on [2]planner, err error) {
	if err := o.on.look(q, opened); err != nil {
		return on, err
	}
	if err := engine.Decide(p, o.on.root == "", q); err != nil {
		return on, err
	}
	var devices [2]scene.Scene
	for i, doc := range both {
		if q.Devices != nil {
			if devices[i], err = q.Devices(doc.Config().Storage); err != nil {
				return on, err
			}
		}
	}
	return planning(func(ctx context.Context, i int, r *stages.Reading) (*report.Plan, []diag.Problem, error) {
		plan, problems, err := r.On(ctx, func(q *stages.Question) {
			if q.Devices != nil {
				q.Devices = func(config.Storage) (scene.Scene, error) { return devices[i], nil }
			}
		})
		if err == nil {
			plan.Notes = append(plan.Notes, unnoticed(scene.Unasked(devices[i]))...)
		}
		return plan, problems, err
	})
}

// noted is for the machine that facts are of.
func noted(ctx context.Context, p *cli.Process, file string, both [2]*document.Document) (on [2]planner, err error) {
	of, err := readFacts(ctx, p, file)
	if err != nil {
		return on, err
	}
	var replays [2]*facts.Replay
	for i, doc := range both {
		wanted, err := facts.WantedOf(doc.Config())
		if err != nil {
			return on, err
		}
		replays[i] = facts.NewReplay(of, wanted)
	}
	return planning(func(ctx context.Context, i int, r *stages.Reading) (*report.Plan, []diag.Problem, error) {
		return onNoted(ctx, r, replays[i], of)
	})
}
