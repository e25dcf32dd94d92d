package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/internal/cli"
	"github.com/glowplug-os/glowplug/internal/cmdline"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/tool"
)

// The kernel arguments that the generator reads.
const (
	argFirstBoot = "ignition.firstboot"
	argPlatform  = "ignition.platform.id"
)

// A generator is a systemd generator (systemd.generator(7)) at work: it decides whether this boot is a first one. A
// condition in the units would come too late, as what they require, such as the network, starts in any case.
type generator struct {
	folder      string // for units, of those that systemd gives the one of normal priority
	environment string // the file that it leaves
	commandLine string // the file with the kernel's
	tools       *tool.Set
	log         io.Writer
}

func generate(ctx context.Context, p *cli.Process, folders []string) error {
	g := generator{environment: environmentFile, log: kernelLog()}
	if len(folders) == 0 {
		err := errors.New("no folder for units is given; systemd gives three")
		g.complain(err)
		return err
	}
	d, err := readDistribution(distributionFile, p.Env)
	if err != nil {
		// Without this boot's targets an unprovisioned machine would come up. With them the first stage says the same
		// in a card.
		g.complain(err)
	}
	g.folder, g.commandLine, g.tools = folders[0], d.KernelCommandLine, tool.New(d.Tools, nil)
	return errors.Join(err, g.run(ctx))
}

// complain writes one line: each is an entry of the kernel's log.
func (g *generator) complain(err error) {
	fmt.Fprintf(g.log, "<3>ignition-generator: %s\n", diag.OneLine(err.Error()))
}

// run makes the links of this boot. It goes on after an error, as what lacks something then fails where somebody sees
// it.
func (g *generator) run(ctx context.Context) error {
	line, err := os.ReadFile(g.commandLine)
	boot := parseFirstBoot(string(line))
	if err != nil {
		g.complain(err)
	}
	if boot.first && boot.platform == "" {
		g.complain(fmt.Errorf("this is a first boot, but the kernel command line has no %s=ID: no stage can "+
			"find a config", argPlatform))
	}
	write := os.WriteFile(g.environment, []byte(boot.environment()), 0o644)
	if write != nil {
		g.complain(write)
	}
	_, notLive := g.tools.Run(ctx, tool.Command{Tool: "is-live-image"})
	for _, link := range boot.links(notLive == nil) {
		if made := g.require(link[0], link[1]); made != nil {
			g.complain(made)
			err = errors.Join(err, made)
		}
	}
	return errors.Join(err, write)
}

// require has a target require another. Only the link's name counts.
func (g *generator) require(target, other string) error {
	name := filepath.Join(g.folder, target+".requires", other)
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	// It may be there if systemd reloads its units.
	if err := os.Symlink("../"+other, name); err != nil && !os.IsExist(err) {
		return err
	}
	return nil
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

// parseFirstBoot: the last of a name counts. A bare ignition.firstboot is true; a platform without a name is none.
func parseFirstBoot(line string) firstBoot {
	boot := firstBoot{platform: cmdline.Last(line, argPlatform)}
	for _, a := range cmdline.Arguments(line) {
		if a.Name == argFirstBoot {
			boot.first = !a.Assigned || !slices.Contains([]string{"", "0", "no", "off"}, a.Value)
		}
	}
	return boot
}

// environment is the text of the file for the units. What no platform's name has would mean something else in it, and
// in scripts that read it; with question marks in its place the stages say that there is no such platform.
func (b firstBoot) environment() string {
	return "PLATFORM_ID=" + strings.Map(func(r rune) rune {
		if r < 0x80 && strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.=", r) {
			return r
		}
		return '?'
	}, b.platform) + "\n"
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
