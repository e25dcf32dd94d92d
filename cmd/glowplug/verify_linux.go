package main

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"log/slog"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/drift"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

func (o *verifyOptions) run(ctx context.Context, p *cli.Process, operands []string) error {
	if err := o.judge(operands); err != nil {
		return err
	}
	q := stages.Question{
		Request: stages.Request{Audience: diag.Workstation, Offline: o.offline, Idle: o.fetchTimeout,
			Report: func(problems []diag.Problem) { show(p, problems) }, Log: slog.New(&status{to: p.Err, now: p.Now})},
		Random: rand.Reader, Texts: !o.noContent, Fetch: o.fetch, Files: files.Options{Accounts: files.MakeAccounts},
		Seal: func() error { return seal(p.Err) },
	}
	var err error
	if q.Documents, err = load.Folder(o.filesDir); err != nil {
		return err
	}
	q.Documents.Lint = tree.Unseen
	config := ""
	if len(operands) > 0 {
		config = operands[0]
	}
	compare := o.compare
	if o.isOfImages() {
		compare = o.compareImages
	}
	report, err := compare(ctx, p, config, q)
	if err == nil && config == "" {
		for _, i := range report.Items {
			i.Place = "" // nobody has written what a record has of a config
		}
	}
	if err == nil {
		err = o.write(p.Out, report)
	}
	if err != nil {
		return told(err)
	}
	if exit := report.Exit(); exit != 0 {
		return cli.ExitError(exit)
	}
	return nil
}

// compare looks at this machine or a directory.
func (o *verifyOptions) compare(ctx context.Context, p *cli.Process, config string, q stages.Question) (*drift.Report,
	error) {
	opened := &opened{}
	defer opened.close()
	if err := o.look(&q, opened); err != nil {
		return nil, err
	}
	if config == "" {
		if err := o.byRecord(p, &q); err != nil {
			return nil, err
		}
	}
	return engine.Verify(ctx, p, config, o.root == "", q)
}

// errNoRecord is why there is nothing to go by.
var errNoRecord = diag.WithHint(errors.New("no config is given, and the image of this machine has no record made"),
	"name a config, or a record: --record FILE")

// byRecord has a record take the place of a config.
func (o *verifyOptions) byRecord(p *cli.Process, q *stages.Question) (err error) {
	if o.record == "" {
		if o.record, err = engine.RecordFile(p); err != nil {
			return err
		}
	}
	if o.record == "" {
		return errNoRecord
	}
	q.Name, q.Text, err = readRecord(o.record)
	q.Rendered = true
	return err
}

// look opens what is verified, for reading.
func (o *verifyOptions) look(q *stages.Question, opened *opened) error {
	q.Files.NoOwner = o.noOwner
	if o.root != "" {
		if err := lookInto(q, o.root, opened); err != nil {
			return err
		}
	} else {
		q.Devices = func(config.Storage) (scene.Scene, error) { return (&device.Devices{}).Scene(), nil }
		if err := lookAtThis(q, opened); err != nil {
			return err
		}
	}
	q.Protection = nil // nothing is to be changed
	return nil
}

func (o *verifyOptions) write(to io.Writer, report *drift.Report) error {
	switch o.format {
	case "json":
		return report.WriteJSON(to)
	case "junit":
		return report.WriteJUnit(to, "glowplug verify")
	}
	return report.WriteText(to)
}
