// Package push sends a document to a server that an image names: over https, a few times if it has to, and never for
// long. What the server answers beyond its status is not read.
package push

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
)

// How long and how often. All is for everything, pauses too.
const (
	attempts = 3
	each     = 20 * time.Second
	All      = 60 * time.Second
	pause    = 2 * time.Second // before the second attempt; each pause is twice the one before
)

// A Pusher sends.
type Pusher struct {
	Version string // of this program, told to servers
	// Time is that by which certificates are judged; nil is the machine's clock.
	Time func() time.Time
	// Wait waits, or gives the cause of the context's end; nil does so.
	Wait func(ctx context.Context, d time.Duration) error
}

// sleep waits so long.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// Check refuses a URL that nothing is sent to.
func Check(to string) error {
	u, err := url.Parse(to)
	switch {
	case err != nil:
		return errors.New("it is no URL")
	case u.Scheme != "https":
		return fmt.Errorf("the scheme is %q, and only https is for this", u.Scheme)
	case u.Host == "":
		return errors.New("there is no host in it")
	}
	return nil
}

// Push posts JSON. An error names the host and nothing else of the URL, which may hold what is secret.
func (p *Pusher) Push(ctx context.Context, to string, document []byte) error {
	if err := Check(to); err != nil {
		return err
	}
	ctx, stop := context.WithTimeoutCause(ctx, All, fmt.Errorf("%v have passed", All))
	defer stop()
	// Which follows nobody elsewhere: who answers for another server is told by nobody that it may have the document.
	server := &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
		TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, Time: p.Time}}
	wait := p.Wait
	if wait == nil {
		wait = sleep
	}
	var err error
	for i := range attempts {
		if i > 0 {
			if ended := wait(ctx, pause<<(i-1)); ended != nil {
				break
			}
		}
		again := false
		if again, err = p.once(ctx, server, to, document); err == nil || !again {
			break
		}
	}
	if err != nil {
		u, _ := url.Parse(to) // which Check has done
		return fmt.Errorf("sending to %s: %w", diag.Printable(u.Host), err)
	}
	return nil
}

// once tells, with an error, whether another attempt may help.
func (p *Pusher) once(ctx context.Context, server http.RoundTripper, to string, document []byte) (again bool,
	err error) {
	ctx, stop := context.WithTimeoutCause(ctx, each, fmt.Errorf("no answer within %v", each))
	defer stop()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(document))
	if err != nil {
		return false, errors.New("it is no URL")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "glowplug/"+p.Version)
	if user := request.URL.User; user != nil {
		password, _ := user.Password()
		request.SetBasicAuth(user.Username(), password)
	}
	answer, err := server.RoundTrip(request)
	switch cause := context.Cause(ctx); {
	case err != nil && cause != nil:
		return true, cause
	case err != nil:
		return true, err
	}
	_ = answer.Body.Close()
	switch status := answer.StatusCode; {
	case status < 300:
		return false, nil
	case status < 400:
		return false, fmt.Errorf("the server answers with status %d, and is not followed elsewhere", status)
	default:
		return status >= 500 || status == http.StatusTooManyRequests || status == http.StatusRequestTimeout,
			fmt.Errorf("the server answers with status %d", status)
	}
}
