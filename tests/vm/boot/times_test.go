//go:build vmhost

package boot

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// A stageTime is how long a stage took in one boot, by the monotonic times of the journal, in milliseconds. These are
// when the journal has taken a line up, which under emulation is later than when it was written.
type stageTime struct {
	stage string
	work  float64 // from our first line to our last
	start float64 // from systemd's line that it starts us to our first; NaN if they came the other way round
}

// The limits of a config that wants nothing, in milliseconds. Whether they are held is printed and not asserted: an
// emulation is as fast as its host has time.
const (
	stageLimit  = 150
	stagesLimit = 1000
)

// stageTimes finds the stages of a boot in the whole journal, in the form short-monotonic.
func stageTimes(journal string) []stageTime {
	var all []stageTime
	told := math.NaN()
	now, by := stageTime{}, "" // the stage whose lines are read, and who writes them: "ignition[123]"
	var first float64
	end := func() {
		if now.stage != "" {
			all = append(all, now)
		}
		now, by = stageTime{}, ""
	}
	for line := range strings.Lines(journal) {
		stamp, text, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(line), "["), "] ")
		at, err := strconv.ParseFloat(strings.TrimSpace(stamp), 64)
		if err != nil {
			continue
		}
		at *= 1000
		writer, text, _ := strings.Cut(text, ": ")
		switch {
		case strings.HasPrefix(text, "Starting ignition-") || strings.HasPrefix(text, "Stopping ignition-mount"):
			told = at
		case strings.HasPrefix(writer, "ignition[") && writer != by:
			end()
			by, first = writer, at
			now.start, told = at-told, math.NaN()
		case writer == by:
			now.work = at - first
			if name, passed := strings.CutSuffix(text, " passed"); passed {
				now.stage = name
			}
		}
	}
	end()
	return all
}

// figures are the times of the stages in some boots.
type figures struct {
	stages      []string // in the order of a boot
	work, start map[string][]float64
	all         []float64 // the work of all stages of a boot
}

func figuresOf(journals []string) figures {
	f := figures{work: map[string][]float64{}, start: map[string][]float64{}}
	for _, journal := range journals {
		sum := 0.0
		for _, s := range stageTimes(journal) {
			if f.work[s.stage] == nil {
				f.stages = append(f.stages, s.stage)
			}
			f.work[s.stage] = append(f.work[s.stage], s.work)
			if !math.IsNaN(s.start) {
				f.start[s.stage] = append(f.start[s.stage], s.start)
			}
			sum += s.work
		}
		f.all = append(f.all, sum)
	}
	return f
}

// tellTimes prints how long each stage took in one boot or in several: the median and the least of them.
func tellTimes(t *testing.T, what string, journals ...string) {
	t.Helper()
	if len(journals) == 0 {
		return
	}
	f := figuresOf(journals)
	fmt.Fprintf(t.Output(), "%s, boots: %d; ms\n%-16s %8s %8s %16s\n", what, len(journals), "stage", "median", "least",
		"process's start")
	for _, s := range f.stages {
		fmt.Fprintf(t.Output(), "%-16s %8.0f %8.0f %16.0f\n", s, median(f.work[s]), slices.Min(f.work[s]),
			median(f.start[s]))
	}
	fmt.Fprintf(t.Output(), "%-16s %8.0f %8.0f\n", "all stages", median(f.all), slices.Min(f.all))
}

// tellLimits prints what the limits of a config that wants nothing say of the medians.
func tellLimits(t *testing.T, journals ...string) {
	t.Helper()
	if len(journals) == 0 {
		return
	}
	f := figuresOf(journals)
	for _, s := range f.stages {
		fmt.Fprintf(t.Output(), "%-16s limit %4d ms: %s\n", s, stageLimit, verdict(median(f.work[s]), stageLimit))
	}
	fmt.Fprintf(t.Output(), "%-16s limit %4d ms: %s\n", "all stages", stagesLimit, verdict(median(f.all), stagesLimit))
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

func verdict(got, limit float64) string {
	if got > limit {
		return "not held"
	}
	return "held"
}
