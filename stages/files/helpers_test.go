package files

import (
	"context"
	"log/slog"
	"time"

	"github.com/glowplug-os/glowplug/internal/handoff"
	"github.com/glowplug-os/glowplug/internal/target"
	"github.com/glowplug-os/glowplug/stages/leave"
)

// Places of ours, and of units.
const (
	recordPath        = target.StateDir + "/appended.json"
	linksPath         = target.StateDir + "/links.json"
	keyRecordPath     = target.StateDir + "/keys.json"
	relabelRecordPath = target.StateDir + "/relabel.json"
	presetPath        = "/etc/systemd/system-preset/20-ignition.preset"
	asideDir          = "/etc/systemd/system/.glowplug-aside"
)

func asRoot() Options {
	return Options{Means: target.Means{Identity: target.Identity{Privileged: true}}}
}

// inlined gives options data: URLs.
func inlined(o Options) Options {
	o.Fetch = inline
	return o
}

func withUsers(o Options) Options {
	o.Accounts, o.Users.Today = MakeAccounts, 20000
	return o
}

// A Boot is one of these tests, with what its image decides.
type Boot struct {
	State      handoff.State
	ResultFile string
	Relabel    target.Relabel
	BootID     string
	Now        func() time.Time
	UUID       func(ctx context.Context, volume string) (string, error)
	Log        *slog.Logger
}

func (b Boot) on(o Options) Options {
	o.Boot = &leave.Boot{State: b.State, BootID: b.BootID, Now: b.Now, UUID: b.UUID, Log: b.Log}
	o.Image.ResultFile, o.Image.Relabel = b.ResultFile, b.Relabel
	o.Users.FirstBoot = true
	return o
}
