package main

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
	"time"
)

// partitions are Go benchmarks of stages/disks, beside what they may take.
func (b *bench) partitions() error {
	limits := []struct {
		benchmark, what string
		limit           time.Duration
	}{
		{"BenchmarkPlan1000PartitionsOn64Disks", "plan 1,000 partitions on 64 disks", 50 * time.Millisecond},
		{"BenchmarkLookAt64Images", "look at 64 disks", 200 * time.Millisecond},
	}
	for _, each := range limits {
		out, err := exec.Command("go", "test", "./stages/disks", "-run", "^$", "-bench", "^"+each.benchmark+"$",
			"-benchtime", "10x", "-count", strconv.Itoa(b.rounds)).CombinedOutput()
		if err != nil {
			return fmt.Errorf("%s: %w: %s", each.benchmark, err, out)
		}
		var all []time.Duration
		for _, line := range strings.Split(string(out), "\n") {
			fields := strings.Fields(line)
			if len(fields) < 4 || !strings.HasPrefix(fields[0], each.benchmark) {
				continue
			}
			ns, err := strconv.ParseFloat(fields[2], 64)
			if err != nil {
				return fmt.Errorf("%s: %w", line, err)
			}
			all = append(all, time.Duration(ns))
		}
		if len(all) == 0 {
			return fmt.Errorf("%s: no figure in %s", each.benchmark, out)
		}
		took := median(all)
		b.print(each.what, took.Round(10*time.Microsecond).String(), each.limit.String(),
			float64(took)/float64(each.limit), 1)
	}
	return nil
}
