package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/glowplug-os/glowplug/internal/source"
	"golang.org/x/net/http/httpguts"
	"golang.org/x/net/http/httpproxy"
)

// accept names the newest stable spec, for servers that hold a config in several.
const accept = "application/vnd.coreos.ignition+json;version=3.6.0, */*;q=0.1"

// The peer follows redirects without end. The waits between attempts double from the first to the longest.
const (
	redirectsMax = 20
	firstWait    = 200 * time.Millisecond
	longestWait  = 5 * time.Second
)

var errDeadline = errors.New("out of time")

// again marks an error that another attempt may cure.
type again struct{ error }

// Unwrap gives the error itself.
func (a again) Unwrap() error { return a.error }

// A session is the connections made under one set of settings.
type session struct {
	connections *http.Transport
	total       time.Duration
}

// session returns the current session, and makes one where there is none.
func (c *Client) session() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		c.current = &session{connections: c.transport(), total: c.settings.Total}
	}
	return c.current
}

// transport makes the connection pool for the settings; the environment's proxies are not asked. Without authorities of a
// config the system's pool is read by the first TLS handshake, so a boot over plain http never reads it.
func (c *Client) transport() *http.Transport {
	proxy := httpproxy.Config{
		HTTPProxy:  c.settings.HTTPProxy,
		HTTPSProxy: c.settings.HTTPSProxy,
		NoProxy:    joined(c.settings.NoProxy),
	}
	choose := proxy.ProxyFunc()
	t := &http.Transport{
		Proxy:                 func(r *http.Request) (*url.URL, error) { return choose(r.URL) },
		DialContext:           c.dial,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: c.settings.ResponseHeader,
		IdleConnTimeout:       90 * time.Second,
		DisableCompression:    true, // the digest is of what the server holds
		ForceAttemptHTTP2:     true,
	}
	if len(c.roots) > 0 {
		t.TLSClientConfig = &tls.Config{RootCAs: pool(c.roots)}
	}
	return t
}

// defaults are the headers of every request, redirected ones too.
func (c *Client) defaults() http.Header {
	return http.Header{
		"User-Agent":      {"Ignition/" + c.version},
		"Accept":          {accept},
		"Accept-Encoding": {"identity"},
	}
}

// headers adds a resource's own headers to the defaults.
func (c *Client) headers(own []Header) (http.Header, error) {
	all := c.defaults()
	for _, h := range own {
		switch value := h.Value.Reveal(); {
		case !httpguts.ValidHeaderFieldName(h.Name):
			return nil, fmt.Errorf("header %q: not a header name", h.Name)
		case !httpguts.ValidHeaderFieldValue(value):
			return nil, fmt.Errorf("header %q: the value holds a character that headers cannot", h.Name)
		case value != "":
			all.Set(h.Name, value)
		}
	}
	return all, nil
}

func (c *Client) fetchHTTP(ctx context.Context, r Resource, to *delivery) error {
	address, err := url.Parse(r.URL)
	if err != nil {
		return errNotURL
	}
	if address.Host == "" {
		return errors.New("names no host")
	}
	header, err := c.headers(r.Headers)
	if err != nil {
		return err
	}
	s := c.session()
	if s.total != 0 {
		var stop context.CancelFunc
		ctx, stop = context.WithTimeoutCause(ctx, s.total, errDeadline)
		defer stop()
	}
	return c.persist(ctx, s, address, header, to)
}

