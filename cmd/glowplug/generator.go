package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/glowplug-os/glowplug/internal/host"
)

// environmentFile is where the units of the stages find the platform (reference: initramfs §3).
const environmentFile = "/run/ignition.env"

// The kernel arguments that the generator reads.
const (
	argFirstBoot = "ignition.firstboot"
	argPlatform  = "ignition.platform.id"
)

// generate is a systemd generator (systemd.generator(7)): it decides whether this boot is a first one. A condition in the units
// would come too late, as what they require, such as the network, starts in any case.
func (p *program) generate(ctx context.Context) int {
	log := kernelLog()
	fail := func(err error) int {
		fmt.Fprintf(log, "<3>ignition-generator: %v\n", err)
		return exitFailed
	}
	if len(p.args) == 0 {
		return fail(fmt.Errorf("no folder for units is given; systemd gives three"))
	}
	d, err := readDistribution(distributionFile, p.env)
	if err != nil {
		return fail(err)
	}
	line, err := os.ReadFile(d.KernelCommandLine)
	if err != nil {
		return fail(err)
	}
	boot := parseFirstBoot(string(line))
	if boot.first && boot.platform == "" {
		fmt.Fprintf(log, "<3>ignition-generator: this is a first boot, but the kernel command line has no %s=ID: no stage can find a config\n", argPlatform)
	}
	if err := os.WriteFile(environmentFile, []byte("PLATFORM_ID="+boot.platform+"\n"), 0o644); err != nil {
		return fail(err)
	}
	_, err = host.NewTools(d.Tools, nil).Run(ctx, host.Command{Tool: "is-live-image"})
	for _, link := range boot.links(err == nil) {
		name := filepath.Join(p.args[0], link[0]+".requires", link[1])
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			return fail(err)
		}
		// Only the link's name counts. It may be there if systemd reloads its units.
		if err := os.Symlink("../"+link[1], name); err != nil && !os.IsExist(err) {
			return fail(err)
		}
	}
	return exitOK
}

// kernelLog is where a generator can be heard: the journal does not run yet.
func kernelLog() io.Writer {
	f, err := os.OpenFile("/dev/kmsg", os.O_WRONLY, 0)
	if err != nil {
		return os.Stderr
	}
	return f // lives as long as the process
}

// A firstBoot is what the kernel command line says of it.
type firstBoot struct {
	first    bool
	platform string
}

// parseFirstBoot reads words with quotes, as systemd does. The last of a name counts. A bare ignition.firstboot is true, a bare
// platform is none.
func parseFirstBoot(commandLine string) firstBoot {
	var boot firstBoot
	for _, word := range words(commandLine) {
		name, value, given := strings.Cut(word, "=")
		switch name {
		case argFirstBoot:
			boot.first = !given || value != "" && value != "0" && value != "no" && value != "off" && value != "false"
		case argPlatform:
			boot.platform = value
		}
	}
	return boot
}

// words splits a kernel command line at blanks that are not in double quotes, which it drops (kernel-command-line(7)).
func words(line string) []string {
	var all []string
	var word strings.Builder
	quoted, begun := false, false
	for _, c := range []byte(line) {
		switch {
		case c == '"':
			quoted, begun = !quoted, true
		case !quoted && (c == ' ' || c == '\t' || c == '\n' || c == '\r'):
			if begun {
				all = append(all, word.String())
			}
			word.Reset()
			begun = false
		default:
			word.WriteByte(c)
			begun = true
		}
	}
	if begun {
		all = append(all, word.String())
	}
	return all
}

// links pairs a target with what it requires in this boot. An image that runs from memory has no disk to prepare.
func (b firstBoot) links(live bool) [][2]string {
	target, diskful := "ignition-subsequent.target", "ignition-diskful-subsequent.target"
	if b.first {
		target, diskful = "ignition-complete.target", "ignition-diskful.target"
	}
	links := [][2]string{{"initrd.target", target}}
	if !live {
		links = append(links, [2]string{target, diskful})
	}
	return links
}
