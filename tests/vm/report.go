// Package vm holds the tests that run whole virtual machines, and the report on tests that run inside one.
// `make test-vm` runs them.
package vm

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// An event is one of `go tool test2json`, as `go doc test2json` describes them.
type event struct {
	Action, Package, Test, Output string
	Elapsed                       float64
}

// A verdict is on one test of one package.
type verdict struct {
	name    string // "guest/TestDisks/two_of_them"; "guest" alone for what is wrong with a package as a whole
	wrong   string // empty for a test that passed
	output  string // the test's own
	elapsed time.Duration
}

// A report turns what comes out of a machine into verdicts. Lines that are no events are kept as stray.
type report struct {
	running []*verdict // in the order in which they started
	stray   strings.Builder
	count   int             // of tests that came to an end
	failed  map[string]bool // packages with a test that failed
}

func newReport() *report { return &report{failed: map[string]bool{}} }

// add reads one line and gives the verdict, if it was the last of a test.
func (r *report) add(line string) *verdict {
	var e event
	if err := json.Unmarshal([]byte(line), &e); err != nil || e.Action == "" {
		fmt.Fprintln(&r.stray, line)
		return nil
	}
	name := strings.TrimSuffix(e.Package+"/"+e.Test, "/")
	switch e.Action {
	case "start", "run":
		r.running = append(r.running, &verdict{name: name})
	case "output":
		if v := r.find(name); v != nil {
			v.output += e.Output
		}
	case "pass", "fail", "skip":
		return r.finish(name, e)
	}
	return nil
}

func (r *report) find(name string) *verdict {
	for _, v := range r.running {
		if v.name == name {
			return v
		}
	}
	return nil
}

// finish: of a package there is a verdict only if it failed, and not merely because one of its tests did.
func (r *report) finish(name string, e event) *verdict {
	v := cmp.Or(r.find(name), &verdict{name: name})
	v.elapsed = time.Duration(e.Elapsed * float64(time.Second))
	r.forget(v)
	if e.Test == "" && (e.Action != "fail" || r.failed[e.Package]) {
		return nil
	}
	switch e.Action {
	case "fail":
		v.wrong = "failed"
	case "skip":
		v.wrong = "skipped, in a machine that has all that a test may ask for"
	}
	if e.Test != "" {
		r.count++
		r.failed[e.Package] = r.failed[e.Package] || v.wrong != ""
	}
	return v
}

func (r *report) forget(gone *verdict) {
	var left []*verdict
	for _, v := range r.running {
		if v != gone {
			left = append(left, v)
		}
	}
	r.running = left
}

// unfinished are the verdicts on what was still running when the machine stopped.
func (r *report) unfinished() []*verdict {
	for _, v := range r.running {
		v.wrong = "did not finish"
	}
	return r.running
}
