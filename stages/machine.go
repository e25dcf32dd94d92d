package stages

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"time"

	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/tool"
	"github.com/glowplug-os/glowplug/providers"
)

// machine is what platforms ask: this machine, its network by the fetch client, its tools, and what an earlier stage
// was given.
func (r *run) machine() providers.Machine {
	m := providers.Local()
	m.Log, m.Now, m.Getenv, m.CommandLine = r.Log, r.Now, r.Getenv, r.line
	m.Offline, m.Said = r.fetch.Client.Offline, r.state.Said
	for _, raw := range r.state.ProviderOutputFiles {
		if f, err := providers.FileOf(raw); err == nil {
			m.Kept = append(m.Kept, f)
		}
	}
	m.Get = func(ctx context.Context, url string) ([]byte, error) {
		return r.fetch.Client.Document(ctx, fetch.Resource{URL: url}, documentMax)
	}
	m.Do = func(ctx context.Context, q fetch.Request) (fetch.Reply, error) {
		return r.fetch.Client.Do(ctx, q, documentMax)
	}
	m.Run = func(ctx context.Context, program string, args ...string) ([]byte, error) {
		return r.Tools.Run(ctx, tool.Command{Tool: program, Args: args})
	}
	m.Modprobe = func(ctx context.Context, module string) error {
		_, err := r.Tools.Run(ctx, tool.Command{Tool: "modprobe", Args: []string{module}})
		return err
	}
	m.Mount = r.lend
	return m
}

// findRegion has the platform say where the machine is, unless it has said so to an earlier stage of this boot.
func (r *run) findRegion(ctx context.Context, m providers.Machine) (err error) {
	if r.state.Region == "" {
		r.state.Region, err = r.Platform.Region(ctx, m)
	}
	r.fetch.Client.Machine.Region = r.state.Region
	return err
}

// take hands the platform's files on to the files stage.
func (r *run) take(files []providers.File) error {
	var all []json.RawMessage
	for _, f := range files {
		raw, err := f.State()
		if err != nil {
			return err
		}
		all = append(all, raw)
	}
	r.state.ProviderOutputFiles = all
	return nil
}

// lend mounts a device read-only in a folder of its own, lets use read it, and unmounts. No link on it leads out of it.
func (r *run) lend(ctx context.Context, device, kind string, use func(fs.FS) error) error {
	dir, err := os.MkdirTemp("", "ignition-configdrive-*")
	if err != nil {
		return err
	}
	defer removeFolder(r.Log, dir)
	if kind == "" {
		kind = "auto"
	}
	// The tool may have got that far before it was cut off.
	defer r.unmount(dir, device)
	if _, err = r.Tools.Run(ctx,
		tool.Command{Tool: "mount", Args: []string{"-o", "ro", "-t", kind, device, dir}}); err != nil {
		return err
	}
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	return use(root.FS())
}

func removeFolder(log *slog.Logger, dir string) {
	if err := os.Remove(dir); err != nil {
		log.Warn("a folder is left behind: " + err.Error())
	}
}

const (
	unmountTries = 3
	unmountPause = time.Second
)

// unmount tries again for a while, as udev may look at the device just now, and in the end leaves it to the kernel to
// unmount when nobody uses it any more. A device that stays mounted is no reason to fail (docs/peer/platforms.md §1).
func (r *run) unmount(dir, device string) {
	for try := 1; ; try++ {
		err := unix.Unmount(dir, 0)
		switch {
		// not mounted; who may not unmount cannot have
		case err == nil, errors.Is(err, unix.EINVAL), errors.Is(err, unix.EPERM):
			return
		case try < unmountTries:
			time.Sleep(unmountPause)
			continue
		}
		r.Log.Warn(fmt.Sprintf("%s stays mounted as long as it is used: %v", device, err))
		if err := unix.Unmount(dir, unix.MNT_DETACH); err != nil {
			r.Log.Warn(fmt.Sprintf("unmount %s: %v", device, err))
		}
		return
	}
}

// report tells the platform how the stage has ended, where it takes reports and the network may be up. That it cannot
// be told is no failure. The time for a boot does not bound it: that this is over may be the report.
func (r *run) report(ctx context.Context, s stage, failure error) {
	if r.fetch.Client.Offline {
		return
	}
	if err := r.Platform.Report(ctx, r.machine(), s.name, failure); err != nil {
		r.Log.Warn("the platform is not told how the stage has ended: " + err.Error())
	}
}
