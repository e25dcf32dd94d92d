package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/glowplug-os/glowplug/internal/guest"
)

// isMachine: this is the first process of the machine in which images are provisioned.
func isMachine() bool { return guest.Is(os.Getpid()) }

// inMachine does what there is to do in it. The kernel gives its first process no way to programs.
func inMachine(env func(string) string, now func() time.Time) int {
	err := os.Setenv("PATH", "/usr/sbin:/usr/bin")
	if err == nil {
		err = guest.Main(context.Background(), env, now)
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}
