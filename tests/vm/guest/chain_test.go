//go:build vm

package guest

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/glowplug-os/glowplug/tests/chain"
	"github.com/glowplug-os/glowplug/tests/faults"
)

func TestMain(m *testing.M) {
	faults.Launched()
	os.Exit(m.Run())
}

// onFourDisks is a boot on them.
func onFourDisks(t *testing.T) *chain.Trial {
	links := Disks(t, 4)
	config := chain.OnFourDisks(links)
	return &chain.Trial{
		Fresh: func(t *testing.T) *chain.Machine {
			m := chain.New(t, Program(t, "ignition"), config)
			m.TakeDown(t)
			Blank(t, links...)
			return m
		},
		Result: chain.TreeOnFourDisks,
		Names:  func(m *chain.Machine) *strings.Replacer { return strings.NewReplacer(m.Dir, "") },
	}
}

// Killed right before any call that changes something, a boot that begins again ends as one that was not disturbed. The
// moments are drawn once and for all.
func TestABootOnFourDisksConvergesWhereverItIsCutOff(t *testing.T) {
	c := onFourDisks(t)
	points, want := c.Undisturbed(t)
	assert.Contains(t, want["/srv/index.html"], "hello-there")
	assert.Contains(t, want["/etc/crypttab"],
		"vault UUID=0a1b2c3d-1111-4111-8111-0123456789ab /etc/luks/vault luks,x-initrd.attach\n")
	assert.Contains(t, want["swap"], "swap")

	points = slices.DeleteFunc(points, func(p faults.Point) bool { return !p.Changes() })
	count := 10
	if testing.Short() {
		count = 0 // a boot whose calls are watched takes two minutes in an emulated machine
	}
	// The key is in the root, and the volume of which it was, with /var on it, is made anew.
	written := slices.IndexFunc(points, func(p faults.Point) bool { return p.Part == "umount" })
	moments := append(rand.New(rand.NewPCG(4, 2)).Perm(len(points))[:count], written)
	for _, moment := range moments {
		t.Log(points[moment])
		c.Killed(t, points[moment], false)
	}
}
