package main

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/engine"
	"github.com/glowplug-os/glowplug/internal/load"
	"github.com/glowplug-os/glowplug/internal/record"
	"github.com/glowplug-os/glowplug/internal/tree"
	"github.com/glowplug-os/glowplug/stages"
	"github.com/glowplug-os/glowplug/stages/files"
)

func (o *recordOptions) run(ctx context.Context, p *cli.Process, operands []string) error {
	if err := o.judge(operands); err != nil {
		return err
	}
	if o.output == "image" {
		file, err := engine.RecordFile(p)
		if file == "" || err != nil {
			return err
		}
		o.output = file
	}
	q := stages.Question{
		Request: stages.Request{Audience: diag.Workstation, Offline: o.offline, Idle: o.fetchTimeout,
			Report: func(problems []diag.Problem) { show(p, problems) }, Log: slog.New(&status{to: p.Err, now: p.Now})},
		Random: rand.Reader, Files: files.Options{Accounts: files.MakeAccounts},
	}
	var err error
	if q.Documents, err = load.Folder(o.filesDir); err != nil {
		return err
	}
	q.Documents.Lint = tree.Unseen
	opened := &opened{}
	defer opened.close()
	if err := (&verifyOptions{root: o.root, noOwner: o.noOwner}).look(&q, opened); err != nil {
		return err
	}
	r, err := engine.Record(ctx, p, operands[0], o.root == "", q)
	if err != nil {
		return told(err)
	}
	r.Made = p.Now().UTC()
	if o.output == "" {
		return r.Write(p.Out)
	}
	return private(o.output, r)
}

// private writes a file that only its owner may read, which is the old one or the new one at any time.
func private(name string, r *record.Record) (err error) {
	var text bytes.Buffer
	if err := r.Write(&text); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".glowplug-record-*") // which has mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text.Bytes())
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), name)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}

// readRecord gives the config of a record, and what it is called.
func readRecord(file string) (name string, text []byte, err error) {
	name = "the record " + diag.Name(file)
	if text, err = os.ReadFile(file); err != nil {
		return name, nil, err
	}
	r, err := record.Parse(text)
	if err != nil {
		return name, nil, fmt.Errorf("%s: %w", name, err)
	}
	return name, r.Config, nil
}
