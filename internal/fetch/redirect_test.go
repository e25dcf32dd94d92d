package fetch

import (
	"encoding/pem"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestOrigin(t *testing.T) {
	for address, want := range map[string]string{
		"http://H.test/a": "http://h.test:80", "https://h.test": "https://h.test:443",
		"https://h.test:80/":     "https://h.test:80",
		"http://u:p@[::1]:8080/": "http://[::1]:8080", "http://[FE80::1]/": "http://[fe80::1]:80",
	} {
		u, err := url.Parse(address)
		require.NoError(t, err)
		assert.Equal(t, want, origin(u))
	}
}

// A header may hold a token, and so may the URL's user information: they are for the server that they were written for.
func TestHeadersGoAlongAsLongAsTheServerIsTheSame(t *testing.T) {
	seen := make(chan string, 9) // what each request has brought, in order
	note := func(r *http.Request) {
		user, _, _ := r.BasicAuth()
		seen <- strings.TrimSpace(r.URL.Path + " " + r.Header.Get("X-Token") + user)
	}
	var first, other *httptest.Server
	other = serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		http.Redirect(w, r, first.URL+"/end", http.StatusFound)
	})
	first = serve(t, func(w http.ResponseWriter, r *http.Request) {
		note(r)
		switch r.URL.Path {
		case "/dir": // by a path
			w.Header().Set("Location", "/dir/")
			w.WriteHeader(http.StatusMovedPermanently)
		case "/dir/": // by the whole address
			http.Redirect(w, r, strings.Replace(first.URL, "http:", "HTTP:", 1)+"/away", http.StatusTemporaryRedirect)
		case "/away":
			http.Redirect(w, r, other.URL+"/there", http.StatusFound)
		}
	})
	for name, resource := range map[string]Resource{
		"a header":         {URL: first.URL + "/dir", Headers: []Header{{"X-Token", "t"}}},
		"user information": {URL: strings.Replace(first.URL, "//", "//t:secret@", 1) + "/dir"},
	} {
		c, _ := quiet()
		_, err := c.Fetch(t.Context(), resource, io.Discard)
		require.NoError(t, err)
		for _, want := range []string{"/dir t", "/dir/ t", "/away t", "/there", "/end"} {
			assert.Equal(t, want, <-seen, name)
		}
	}
}

func TestARedirectThatGivesUpTLSIsAskedAbout(t *testing.T) {
	plain := serve(t, says("content"))
	secure := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		to := plain.URL
		if r.URL.Path == "/same" {
			to = "/"
		}
		http.Redirect(w, r, to, http.StatusFound)
	}))
	defer secure.Close()
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: secure.Certificate().Raw})
	refused := errors.New("not so")
	for name, test := range map[string]struct {
		digest string
		answer error
		asked  int
	}{
		"refused":                  {"", refused, 1},
		"allowed":                  {"", nil, 1},
		"a digest makes up for it": {sha256Of("content"), refused, 0},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := quiet()
			asked := 0
			c.Unprotected = func(url string) error {
				asked++
				assert.Equal(t, secure.URL+"/same?sig=…", url)
				return test.answer
			}
			require.NoError(t, c.Configure(t.Context(), Settings{Authorities: []Resource{{URL: escaped(bundle)}}}))
			_, err := c.Fetch(t.Context(), Resource{URL: secure.URL + "/same?sig=secret", Digest: test.digest},
				io.Discard)
			if test.asked == 0 || test.answer == nil {
				require.NoError(t, err)
			} else {
				require.ErrorIs(t, err, refused)
			}
			assert.Equal(t, test.asked, asked)
		})
	}
}

func TestStatusesThatMayPassAreAskedAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []int{408, 425, 429, 500, 503} {
		var asked atomic.Int32
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			if asked.Add(1)%2 == 1 {
				w.WriteHeader(code)
			}
		})
		c, _ := quiet()
		_, err := c.Fetch(t.Context(), Resource{URL: server.URL}, io.Discard)
		require.NoError(t, err, code)
		reply, err := c.Do(t.Context(), Request{URL: server.URL}, 9)
		require.NoError(t, err, code)
		assert.Equal(t, 200, reply.Status)
		assert.EqualValues(t, 4, asked.Load(), code)
	}
}

// Two servers may give one tag to different contents.
func TestTheRestIsNotTakenFromAnotherAddress(t *testing.T) {
	t.Parallel()
	content := noise(longBody)
	first := flaw{etag: `"v1"`, cut: 700_000, cuts: 9, part: honest}.serve(t, content)
	second := flaw{etag: `"v1"`, part: honest}.serve(t, content)
	front := serve(t, func() http.HandlerFunc {
		n := 0
		return func(w http.ResponseWriter, r *http.Request) {
			to := second.URL
			if n++; n == 1 {
				to = first.URL
			}
			http.Redirect(w, r, to, http.StatusFound)
		}
	}())
	c, log := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: front.URL, Digest: digestOf(content)}, &memory{limit: 1 << 30})
	require.NoError(t, err)
	assert.Equal(t, []string{""}, first.asked)
	assert.Equal(t, []string{"bytes=700000-", ""}, second.asked)
	assert.Contains(t, log.String(), "the rest would come from another address than the beginning")
}
