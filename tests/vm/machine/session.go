package machine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/glowplug-os/glowplug/internal/machine"
)

// A session is one run of qemu.
type session struct {
	spec       Spec
	dir        string // for the files of this run
	qemu       *exec.Cmd
	started    time.Time
	serial     io.Reader
	typed      io.Writer // on the serial console
	ports      *machine.Ports
	said       *atomic.Int64 // bytes of the console and of the ports
	witness    bytes.Buffer  // what came on that port
	complaints bytes.Buffer  // qemu's own
}

// run runs qemu until the machine is off, or until something takes its power away.
func run(ctx context.Context, spec Spec, dir string) (Result, error) {
	ctx, powerOff := context.WithCancelCause(ctx)
	defer powerOff(nil)
	s := &session{spec: spec, dir: dir, said: new(atomic.Int64)}
	if err := s.start(ctx); err != nil {
		return Result{}, err
	}
	var watch sync.WaitGroup
	watch.Go(func() {
		if passed := s.watch(ctx); passed != nil {
			powerOff(s.examine(ctx, passed))
		}
	})
	var result Result
	result.Console = readConsole(countedReader{s.serial, s.said}, s.started, spec.Console, func(line Line) {
		if spec.Until != nil && !result.Cut && spec.Until(line) {
			result.Cut = true
			powerOff(nil)
		}
	})
	err := s.qemu.Wait()
	result.Took = time.Since(s.started)
	err = errors.Join(err, s.ports.Close())
	ended := context.Cause(ctx)
	powerOff(nil)
	watch.Wait()
	switch {
	case result.Cut:
		return result, nil
	case errors.Is(ended, ErrLimit) || errors.Is(ended, ErrSilent):
		return result, errors.Join(ended, s.leave(result))
	case ended != nil:
		return result, ended
	case err != nil:
		return result, fmt.Errorf("qemu: %w: %s", err, strings.TrimSpace(s.complaints.String()))
	}
	return result, nil
}

func (s *session) start(ctx context.Context) error {
	spec := s.spec
	spec.Ports = map[string]io.Writer{witnessPort: &s.witness}
	maps.Copy(spec.Ports, s.spec.Ports)
	args, err := arguments(ctx, spec, s.dir)
	if err != nil {
		return err
	}
	s.ports, err = machine.OpenPorts(spec.Ports, s.dir, func(bytes int) { s.said.Add(int64(bytes)) })
	if err != nil {
		return err
	}
	args = append(args, "-qmp", "unix:"+machine.Quote(monitorSocket(s.dir))+",server=on,wait=off")
	s.qemu = command(ctx, "qemu-system-x86_64", args...)
	s.qemu.Stderr = &s.complaints
	var failed [3]error
	s.serial, failed[0] = s.qemu.StdoutPipe()
	s.typed, failed[1] = s.qemu.StdinPipe()
	s.started = time.Now()
	if errors.Join(failed[:]...) == nil {
		failed[2] = s.qemu.Start()
	}
	if err := errors.Join(failed[:]...); err != nil {
		return errors.Join(err, s.ports.Close())
	}
	return nil
}

// watch waits for the moment at which the machine has gone on for too long, or does nothing any more, and says which.
// It gives nil when the context ends before.
func (s *session) watch(ctx context.Context) error {
	limit, silence := cmp.Or(s.spec.Limit, DefaultLimit), cmp.Or(s.spec.Silence, DefaultSilence)
	var p pace
	var disks int64
	for ticks := 1; ; ticks++ {
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(sampleEvery):
		}
		// Who asks the monitor wakes qemu up: it is asked only when all else is silent, and not each time.
		if p.silent > silence/4 && ticks%10 == 0 {
			disks = s.diskBytes(disks)
		}
		now, err := s.sample(disks)
		if err != nil {
			return nil // it has ended, and whoever waits for it will say how
		}
		p.add(now)
		if err := p.exceeds(limit, silence); err != nil {
			return err
		}
	}
}

// sample looks at qemu, and adds to what the machine has said what it has read and written.
func (s *session) sample(disks int64) (sample, error) {
	cpu, asleep, err := look(s.qemu.Process.Pid)
	return sample{at: time.Since(s.started), cpu: cpu, asleep: asleep, signs: s.said.Load() + disks}, err
}

// diskBytes is what the monitor says, or else what it has said last.
func (s *session) diskBytes(last int64) int64 {
	m, err := openMonitor(monitorSocket(s.dir))
	if err != nil {
		return last
	}
	defer m.Close()
	bytes, err := m.diskBytes()
	if err != nil {
		return last
	}
	return bytes
}
