//go:build linux && amd64

package faults

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// A Point is a moment of a run: right before one call. It is known by what the call is about, and so is the same in
// each run of the same program, in whatever order its threads get there.
type Point struct {
	Part    string // of the run: the stage of a boot
	Program string
	Name    string // of the call
	Class   string
	About   string
	Nth     int // of the calls that are alike, from 1
	Writes  bool
	Creates bool
}

func (p Point) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s: %s, %s %d %s", p.Part, p.Program, p.Name, p.Nth, p.About))
}

// Changes tells whether the call is one that can change something, or one by which a program begins or ends. Between
// two others it makes no difference when a run is cut off.
func (p Point) Changes() bool {
	switch p.Class {
	case "read", "stat", "getxattr", "memfd":
		return false
	case "open":
		return p.Writes || p.Creates
	}
	return true
}

// Repeats tells of a call that only looks whether it has been made before often enough.
func (p Point) Repeats() bool { return !p.Changes() && p.Nth > 2 }

// A Watch notes the points of a run, and has something happen at one of them.
type Watch struct {
	// Names replaces what differs from run to run in what calls are about: nil for nothing.
	Names *strings.Replacer
	// Leave says which calls are not noted.
	Leave func(Call) bool
	// At and Do are the point and what happens.
	At Point
	Do Verdict

	mu      sync.Mutex
	counts  map[Point]int
	points  []Point
	reached bool
}

// Points lists all in the order of the run.
func (w *Watch) Points() []Point { return w.points }

// Reached tells whether the run came to the point.
func (w *Watch) Reached() bool { return w.reached }

// What differs from run to run: a process, a thread of it, and the end of the name of a temporary file.
var processes, threads, temporary = regexp.MustCompile(`^/proc/\d+`), regexp.MustCompile(`/task/\d+`),
	regexp.MustCompile(`(/\.[a-z.]+)-\d{5,}`)

// Judge is asked of the calls of one part of a run.
func (w *Watch) Judge(part string) func(Call) Verdict {
	return func(c Call) Verdict {
		if w.Leave != nil && w.Leave(c) {
			return Verdict{}
		}
		about := processes.ReplaceAllString(c.About, "/proc/self")
		about = temporary.ReplaceAllString(threads.ReplaceAllString(about, "/task/N"), "$1-N")
		if w.Names != nil {
			about = w.Names.Replace(about)
		}
		if c.Class == "ioctl" {
			about += fmt.Sprintf(" %#x", c.Request)
		}
		p := Point{Part: part, Program: c.Program, Name: c.Name, Class: c.Class, About: about, Writes: c.Writes,
			Creates: c.Creates}
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.counts == nil {
			w.counts = map[Point]int{}
		}
		w.counts[p]++
		p.Nth = w.counts[p]
		w.points = append(w.points, p)
		if p != w.At {
			return Verdict{}
		}
		w.reached = true
		return w.Do
	}
}
