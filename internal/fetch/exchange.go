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
		return Reply{}, badRequest(errNotURL)
	}
	header, err := c.headers(r.Headers)
	if err != nil {
		return Reply{}, badRequest(err)
	}
	s := c.session()
	total := s.settings.Total
	if r.Limit > 0 && (total == 0 || r.Limit < total) {
		total = r.Limit
	}
	ctx, stop := bounded(ctx, total)
	defer stop()
	if r.LowPort {
		s = s.fromLowPorts()
		defer s.connections.CloseIdleConnections()
	}
	a := c.attempts(r.Method, r.URL, &patience{total: total})
	defer a.end()
	err = a.until(ctx, func() (err error) {
		reply, err = s.exchange(ctx, r, httpRequest{shown: r.URL, address: address, header: header}, limit)
		return err
	})
	if err != nil {
		return Reply{}, about(r.URL, err)
	}
	a.result(http.StatusText(reply.Status))
	return reply, nil
}

// exchange is one attempt.
func (s *session) exchange(ctx context.Context, r Request, req httpRequest, limit int64) (Reply, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	response, err := s.send(ctx, r, req)
	if err != nil {
		return Reply{}, err
	}
	defer response.Body.Close()
	stalled := time.AfterFunc(stalledAfter, func() { stop(errStalled) })
	defer stalled.Stop()
	code := response.StatusCode
	if MayPass(code) || slices.Contains(r.Retry, code) {
		return Reply{}, answered(code).again(retryAfter(response.Header, time.Now()))
	}
	body, err := io.ReadAll(io.LimitReader(postponing{response.Body, stalled}, limit+1))
	switch {
	case err != nil && context.Cause(ctx) == errStalled:
		return Reply{}, (&Error{Kind: KindBody, Err: errStalled}).again(0)
	case err != nil:
		return Reply{}, (&Error{Kind: KindBody, Err: plain(err)}).again(0)
	case int64(len(body)) > limit:
		return Reply{}, &Error{Kind: KindSize, Err: fmt.Errorf("the answer is longer than %d bytes", limit)}
	}
	if codingOf(response.Header) == gzipped {
		if body, err = unpacked(body, limit); err != nil {
			return Reply{}, err
		}
	}
	return Reply{Status: code, Header: response.Header, Body: body}, nil
}

// A postponing reader gives a body a minute more with every byte.
type postponing struct {
	io.Reader
	stalled *time.Timer
}

func (p postponing) Read(to []byte) (int, error) {
	n, err := p.Reader.Read(to)
	if n > 0 {
		p.stalled.Reset(stalledAfter)
	}
	return n, err
}

// send sends the request. Only a GET may be led elsewhere.
func (s *session) send(ctx context.Context, r Request, req httpRequest) (*http.Response, error) {
	if r.Method == http.MethodGet {
		return s.answer(ctx, req, nil)
	}
	q := newRequest(ctx, req.address, req.header)
	q.Method, q.ContentLength, q.Body = r.Method, int64(len(r.Body)), http.NoBody
	if len(r.Body) > 0 {
		q.Body = io.NopCloser(bytes.NewReader(r.Body))
	}
	response, err := s.connections.RoundTrip(q)
	if err != nil {
		return nil, s.client.noAnswer(err)
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
