// Package fuzz finds the module's fuzz targets and runs them: each package is compiled once, and as many targets run
// side by side as there are processors. It is not for what they find, which go test keeps as a seed beside them.
package fuzz

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A Target is a fuzz target: the folder of its package in the module, and its name.
type Target struct{ Folder, Name string }

func (t Target) String() string { return t.Folder + " " + t.Name }

var function = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(\w+ \*testing\.F\)`)

// Targets are those of the module whose top folder this is, by folder and name.
func Targets(top fs.FS) (all []Target, err error) {
	err = fs.WalkDir(top, ".", func(at string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case e.IsDir() && (strings.HasPrefix(e.Name(), ".") && at != "." || e.Name() == "testdata"):
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(at, "_test.go"):
			return nil
		}
		text, err := fs.ReadFile(top, at)
		for _, found := range function.FindAllSubmatch(text, -1) {
			all = append(all, Target{path.Dir(at), string(found[1])})
		}
		return err
	})
	slices.SortFunc(all, func(a, b Target) int {
		return cmp.Or(strings.Compare(a.Folder, b.Folder), strings.Compare(a.Name, b.Name))
	})
	return all, err
}

// Share is the part of the targets whose turn it is on a day, as many as a run takes at most; 0 takes all. Days that
// follow each other come to all. Those of a package stay together, so that few are compiled.
func Share(all []Target, most, day int) []Target {
	if most <= 0 || len(all) <= most {
		return all
	}
	parts := (len(all) + most - 1) / most
	part := day % parts
	return all[part*len(all)/parts : (part+1)*len(all)/parts]
}

// A Run is what targets are run with.
type Run struct {
	Top   string        // the module's top folder
	Dir   string        // for the compiled tests
	Cache string        // where inputs that reach something new are kept, as go test keeps them
	Time  time.Duration // for each target
	Sides int           // how many run side by side
	Out   io.Writer
	mu    sync.Mutex
}

// Do runs the targets. A target waits only for the compiling of its own package; packages are compiled one after
// another, as two at once would compile twice what both import.
func (r *Run) Do(targets []Target) error {
	ready := make(chan Target)
	var group sync.WaitGroup
	var failed []error
	fail := func(err error) {
		r.mu.Lock()
		defer r.mu.Unlock()
		failed = append(failed, err)
	}
	for range r.Sides {
		group.Go(func() {
			for t := range ready {
				if err := r.fuzz(t); err != nil {
					fail(err)
				}
			}
		})
	}
	for rest := targets; len(rest) > 0; {
		folder := rest[0].Folder
		end := slices.IndexFunc(rest, func(t Target) bool { return t.Folder != folder })
		if end < 0 {
			end = len(rest)
		}
		if err := r.compile(folder); err != nil {
			fail(err)
		} else {
			for _, t := range rest[:end] {
				ready <- t
			}
		}
		rest = rest[end:]
	}
	close(ready)
	group.Wait()
	return errors.Join(failed...)
}

func (r *Run) binary(folder string) string {
	return filepath.Join(r.Dir, strings.ReplaceAll(folder, "/", "_")+".test")
}

func (r *Run) compile(folder string) error {
	c := exec.Command("go", "test", "-vet=off", "-ldflags", "-s -w", "-c", "-fuzz", "^Fuzz", "-o", r.binary(folder),
		"./"+folder)
	c.Dir = r.Top
	if out, err := c.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: compile: %w\n%s", folder, err, out)
	}
	return nil
}

// fuzz runs one target. An input that reaches something new is made smaller, for a minute if Go is let, and nothing
// else is tried meanwhile: it gets 200 tries.
func (r *Run) fuzz(t Target) error {
	c := exec.Command(r.binary(t.Folder), "-test.run", "^$", "-test.fuzz", "^"+t.Name+"$", "-test.fuzztime",
		r.Time.String(), "-test.fuzzminimizetime", "200x", "-test.parallel", "1", "-test.fuzzcachedir",
		filepath.Join(r.Cache, filepath.FromSlash(t.Folder)))
	c.Dir = filepath.Join(r.Top, filepath.FromSlash(t.Folder))
	out, err := c.CombinedOutput()
	if err != nil && onlyLate(out) {
		err = nil
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil {
		_, _ = fmt.Fprintf(r.Out, "%s: FAILS\n%s%s", t, out, r.input(t, out))
		return fmt.Errorf("%s: %w", t, err)
	}
	_, err = fmt.Fprintf(r.Out, "%s: %s\n", t, rate(out, c.ProcessState.UserTime()+c.ProcessState.SystemTime()))
	return err
}

var (
	// written is how go test names the file of the input that fails.
	written  = regexp.MustCompile(`Failing input written to (testdata/fuzz/\S+)`)
	executed = regexp.MustCompile(`, execs: (\d+)`)
)

// onlyLate: the time was over while an input was being tried, which go test may call a failure without there being one
// (it then writes no input).
func onlyLate(out []byte) bool {
	return bytes.Contains(out, []byte("context deadline exceeded")) && !written.Match(out) &&
		!bytes.Contains(out, []byte("panic"))
}

// input is the text of the input that fails, for who has the output alone.
func (r *Run) input(t Target, out []byte) string {
	name := written.FindSubmatch(out)
	if name == nil {
		return ""
	}
	text, err := os.ReadFile(filepath.Join(r.Top, t.Folder, string(name[1])))
	if err != nil {
		return err.Error() + "\n"
	}
	return fmt.Sprintf("%s:\n%s", name[1], text)
}

// rate says how many inputs were tried, by the last line about that, and how many in a second of a processor: a busy
// machine does not make a target slower by that.
func rate(out []byte, used time.Duration) string {
	all := executed.FindAllSubmatch(out, -1)
	if all == nil {
		return "no input but the seeds was tried"
	}
	count, _ := strconv.Atoi(string(all[len(all)-1][1]))
	return fmt.Sprintf("%d inputs, %.0f in a second of a processor", count, float64(count)/used.Seconds())
}
