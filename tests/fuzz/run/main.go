// Command run runs the fuzz targets of the module whose top folder it is started in (make fuzz).
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/tests/fuzz"
)

func main() {
	each := flag.Duration("time", 20*time.Second, "for each target")
	within := flag.Duration("within", 0, "run only as many targets as take so long, others on other days; 0 runs all")
	only := flag.String("run", "", "run only targets whose folder and name, with a blank between them, match")
	list := flag.Bool("list", false, "print the targets, a folder and a name each, and run none")
	flag.Parse()
	if err := run(*each, *within, *only, *list); err != nil {
		fmt.Fprintln(os.Stderr, "fuzz:", err)
		os.Exit(1)
	}
}

func run(each, within time.Duration, only string, list bool) error {
	pattern, err := regexp.Compile(only)
	if err != nil {
		return err
	}
	all, err := fuzz.Targets(os.DirFS("."))
	if err != nil {
		return err
	}
	all = slices.DeleteFunc(all, func(t fuzz.Target) bool { return !pattern.MatchString(t.String()) })
	if list {
		for _, t := range all {
			fmt.Println(t)
		}
		return nil
	}
	sides := runtime.GOMAXPROCS(0)
	most, day := 0, int(time.Now().Unix()/(24*60*60))
	if within > 0 {
		most = max(1, int(within/each)*sides)
	}
	share := fuzz.Share(all, most, day)
	fmt.Printf("%d of %d targets, %v each, %d side by side\n", len(share), len(all), each, sides)
	cache, err := exec.Command("go", "env", "GOCACHE").Output()
	if err != nil {
		return fmt.Errorf("go env GOCACHE: %w", err)
	}
	dir, err := os.MkdirTemp("", "glowplug-fuzz-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	r := fuzz.Run{Top: ".", Dir: dir, Time: each, Sides: sides, Out: os.Stdout,
		Cache: filepath.Join(strings.TrimSpace(string(cache)), "fuzz", "glowplug")}
	return r.Do(share)
}
