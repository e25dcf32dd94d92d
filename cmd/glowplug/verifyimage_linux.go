package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/document"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/guest"
	start "github.com/glowplug-os/glowplug/internal/initramfs"
	"github.com/glowplug-os/glowplug/stages"
)

// compareImages looks into images, by a config or a record, or by the record that is in them.
func (o *verifyOptions) compareImages(ctx context.Context, p *cli.Process, from string, q stages.Question) (
	*drift.Report, error) {
	q.Seal = nil // what is compared is in the machine, which cannot write to it
	doc, err := o.comparedWith(ctx, p, from, &q)
	if err != nil {
		return nil, err
	}
	order := guest.Order{Root: o.rootDevice, Today: engine.Today(p), Version: p.Version,
		Compare: &guest.Comparison{ByRecord: doc == nil, Texts: !o.noContent, NoOwner: o.noOwner}}
	var cfg config.Config
	named := map[string]string{unnamed: o.images.image} // the record has the name
	if doc != nil {
		cfg, order.Config = *doc.Config(), stages.RenderingOf(doc)
		if named, err = o.imagesOf(cfg.Storage); err != nil {
			return nil, err
		}
	} else if o.images.image == "" {
		named = o.images.disks
	}
	if p.Signals != nil { // what the machine starts with is to go
		var stop context.CancelFunc
		ctx, stop = p.Signals(ctx)
		defer stop()
	}
	report := &drift.Report{}
	err = o.withImages(p, true, func(r imageRun) (err error) {
		opened := &opened{}
		_, err = r.open(named, opened)
		opened.close()
		if err != nil {
			return err
		}
		return r.compare(ctx, cfg, order, report)
	})
	if err == nil && doc != nil {
		stages.Place(doc, report.Items)
	}
	return report, err
}

// imagesOf are the images of all disks that a config lists.
func (o *verifyOptions) imagesOf(s config.Storage) (map[string]string, error) {
	named, err := o.images.named(s)
	for _, d := range s.Disks {
		if at := filepath.Clean(d.Device); err == nil && named[at] == "" {
			err = diag.WithHint(fmt.Errorf("no image stands for %s", diag.Name(at)),
				"name it: --disk "+diag.Name(at)+"=FILE")
		}
	}
	return named, err
}

// comparedWith is the config, or that of a record; nil for the record in the images.
func (o *verifyOptions) comparedWith(ctx context.Context, p *cli.Process, from string, q *stages.Question) (
	*document.Document, error) {
	var err error
	switch {
	case from != "":
		err = engine.ReadConfig(ctx, p, from, q)
	case o.record != "":
		err = o.byRecord(p, q)
	default:
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	reading, err := q.Read(ctx)
	if err != nil {
		return nil, err
	}
	return reading.Document(), nil
}

// compare has the machine look at its disks, and fills in what it finds.
func (r *imageRun) compare(ctx context.Context, cfg config.Config, order guest.Order, report *drift.Report) error {
	tools := slices.Clone(basics)
	if len(cfg.Storage.Raid) > 0 {
		tools = append(tools, "mdadm")
	}
	if len(cfg.Storage.Luks) > 0 {
		tools = append(tools, "cryptsetup", "dmsetup")
	}
	with, spec, err := r.machine(cfg, start.Wish{Tools: tools, Perhaps: []string{"mdadm", "cryptsetup", "dmsetup"}})
	if err != nil {
		return err
	}
	for i, d := range r.disks {
		spec.Disks[i].Path, spec.Disks[i].ReadOnly = d.file, true
		order.Disks = append(order.Disks, d.Disk)
	}
	var refused error
	err = r.inMachine(ctx, with, spec, order, func(s guest.Saying) {
		switch {
		case s.Item != nil:
			report.Items = append(report.Items, s.Item)
		case s.Note != "":
			report.Notes = append(report.Notes, s.Note)
		case s.Refused != "":
			refused = errors.New(s.Refused)
			if s.Hint != "" {
				refused = diag.WithHint(refused, s.Hint)
			}
		}
	})
	return errors.Join(err, refused)
}
