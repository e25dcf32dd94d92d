package plan

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
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
			err := plan.Run(t.Context(), RunOptions{})
			require.EqualError(t, err, c.text)
			var step *StepError
			require.ErrorAs(t, err, &step)
			assert.Equal(t, "$.bad", step.Origin)
			assert.Equal(t, c.ran, r.ran)
		})
	}
}

func TestARunCanBeStoppedAfterAnyStep(t *testing.T) {
	r, stop := &recorder{}, errors.New("stop")
	plan := Plan{r.step("a", Pending, nil, nil), r.step("b", Done, nil, nil), r.step("c", Pending, nil, nil)}
	require.ErrorIs(t, plan.Run(t.Context(), RunOptions{After: func(n int, _ Step) error {
		if n == 2 {
			return stop
		}
		return nil
	}}), stop)
	assert.Equal(t, []string{"a"}, r.ran)

	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(stop)
	require.ErrorIs(t, plan.Run(ctx, RunOptions{}), stop)
	assert.Equal(t, []string{"a"}, r.ran)
}

func TestTheLogTellsStartAndEnd(t *testing.T) {
	var out bytes.Buffer
	log := slog.New(slog.NewTextHandler(&out,
		&slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
	r := &recorder{}
	plan := Plan{r.step("a", Pending, nil, nil), r.step("b", Pending, nil, errors.New("boom"))}
	require.Error(t, plan.Run(t.Context(), RunOptions{Log: log}))
	assert.Equal(t, `level=INFO msg="[started]  create a"
level=INFO msg="[finished] create a"
level=INFO msg="[started]  create b"
level=ERROR msg="[failed]   create b: boom"
`, out.String())
}
