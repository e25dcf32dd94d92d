package machine

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// A sample is what was seen of an emulator at one moment.
type sample struct {
	at     time.Duration // since its start
	cpu    time.Duration // that it has had, with all its threads
	asleep bool          // all its threads sleep: it has nothing to do
	signs  int64         // how much the machine has said, read and written
}

// A pace counts a machine's own time: what its emulator has computed, and how long it had nothing to do. Waiting for a
// processor of this host is no part of it, so the same boot has about the same length on a busy host.
type pace struct {
	last        sample
	own, silent time.Duration // silent: since the last sign
}

// sampleEvery is the time between two samples. maxSleep is what counts as sleep of the time between two: more passes
// only when this process or the whole host has stood still.
const (
	sampleEvery = time.Second
	maxSleep    = 2 * sampleEvery
)

func (p *pace) add(s sample) {
	step := s.cpu - p.last.cpu
	if s.asleep {
		step = max(step, min(s.at-p.last.at, maxSleep))
	}
	p.own += step
	p.silent += step
	if s.signs != p.last.signs {
		p.silent = 0
	}
	p.last = s
}

// exceeds says which limit has been passed, if one has.
func (p *pace) exceeds(limit, silence time.Duration) error {
	switch {
	case p.own > limit:
		return fmt.Errorf("%w: %s", ErrLimit, limit)
	case p.silent > silence:
		return fmt.Errorf("%w: %s", ErrSilent, silence)
	}
	return nil
}

// look reads what the kernel tells of a process.
func look(pid int) (cpu time.Duration, asleep bool, err error) {
	folder := filepath.Join("/proc", strconv.Itoa(pid))
	text, err := os.ReadFile(filepath.Join(folder, "stat"))
	if err != nil {
		return 0, false, err
	}
	if _, cpu, err = parseStat(string(text)); err != nil {
		return 0, false, err
	}
	threads, err := filepath.Glob(filepath.Join(folder, "task/*/stat"))
	if err != nil {
		return 0, false, err
	}
	for _, thread := range threads {
		text, err := os.ReadFile(thread)
		if err != nil {
			continue // it has ended
		}
		if state, _, err := parseStat(string(text)); err != nil || state != "S" {
			return cpu, false, err
		}
	}
	return cpu, true, nil
}

// parseStat takes the state and the processor time from a stat file: field 3, and 14 and 15 in hundredths of a second
// (proc_pid_stat(5)). Field 2, a name in parentheses, may hold anything.
func parseStat(text string) (state string, cpu time.Duration, err error) {
	fields := strings.Fields(text[strings.LastIndex(text, ")")+1:])
	if len(fields) < 13 {
		return "", 0, fmt.Errorf("stat of a process: %d fields after the name", len(fields))
	}
	user, err := strconv.ParseInt(fields[11], 10, 64)
	if err != nil {
		return "", 0, err
	}
	system, err := strconv.ParseInt(fields[12], 10, 64)
	return fields[0], time.Duration(user+system) * 10 * time.Millisecond, err
}
