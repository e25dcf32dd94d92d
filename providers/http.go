package providers

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/fetch"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/glowplug-os/glowplug/internal/tree"
)

// Where metadata services answer. ZONE stands for each interface that has a link-local IPv6 address.
const (
	linkLocal   = "http://169.254.169.254"
	linkLocalV6 = "http://[fe80::a9fe:a9fe%25ZONE]"
)

// v6Delay is the head start of IPv4: an address that answers at once need not be asked twice.
const v6Delay = 300 * time.Millisecond

// metadata is user data that a service gives over HTTP.
type metadata struct {
	path    string
	headers []fetch.Header
	token   *token
	missing bool  // status 404 says that there is no user data; else it is an error
	retry   []int // statuses that mean "not yet"
	lowPort bool
	limit   time.Duration // for all attempts, where it is shorter than usual
	decode  func([]byte) ([]byte, error)
}

// token is what a service wants to see before it answers: PUT a path, and send what comes back.
type token struct {
	path    string
	ask     fetch.Header   // that says how long the token is to live
	more    []fetch.Header // that go with it
	send    string         // the name of the header that carries it
	trim    bool           // blanks around it
	without []int          // statuses that say that there are no tokens: go on without
	refused string         // what a status of 403 may mean
}

func header(name string, value diag.Secret) fetch.Header {
	return fetch.Header{Name: name, Value: value}
}

// at makes a source of user data that the same service gives at several addresses, the first by IPv4, others by IPv6.
func (d metadata) at(bases ...string) finder {
	if len(bases) == 1 {
		return d.from(bases[0])
	}
	return func(ctx context.Context, m *Machine) (Document, error) {
		r := race{contenders: []contender{{ask: d.from(bases[0])}}}
		r.more = d.overV6(m, bases[1:])
		return r.run(ctx, m)
	}
}

// overV6 gives the contenders of interfaces that have come up since it was last called.
func (d metadata) overV6(m *Machine, bases []string) func() []contender {
	seen := map[string]bool{}
	return func() (new []contender) {
		interfaces, err := m.Interfaces()
		if err != nil {
			m.Log.Info("interfaces cannot be listed: " + err.Error())
		}
		for _, base := range slices.Concat(spell(bases, interfaces)...) {
			if !seen[base] {
				seen[base] = true
				new = append(new, contender{ask: d.from(base), delay: v6Delay})
			}
		}
		return new
	}
}

// spell gives the addresses that can be reached through interfaces as they are.
func spell(bases []string, interfaces []Interface) (all [][]string) {
	for _, i := range interfaces {
		var reached []string
		for _, base := range bases {
			zoned := strings.Contains(base, "ZONE")
			if i.Up && !i.Loopback && (zoned && (i.LinkV6 || i.GlobalV6) || i.GlobalV6) {
				reached = append(reached, strings.Replace(base, "ZONE", url.PathEscape(i.Name), 1))
			}
		}
		all = append(all, reached)
	}
	return all
}

// from asks one address.
func (d metadata) from(base string) finder {
	return func(ctx context.Context, m *Machine) (Document, error) {
		r := fetch.Request{URL: base + d.path, Headers: slices.Clone(d.headers), Retry: d.retry, LowPort: d.lowPort,
			Limit: d.limit}
		if d.token != nil {
			h, err := d.token.get(ctx, m, base)
			if err != nil {
				return Document{}, tokenError{err}
			}
			r.Headers = append(r.Headers, h...)
		}
		text, err := ask(ctx, m, r)
		switch {
		case fetch.KindOf(err) != fetch.KindMissing:
		case d.missing:
			return Document{}, ErrNone
		default:
			err = diag.WithHint(err, "the platform answers so where a machine has no user data: give it some")
		}
		if err != nil || tree.IsBlank(text) || d.decode == nil {
			return Document{Text: text}, err
		}
		if text, err = d.decode(text); err != nil {
			return Document{}, answered(r.URL, fetch.KindContent, 0, err)
		}
		return Document{Text: text}, nil
	}
}

// A tokenError says that a service that has tokens gives none.
type tokenError struct{ error }

// Error says what the request was for.
func (e tokenError) Error() string { return "token: " + e.error.Error() }

func (e tokenError) Unwrap() error { return e.error }

// get gives the header with a new token, or none where the service has no tokens.
func (t *token) get(ctx context.Context, m *Machine, base string) ([]fetch.Header, error) {
	r := fetch.Request{Method: http.MethodPut, URL: base + t.path, Headers: append([]fetch.Header{t.ask}, t.more...)}
	reply, err := m.Do(ctx, r)
	switch {
	case err != nil:
		return nil, err
	case slices.Contains(t.without, reply.Status):
		return nil, nil
	}
	text, err := body(r.URL, reply)
	if err != nil {
		if reply.Status == http.StatusForbidden && t.refused != "" {
			err = fmt.Errorf("%w: %s", err, t.refused)
		}
		return nil, err
	}
	value := string(text)
	if t.trim {
		if value = strings.TrimSpace(value); value == "" {
			return nil, fmt.Errorf("%s: the answer is empty", source.Redact(r.URL))
		}
	}
	return []fetch.Header{header(t.send, diag.Secret(value))}, nil
}

// ask gives the body of a good answer; another is an error that isAnswer.
func ask(ctx context.Context, m *Machine, r fetch.Request) ([]byte, error) {
	reply, err := m.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	return body(r.URL, reply)
}

// body judges an answer (docs/peer/engine.md §6.2).
func body(url string, reply fetch.Reply) ([]byte, error) {
	switch reply.Status {
	case http.StatusOK, http.StatusNoContent:
		return reply.Body, nil
	case http.StatusNotFound:
		return nil, answered(url, fetch.KindMissing, reply.Status, errors.New("not found (status 404)"))
	}
	return nil, answered(url, fetch.KindStatus, reply.Status,
		fmt.Errorf("the answer has the status %d %s", reply.Status, http.StatusText(reply.Status)))
}

// answered is what is wrong with the answer from a URL.
func answered(url string, kind fetch.Kind, status int, err error) error {
	return &fetch.Error{Kind: kind, Status: status, Err: fmt.Errorf("%s: %w", source.Redact(url), err)}
}

// isAddress tells an IP address from other words.
func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// hostOf writes an address as it stands in a URL.
func hostOf(address string) string {
	if strings.Contains(address, ":") {
		return "[" + strings.Replace(address, "%", "%25", 1) + "]"
	}
	return address
}
