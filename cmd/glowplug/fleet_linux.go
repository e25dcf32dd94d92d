package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/facts"
	"github.com/glowplug-os/glowplug/internal/fleet"
	"github.com/glowplug-os/glowplug/stages"
)

// onFleet plans each machine whose facts are found, several at once, and tells of them in the order of their names.
func (o *planOptions) onFleet(ctx context.Context, p *cli.Process, config string, q stages.Question) error {
	machines, err := machinesOf(o.fleet)
	if err != nil {
		return err
	}
	q.Files.Enable = !o.noPreset
	of, wanted, err := ready(ctx, p, config, q)
	if err != nil {
		return err
	}
	table := &fleet.Table{}
	for row := range inOrder(machines, runtime.GOMAXPROCS(0), func(m machine) fleet.Row {
		return planned(ctx, p, of, wanted, m)
	}) {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		table.Add(row)
		if o.format == "json" {
			if err := row.WriteJSON(p.Out); err != nil {
				return err
			}
		}
	}
	if o.format == "text" {
		if err := table.Write(p.Out); err != nil {
			return err
		}
	}
	if exit := table.Exit(); exit != 0 {
		return cli.ExitError(exit)
	}
	return nil
}

// A machine is one of a fleet, and the file with its facts, which was found by a folder or a pattern, or is named.
type machine struct {
	name, file string
	found      bool
}

// facts reads those of a machine. What is found is not waited for, as a pipe would be, and has an end, which a device
// may not have.
func (m machine) facts(ctx context.Context, p *cli.Process) (*facts.Document, error) {
	if is, err := os.Stat(m.file); m.found && err == nil && !is.Mode().IsRegular() && !is.IsDir() {
		return nil, fmt.Errorf("%s: this is no file", diag.Name(m.file))
	}
	return readFacts(ctx, p, m.file)
}

// planned is the row of a machine.
func planned(ctx context.Context, p *cli.Process, of *stages.Reading, wanted *facts.Wanted, m machine) fleet.Row {
	doc, err := m.facts(ctx, p)
	if err != nil {
		return fleet.Failed(m.name, err)
	}
	r := facts.NewReplay(doc, wanted)
	plan, _, err := onNoted(ctx, of, r, doc)
	if lack := (*lackError)(nil); errors.As(err, &lack) {
		return fleet.NotKnown(m.name, lack.looks)
	}
	if err != nil {
		return fleet.Failed(m.name, err)
	}
	plan.Notes = append(plan.Notes, unnoticed(r.Unnoticed())...)
	row, err := fleet.Of(m.name, plan)
	if err != nil {
		return fleet.Failed(m.name, err)
	}
	return row
}

// inOrder does the same to all items, so many at once, and gives what comes of them in their order. No more are begun
// than are done or wait for one before them.
func inOrder[T, R any](all []T, width int, do func(T) R) func(yield func(R) bool) {
	return func(yield func(R) bool) {
		begun := make(chan chan R, width)
		end := make(chan struct{})
		defer close(end)
		go func() {
			defer close(begun)
			for _, item := range all {
				done := make(chan R, 1)
				select {
				case begun <- done:
				case <-end:
					return
				}
				go func() { done <- do(item) }()
			}
		}()
		for done := range begun {
			if !yield(<-done) {
				return
			}
		}
	}
}

// extension is that of files with facts.
const extension = ".json"

// machinesOf lists the files that a folder has, or that match a pattern, in the order of their names. A machine has the
// name of its file without the extension, from the folder on, or from where the pattern begins to be one.
func machinesOf(where string) ([]machine, error) {
	base, files, err := filesOf(where)
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, diag.WithHint(fmt.Errorf("--fleet %s: there are no facts", diag.Name(where)),
			"it is a folder with files *.json, or a pattern such as 'facts/web*.json'")
	}
	var all []machine
	for _, file := range files {
		name, err := filepath.Rel(base, file)
		if err != nil {
			name = file
		}
		all = append(all, machine{strings.TrimSuffix(name, extension), file, file != where})
	}
	slices.SortFunc(all, func(a, b machine) int { return strings.Compare(a.name, b.name) })
	return all, nil
}

func filesOf(where string) (base string, files []string, err error) {
	if is, err := os.Stat(where); err == nil && is.IsDir() {
		files, err := filesIn(where)
		return where, files, err
	}
	base, _ = filepath.Split(where)
	if i := strings.IndexAny(base, `*?[\`); i >= 0 {
		base, _ = filepath.Split(base[:i])
	}
	files, err = filepath.Glob(where)
	if err != nil {
		err = cli.Misuse("--fleet %s: %w", diag.Name(where), err)
	}
	return filepath.Clean(base), files, err
}

// filesIn lists the files with facts in a folder, which a link may lead to, and in those below. A folder that cannot be
// looked into is listed like a file, so that a row says so.
func filesIn(folder string) (files []string, err error) {
	top := folder + string(filepath.Separator)
	err = filepath.WalkDir(top, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil && (entry == nil || file == top):
			return err
		case err != nil, !entry.IsDir() && filepath.Ext(file) == extension:
			files = append(files, file)
		}
		return nil
	})
	return files, err
}
