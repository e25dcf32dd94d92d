package foretold

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/device"
	"github.com/glowplug-os/glowplug/internal/plan"
	"github.com/glowplug-os/glowplug/internal/scene"
	"github.com/glowplug-os/glowplug/stages"
)

// ForBoot is the plan of a whole boot: of the devices of this machine, and a directory as its root.
func ForBoot(ctx context.Context, dir, config string) (Plan, error) {
	return ForStage(ctx, dir, config, OfMachine)
}

// BootAgain holds the plan of a boot that is over against the rows: it is empty but for these.
func BootAgain(ctx context.Context, dir, config string) (faults []string, err error) {
	rows, err := Exceptions()
	if err != nil {
		return nil, err
	}
	text, err := os.ReadFile(config)
	if err != nil {
		return nil, err
	}
	second, err := ForBoot(ctx, dir, config)
	if err != nil {
		return nil, err
	}
	d, err := Verify(ctx, dir, config, OfMachine)
	return append(rows.Empty(second, text), d.Differs()...), err
}

// OfMachine makes a question one about the devices of this machine too.
func OfMachine(q *stages.Question) {
	q.Random = rand.Reader
	q.Devices = devices
}

func devices(config.Storage) (scene.Scene, error) { return (&device.Devices{}).Scene(), nil }

// rounds are those of the disks stage, as the log has them.
var rounds = []string{"releaseDisks", "createPartitions", "createRaids", "createLuks", "createFilesystems"}

// Boot holds the plan of a whole boot against the log of its stages.
func (p *Plan) Boot(log string) (faults []string) {
	faults = append(p.Disks(log), unordered(p.Of("mount"), Logged(log, "mount: "), (*Action).mounted)...)
	return append(faults, Deeds(p.Of("files"), WithoutLeft(Logged(log, "files: ")))...)
}

// Disks holds the plan against the log of the disks stage.
func (p *Plan) Disks(log string) (faults []string) {
	for _, c := range p.Conflicts {
		faults = append(faults, "the plan was in conflict: "+c.Message)
	}
	var made []Deed
	for _, round := range rounds {
		made = append(made, Logged(log, "disks: "+round+": ")...)
	}
	return append(faults, unordered(p.Of("disks"), made, (*Action).became)...)
}

// unordered holds actions that are done side by side against the steps that ran.
func unordered(actions []Action, deeds []Deed, is func(*Action, Deed) bool) (faults []string) {
	for _, a := range actions {
		n := 0 // deeds that the action came to: one, or more if it was decided later
		deeds = slices.DeleteFunc(deeds, func(d Deed) bool {
			if n > 0 && a.Effect != deferred || !is(&a, d) {
				return false
			}
			n++
			return true
		})
		if n == 0 {
			faults = append(faults, fmt.Sprintf("planned and not done: %v", &a))
		}
	}
	for _, d := range deeds {
		faults = append(faults, "done and not planned: "+d.Name)
	}
	return faults
}

// became tells whether a deed is what came of an action on disks. What was decided later came to one of the outcomes
// that are listed; of a volume these are about its format, and what else is done to it follows from that.
func (a *Action) became(d Deed) bool {
	effect, subject, _ := strings.Cut(d.Name, " ")
	if a.Effect != deferred || subject != a.Subject {
		return d.Name == a.Name()
	}
	return slices.ContainsFunc(a.Outcomes, func(o struct{ Found, Verdict string }) bool {
		is := func(e plan.Effect) bool { return e.String() == effect }
		return slices.ContainsFunc(becomes[o.Verdict], is) || strings.HasPrefix(a.ID, "luks:") && effect == "change"
	})
}

// mounted: a boot takes its mounts down again, so only directories are told of as made.
func (a *Action) mounted(d Deed) bool { return strings.HasSuffix(d.Name, " "+a.Subject) }
