// Package bootreport is the report of a first boot: what its stages did, how long that took, which configs went in,
// what was warned of and why it failed. In come events of stages (Recorder); out come a document in JSON, which
// schema.json describes, the same for people, and metrics for Prometheus. docs/reports.md says the same for people.
//
// What is surprising:
//
//   - A report may leave the machine, so nothing in it is secret: of URLs neither user nor query, of configs the name
//     and the digest, of the rest what the log has.
//   - Times count from the kernel's start: the clock of a first boot may be set while it runs.
//   - It is bounded, whatever the config: of many spans the longest stay.
package bootreport

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/order"
)

// Version is that of the JSON, of which schema.json is the JSON Schema. It counts up when a key goes or changes its
// meaning; other keys may be added at any time.
const Version = 1

// A Report tells of one first boot.
type Report struct {
	Version int     `json:"version"`
	Outcome Outcome `json:"outcome"`
	// BootID is the kernel's name for the boot.
	BootID string `json:"bootID,omitempty"`
	// Began is the time by the machine's clock, which may have been wrong.
	Began    time.Time `json:"began"`
	Platform string    `json:"platform,omitempty"`
	Glowplug string    `json:"glowplug"` // version of the program
	Kernel   string    `json:"kernel,omitempty"`
	Configs  []Config  `json:"configs,omitempty"`
	Stages   []Stage   `json:"stages"`
}

// An Outcome says how a boot, or a stage of it, has ended.
type Outcome string

// The outcomes. A stage that is Running in a report that nobody adds to was killed, or the machine went down; a boot is
// Running until its files stage has ended.
const (
	Done        Outcome = "done"
	Failed      Outcome = "failed"
	Interrupted Outcome = "interrupted" // the machine was shut down meanwhile
	Running     Outcome = "running"
)

// A Config is a text that went into the config of the boot.
type Config struct {
	Name    string `json:"name"`
	Version string `json:"version"` // of the language
	SHA256  string `json:"sha256"`
	Bytes   int    `json:"bytes"`
}

// A Stage is one stage of the boot.
type Stage struct {
	Name        string  `json:"name"`
	Outcome     Outcome `json:"outcome"`
	BeginMicros int64   `json:"beginMicros"` // from the kernel's start
	TookMicros  int64   `json:"tookMicros"`
	// Steps counts those of its plans, by what they did: keep, create, change, destroy, deferred.
	Steps map[string]int `json:"steps,omitempty"`
	Spans []Span         `json:"spans,omitempty"`
	// SpansLeftOut are shorter than those that are there.
	SpansLeftOut    int      `json:"spansLeftOut,omitempty"`
	Warnings        []string `json:"warnings,omitempty"`
	WarningsLeftOut int      `json:"warningsLeftOut,omitempty"`
	Failure         *Failure `json:"failure,omitempty"`
}

// A Span is a time that something took.
type Span struct {
	Kind        Kind   `json:"kind"`
	What        string `json:"what"`
	BeginMicros int64  `json:"beginMicros"` // from the kernel's start
	TookMicros  int64  `json:"tookMicros"`
	Failed      bool   `json:"failed,omitempty"`
	// Origin is where the config asks for a step: "$.storage.files.3".
	Origin   string `json:"origin,omitempty"`
	Attempts int    `json:"attempts,omitempty"` // of a request
	Bytes    int64  `json:"bytes,omitempty"`    // of its answer
}

// A Kind says what a Span is of.
type Kind string

// The kinds.
const (
	Step    Kind = "step"    // of a plan
	Request Kind = "request" // to a server, with all its attempts
	Wait    Kind = "wait"    // for a device, a drive, a platform
	Program Kind = "program" // a run of one
)

// A Failure says why a stage has failed.
type Failure struct {
	Place  string   `json:"place,omitempty"` // of the part of the config that asked for it: "name:line:col"
	Causes []string `json:"causes"`
	Try    []string `json:"try,omitempty"`
}

// judge sums the stages up. What fails after the files stage counts; what ran well after a failure does not mend it.
func (r *Report) judge() {
	r.Outcome = Running
	for i := range r.Stages {
		switch s := &r.Stages[i]; {
		case s.Outcome == Failed:
			r.Outcome = Failed
			return
		case s.Outcome == Interrupted:
			r.Outcome = Interrupted
		case s.Name == "files" && s.Outcome == Done:
			r.Outcome = Done
		}
	}
}

// Steps are the counts of all stages.
func (r *Report) Steps() map[string]int {
	all := map[string]int{}
	for i := range r.Stages {
		for effect, n := range r.Stages[i].Steps {
			all[effect] += n
		}
	}
	return all
}

