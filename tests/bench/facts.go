package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// What facts, and plans on them, may take, from start to exit.
const (
	factsLimit       = 100 * time.Millisecond
	planOnFactsLimit = 100 * time.Millisecond
	fleetLimit       = 60 * time.Second
)

// facts measures facts of this machine with eight loop devices, beside a shell that reads the ends of these.
func (b *bench) facts() error {
	const what, count = "facts, this machine, 8 loops, head and tail", 8
	read := "true"
	for i := range count {
		dev, err := loopDevice(b.path(fmt.Sprintf("facts-%d.img", i)))
		if err != nil {
			fmt.Printf("%-44s left out: %v\n", what, err)
			return nil
		}
		defer func() { _ = exec.Command("losetup", "-d", dev).Run() }()
		read += "; head -c 1M " + dev + " >/dev/null; tail -c 1M " + dev + " >/dev/null"
	}
	var all []time.Duration
	err := b.compare(what, 4, func() (time.Duration, error) {
		took, err := timed(b.program("glowplug"), "facts")
		all = append(all, took)
		return took, err
	}, func() (time.Duration, error) { return timed("sh", "-c", read) })
	if err == nil {
		b.within(factsLimit, all)
	}
	return err
}

// factsOf writes facts for a config of so many files and disks, with a root that has half of the files.
func (b *bench) factsOf(name string, count, disks int) (config, file string, err error) {
	config, root, images, err := b.planned(name, count, disks)
	if err != nil {
		return "", "", err
	}
	args := []string{"facts", "--root=" + root, "--for=" + config}
	for i, image := range images {
		args = append(args, fmt.Sprintf("--disk=/dev/vd%c=%s", 'a'+i, image))
	}
	text, err := exec.Command(b.program("glowplug"), args...).Output()
	if err != nil {
		return "", "", err
	}
	file = b.path(name + ".json")
	return config, file, os.WriteFile(file, text, 0o600)
}

// planOnFacts measures a plan on facts of 2,000 files and 8 disks, beside cat of the facts and the config.
func (b *bench) planOnFacts() error {
	config, file, err := b.factsOf("noted", 2000, 8)
	if err != nil {
		return err
	}
	var all []time.Duration
	err = b.compare("plan on facts, 2,000 files, 8 disks, cat", 40, func() (time.Duration, error) {
		took, err := destroying(timed(b.program("glowplug"), "plan", "--no-owner", "--facts="+file, config))
		all = append(all, took)
		return took, err
	}, func() (time.Duration, error) { return timed("sh", "-c", "cat "+config+" "+file+" >/dev/null") })
	if err == nil {
		b.within(planOnFactsLimit, all)
	}
	return err
}

// fleet measures a config of 50 files and 4 disks on the facts of 10,000 machines, beside cat of these, once. Memory is
// held beside that of 1,000 machines.
func (b *bench) fleet() error {
	const machines, few = 10_000, 1_000
	config, file, err := b.factsOf("fleet", 50, 4)
	if err != nil {
		return err
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	all, some := b.path("fleet-all"), b.path("fleet-some")
	for dir, count := range map[string]int{all: machines, some: few} {
		if err := os.Mkdir(dir, 0o755); err != nil {
			return err
		}
		for i := range count {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprintf("machine-%d.json", i)), text, 0o600); err != nil {
				return err
			}
		}
	}
	defer os.RemoveAll(all)
	args := []string{"plan", "--no-owner", "--format=json", "--fleet=" + all, config}
	took, err := destroying(timed(b.program("glowplug"), args...))
	if err != nil {
		return err
	}
	cat, err := timed("sh", "-c", "cat "+all+"/* >/dev/null")
	if err != nil {
		return err
	}
	const what = "fleet, 10,000 facts of 4 disks, cat of them"
	b.print(what, took.Round(time.Millisecond).String(), cat.Round(time.Millisecond).String(),
		float64(took)/float64(cat), 300)
	b.within(fleetLimit, []time.Duration{took})
	return b.flat(some, args)
}

// flat prints the most memory that plans of a fleet have, beside that of a few of its machines.
func (b *bench) flat(some string, args []string) error {
	once := *b
	once.rounds = 1
	measured := func(args []string) (int64, error) {
		// the status is that of the plan, which destroys something
		return once.peak(func() error { return nil }, "sh", "-c", `"$0" "$@" >/dev/null || test $? = 4`,
			b.program("glowplug"), args[0], args[1], args[2], args[3], args[4])
	}
	many, err := measured(args)
	if err != nil {
		return err
	}
	few, err := measured([]string{args[0], args[1], args[2], "--fleet=" + some, args[4]})
	if err != nil {
		return err
	}
	b.print("fleet, 10,000 facts, memory, beside 1,000", fmt.Sprintf("%.1f MB", float64(many)/1e6),
		fmt.Sprintf("%.1f MB", float64(few)/1e6), float64(many)/float64(few), 1.5)
	return nil
}
