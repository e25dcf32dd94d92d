package machine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// takeSeats waits until that many of all seats are free, whichever process has them, and takes them. Each is a locked
// file in a folder, so that those of a process that is killed are free again.
func takeSeats(ctx context.Context, folder string, wanted, all int) (leave func(), err error) {
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return nil, err
	}
	const again = 200 * time.Millisecond
	for {
		taken, err := freeSeats(folder, min(wanted, all), all)
		if err != nil {
			return nil, err
		}
		leave = func() {
			for _, seat := range taken {
				seat.Close()
			}
		}
		if len(taken) == min(wanted, all) {
			return leave, nil
		}
		leave() // some alone are of no use, and two that wait for each other's would wait for ever
		select {
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		case <-time.After(again):
		}
	}
}

// freeSeats takes those that are free, until it has enough.
func freeSeats(folder string, enough, all int) (taken []*os.File, err error) {
	for i := 0; i < all && len(taken) < enough; i++ {
		seat, err := os.OpenFile(filepath.Join(folder, fmt.Sprintf("vm-seat-%d", i)), os.O_CREATE|os.O_RDWR, 0o644)
		if err != nil {
			return nil, err
		}
		err = syscall.Flock(int(seat.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		switch {
		case err == nil:
			taken = append(taken, seat)
		case errors.Is(err, syscall.EWOULDBLOCK):
			seat.Close()
		default:
			return nil, err
		}
	}
	return taken, nil
}