// Warnings counts those of all stages.
func (r *Report) Warnings() (n int) {
	for i := range r.Stages {
		n += len(r.Stages[i].Warnings) + r.Stages[i].WarningsLeftOut
	}
	return n
}

// Extent is from the begin of the first stage to the end of the last, in microseconds from the kernel's start.
func (r *Report) Extent() (begin, end int64) {
	for i := range r.Stages {
		s := &r.Stages[i]
		if i == 0 || s.BeginMicros < begin {
			begin = s.BeginMicros
		}
		end = max(end, s.BeginMicros+s.TookMicros)
	}
	return begin, end
}

// WriteJSON writes the document.
func (r *Report) WriteJSON(w io.Writer) error { return diag.EncodeJSON(w, r) }

// The bounds of what is read. No report that is written comes near them.
const (
	textMost   = 16 << 20
	stagesMost = 64
	microsMost = int64(1) << 50 // 35 years
)

// Parse reads a document. What no boot can have written is refused, with its place where that is known.
func Parse(text []byte) (*Report, error) {
	if len(text) > textMost {
		return nil, fmt.Errorf("larger than %d bytes, which no report is", textMost)
	}
	r := &Report{}
	if err := json.Unmarshal(text, r); err != nil || r.Version != Version {
		// of another version anything may be another thing
		var head struct{ Version *int }
		switch read := json.Unmarshal(text, &head); {
		case read == nil && head.Version != nil && *head.Version != Version:
			err = fmt.Errorf("version %d, and this program reads version %d", *head.Version, Version)
		case err == nil:
			err = errors.New("it has no version: it is no report")
		case len(bytes.TrimSpace(text)) == 0:
			err = errors.New("it is empty")
		}
		return nil, diag.PlacedJSON(text, err)
	}
	return r, r.check()
}

// check refuses what no boot has.
func (r *Report) check() error {
	if !r.Outcome.known() {
		return fmt.Errorf("the outcome %q is not known", r.Outcome)
	}
	if len(r.Stages) > stagesMost {
		return fmt.Errorf("%d stages, and no boot has more than %d", len(r.Stages), stagesMost)
	}
	for i := range r.Stages {
		if err := r.Stages[i].check(); err != nil {
			return fmt.Errorf("stages.%d: %w", i, err)
		}
	}
	return nil
}

func (o Outcome) known() bool {
	return slices.Contains([]Outcome{Done, Failed, Interrupted, Running}, o)
}

func (s *Stage) check() error {
	switch {
	case s.Name == "":
		return errors.New("it has no name")
	case !s.Outcome.known():
		return fmt.Errorf("the outcome %q is not known", s.Outcome)
	case !isTime(s.BeginMicros, s.TookMicros):
		return errors.New("its time is none of a boot")
	case s.SpansLeftOut < 0 || s.WarningsLeftOut < 0:
		return errors.New("what is left out is less than nothing")
	}
	for effect, n := range s.Steps {
		if n < 0 {
			return fmt.Errorf("steps: there are %d of %q", n, effect)
		}
	}
	for i := range s.Spans {
		span := &s.Spans[i]
		known := slices.Contains([]Kind{Step, Request, Wait, Program}, span.Kind)
		if !known || !isTime(span.BeginMicros, span.TookMicros) || span.Attempts < 0 || span.Bytes < 0 {
			return fmt.Errorf("spans.%d: it is of no kind or time that a boot has", i)
		}
	}
	return nil
}

func isTime(begin, took int64) bool {
	return 0 <= begin && begin <= microsMost && 0 <= took && took <= microsMost
}

// shortened bounds a text that others have written, and keeps it one line.
func shortened(text string) string {
	text = diag.OneLine(text)
	if len(text) > lineMost {
		text = strings.ToValidUTF8(text[:lineMost], "") + "…"
	}
	return text
}

// prune keeps so many spans, those that have failed and the longest, in the order in which they began.
func (s *Stage) prune(most int) {
	if over := len(s.Spans) - most; over > 0 {
		order.By(s.Spans, func(a, b Span) int {
			switch {
			case a.Failed == b.Failed:
				return cmp.Compare(b.TookMicros, a.TookMicros)
			case a.Failed:
				return -1
			}
			return 1
		})
		s.Spans, s.SpansLeftOut = slices.Clone(s.Spans[:most]), s.SpansLeftOut+over
	}
	order.Stably(s.Spans, func(a, b Span) int { return cmp.Compare(a.BeginMicros, b.BeginMicros) })
}
