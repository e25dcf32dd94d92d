package report

import (
	"context"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/internal/plan"
)

func finished(id string, effect plan.Effect) plan.Event {
	return plan.Event{Turn: plan.Finished, Step: plan.Step{ID: id, Effect: effect,
		Do: func(context.Context) error { return nil }}}
}

func kept(id string) plan.Event {
	e := finished(id, plan.Keep)
	e.Turn = plan.Kept
	return e
}

// checked is an event of a step that has found that it is needed.
func checked(e plan.Event) plan.Event {
	e.Step.Check = func(context.Context) (plan.State, error) { return plan.Pending, nil }
	return e
}

// entry is that of a user or group: it does nothing itself.
func entry(id string, effect plan.Effect) plan.Event {
	return plan.Event{Turn: plan.Kept, Step: plan.Step{ID: id, Effect: effect}}
}

func TestASummaryCountsThingsAndNotSteps(t *testing.T) {
	t.Parallel()
	for claim, test := range map[string]struct {
		events []plan.Event
		want   string
	}{
		"nothing": {nil, "nothing to do"},
		"all is there": {[]plan.Event{kept("file:/a"), kept("unit:b")},
			"nothing to do; 2 unchanged"},
		"one": {[]plan.Event{finished("file:/a", plan.Create)}, "1 file"},
		"a name with a colon is one": {[]plan.Event{finished("file:/a:b", plan.Create), kept("file:/a:c")},
			"1 file; 1 unchanged"},
		"hard links are links": {[]plan.Event{finished("link:/a", plan.Create),
			finished("hard link:/b", plan.Create)},
			"2 links"},
		"what begins and fails is none": {[]plan.Event{
			{Turn: plan.Started, Step: finished("file:/a", plan.Create).Step},
			{Turn: plan.Failed, Step: finished("file:/a", plan.Create).Step}},
			"nothing to do"},
		"a unit is one with its parts": {[]plan.Event{finished("dropin:a.service/x.conf", plan.Create),
			finished("unit:a.service", plan.Create),
			finished("presets", plan.Create),
			finished("enable:a.service", plan.Deferred)},
			"1 unit; 1 preset file"},
		"what is enabled already": {[]plan.Event{kept("unit:a.service"),
			finished("enable:a.service", plan.Keep)},
			"nothing to do; 1 unchanged"},
		"what was thought to be disabled": {[]plan.Event{checked(finished("disable:a.service", plan.Keep))}, "1 unit"},
		"a remark does nothing":           {[]plan.Event{finished("state:a.service", plan.Keep)}, "nothing to do"},
		"only the presets": {[]plan.Event{finished("presets", plan.Change), kept("unit:a")},
			"1 preset file, 1 changed; 1 unchanged"},
		"presets that stay": {[]plan.Event{kept("presets"), kept("unit:a")}, "nothing to do; 1 unchanged"},
		"content that is known only now": {[]plan.Event{finished("file:/a", plan.Deferred)},
			"nothing to do; 1 unchanged"},
		"content that is appended only now": {[]plan.Event{checked(finished("file:/a", plan.Deferred))},
			"1 file, 1 changed"},
		"users and groups": {[]plan.Event{entry("group:g", plan.Create), entry("user:u", plan.Create),
			entry("user:v", plan.Change), finished("account-files", plan.Change), finished("ssh-keys:u", plan.Change),
			finished("ssh-keys:w", plan.Create)}, "1 group; 3 users, 2 changed"},
		"users by the root's tools": {[]plan.Event{finished("user:u", plan.Deferred)}, "1 user"},
		"of everything": {[]plan.Event{finished("file:/a", plan.Create), finished("file:/b", plan.Destroy),
			finished("file:/c", plan.Change), finished("directory:/d", plan.Create), kept("file:/e"),
			entry("user:u", plan.Create), finished("account-files", plan.Change), finished("mask:m", plan.Create),
			finished("unit:n", plan.Destroy)},
			"3 files, 1 changed, 1 replaced; 1 directory; 1 user; 2 units, 1 replaced; 1 unchanged"},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			var d Done
			for _, e := range test.events {
				d.Hear(Files, e)
			}
			assert.Equal(t, test.want, d.Over().Summary())
		})
	}
}

// of is an event of a step about an entry of the config.
func of(origin string, e plan.Event) plan.Event {
	e.Step.Origin = origin
	return e
}

func TestASummaryCountsWhatDisksAreMadeInto(t *testing.T) {
	t.Parallel()
	const disk, second, filesystem = "$.storage.disks.0", "$.storage.disks.1", "$.storage.filesystems.0"
	for claim, test := range map[string]struct {
		events []plan.Event
		want   string
	}{
		"partitions, which their table writes": {[]plan.Event{of(disk+".partitions.0", entry("p", plan.Create)),
			of(disk+".partitions.1", entry("p", plan.Create)), of(disk, finished("t", plan.Change)),
			of(filesystem, finished("f", plan.Create))}, "1 disk: 2 partitions, 1 filesystem"},
		"disks that are wiped": {[]plan.Event{of(disk+".wipeTable", finished("w", plan.Destroy)),
			of(disk+".partitions.0", entry("p", plan.Create)), of(disk, finished("t", plan.Change)),
			of(second+".wipeTable", finished("w", plan.Destroy))}, "2 disks: 2 wiped, 1 partition"},
		"layers": {[]plan.Event{of("$.storage.raid.0", finished("a", plan.Create)),
			of("$.storage.luks.0", finished("v", plan.Create)), of(filesystem, finished("f", plan.Destroy))},
			"1 array, 1 encrypted volume, 1 filesystem (1 replaced)"},
		"what is there": {[]plan.Event{of(filesystem, kept("f")), of(disk+".partitions.0", kept("p")),
			of(disk, kept("t"))}, "nothing to do; 2 unchanged"},
		"what waited for a look": {[]plan.Event{of(filesystem, finished("f", plan.Deferred))}, "1 filesystem"},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			var d Done
			for _, e := range test.events {
				d.Hear(Disks, e)
			}
			assert.Equal(t, test.want, d.Over().Summary())
			d.Hear(Mount, of(filesystem, finished("m", plan.Create)))
			d.Hear(Files, finished("file:/a", plan.Create))
			assert.NotContains(t, d.Over().Summary(), "other")
			assert.Contains(t, d.Over().Summary(), "1 file")
		})
	}
}

func TestEntriesAreDoneOnceTheyAreWritten(t *testing.T) {
	t.Parallel()
	var d Done
	d.Hear(Files, entry("user:u", plan.Create))
	d.Hear(Files, finished("file:/a", plan.Create))
	assert.Equal(t, "1 file", d.SoFar().Summary(), "a run that fails here has made no user")
	d.Hear(Files, finished("account-files", plan.Change))
	assert.Equal(t, "1 file; 1 user", d.SoFar().Summary())
}
