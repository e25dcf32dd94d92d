package fetch

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/source"
)

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
	proxies := newProxying(c.settings)
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
		TLSClientConfig:       &tls.Config{Time: c.Clock.now},
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
			return nil, fmt.Errorf("header %q: not a header name", h.Name)
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

// A question is a resource as it is asked for over HTTP.
type question struct {
	shown   string // the URL as the config has it, for messages
	address *url.URL
	header  http.Header
	tries   int // how many attempts at most; 0 for as many as there is time for

	verified bool // a digest says what the content has to be

	// sign adds credentials to a request, anew for each attempt. Absent for none.
	sign func(context.Context, *http.Request) error
	// refused reads from an answer why it is none. Absent means that its status says all.
	refused func(*http.Response) error
}

// explain is the error of an answer that is final and not the content.
func (q question) explain(r *http.Response) error {
	if q.refused != nil {
		return q.refused(r)
	}
	return refusal(r.StatusCode)
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
	total := s.settings.Total
	ctx, stop := within(ctx, total)
	defer stop()
	if c.blob(address) {
		err := c.fetchBlob(ctx, s, r, address, total, to)
		if err == nil {
			return nil
		}
		if ctx.Err() == nil {
			c.log.Warn(fmt.Sprintf("%s: not with the identity of this machine, so without: %v", source.Redact(r.URL),
				err))
		}
		if err := to.restart(); err != nil {
			return err
		}
	}
	return s.get(ctx, question{shown: r.URL, address: address, header: header, verified: r.Digest != ""}, total, to)
}

// get tries until something final happens or the time is up. Any failure to get an answer is tried again, also a bad
// certificate: networks, name servers and clocks come up while we wait.
func (s *session) get(ctx context.Context, asked question, total time.Duration, to *delivery) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	q := s.client.quest(http.MethodGet, asked.shown, total)
	defer q.end()
	q.tries = asked.tries
	b := &body{ctx: ctx, session: s, asked: asked, quest: q}
	to.abort = cancel
	defer func() { b.close(); to.abort = nil }()
	for {
		if err := b.open(); err != nil {
			return err
		}
		to.packing = packingOf(b.answer.Header)
		err := to.take(b)
		if err == nil || to.ours {
			return err
		}
		// The body's own error, which an unpacker may have put its name before.
		if failed := to.body.failed.Load(); failed != nil {
			err = *failed
		}
		if !errors.Is(err, errStartOver) {
			return err
		}
		if ctx.Err() != nil {
			return q.late(ctx)
		}
		if err := to.restart(); err != nil {
			return fmt.Errorf("%w; %w", b.why(), err)
		}
	}
}

// request is a GET with copies of the headers, of an address that can stand in a request. User and password of the
// address go into a header, as browsers do it.
func request(ctx context.Context, address *url.URL, header http.Header) *http.Request {
	r := (&http.Request{Method: http.MethodGet, URL: encoded(address), Host: address.Host,
		Header: header.Clone()}).WithContext(ctx)
	if user := address.User; user != nil && header.Get("Authorization") == "" {
		password, _ := user.Password()
		r.SetBasicAuth(user.Username(), password)
	}
	return r
}

// troubled says why there is no answer, in a way that people can use and that holds nothing of what a server has sent.
func (c *Client) troubled(err error) error { return advised(c.Clock.explain(named(err))) }

// named gives io.EOF, which says nothing to a person, a name, and keeps quotations out of all others.
func named(err error) error {
	if errors.Is(err, io.EOF) {
		return fmt.Errorf("the server closed the connection: %w", io.ErrUnexpectedEOF)
	}
	return unquoted(err)
}
