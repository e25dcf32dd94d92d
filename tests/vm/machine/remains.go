package machine

import (
	"context"
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of Spec.Remains.
const (
	consoleFile = "console.log" // all of it, with what SysRq w and l say at its end
	monitorFile = "monitor.txt" // where the processor is
	witnessFile = "witness.log" // the answer of WitnessScript
)

// WitnessScript is for a service of a machine. When a limit is about to end the machine it says on the virtio port
// witness which processes there are, where in the kernel they wait, and what the journal has.
//
//go:embed witness.sh
var WitnessScript []byte

const witnessPort = "witness"

// examine asks a machine that has passed a limit what it is doing, from outside and from inside. The error that it
// gives is the limit's, and says where the answers are.
func (s *session) examine(ctx context.Context, passed error) error {
	if s.spec.Remains == "" {
		return passed
	}
	var text strings.Builder
	if err := s.askAll(ctx, &text); err != nil {
		fmt.Fprintln(&text, err)
	}
	passed = fmt.Errorf("%w: what it has left is in %s", passed, s.spec.Remains)
	return errors.Join(passed, os.MkdirAll(s.spec.Remains, 0o755), write(s.spec.Remains, monitorFile, text.String()))
}

func (s *session) askAll(ctx context.Context, text io.Writer) error {
	m, err := openMonitor(monitorSocket(s.dir))
	if err != nil {
		return err
	}
	defer m.Close()
	for _, line := range []string{"info status", "info irq", "info pic", "info chardev", "info blockstats"} {
		m.tell(text, line)
	}
	for range 5 { // a processor that goes round in circles is at several places
		m.tell(text, "info registers -a")
		s.settle(ctx, time.Second)
	}
	for _, key := range []string{"w", "l"} { // what waits, and what runs: the answer is on the console
		if err := m.sendBreak(); err != nil {
			return err
		}
		if _, err := io.WriteString(s.typed, key); err != nil {
			return err
		}
		s.settle(ctx, 3*time.Second)
	}
	if err := s.ports.Tell(witnessPort, "\n"); err != nil {
		return err
	}
	s.settle(ctx, 30*time.Second) // it shares the processor with what does not end
	return nil
}

// tell writes an answer of the monitor, or why there is none.
func (m *monitor) tell(text io.Writer, line string) {
	answer, err := m.human(line)
	if err != nil {
		answer = err.Error()
	}
	fmt.Fprintf(text, "== %s\n%s\n", line, strings.ReplaceAll(answer, "\r\n", "\n"))
}

// settle waits until the machine has said nothing for a while of its own time, five minutes at most.
func (s *session) settle(ctx context.Context, silence time.Duration) {
	first, err := s.sample(0)
	for p := (pace{last: first}); err == nil && p.silent < silence && p.own < 5*time.Minute; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(sampleEvery):
		}
		var now sample
		if now, err = s.sample(0); err == nil {
			p.add(now)
		}
	}
}

// leave writes what is known only when the machine has ended.
func (s *session) leave(result Result) error {
	if s.spec.Remains == "" {
		return nil
	}
	witness := s.witness.String()
	if witness == "" {
		witness = "nobody in the machine has answered\n"
	}
	return errors.Join(
		write(s.spec.Remains, consoleFile, result.Tail(len(result.Console))),
		write(s.spec.Remains, witnessFile, witness))
}

func write(folder, name, text string) error {
	return os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600)
}
