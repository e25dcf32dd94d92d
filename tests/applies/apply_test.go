//go:build disk

package applies

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/glowplug-os/glowplug/internal/codes"
)

// The tests have mounts of their own: the stages mount in this process, on whichever of its threads.
func TestMain(m *testing.M) {
	const apart = "GLOWPLUG_APPLIES_APART"
	if os.Getenv(apart) != "" {
		if err := unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(m.Run())
	}
	c := exec.Command("/proc/self/exe", os.Args[1:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.Env = append(os.Environ(), apart+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS, Pdeathsig: syscall.SIGKILL}
	if err := c.Run(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// bench is one on loop devices. What is on it is in memory.
func bench(t *testing.T) *Bench {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, unix.Mount("tmpfs", dir, "tmpfs", 0, "size=8g"))
	t.Cleanup(func() { require.NoError(t, unix.Unmount(dir, unix.MNT_DETACH)) })
	loops, server := &Loops{Dir: dir}, Serve()
	t.Cleanup(server.Close)
	return &Bench{Dir: dir, Server: server.URL, Patience: time.Second, Disk: loops.Disk, Clear: loops.Detach}
}

// share is one of how many cases are booted. GLOWPLUG_APPLIES=all is for all of them.
func share() uint32 {
	if os.Getenv("GLOWPLUG_APPLIES") == "all" {
		return 1
	}
	return 3
}

func TestWhatIsValidApplies(t *testing.T) {
	cases, verdicts := judged(t)
	b, tally := bench(t), NewTally()
	for i, c := range cases {
		if !verdicts[i].Valid || c.Place() != Host {
			continue
		}
		o, err := b.Apply(t.Context(), c)
		require.NoError(t, err, "%s: %s", c.Name, c.Text)
		o.Kept = verdicts[i].tells(codes.OnlyKept)
		for _, fault := range tally.Add(o) {
			t.Error(strings.ReplaceAll(fault, b.Dir, ""))
		}
		for _, what := range o.Differs {
			t.Errorf("%s: as soon as it has booted, %s: %.2000s", c.Name, what, c.Text)
		}
	}
	t.Log(tally)
	assert.GreaterOrEqual(t, tally.Changed, 1000, "configs that pass and change something")
}

// What a boot does with configs that have only errors that it warns of is no fault: most of them come up otherwise than
// the config has it. Counts by code show rules that may be too strict.
func TestErrorsThatApply(t *testing.T) {
	if share() > 1 {
		t.Skip("counts rules that may be too strict, for make test-applies")
	}
	cases, verdicts := judged(t)
	b := bench(t)
	apply, fail := map[string]int{}, map[string]int{}
	for i, c := range cases {
		if verdicts[i].Valid || c.Place() != Host || !verdicts[i].only(codes.OurError) {
			continue
		}
		o, err := b.Apply(t.Context(), c)
		require.NoError(t, err, "%s: %s", c.Name, c.Text)
		counts := apply
		if o.On == "" {
			counts = fail
		}
		counts[verdicts[i].First()]++
		if testing.Verbose() && o.On != "" {
			t.Logf("%s applies on %s: %.300s", verdicts[i].First(), o.On, c.Text)
		}
	}
	t.Logf("errors that apply: %s\nthat no machine takes: %s", counted(apply), counted(fail))
	assert.NotEmpty(t, fail)
}

// judged gives the cases that are booted, and what validate says of them.
func judged(t *testing.T) ([]Case, []Verdict) {
	t.Helper()
	cases := Share(Generate(), share())
	verdicts, err := Judge(t.Context(), t.TempDir(), cases)
	require.NoError(t, err)
	return cases, verdicts
}
