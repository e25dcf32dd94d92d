package plan

import (
	"context"
	"sync"
)

// A row is steps being prepared beside each other. The first failure in their order counts, whichever comes first in
// time.
type row struct {
	ctx   context.Context
	slots chan struct{}
	all   sync.WaitGroup
	ready []chan struct{} // by step, closed when it is over; nil for those not started

	mu      sync.Mutex
	cancels []context.CancelFunc // by step; nil for those not started
	first   int                  // the first step that failed
	err     error                // its error; nil for none
}

func newRow(ctx context.Context, steps int) *row {
	return &row{ctx: ctx, slots: make(chan struct{}, abreast), ready: make([]chan struct{}, steps),
		cancels: make([]context.CancelFunc, steps), first: steps}
}

// start runs get for step k as soon as there is room.
func (r *row) start(k int, get func(context.Context)) {
	r.slots <- struct{}{}
	ctx, cancel := context.WithCancel(r.ctx)
	r.mu.Lock()
	r.cancels[k] = cancel
	r.mu.Unlock()
	ready := make(chan struct{})
	r.ready[k] = ready
	r.all.Go(func() {
		defer func() { <-r.slots; close(ready) }()
		if !r.failedBefore(k) {
			get(ctx)
		}
	})
}

// fail notes that step k has failed, and stops those after it, which are in vain.
func (r *row) fail(k int, err error) {
	r.mu.Lock()
	earliest := k < r.first
	if earliest {
		r.first, r.err = k, err
	}
	r.mu.Unlock()
	if earliest {
		r.stop(k + 1)
	}
}

func (r *row) failedBefore(k int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.first < k
}

// stop cancels the steps from k on.
func (r *row) stop(k int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, cancel := range r.cancels[k:] {
		if cancel != nil {
			cancel()
		}
	}
}
