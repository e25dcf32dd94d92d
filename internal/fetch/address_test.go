package fetch

import (
	"io"
	"net/http"
	"testing"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// addresses are what a config may have behind the server, and what a server gets to see of it.
var addresses = map[string]string{
	"/ok?x=a b":              "/ok?x=a%20b",
	"/ok?x=a%20b":            "/ok?x=a%20b",
	"/ok?x=a+b%2Bc":          "/ok?x=a+b%2Bc",
	"/ok?x=a b%20c":          "/ok?x=a%20b%20c",
	"/ok?x=100%":             "/ok?x=100%",
	"/ok?x=é":                "/ok?x=%C3%A9",
	"/ok?x=\xe9\u0085":       "/ok?x=%E9%C2%85",
	`/ok?x="<>"`:             "/ok?x=%22%3C%3E%22",
	"/ok?{x}=[a]|b'c&d;e/f?": "/ok?{x}=[a]|b'c&d;e/f?",
	"/ok?x= #a b":            "/ok?x=%20",
	"/a b/é":                 "/a%20b/%C3%A9",
	"/a%20b%2Fc":             "/a%20b%2Fc",
	"/a b%2Fc":               "/a%20b%2Fc",
	"/a%2F{é}|\\^`\"<>":      "/a%2F%7B%C3%A9%7D%7C%5C%5E%60%22%3C%3E",
	"/a!$&'()*+,;=:@[]~b":    "/a!$&'()*+,;=:@[]~b",
}

func TestWhatCannotStandInARequestIsEscapedOnce(t *testing.T) {
	seen := make(chan string, 9)
	led := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if to := r.Header.Get("X-To"); r.URL.Path == "/from" {
			w.Header()["Location"] = []string{to}
			w.WriteHeader(http.StatusFound)
			return
		}
		seen <- r.RequestURI
	})
	for written, want := range addresses {
		for name, ask := range map[string]func(c *Client) error{
			"a source": func(c *Client) error {
				_, err := c.Fetch(t.Context(), Resource{URL: led.URL + written}, io.Discard)
				return err
			},
			"a service": func(c *Client) error {
				_, err := c.Do(t.Context(), Request{URL: led.URL + written}, 9)
				return err
			},
			"a report": func(c *Client) error {
				_, err := c.Do(t.Context(), Request{Method: http.MethodPut, URL: led.URL + written}, 9)
				return err
			},
			"a redirect": func(c *Client) error {
				_, err := c.Fetch(t.Context(),
					Resource{URL: led.URL + "/from", Headers: []Header{{"X-To", diag.Secret(written)}}}, io.Discard)
				return err
			},
			"a redirect by its whole address": func(c *Client) error {
				_, err := c.Fetch(t.Context(), Resource{URL: led.URL + "/from",
					Headers: []Header{{"X-To", diag.Secret(led.URL + written)}}}, io.Discard)
				return err
			},
		} {
			c, _ := quiet()
			require.NoError(t, ask(c), "%s %q", name, written)
			assert.Equal(t, want, <-seen, "%s %q", name, written)
		}
	}
}

func TestControlCharactersInAURLAreNotSent(t *testing.T) {
	for _, query := range []string{"a\nb", "a\rb", "a\x00", "\x7f", "a\tb"} {
		c, _ := quiet()
		_, err := c.Fetch(t.Context(), Resource{URL: "http://127.0.0.1:1/?x=" + query}, io.Discard)
		require.ErrorIs(t, err, errNotURL, "%q", query)
	}
}
