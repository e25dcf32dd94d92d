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
	// Wait waits, or gives the cause of the context's end.
	Wait func(ctx context.Context, d time.Duration) error
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
	client := &http.Client{Timeout: each,
		// Who answers for another server is told by nobody that it may have the document.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Transport: &http.Transport{Proxy: http.ProxyFromEnvironment, DisableKeepAlives: true,
			TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12}}}
	var err error
	for i := range attempts {
		if i > 0 {
			if ended := p.Wait(ctx, pause<<(i-1)); ended != nil {
				break
			}
		}
		again := false
		if again, err = p.once(ctx, client, to, document); err == nil || !again {
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
func (p *Pusher) once(ctx context.Context, client *http.Client, to string, document []byte) (again bool, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(document))
	if err != nil {
		return false, errors.New("it is no URL")
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", "glowplug/"+p.Version)
	answer, err := client.Do(request)
	if about := (*url.Error)(nil); errors.As(err, &about) {
		err = about.Err
	}
	if err != nil {
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
