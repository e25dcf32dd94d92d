package fetch

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"slices"
	"syscall"
	"time"
)

// A Request is one HTTP request, put again and again while there is no answer, or one of the statuses that may pass,
// until the time for a resource is over. Any other status is an answer.
type Request struct {
	Method  string // "" is GET
	URL     string // a zone is written %25zone
	Headers []Header
	Body    []byte
	Retry   []int // more statuses that mean "ask again"
	// LowPort asks from a TCP port below 1024, which shows the service that root asks. Each attempt picks another one.
	LowPort bool
	// Limit is the time for all attempts where it is shorter than the client's own; 0 is the client's own.
	Limit time.Duration
}

// A Reply is an answer to a Request, with its whole body.
type Reply struct {
	Status int
	Header http.Header
	Body   []byte
}

// Do puts a request to a service, for what is no resource of a config: metadata, reports. Of the answer's body at most
// limit bytes are taken; more is an error. Redirects of a GET are followed as those of resources are. Errors begin with
// the URL.
func (c *Client) Do(ctx context.Context, r Request, limit int64) (reply Reply, err error) {
	if c.Offline {
		return Reply{}, ErrNeedNet
	}
	r.Method = cmp.Or(r.Method, http.MethodGet)
	address, err := url.Parse(r.URL)
	if err != nil || address.Host == "" {
		return Reply{}, errNotURL
	}
	header, err := c.headers(r.Headers)
	if err != nil {
		return Reply{}, err
	}
	s := c.session()
	total := s.settings.Total
	if r.Limit > 0 && (total == 0 || r.Limit < total) {
		total = r.Limit
	}
	ctx, stop := within(ctx, total)
	defer stop()
	q := c.quest(r.Method, r.URL, total)
	defer q.end()
	if r.LowPort {
		s = s.fromLowPorts()
		defer s.connections.CloseIdleConnections()
	}
	for {
		q.attempt()
		reply, err = s.exchange(ctx, r, question{shown: r.URL, address: address, header: header}, limit)
		if err == nil {
			q.result(http.StatusText(reply.Status))
			return reply, nil
		}
		failed := again{}
		if errors.As(err, &failed) {
			err = q.wait(ctx, failed)
		}
		if err != nil {
			return Reply{}, fmt.Errorf("%s: %w", q.shown, err)
		}
	}
}

// exchange is one attempt.
func (s *session) exchange(ctx context.Context, r Request, asked question, limit int64) (Reply, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	response, err := s.put(ctx, r, asked)
	if err != nil {
		return Reply{}, err
	}
	defer response.Body.Close()
	stalled := time.AfterFunc(stalledAfter, func() { stop(errStalled) })
	defer stalled.Stop()
	code := response.StatusCode
	if MayPass(code) || slices.Contains(r.Retry, code) {
		return Reply{}, again{answered(code), retryAfter(response.Header, time.Now())}
	}
	body, err := io.ReadAll(io.LimitReader(stirring{response.Body, stalled}, limit+1))
	switch {
	case err != nil && context.Cause(ctx) == errStalled:
		return Reply{}, again{error: errStalled}
	case err != nil:
		return Reply{}, again{error: named(err)}
	case int64(len(body)) > limit:
		return Reply{}, fmt.Errorf("the answer is longer than %d bytes", limit)
	}
	if packingOf(response.Header) == gzipped {
		if body, err = unpacked(body, limit); err != nil {
			return Reply{}, err
		}
	}
	return Reply{Status: code, Header: response.Header, Body: body}, nil
}

// stirring is a body whose every byte gives it a minute more.
type stirring struct {
	io.Reader
	stalled *time.Timer
}

func (s stirring) Read(p []byte) (int, error) {
	n, err := s.Reader.Read(p)
	if n > 0 {
		s.stalled.Reset(stalledAfter)
	}
	return n, err
}

// put sends the request. Only a GET may be led elsewhere.
func (s *session) put(ctx context.Context, r Request, asked question) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return s.ask(ctx, asked, nil)
	}
	q := request(ctx, asked.address, asked.header)
	q.Method, q.ContentLength, q.Body = r.Method, int64(len(r.Body)), http.NoBody
	if len(r.Body) > 0 {
		q.Body = io.NopCloser(bytes.NewReader(r.Body))
	}
	response, err := s.connections.RoundTrip(q)
	if err != nil {
		return nil, again{error: s.client.troubled(err)}
	}
	return response, nil
}

// fromLowPorts is a session of its own, whose every connection leaves from another low port: nothing else is to.
func (s *session) fromLowPorts() *session {
	own := *s
	own.connections = s.connections.Clone()
	own.connections.DisableKeepAlives = true
	own.connections.DialContext = dialFromLowPort
	return &own
}

// dialFromLowPort tries ports until one is free. Only those that another socket has are passed over.
func dialFromLowPort(ctx context.Context, network, address string) (net.Conn, error) {
	const highest, attempts = 1022, 50
	var last error
	for range attempts {
		d := net.Dialer{Timeout: 30 * time.Second, LocalAddr: &net.TCPAddr{Port: 1 + rand.N(highest)}, Control: mark}
		conn, err := d.DialContext(ctx, network, address)
		if err == nil || !errors.Is(err, syscall.EADDRINUSE) && !errors.Is(err, syscall.EADDRNOTAVAIL) {
			return conn, err
		}
		last = err
	}
	return nil, last
}
