// Command bench measures what docs promise, each figure beside a physical reference that is measured in the same run.
//
// It runs the built programs (make bench builds them first), in turn with the reference, and prints medians. It needs
// no root but for the figures on ext4, which it says it leaves out where it cannot mount a loop device.
package main

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

func main() {
	bin := flag.String("bin", "bin", "folder of the built programs")
	rounds := flag.Int("rounds", 9, "runs of each command, in turn with its reference; at least 7")
	only := flag.String("only", "", "measure this figure alone: "+strings.Join(names(), ", "))
	flag.Parse()
	if err := run(*bin, max(7, *rounds), *only); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// A bench is the place that the figures are measured in.
type bench struct {
	bin, dir string
	rounds   int
	over     []string // figures above their limit
}

// figures are what is measured, in this order.
var figures = []struct {
	name    string
	measure func(*bench) error
}{
	{"validate-large", (*bench).validateLarge},
	{"validate-small", (*bench).validateSmall},
	{"validate-many", (*bench).validateMany},
	{"advice", (*bench).advice},
	{"editors", (*bench).editors},
	{"startup", (*bench).startup},
	{"convert-large", (*bench).convertLarge},
	{"convert-small", (*bench).convertSmall},
	{"files-memory", (*bench).filesInMemory},
	{"files-disk", (*bench).filesOnDisk},
	{"users-disk", (*bench).usersOnDisk},
	{"partitions", (*bench).partitions},
	{"plan", (*bench).plan},
	{"facts", (*bench).facts},
	{"plan-facts", (*bench).planOnFacts},
	{"fleet", (*bench).fleet},
	{"filesystems", (*bench).filesystemsOnDisks},
	{"fetch-large", func(b *bench) error { return b.fetches(b.fetchLarge) }},
	{"fetch-packed", func(b *bench) error { return b.fetches(b.fetchPacked) }},
	{"fetch-many", func(b *bench) error { return b.fetches(b.fetchMany) }},
}

func names() (all []string) {
	for _, f := range figures {
		all = append(all, f.name)
	}
	return all
}

// run measures all figures, or the one of that name.
func run(bin string, rounds int, only string) error {
	if only != "" && !slices.Contains(names(), only) {
		return fmt.Errorf("no figure is called %q", only)
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(memoryFolder(), "glowplug-bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	b := &bench{bin: bin, dir: dir, rounds: rounds}
	for _, name := range []string{"empty", "peak", "unmarshal", "parseyaml", "writefiles"} {
		build := exec.Command("go", "build", "-trimpath", "-ldflags", "-s -w", "-o", filepath.Join(dir, name),
			"./tests/bench/"+name)
		build.Env = append(os.Environ(), "CGO_ENABLED=0")
		if out, err := build.CombinedOutput(); err != nil {
			return fmt.Errorf("%s: %w: %s", build, err, out)
		}
	}
	fmt.Printf("%-44s %12s %12s %7s %7s\n", "median of "+strconv.Itoa(rounds)+" runs, in turn", "glowplug", "reference",
		"ratio", "limit")
	for _, figure := range figures {
		if only != "" && only != figure.name {
			continue
		}
		if err := figure.measure(b); err != nil {
			return err
		}
	}
	if len(b.over) > 0 {
		return fmt.Errorf("above the limit: %s", strings.Join(b.over, "; "))
	}
	return nil
}

// memoryFolder is on tmpfs where there is one, so that no disk is measured by accident.
func memoryFolder() string {
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		return "/dev/shm"
	}
	return ""
}

// compare runs two measurements in turn and prints their medians.
func (b *bench) compare(what string, limit float64, ours, reference func() (time.Duration, error)) error {
	var mine, theirs []time.Duration
	for range b.rounds {
		for _, side := range []struct {
			f  func() (time.Duration, error)
			to *[]time.Duration
		}{{ours, &mine}, {reference, &theirs}} {
			d, err := side.f()
			if err != nil {
				return fmt.Errorf("%s: %w", what, err)
			}
			*side.to = append(*side.to, d)
		}
	}
	m, t := median(mine), median(theirs)
	b.print(what, m.Round(10*time.Microsecond).String(), t.Round(10*time.Microsecond).String(), float64(m)/float64(t),
		limit)
	return nil
}

func (b *bench) print(what, ours, reference string, ratio, limit float64) {
	fmt.Printf("%-44s %12s %12s %7.2f %7.2f\n", what, ours, reference, ratio, limit)
	if ratio > limit {
		b.over = append(b.over, what)
	}
}

func median(all []time.Duration) time.Duration {
	slices.Sort(all)
	return all[len(all)/2]
}

// timed gives the time from start to exit of a command.
func timed(name string, args ...string) (time.Duration, error) {
	c := exec.Command(name, args...)
	var errs bytes.Buffer
	c.Stderr = &errs
	start := time.Now()
	err := c.Run()
	took := time.Since(start)
	if err != nil {
		return took, fmt.Errorf("%s: %w: %s", name, err, errs.String())
	}
	return took, nil
}

// peak runs a command as often as it is timed, and gives the most memory that it ever had, in bytes.
func (b *bench) peak(prepare func() error, name string, args ...string) (most int64, err error) {
	for range b.rounds {
		if err := prepare(); err != nil {
			return 0, err
		}
		out, err := exec.Command(b.path("peak"), append([]string{name}, args...)...).Output()
		if err != nil {
			return 0, fmt.Errorf("peak memory of %s: %w", name, err)
		}
		rss, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		if err != nil {
			return 0, err
		}
		most = max(most, rss)
	}
	return most, nil
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }

func (b *bench) program(name string) string { return filepath.Join(b.bin, name) }

func (b *bench) validateLarge() error {
	return b.validate("validate, 10,000 inline files", b.path("large.ign"), 10_000, 970, 2, 8)
}

func (b *bench) validateSmall() error {
	// a file of 73 bytes of text is one of 250 bytes in the model, beside its nodes
	return b.validate("validate, 100,000 small files", b.path("small.ign"), 100_000, 1, 4, 10)
}

// validate measures time beside encoding/json's Unmarshal alone, without that program's start, and memory beside the
// document's size; most is the limit of that.
func (b *bench) validate(what, file string, count, size int, limit, most float64) error {
	if err := os.WriteFile(file, inlineFiles(count, size), 0o600); err != nil {
		return err
	}
	info, err := os.Stat(file)
	if err != nil {
		return err
	}
	what += fmt.Sprintf(", %.1f MB", float64(info.Size())/1e6)
	err = b.compare(what, limit, func() (time.Duration, error) {
		return timed(b.program("glowplug-validate"), file)
	}, func() (time.Duration, error) {
		out, err := exec.Command(b.path("unmarshal"), file).Output()
		if err != nil {
			return 0, err
		}
		ns, err := strconv.ParseInt(strings.TrimSpace(string(out)), 10, 64)
		return time.Duration(ns), err
	})
	if err != nil {
		return err
	}
	peak, err := b.peak(func() error { return nil }, b.program("glowplug-validate"), file)
	if err == nil {
		b.print("  peak memory, beside the document's size", megabytes(peak), megabytes(info.Size()),
			float64(peak)/float64(info.Size()), most)
	}
	return err
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

// inlineFiles makes a config of that many files with that many bytes each.
func inlineFiles(count, size int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"ignition":{"version":"3.6.0"},"storage":{"files":[`)
	for i := range count {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"path":"/srv/%d/file-%d","mode":420,"contents":{"source":"data:,%s"}}`, i%50, i,
			strings.Repeat("x", size))
	}
	b.WriteString(`]}}`)
	return b.Bytes()
}

const smallConfig = `{
  "ignition": {"version": "3.6.0"},
  "storage": {"files": [
    {"path": "/etc/hostname", "mode": 420, "contents": {"source": "data:,web%0A"}},
    {"path": "/etc/motd", "mode": 420, "contents": {"source": "data:,hello%0A"}}
  ]},
  "systemd": {"units": [
    {"name": "web.service", "enabled": true, "contents": "[Service]\nExecStart=/usr/bin/true\n[Install]\nWantedBy=multi-user.target\n"}
  ]}
}
`

func (b *bench) startup() error {
	file := b.path("config.ign")
	if err := os.WriteFile(file, []byte(smallConfig), 0o600); err != nil {
		return err
	}
	rounds := b.rounds
	b.rounds = 20 * rounds // a millisecond is easily disturbed
	defer func() { b.rounds = rounds }()
	empty := func() (time.Duration, error) { took, err := timed(b.path("empty")); return took, err }
	err := b.compare(fmt.Sprintf("glowplug-validate, %d bytes, start to exit", len(smallConfig)), 2.5,
		func() (time.Duration, error) {
			took, err := timed(b.program("glowplug-validate"), file)
			return took, err
		}, empty)
	if err != nil {
		return err
	}
	return b.compare(fmt.Sprintf("glowplug validate, %d bytes, start to exit", len(smallConfig)), 3.5,
		func() (time.Duration, error) {
			took, err := timed(b.program("glowplug"), "validate", file)
			return took, err
		}, empty)
}
