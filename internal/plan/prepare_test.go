package plan

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// scripted makes a plan whose steps note what is called; failing names the one call that fails.
func scripted(names string, failing string) (plan Plan, calls *[]string) {
	calls = &[]string{}
	call := func(what string) error {
		*calls = append(*calls, what)
		if what == failing {
			return errors.New("no")
		}
		return nil
	}
	for _, name := range names {
		s := Step{ID: string(name), Subject: string(name)}
		s.Check = func(context.Context) (State, error) { return Pending, nil }
		s.Do = func(context.Context) error { return call("do " + string(name)) }
		if name >= 'a' { // capitals have nothing to prepare
			s.Prepare = func(context.Context) error { return call("prepare " + string(name)) }
			s.Abandon = func() { _ = call("abandon " + string(name)) }
		}
		plan = append(plan, s)
	}
	return plan, calls
}

func TestNeighboursArePreparedBeforeTheFirstIsDone(t *testing.T) {
	plan, calls := scripted("abCd", "")
	flush := func() error { *calls = append(*calls, "flush"); return nil }
	require.NoError(t, plan.Run(t.Context(), Options{Flush: flush}))
	assert.Equal(t, []string{"prepare a", "prepare b", "flush", "do a", "do b", "do C", "prepare d", "flush", "do d"},
		*calls)
}

func TestWhatIsPreparedIsEitherDoneOrAbandoned(t *testing.T) {
	cases := map[string]struct {
		failing string
		want    []string
	}{
		"a step that cannot be prepared leaves the ones before it done": {"prepare b",
			[]string{"prepare a", "prepare b", "do a", "abandon b", "abandon c"}},
		"a step that fails takes the ones after it back": {"do b",
			[]string{"prepare a", "prepare b", "prepare c", "do a", "do b", "abandon b", "abandon c"}},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			plan, calls := scripted("abc", c.failing)
			var failed *StepError
			require.ErrorAs(t, plan.Run(t.Context(), Options{}), &failed)
			assert.Equal(t, "b", failed.ID)
			assert.Equal(t, c.want, *calls)
		})
	}
}

func TestAFailedFlushPutsNothingInPlace(t *testing.T) {
	plan, calls := scripted("ab", "")
	require.Error(t, plan.Run(t.Context(), Options{Flush: func() error { return errors.New("disk full") }}))
	assert.Equal(t, []string{"prepare a", "prepare b", "abandon a", "abandon b"}, *calls)
}

func TestOnlySoManyStepsArePreparedAtOnce(t *testing.T) {
	open, most := 0, 0
	plan := make(Plan, 3*together)
	for i := range plan {
		plan[i] = Step{ID: fmt.Sprint(i), Prepare: func(context.Context) error {
			open++
			most = max(most, open)
			return nil
		}, Do: func(context.Context) error { open--; return nil }}
	}
	require.NoError(t, plan.Run(t.Context(), Options{}))
	assert.Equal(t, together, most)
	assert.Zero(t, open)
}