// persist tries until something final happens or the time is up. Any failure to get an answer is tried again, also a bad
// certificate: networks, name servers and clocks come up while we wait. The texts "GET <url>: attempt #<n>" and "GET
// result: OK" are fixed, as others look for them (reference: engine, appendix A).
func (c *Client) persist(ctx context.Context, s *session, address *url.URL, header http.Header, to *delivery) error {
	shown := source.Redact(address.String())
	var last error
	for n := 1; ; n++ {
		c.log.Info(fmt.Sprintf("GET %s: attempt #%d", shown, n))
		err := c.attempt(ctx, s, address, header, to)
		if retry := (again{}); !errors.As(err, &retry) {
			return err
		} else if ctx.Err() != nil {
			return late(ctx, s.total, n, last)
		}
		last = err
		if err := to.restart(); err != nil {
			return fmt.Errorf("%w; %w", last, err)
		}
		wait := pause(n)
		c.log.Info(fmt.Sprintf("GET error: %v; next attempt in %v", last, wait.Round(time.Millisecond)))
		if !sleep(ctx, wait) {
			return late(ctx, s.total, n, last)
		}
	}
}

// late says what was waited for in vain. The error of an attempt that the deadline itself cut off explains nothing,
// so last is the one before it, nil if there was none.
func late(ctx context.Context, total time.Duration, attempts int, last error) error {
	if context.Cause(ctx) != errDeadline {
		return context.Cause(ctx)
	}
	if last == nil {
		last = errors.New("the server had not sent all of its answer")
	}
	return fmt.Errorf("could not be fetched in time (%v, attempts: %d): %w", total, attempts, last)
}

// pause is how long to wait after attempt n. The jitter keeps machines that boot together from asking together.
func pause(n int) time.Duration {
	wait := min(firstWait<<min(n-1, 10), longestWait)
	return wait/2 + rand.N(wait/2+1)
}

// sleep waits; false says that the context ended first.
func sleep(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// attempt asks once, through redirects, and delivers the answer. What may be cured by asking again is marked so.
// A body without a length that just ends (HTTP/1.0) cannot be told from a whole one; digest and gzip find that, and
// do not ask again. Other statuses below 500 are final: 206 and 304 answer questions that were not put.
func (c *Client) attempt(ctx context.Context, s *session, address *url.URL, header http.Header, to *delivery) error {
	response, err := c.ask(ctx, s, address, header)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	code := response.StatusCode
	c.log.Info("GET result: " + http.StatusText(code))
	switch {
	case code == http.StatusOK, code == http.StatusNoContent:
		err := to.take(response.Body)
		if err != nil && to.body.err != nil {
			return again{fmt.Errorf("the body broke off after %d bytes: %w", to.body.n, to.body.err)}
		}
		return err
	case code == http.StatusNotFound:
		return ErrNotFound
	case code >= 500:
		return again{answered(code)}
	default:
		return answered(code)
	}
}

func answered(code int) error {
	return fmt.Errorf("the server answered %d %s", code, http.StatusText(code))
}

// ask sends one request and follows redirects. The resource's own headers, which may hold a token, are for the
// first server only. http.Client is not used: it adds a Referer, and its errors quote addresses.
func (c *Client) ask(ctx context.Context, s *session, address *url.URL, header http.Header) (*http.Response, error) {
	for range redirectsMax + 1 {
		response, err := s.connections.RoundTrip(request(ctx, address, header))
		if err != nil {
			return nil, again{named(err)}
		}
		where := response.Header.Get("Location")
		if !redirects(response.StatusCode) || where == "" {
			return response, nil
		}
		_ = response.Body.Close()
		if address, err = address.Parse(where); err != nil { // the error quotes the address
			return nil, errors.New("redirected to something that does not parse as a URL")
		}
		header = c.defaults()
	}
	return nil, fmt.Errorf("redirected more than %d times", redirectsMax)
}

// redirects reports the statuses that name another place. 304 is about caches, and 300 leaves the choice to people.
func redirects(code int) bool {
	switch code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// request is a GET with copies of the headers. User and password of the address go into a header, as browsers do it.
func request(ctx context.Context, address *url.URL, header http.Header) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: address, Host: address.Host, Header: header.Clone()}).WithContext(ctx)
	if user := address.User; user != nil && header.Get("Authorization") == "" {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
	}
	return r
}

// named gives io.EOF, which says nothing to a person, a name.
func named(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)
	}
	return err
}
