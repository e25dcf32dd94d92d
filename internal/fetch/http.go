package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/source"
)

// Silence keeps what net/http itself logs from everybody: it may be what a misbehaving server sent, and that a config.
func Silence() { log.SetOutput(io.Discard) }

// accept names the newest stable version, for servers that hold a config in several.
func accept() string {
	return "application/vnd.coreos.ignition+json;version=" + config.Stable.String() + ", */*;q=0.1"
}

// idleMax is how many connections to a server stay open: as many as plans fetch at once.
const idleMax = 16

// A session is the connections made under one set of settings.
type session struct {
	client      *Client
	connections *http.Transport
	settings    Settings
}

// session returns the current session, and makes one where there is none.
func (c *Client) session() *session {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.current == nil {
		c.current = &session{client: c, connections: c.transport(), settings: c.settings}
	}
	return c.current
}

// transport makes the connection pool for the settings; the environment's proxies are not asked. Without authorities of
// a config the system's pool is read by the first TLS handshake, so a boot over plain http never reads it.
func (c *Client) transport() *http.Transport {
	proxies := newProxyRules(c.settings)
	t := &http.Transport{
		Proxy:                 func(r *http.Request) (*url.URL, error) { return proxies.choose(r.URL), nil },
		DialContext:           c.dial,
		TLSHandshakeTimeout:   10 * time.Second,
		ResponseHeaderTimeout: c.settings.ResponseHeader,
		IdleConnTimeout:       90 * time.Second,
		MaxIdleConnsPerHost:   idleMax,
		DisableCompression:    true, // the digest is of what the server holds
		ForceAttemptHTTP2:     true,
		HTTP2:                 &http.HTTP2Config{SendPingTimeout: 30 * time.Second, PingTimeout: 15 * time.Second},
		TLSClientConfig:       &tls.Config{Time: c.Clock.Now},
	}
	if len(c.roots) > 0 {
		t.TLSClientConfig.RootCAs = pool(c.roots)
	}
	return t
}

// defaults are the headers of every request, redirected ones too.
func (c *Client) defaults() http.Header {
	return http.Header{
		"User-Agent":      {"Ignition/" + c.version},
		"Accept":          {accept()},
		"Accept-Encoding": {"identity"},
	}
}

// headers adds a resource's own headers to the defaults.
func (c *Client) headers(own []Header) (http.Header, error) {
	all := c.defaults()
	for _, h := range own {
		switch value := h.Value.Reveal(); {
		case !isToken(h.Name):
			return nil, errors.New("a header has a name that none can have")
		case !isHeaderValue(value):
			return nil, fmt.Errorf("header %q: the value holds a character that headers cannot", h.Name)
		case value != "":
			all.Set(h.Name, value)
		}
	}
	return all, nil
}

// isToken tells whether a text can name a header (RFC 9110 §5.1).
func isToken(text string) bool {
	return text != "" &&
		strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-.^_`|~") == ""
}

// isHeaderValue tells whether a text can be a header's value: no control characters but tabs (RFC 9110 §5.5).
func isHeaderValue(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// An httpRequest is a resource as it is asked for over HTTP.
type httpRequest struct {
	shown    string // the URL as the config has it, for messages
	address  *url.URL
	header   http.Header
	attempts int  // how many at most; 0 for as many as there is time for
	verified bool // a digest says what the content has to be

	// sign adds credentials to a request, anew for each attempt. Absent for none.
	sign func(context.Context, *http.Request) error
	// refused reads from an answer why it is not the content. Absent means that its status says all.
	refused func(*http.Response) *Error
}

// explain is the error of an answer that is not the content, nor may be the next time.
func (req httpRequest) explain(r *http.Response) *Error {
	if req.refused != nil {
		return req.refused(r)
	}
	return refused(r.StatusCode)
}

func (c *Client) fetchHTTP(ctx context.Context, r Resource, to *transfer) error {
	address, err := url.Parse(r.URL)
	if err != nil {
		return badRequest(errNotURL)
	}
	if address.Host == "" {
		return badRequest(errNoHost)
	}
	header, err := c.headers(r.Headers)
	if err != nil {
		return badRequest(err)
	}
	s := c.session()
	ctx, p, stop := s.within(ctx, 0)
	defer stop()
	if c.Machine.isBlob(address) {
		err := c.fetchBlob(ctx, s, r, address, p, to)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			c.log.Warn(fmt.Sprintf("%s: not with the identity of this machine, so without: %v", source.Redact(r.URL),
				err))
		}
		if err := to.reset(); err != nil {
			return err
		}
	}
	return s.download(ctx, httpRequest{shown: r.URL, address: address, header: header, verified: r.Digest != ""},
		p, to)
}

// download gets the content of a resource, from the beginning again where its rest cannot be had.
func (s *session) download(ctx context.Context, req httpRequest, p *patience, to *transfer) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	a := s.client.attempts(http.MethodGet, req.shown, p)
	defer a.end()
	a.most = req.attempts
	b := &body{ctx: ctx, session: s, req: req, attempts: a}
	defer b.close()
	for {
		if err := b.open(); err != nil {
			return err
		}
		to.coding = codingOf(b.answer.Header)
		err := a.numbered(to.receive(b, cancel))
		failed := retryable(err)
		switch {
		case failed == nil:
			return err
		case ctx.Err() != nil:
			return a.late(ctx)
		}
		if err := to.reset(); err != nil {
			return failed.final(err)
		}
	}
}

// newRequest is a GET with copies of the headers, of an address that can stand in a request. User and password of the
// address go into a header, as browsers do it.
func newRequest(ctx context.Context, address *url.URL, header http.Header) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: encoded(address), Host: address.Host,
		Header: header.Clone()}).WithContext(ctx)
	if user := address.User; user != nil && header.Get("Authorization") == "" {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
	}
	return r
}
