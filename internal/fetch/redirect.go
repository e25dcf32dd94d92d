package fetch

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/glowplug-os/glowplug/internal/source"
)

// The peer follows redirects without end.
const redirectsMax = 20

// answer sends one request and follows redirects. The resource's own headers, which may hold a token, and its signature
// are for the first server: they go along until a redirect leads to another scheme, host or port. The headers of part,
// which ask for a part of the content, are for all. http.Client is not used: it adds a Referer, and its errors quote
// addresses.
func (s *session) answer(ctx context.Context, req httpRequest, part http.Header) (*http.Response, error) {
	address, header, sign := req.address, req.header, req.sign
	for range redirectsMax + 1 {
		r := newRequest(ctx, address, header)
		maps.Copy(r.Header, part)
		if sign != nil {
			if err := sign(ctx, r); err != nil {
				return nil, badRequest(err)
			}
		}
		response, err := s.connections.RoundTrip(r)
		if err != nil {
			return nil, s.client.noAnswer(err)
		}
		where := response.Header.Get("Location")
		if !isRedirect(response.StatusCode) || where == "" {
			return response, nil
		}
		_ = response.Body.Close()
		next, err := redirected(address, where)
		if err != nil {
			return nil, badAnswer(err)
		}
		if origin(next) != origin(address) {
			header, sign = s.client.defaults(), nil
		}
		if err := s.client.mayFollow(req, address, next); err != nil {
			return nil, badAnswer(err)
		}
		address = next
	}
	return nil, badAnswer(fmt.Errorf("redirected more than %d times", redirectsMax))
}

// redirected is where a redirect leads. User and password of the URL are the server's that it names.
func redirected(from *url.URL, where string) (*url.URL, error) {
	to, err := url.Parse(where)
	if err != nil { // the error quotes the address
		return nil, errors.New("redirected to something that does not parse as a URL")
	}
	to = encoded(from).ResolveReference(encoded(to))
	if to.Scheme != "http" && to.Scheme != "https" || to.Host == "" {
		return nil, errors.New("redirected to a URL that is not of http or https")
	}
	if to.User == nil && origin(to) == origin(from) {
		to.User = from.User
	}
	return to, nil
}

// origin is what makes a server the same one: scheme, host and port (RFC 6454 §4).
func origin(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = map[string]string{"http": "80", "https": "443"}[u.Scheme]
	}
	return u.Scheme + "://" + net.JoinHostPort(strings.ToLower(u.Hostname()), port)
}

// mayFollow asks about a redirect that gives up what protects the content on its way, unless a digest does.
func (c *Client) mayFollow(req httpRequest, from, to *url.URL) error {
	if from.Scheme != "https" || to.Scheme != "http" || req.verified || c.Unprotected == nil {
		return nil
	}
	return c.Unprotected(source.Redact(req.shown))
}

// isRedirect tells the statuses that name another place. 304 is about caches, and 300 leaves the choice to people.
func isRedirect(code int) bool {
	switch code {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect,
		http.StatusPermanentRedirect:
		return true
	}
	return false
}
