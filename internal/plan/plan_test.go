package plan

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/diag"
)

func TestAPlanPrintsAStepALine(t *testing.T) {
	plan := Plan{
		{Effect: Create, Subject: "file " + diag.Name("/etc/host name"), Detail: "inline, 0644"},
		{Effect: Change, Subject: "directory /x"},
		{Effect: Destroy, Subject: "link /y", Detail: "to /z"},
		{Effect: Keep, Subject: "link " + diag.Name("/new\nline"), Detail: "to /z"},
		{Effect: Deferred, Subject: "file /" + strings.Repeat("long", 20), Detail: "later"},
	}
	assert.Equal(t, strings.Join([]string{
		`+ file "/etc/host name"  inline, 0644`,
		`~ directory /x`,
		`- link /y                to /z`,
		`= link "/new\nline"      to /z`,
		`? file /` + strings.Repeat("long", 20) + `  later`, ""}, "\n"), plan.String())
}

// recorder makes steps that note that they ran.
type recorder struct{ ran []string }

func (r *recorder) step(name string, state State, checkErr, doErr error) Step {
	return Step{
		ID: name, Subject: name, Origin: "$." + name, Effect: Create,
		Check: func(context.Context) (State, error) { return state, checkErr },
		Do:    func(context.Context) error { r.ran = append(r.ran, name); return doErr },
	}
}

func TestRunStopsAtTheFirstFailureAndNamesIt(t *testing.T) {
	boom := errors.New("boom")
	for name, c := range map[string]struct {
		bad  func(*recorder) Step
		ran  []string
		text string
	}{
		"a step that fails": {func(r *recorder) Step { return r.step("bad", Pending, nil, boom) }, []string{"a", "bad"},
			"bad ($.bad): boom"},
		"a check that cannot tell": {func(r *recorder) Step { return r.step("bad", Pending, boom, nil) }, []string{"a"},
			"bad ($.bad): boom"},
		"a conflict": {func(r *recorder) Step { return r.step("bad", Conflict, boom, nil) }, []string{"a"},
			"bad ($.bad): boom"},
		"a conflict with no reason": {func(r *recorder) Step { return r.step("bad", Conflict, nil, nil) },
			[]string{"a"}, "bad ($.bad): what is there stands in the way"},
	} {
		t.Run(name, func(t *testing.T) {
			r := &recorder{}
			plan := Plan{r.step("a", Pending, nil, nil), r.step("kept", Done, nil, nil), c.bad(r),
				r.step("never", Pending, nil, nil)}
			err := plan.Run(t.Context(), Options{})
			require.EqualError(t, err, c.text)
			var step *StepError
			require.ErrorAs(t, err, &step)
			assert.Equal(t, "$.bad", step.Origin)
			assert.Equal(t, c.ran, r.ran)
		})
	}
}

func TestARunEndsWithItsContextBetweenTwoSteps(t *testing.T) {
	r, stop := &recorder{}, errors.New("stop")
	plan := Plan{r.step("a", Pending, nil, nil), r.step("b", Done, nil, nil), r.step("c", Pending, nil, nil)}
	ctx, cancel := context.WithCancelCause(t.Context())
	require.ErrorIs(t, plan.Run(ctx, Options{Tell: func(e Event) {
		if e.Turn == Kept {
			cancel(stop)
		}
	}}), stop)
	assert.Equal(t, []string{"a"}, r.ran)
	require.ErrorIs(t, plan.Run(ctx, Options{}), stop)
	assert.Equal(t, []string{"a"}, r.ran)
}

// heard runs a plan and gives what is told of it, as "turn step, done of all".
func heard(t *testing.T, steps Plan, flush func() error) (told []string, err error) {
	t.Helper()
	words := [...]string{Started: "started", Awaited: "awaited", Finished: "finished", Kept: "kept", Failed: "failed"}
	err = steps.Run(t.Context(), Options{Flush: flush, Tell: func(e Event) {
		told = append(told, fmt.Sprintf("%s %s, %d of %d", words[e.Turn], e.Step.Subject, e.Done, e.All))
	}})
	return told, err
}

func TestARunTellsWhatBecomesOfEachStep(t *testing.T) {
	r := &recorder{}
	told, err := heard(t, Plan{r.step("a", Pending, nil, nil), r.step("b", Done, nil, nil),
		r.step("c", Pending, nil, errors.New("boom")), r.step("d", Pending, nil, nil)}, nil)
	require.Error(t, err)
	assert.Equal(t, []string{"started a, 0 of 4", "awaited a, 0 of 4", "finished a, 1 of 4", "kept b, 2 of 4",
		"started c, 2 of 4", "awaited c, 2 of 4", "failed c, 2 of 4"}, told)

	told, err = heard(t, Plan{r.step("e", Conflict, nil, nil)}, nil)
	require.Error(t, err)
	assert.Equal(t, []string{"failed e, 0 of 1"}, told, "it has not begun")
	told, err = heard(t, Plan{{Subject: "f"}}, nil)
	require.NoError(t, err)
	assert.Equal(t, []string{"kept f, 1 of 1"}, told, "there is nothing to do")
}

func TestStepsThatArePreparedTogetherEndInTheirOrder(t *testing.T) {
	steps, _ := scripted("abc", "prepare c")
	check := steps[0].Check
	steps[0].Check = func(ctx context.Context) (State, error) { _, err := check(ctx); return Done, err }
	told, err := heard(t, steps, nil)
	require.Error(t, err)
	assert.Equal(t, []string{"started b, 0 of 3", "awaited b, 0 of 3", "started c, 0 of 3", "awaited c, 0 of 3",
		"failed c, 0 of 3", "kept a, 1 of 3", "awaited b, 1 of 3", "finished b, 2 of 3"}, told)
}

func TestEachOfSeveralErrorsIsMadeSomethingElse(t *testing.T) {
	a, b := errors.New("a"), errors.New("b")
	shout := func(err error) error { return fmt.Errorf("%w!", err) }
	assert.EqualError(t, EachError(errors.Join(a, b), shout), "a!\nb!")
	assert.EqualError(t, EachError(a, shout), "a!")
	assert.NoError(t, EachError(nil, func(err error) error { return err }))
}
