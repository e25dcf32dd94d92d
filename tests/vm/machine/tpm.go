package machine

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"time"
)

// startTPM runs a software TPM 2.0 that answers on a socket, until the context ends or stop is called.
func startTPM(ctx context.Context, state, socket string) (stop func(), err error) {
	if err := os.MkdirAll(state, 0o700); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(ctx)
	var complaints bytes.Buffer
	swtpm := command(ctx, "swtpm", "socket", "--tpm2", "--tpmstate", "dir="+state,
		"--ctrl", "type=unixio,path="+socket, "--flags", "startup-clear")
	swtpm.Stdout, swtpm.Stderr = &complaints, &complaints
	if err := swtpm.Start(); err != nil {
		cancel()
		return nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- swtpm.Wait() }()
	stop = func() {
		cancel()
		<-ended
	}
	for {
		select {
		case err := <-ended:
			cancel()
			return nil, fmt.Errorf("swtpm: %w: %s", err, strings.TrimSpace(complaints.String()))
		case <-time.After(10 * time.Millisecond):
		}
		if _, err := os.Stat(socket); err == nil {
			return stop, nil
		}
	}
}
