package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"

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
	text, err := r.Text()
	if err != nil {
		return fmt.Errorf("the record: %w", err)
	}
	if o.output == "" {
		_, err = p.Out.Write(text)
		return err
	}
	return private(o.output, text)
}

// private writes a file that only its owner may read, which is the old one or the new one at any time.
func private(name string, text []byte) (err error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(filepath.Dir(name), ".glowplug-record-*") // which has mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(text)
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
	if text, err = recordText(file); err == nil {
		var r *record.Record
		if r, err = record.Parse(text); err == nil {
			return name, r.Config, nil
		}
	}
	return name, nil, fmt.Errorf("%s: %w", name, err)
}

// recordText reads a file, which nobody is waited for to write.
func recordText(name string) ([]byte, error) {
	f, err := os.OpenFile(name, os.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, without(err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, without(err)
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, diag.WithHint(errors.New("is no file"), "--record names a file that glowplug record has written")
	case info.Size() > record.Most:
		return nil, record.ErrTooLarge
	}
	text := make([]byte, info.Size())
	n, err := io.ReadFull(f, text)
	if errors.Is(err, io.ErrUnexpectedEOF) { // somebody has cut it off meanwhile
		err = nil
	}
	return text[:n], without(err)
}

// without is an error without the call and the name, which stands before it.
func without(err error) error {
	if failed := (*fs.PathError)(nil); errors.As(err, &failed) {
		return failed.Err
	}
	return err
}
