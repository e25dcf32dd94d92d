package lsp

import (
	"fmt"
	"io"
	"sync"
)

// An outbox writes messages in their order, while more are put in: a client that writes before it reads must be read,
// or both would wait.
type outbox struct {
	mutex  sync.Mutex
	more   sync.Cond
	queue  [][]byte
	closed bool
	err    error // why nothing can be written any more
	done   chan struct{}
}

func newOutbox(out io.Writer) *outbox {
	o := &outbox{done: make(chan struct{})}
	o.more.L = &o.mutex
	go o.run(out)
	return o
}

// put gives the outbox a message, and an earlier error.
func (o *outbox) put(body []byte) error {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	o.queue = append(o.queue, body)
	o.more.Signal()
	return o.err
}

// close waits until all is written.
func (o *outbox) close() error {
	o.mutex.Lock()
	o.closed = true
	o.more.Signal()
	o.mutex.Unlock()
	<-o.done
	return o.err
}

func (o *outbox) run(out io.Writer) {
	defer close(o.done)
	for {
		bodies := o.take()
		if bodies == nil {
			return
		}
		for _, body := range bodies {
			if err := writeFrame(out, body); err != nil {
				o.mutex.Lock()
				o.err = fmt.Errorf("writing a message: %w", err)
				o.mutex.Unlock()
				return
			}
		}
	}
}

// take waits for messages, and gives nil when no more will come.
func (o *outbox) take() (bodies [][]byte) {
	o.mutex.Lock()
	defer o.mutex.Unlock()
	for len(o.queue) == 0 && !o.closed {
		o.more.Wait()
	}
	bodies, o.queue = o.queue, nil
	return bodies
}
