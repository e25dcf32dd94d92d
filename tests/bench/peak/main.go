// Command peak runs a program and prints how much memory it had at most, in bytes, and fails if it does. The kernel
// counts for a program what the process that started it had at that moment (setmax_mm_hiwater_rss on exec), so a large
// program cannot measure a small one; this one is small.
package main

import (
	"fmt"
	"os"
	"os/exec"
	"syscall"
)

func main() {
	c := exec.Command(os.Args[1], os.Args[2:]...)
	c.Stderr = os.Stderr
	err := c.Run()
	if c.ProcessState != nil {
		fmt.Println(c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
