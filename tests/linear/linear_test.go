//go:build linear

package linear

import (
	"encoding/binary"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// counted builds the program so that it counts how often each block of it runs. What is measured is work, which no
// other load of the machine changes, and not time.
func counted(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "counted")
	build := exec.Command("go", "build", "-cover", "-covermode=count", "-coverpkg=./...,go.yaml.in/yaml/v4/...", "-o",
		program, "./cmd/glowplug")
	build.Dir = "../.."
	out, err := build.CombinedOutput()
	require.NoError(t, err, "%s", out)
	return program
}

// work runs a shape of a size and gives the number of blocks that ran, and the size of the document.
func (s shape) work(t *testing.T, program string, size int) (blocks, bytes int64) {
	t.Helper()
	dir := t.TempDir()
	counters := filepath.Join(dir, "counters")
	require.NoError(t, os.Mkdir(counters, 0o700))
	c, bytes := s.command(t, dir, program, size)
	c.Env = append(os.Environ(), "GOCOVERDIR="+counters)
	out, err := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code != 0 && code != 1 {
		require.NoError(t, err, "%.2000s", out)
	}
	files, err := filepath.Glob(filepath.Join(counters, "covcounters.*"))
	require.NoError(t, err)
	for _, file := range files {
		data, err := os.ReadFile(file)
		require.NoError(t, err)
		counted, err := sum(data)
		require.NoError(t, err, file)
		blocks += counted
	}
	return blocks, bytes
}

// sum adds up the counters in the file that a program of one run writes: a head, tables of texts, and for each function
// how many counters it has, its package, its number, and the counters, all in LEB128; then a foot (Go:
// src/internal/coverage/defs.go). The tool that reads these files, covdata, takes longer than all the rest of a run.
func sum(data []byte) (total int64, err error) {
	const head, segment, foot = 32, 16, 16
	const magic = "\x00cwm"
	if len(data) < head+segment+foot || string(data[:8]) != magic+"\x01\x00\x00\x00" || data[24] != 2 {
		return 0, errors.New("not counters of version 1 in LEB128")
	}
	functions := binary.LittleEndian.Uint64(data[head:])
	texts := uint64(binary.LittleEndian.Uint32(data[head+8:])) + uint64(binary.LittleEndian.Uint32(data[head+12:]))
	at := (head + segment + texts + 3) &^ 3
	end := uint64(len(data) - foot)
	next := func() uint64 {
		value, n := binary.Uvarint(data[min(at, end):end])
		if n <= 0 {
			err = errors.New("counters end early")
		}
		at += uint64(max(n, 0))
		return value
	}
	for ; functions > 0 && err == nil; functions-- {
		counters := next()
		_, _ = next(), next()
		for ; counters > 0 && err == nil; counters-- {
			total += int64(next())
		}
	}
	if err == nil && (at != end || string(data[end:end+4]) != magic) {
		err = errors.New("counters do not end where the file does")
	}
	return total, err
}

// command is the program under the name, and with the arguments, of a shape.
func (s shape) command(t *testing.T, dir, program string, size int) (c *exec.Cmd, bytes int64) {
	t.Helper()
	file, root, name := filepath.Join(dir, "document"), filepath.Join(dir, "root"), filepath.Join(dir, s.args[0])
	text := s.text(size)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	require.NoError(t, os.MkdirAll(filepath.Join(root, "etc"), 0o755))
	for name, text := range map[string]string{"passwd": "root:x:0:0:root:/root:/bin/sh\n", "group": "root:x:0:\n"} {
		require.NoError(t, os.WriteFile(filepath.Join(root, "etc", name), []byte(text), 0o644))
	}
	require.NoError(t, os.Symlink(program, name))
	args := slices.Clone(s.args[1:])
	for i, arg := range args {
		switch arg {
		case "FILE":
			args[i] = file
		case "ROOT":
			args[i] = root
		}
	}
	c = exec.Command(name, args...)
	c.Stdin = strings.NewReader(text)
	return c, int64(len(text))
}

// The work that comes with the second half of a document is at most a quarter more than its bytes make for.
func TestWorkGrowsWithTheInputAndNotFaster(t *testing.T) {
	if testing.Short() {
		t.Skip("runs a program some hundred times")
	}
	program := counted(t)
	for _, s := range shapes() {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			one, small := s.work(t, program, s.size)
			two, medium := s.work(t, program, 2*s.size)
			four, large := s.work(t, program, 4*s.size)
			require.Greater(t, two, one)
			growth := float64(four-two) / float64(two-one)
			wanted := float64(large-medium) / float64(medium-small)
			assert.LessOrEqual(t, growth, 1.25*wanted, "%d, %d and %d blocks for %d, %d and %d bytes", one, two, four,
				small, medium, large)
		})
	}
}
