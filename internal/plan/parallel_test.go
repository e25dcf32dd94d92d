package plan

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// waiting makes a plan whose steps take their time to be prepared, and note in what order they are done.
func waiting(times []time.Duration, failing map[int]error) (plan Plan, did *[]int, running, most *atomic.Int32) {
	did, running, most = &[]int{}, &atomic.Int32{}, &atomic.Int32{}
	for i, d := range times {
		plan = append(plan, Step{
			ID: fmt.Sprint(i), Subject: fmt.Sprint(i), Parallel: true,
			Prepare: func(ctx context.Context) error {
				defer running.Add(-1)
				for n := running.Add(1); ; {
					if m := most.Load(); m >= n || most.CompareAndSwap(m, n) {
						break
					}
				}
				select {
				case <-time.After(d):
					return failing[i]
				case <-ctx.Done():
					return ctx.Err()
				}
			},
			Do: func(context.Context) error { *did = append(*did, i); return nil },
		})
	}
	return plan, did, running, most
}

func upTo(n int) []int {
	all := []int{}
	for i := range n {
		all = append(all, i)
	}
	return all
}

func TestParallelStepsArePreparedSixteenAbreastAndDoneInOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := make([]time.Duration, 100)
		for i := range times {
			times[i] = time.Duration(1+i*7%5) * time.Second
		}
		plan, did, running, most := waiting(times, nil)
		start := time.Now()
		require.NoError(t, plan.Run(t.Context(), Options{}))
		assert.Equal(t, upTo(100), *did)
		assert.EqualValues(t, abreast, most.Load())
		assert.Zero(t, running.Load())
		assert.Less(t, time.Since(start), 25*time.Second, "one by one it takes 300 seconds")
	})
}

func TestTheFirstFailureInOrderCountsWhicheverComesFirst(t *testing.T) {
	early, late := errors.New("early"), errors.New("late")
	second := time.Second
	for name, test := range map[string]struct {
		times   []time.Duration
		failing map[int]error
		did     int
		err     error
		took    time.Duration
	}{
		"a later step fails first": {[]time.Duration{second, 5 * second, second}, map[int]error{1: early, 2: late}, 1,
			early, 5 * second},
		"the steps before a failure are finished, those after it are stopped": {
			[]time.Duration{5 * second, second, time.Hour}, map[int]error{1: early}, 1, early, 5 * second,
		},
		"the first step": {[]time.Duration{second, time.Hour, time.Hour}, map[int]error{0: early}, 0, early, second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				plan, did, _, _ := waiting(test.times, test.failing)
				abandoned := 0
				for i := range plan {
					plan[i].Abandon = func() { abandoned++ }
				}
				start := time.Now()
				require.ErrorIs(t, plan.Run(t.Context(), Options{}), test.err)
				assert.Equal(t, upTo(test.did), *did)
				assert.Equal(t, test.took, time.Since(start))
				assert.Equal(t, len(plan)-test.did, abandoned)
			})
		})
	}
}

func TestAFailureStartsNoMoreSteps(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		times := make([]time.Duration, 100)
		var started sync.Map
		plan, _, _, _ := waiting(times, map[int]error{3: errors.New("no")})
		for i := range plan {
			inner := plan[i].Prepare
			plan[i].Prepare = func(ctx context.Context) error {
				started.Store(i, true)
				time.Sleep(time.Second)
				return inner(ctx)
			}
		}
		require.Error(t, plan.Run(t.Context(), Options{}))
		_, did := started.Load(3 + 2*abreast)
		assert.False(t, did)
	})
}

func TestStepsThatAreNotParallelWaitForNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan, did, _, _ := waiting([]time.Duration{time.Second, time.Second, time.Second}, nil)
		plan[1].Parallel = false
		start := time.Now()
		require.NoError(t, plan.Run(t.Context(), Options{}))
		assert.Equal(t, upTo(3), *did)
		assert.Equal(t, 2*time.Second, time.Since(start))
	})
}

func TestARunTellsOfTheStepThatItWaitsForBeforeItIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		plan, _, _, _ := waiting([]time.Duration{time.Hour, time.Minute, 2 * time.Hour}, nil)
		plan = append(plan, Step{Subject: "last", Do: func(context.Context) error {
			time.Sleep(time.Hour)
			return nil
		}})
		began := time.Now()
		var told []string
		tell := func(e Event) {
			if e.Turn == Awaited {
				told = append(told, fmt.Sprint(time.Since(began), " ", e.Done, " ", e.Step.Subject))
			}
		}
		require.NoError(t, plan.Run(t.Context(), Options{Tell: tell}))
		assert.Equal(t, []string{
			"0s 0 0", "0s 0 1", "0s 0 2", // they begin
			"0s 0 0", "1h0m0s 0 1", "1h0m0s 0 2", // beside each other, and are waited for in their order
			"2h0m0s 0 0", "2h0m0s 1 1", "2h0m0s 2 2", "2h0m0s 3 last",
		}, told)
	})
}
