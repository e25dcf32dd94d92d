package fetch

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func serve(t *testing.T, handler http.HandlerFunc) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return server
}

func TestEveryRequestSaysWhoAsksAndForWhat(t *testing.T) {
	var got http.Header
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	c, _ := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: server.URL}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, http.Header{
		"User-Agent":      {"Ignition/1.2.3"},
		"Accept":          {"application/vnd.coreos.ignition+json;version=3.6.0, */*;q=0.1"},
		"Accept-Encoding": {"identity"},
	}, got)
}

func TestHeadersOfAResourceReplaceTheDefaults(t *testing.T) {
	var got http.Header
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) { got = r.Header })
	c, log := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: server.URL, Headers: []Header{
		{"accept", "text/plain"}, {"X-Token", "first"}, {"x-token", "secret"}, {"X-None", ""},
	}}, io.Discard)
	require.NoError(t, err)
	assert.Equal(t, "text/plain", got.Get("Accept"))
	assert.Equal(t, []string{"secret"}, got.Values("X-Token"), "the last of a name wins")
	assert.NotContains(t, got, "X-None")
	assert.Equal(t, "Ignition/1.2.3", got.Get("User-Agent"))
	assert.NotContains(t, log.String(), "secret")
}

func TestRedirectsKeepOurHeadersAndDropTheResources(t *testing.T) {
	var got http.Header
	other := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Header
		_, _ = io.WriteString(w, "there")
	})
	for _, code := range []int{301, 302, 303, 307, 308} {
		server := serve(t, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "mine", r.Header.Get("User-Agent"))
			http.Redirect(w, r, other.URL, code)
		})
		c, log := quiet()
		content, err := c.Bytes(t.Context(), Resource{URL: server.URL + "/?sig=secret",
			Headers: []Header{{"Authorization", "token"}, {"User-Agent", "mine"}}}, 10)
		require.NoError(t, err)
		assert.Equal(t, "there", string(content))
		assert.Equal(t, c.defaults(), got, "no Authorization, no Referer")
		assert.NotContains(t, log.String(), "secret")
	}
}

func TestUserinfoBecomesBasicAuthorization(t *testing.T) {
	server := serve(t, func(_ http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		assert.Equal(t, "me p w", user+" "+password)
	})
	c, _ := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: strings.Replace(server.URL, "//", "//me:p%20w@", 1)}, io.Discard)
	require.NoError(t, err)
}

func TestRedirectsEnd(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		left, _ := strconv.Atoi(r.URL.Query().Get("n"))
		if asked.Add(1); left > 0 {
			http.Redirect(w, r, "/?n="+strconv.Itoa(left-1), http.StatusFound)
		}
	})
	c, _ := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: server.URL + "/?n=20"}, io.Discard)
	require.NoError(t, err)
	asked.Store(0)
	_, err = c.Fetch(t.Context(), Resource{URL: server.URL + "/?n=1000"}, io.Discard)
	require.ErrorContains(t, err, "redirected more than 20 times")
	assert.EqualValues(t, 21, asked.Load(), "a loop is not tried again")
}

func TestARedirectThatIsNoURLIsNotShown(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Location", "http://%zz/?sig=secret")
		w.WriteHeader(http.StatusFound)
	})
	c, log := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: server.URL}, io.Discard)
	require.ErrorContains(t, err, "redirected to something that does not parse")
	assert.NotContains(t, err.Error()+log.String(), "secret")
}

func TestStatuses(t *testing.T) {
	for name, test := range map[string]struct {
		code int
		err  string // "" for success
	}{
		"200 has a body":                {200, ""},
		"204 has none":                  {204, ""},
		"201 is not what was asked for": {201, "the server answered 201 Created"},
		"206 is a part only":            {206, "the server answered 206 Partial Content"},
		"a redirect to nowhere":         {302, "the server answered 302 Found"},
		"304 is no content":             {304, "the server answered 304 Not Modified"},
		"401 is final":                  {401, "the server answered 401 Unauthorized"},
		"404 is its own error":          {404, "not found"},
	} {
		t.Run(name, func(t *testing.T) {
			var asked atomic.Int32
			server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
				asked.Add(1)
				w.WriteHeader(test.code)
				if test.code == 200 {
					_, _ = io.WriteString(w, "body")
				}
			})
			c, log := quiet()
			n, err := c.Fetch(t.Context(), Resource{URL: server.URL}, io.Discard)
			assert.EqualValues(t, 1, asked.Load())
			assert.Equal(t, test.code == 404, KindOf(err) == KindMissing)
			assert.Contains(t, log.String(), "GET "+server.URL+": attempt #1")
			assert.Contains(t, log.String(), "GET result: "+http.StatusText(test.code))
			if test.err != "" {
				assert.ErrorContains(t, err, server.URL+": "+test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.code == 200, n == 4)
		})
	}
}

func TestGzipAndDigestOverHTTP(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(zipped("hello")) })
	c, _ := quiet()
	got, err := c.Bytes(t.Context(), Resource{URL: server.URL, Gzip: true, Digest: sha512Of("hello")}, 5)
	require.NoError(t, err)
	assert.Equal(t, "hello", string(got))
	n, err := c.Fetch(t.Context(), Resource{URL: server.URL, Gzip: true, Digest: sha512Of("hullo")}, io.Discard)
	require.ErrorContains(t, err,
		"sha512 does not match: expected "+sha512Of("hullo")[7:]+", got "+sha512Of("hello")[7:]+", 5 bytes")
	assert.EqualValues(t, 5, n)
}

// A digest that cannot be must not cost a download.
func TestABadDigestIsFoundBeforeAsking(t *testing.T) {
	server := serve(t, func(http.ResponseWriter, *http.Request) { t.Error("asked") })
	c, _ := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: server.URL, Digest: "sha512-00"}, io.Discard)
	assert.ErrorContains(t, err, "digest: ")
}

// A large body must not be held: the server only sends the second half when the first has arrived at the writer.
func TestBodiesAreStreamed(t *testing.T) {
	const half = 1 << 20
	arrived := make(chan struct{})
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = w.Write(make([]byte, half))
		w.(http.Flusher).Flush()
		<-arrived
		_, _ = w.Write(make([]byte, half))
	})
	c, _ := quiet()
	sum := sha256.Sum256(make([]byte, 2*half))
	w := &signal{at: half, reached: arrived}
	n, err := c.Fetch(t.Context(), Resource{URL: server.URL, Digest: "sha256-" + hex.EncodeToString(sum[:])}, w)
	require.NoError(t, err)
	assert.EqualValues(t, 2*half, n)
}

// signal closes a channel when a number of bytes has arrived.
type signal struct {
	n, at   int
	reached chan struct{}
	once    sync.Once
}

func (s *signal) Write(p []byte) (int, error) {
	if s.n += len(p); s.n >= s.at {
		s.once.Do(func() { close(s.reached) })
	}
	return len(p), nil
}

// cutting serves a text whose first attempts break off.
func cutting(t *testing.T, text []byte, failures int) *httptest.Server {
	var asked atomic.Int32
	return serve(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		if int(asked.Add(1)) > failures {
			_, _ = w.Write(text)
			return
		}
		_, _ = w.Write(text[:len(text)/2])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
}

func TestBodiesThatBreakOffAreStartedAgain(t *testing.T) {
	t.Parallel()
	text := strings.Repeat("0123456789", 10)
	for name, r := range map[string]Resource{
		"plain":          {Digest: sha512Of(text)},
		"gzip":           {Gzip: true, Digest: sha512Of(text)},
		"without digest": {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := []byte(text)
			if r.Gzip {
				body = zipped(text)
			}
			r.URL = cutting(t, body, 2).URL
			c, log := quiet()
			got, err := c.Bytes(t.Context(), r, 1000)
			require.NoError(t, err)
			assert.Equal(t, text, string(got))
			assert.Contains(t, log.String(), "attempt #3")
			assert.Contains(t, log.String(), "GET error: the body broke off after ")
		})
	}
}

func TestAWriterThatCannotForgetEndsInAnError(t *testing.T) {
	c, _ := quiet()
	n, err := c.Fetch(t.Context(), Resource{URL: cutting(t, make([]byte, 2<<20), 1).URL}, io.Discard)
	require.ErrorContains(t, err,
		"the body broke off after 1048576 bytes: unexpected EOF; what is written already cannot be taken back: 1048576")
	assert.EqualValues(t, 1<<20, n)
}

func TestATruncatedArchiveIsNotTriedAgain(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		_, _ = w.Write(zipped("hello")[:12])
	})
	c, _ := quiet()
	_, err := c.Bytes(t.Context(), Resource{URL: server.URL, Gzip: true}, 10)
	require.ErrorContains(t, err, "gzip: ")
	assert.EqualValues(t, 1, asked.Load())
}

func TestAFullDiskIsNotTriedAgain(t *testing.T) {
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { asked.Add(1); _, _ = io.WriteString(w, "x") })
	c, _ := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: server.URL}, full{})
	require.ErrorIs(t, err, errFull)
	assert.EqualValues(t, 1, asked.Load())
}

func TestProxies(t *testing.T) {
	var seen string
	proxy := serve(t, func(w http.ResponseWriter, r *http.Request) {
		seen = r.URL.String()
		_, _ = io.WriteString(w, "proxied")
	})
	c, _ := quiet()
	require.NoError(t,
		c.Configure(t.Context(), Settings{HTTPProxy: proxy.URL, NoProxy: []string{"direct.test", "127.0.0.0/8"}}))
	got, err := c.Bytes(t.Context(), Resource{URL: "http://config.test/c.ign"}, 10)
	require.NoError(t, err)
	assert.Equal(t, "proxied", string(got))
	assert.Equal(t, "http://config.test/c.ign", seen)

	direct := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "direct") })
	got, err = c.Bytes(t.Context(), Resource{URL: direct.URL}, 10)
	require.NoError(t, err)
	assert.Equal(t, "direct", string(got))

	proxy.Close()
	require.NoError(t, c.Configure(t.Context(), Settings{HTTPProxy: proxy.URL, Total: 300 * time.Millisecond}))
	_, err = c.Bytes(t.Context(), Resource{URL: "http://config.test/c.ign"}, 10)
	require.ErrorContains(t, err, "could not be fetched in time (300ms, attempts: ")
	require.ErrorIs(t, err, syscall.ECONNREFUSED)
}

func TestWhichProxy(t *testing.T) {
	const http, https = "http://plain.test:1", "http://tls.test:2"
	for name, test := range map[string]struct {
		settings  Settings
		url, want string
	}{
		"http goes by the http proxy": {Settings{HTTPProxy: http, HTTPSProxy: https}, "http://a.test/", http},
		"https goes by the https proxy": {Settings{HTTPProxy: http, HTTPSProxy: https}, "https://a.test/",
			https},
		"https does not fall back": {Settings{HTTPProxy: http}, "https://a.test/", ""},
		"a host without": {Settings{HTTPProxy: http, NoProxy: []string{"b.test", "a.test"}},
			"http://a.test/", ""},
		"a domain without": {Settings{HTTPProxy: http, NoProxy: []string{".test"}},
			"http://a.test/", ""},
		"a star is for all": {Settings{HTTPProxy: http, NoProxy: []string{"*"}}, "http://a.test/",
			""},
		"this machine never goes by the proxy": {Settings{HTTPProxy: http}, "http://localhost/", ""},
		"no proxy":                             {Settings{}, "http://a.test/", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("http_proxy", "http://environment.test:3")
			t.Setenv("https_proxy", "http://environment.test:3")
			c, _ := quiet()
			require.NoError(t, c.Configure(t.Context(), test.settings))
			address, err := url.Parse(test.url)
			require.NoError(t, err)
			got, err := c.transport().Proxy(newRequest(t.Context(), address, nil))
			require.NoError(t, err)
			if test.want == "" {
				assert.Nil(t, got)
				return
			}
			assert.Equal(t, test.want, got.String())
		})
	}
}

func TestAuthorities(t *testing.T) {
	server := httptest.NewUnstartedServer(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.Proto) }))
	server.EnableHTTP2 = true
	server.Config.ErrorLog = discard
	server.StartTLS()
	t.Cleanup(server.Close)
	bundle := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	asked := 0
	authorities := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		asked++
		_, _ = w.Write(append(bundle, "\n \t\n"...))
	})
	ctx, giveUp := context.WithCancel(t.Context())
	log := &watched{text: "attempt #2", seen: giveUp}
	c := New(slog.New(slog.NewTextHandler(log, nil)), "1")
	_, err := c.Bytes(ctx, Resource{URL: server.URL}, 10)
	require.ErrorIs(t, err, context.Canceled)
	assert.Contains(t, log.String(), "certificate signed by unknown authority",
		"it is tried again: the clock may be set meanwhile")

	with := Settings{Authorities: []Resource{{URL: authorities.URL}, {URL: escaped(bundle)}}}
	require.NoError(t, c.Configure(t.Context(), with))
	got, err := c.Bytes(t.Context(), Resource{URL: server.URL}, 10)
	require.NoError(t, err)
	assert.Equal(t, "HTTP/2.0", string(got))

	require.NoError(t, c.Configure(t.Context(), Settings{}))
	_, err = c.Bytes(t.Context(), Resource{URL: server.URL}, 10)
	require.NoError(t, err, "an empty list leaves the authorities in force")
	assert.Zero(t, c.settings, "but not timeouts and proxies")

	require.NoError(t, c.Configure(t.Context(), with))
	text, err := c.Authority(t.Context(), with.Authorities[0])
	require.NoError(t, err)
	assert.Contains(t, string(text), "BEGIN CERTIFICATE")
	assert.Equal(t, 1, asked, "a bundle is fetched once")
}

// A bundle may be on a server that only the authorities before it vouch for.
func TestABundleFromAServerOfAnAuthority(t *testing.T) {
	secure := func(text func() []byte) (*httptest.Server, []byte) {
		server := httptest.NewUnstartedServer(
			http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(text()) }))
		ca := newIssuer(t)
		leaf, err := ca.issue("config.test", time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		require.NoError(t, err)
		server.TLS = &tls.Config{Certificates: []tls.Certificate{*leaf}}
		server.Config.ErrorLog = discard
		server.StartTLS()
		t.Cleanup(server.Close)
		return server, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: ca.certificate.Raw})
	}
	last, lastBundle := secure(func() []byte { return []byte("config") })
	first, firstBundle := secure(func() []byte { return zipped(string(lastBundle)) })
	c, _ := quiet()
	c.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		_, port, _ := net.SplitHostPort(addr)
		return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
	}
	named := func(s *httptest.Server) string { return strings.Replace(s.URL, "127.0.0.1", "config.test", 1) }
	require.NoError(t, c.Configure(t.Context(), Settings{Authorities: []Resource{{URL: escaped(firstBundle)}}}))
	require.NoError(t, c.Configure(t.Context(),
		Settings{Authorities: []Resource{{URL: named(first), Gzip: true, Digest: digestOf(lastBundle)}}}))
	got, err := c.Bytes(t.Context(), Resource{URL: named(last)}, 100)
	require.NoError(t, err)
	assert.Equal(t, "config", string(got))
}

// watched is a log that calls seen when a text comes up.
type watched struct {
	bytes.Buffer
	text string
	seen func()
}

func (w *watched) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte(w.text)) {
		w.seen()
	}
	return w.Buffer.Write(p)
}

func TestBundles(t *testing.T) {
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	block := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw}))
	for name, test := range map[string]struct {
		text string
		want int
		err  string
	}{
		"one":                       {block, 1, ""},
		"two":                       {block + block, 2, ""},
		"blank lines and a comment": {"# mine\n" + block + "\n\n# another\n" + block + " \r\n\n", 2, ""},
		"text after the last":       {block + "more", 0, "text after PEM block 1"},
		"nothing":                   {"", 0, "holds no PEM block"},
		"not PEM":                   {"hello", 0, "holds no PEM block"},
		"a key": {block + "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", 0,
			"PEM block 2 (PRIVATE KEY): not a certificate"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := certificates([]byte(test.text))
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Len(t, got, test.want)
		})
	}
	c, _ := quiet()
	err := c.Configure(t.Context(), Settings{Authorities: []Resource{{URL: "data:,hello"}}})
	require.ErrorContains(t, err, "certificate authority: data:,…: holds no PEM block")
	c.Offline = true
	err = c.Configure(t.Context(), Settings{Authorities: []Resource{{URL: "https://host/ca"}}})
	require.ErrorIs(t, err, ErrNeedNet)
}

func TestClientsMayBeShared(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(zipped("hello")) })
	c := New(silent, "1")
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			if i%4 == 0 {
				assert.NoError(t, c.Configure(t.Context(), Settings{Total: time.Minute}))
			}
			for _, url := range []string{server.URL, escaped(zipped("hello"))} {
				got, err := c.Bytes(t.Context(), Resource{URL: url, Gzip: true}, 10)
				assert.NoError(t, err)
				assert.Equal(t, "hello", string(got))
			}
		})
	}
	all.Wait()
}

// inMemory gives a client a network of pipes to one server, for tests on virtual time: a real connection would keep the
// clock from moving.
func inMemory(c *Client, handler http.HandlerFunc) (stop func()) {
	l := &pipes{conns: make(chan net.Conn), closed: make(chan struct{})}
	server := &http.Server{Handler: handler, ErrorLog: discard}
	c.dial = func(ctx context.Context, _, _ string) (net.Conn, error) {
		here, there := net.Pipe()
		select {
		case l.conns <- there:
			return here, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
	go func() { _ = server.Serve(l) }()
	return func() {
		c.renew(func() {})
		_ = server.Close()
		time.Sleep(time.Minute) // virtual; lets handlers notice
	}
}

type pipes struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (p *pipes) Accept() (net.Conn, error) {
	select {
	case c := <-p.conns:
		return c, nil
	case <-p.closed:
		return nil, net.ErrClosed
	}
}

func (p *pipes) Close() error   { p.once.Do(func() { close(p.closed) }); return nil }
func (p *pipes) Addr() net.Addr { return &net.UnixAddr{} }

func TestRetriesBackOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := quiet()
		var at []time.Time
		stop := inMemory(c, func(w http.ResponseWriter, _ *http.Request) {
			if at = append(at, time.Now()); len(at) < 12 {
				w.WriteHeader(http.StatusServiceUnavailable)
			}
		})
		defer stop()
		_, err := c.Fetch(t.Context(), Resource{URL: "http://config.test/"}, io.Discard)
		require.NoError(t, err)
		require.Len(t, at, 12)
		for i, whole := range []time.Duration{200, 400, 800, 1600, 3200, 5000, 5000, 5000, 5000, 5000, 5000} {
			whole *= time.Millisecond
			wait := at[i+1].Sub(at[i])
			assert.LessOrEqual(t, wait, whole, "after attempt %d", i+1)
			assert.GreaterOrEqual(t, wait, whole/2, "after attempt %d", i+1)
		}
		assert.Contains(t, log.String(), "GET result: Service Unavailable")
		assert.Contains(t, log.String(), "GET error: the server answered 503 Service Unavailable; next attempt in ")
		assert.Contains(t, log.String(), "GET result: OK")
	})
}

func TestDeadlines(t *testing.T) {
	hang := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	refuse := func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }
	dribble := func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			_, _ = io.WriteString(w, "x")
			w.(http.Flusher).Flush()
			time.Sleep(time.Second)
		}
	}
	for name, test := range map[string]struct {
		settings Settings
		handler  http.HandlerFunc
		took     time.Duration
		errs     []string
	}{
		"the total bounds a server that never answers": {
			Settings{Total: 7 * time.Second}, hang, 7 * time.Second,
			[]string{"could not be fetched in time (7s, attempts: 1)", "the server had not sent all of its answer"},
		},
		"the total bounds all attempts, and the last failure is named": {
			Settings{Total: time.Minute}, refuse, time.Minute,
			[]string{"could not be fetched in time (1m0s, attempts: ", "the server answered 500 Internal Server Error"},
		},
		"the total bounds a body that never ends": {
			Settings{Total: 30 * time.Second}, dribble, 30 * time.Second,
			[]string{"could not be fetched in time (30s, attempts: 1)"},
		},
		"each attempt waits for headers only so long": {
			Settings{ResponseHeader: 10 * time.Second, Total: 15 * time.Second}, hang, 15 * time.Second,
			[]string{"attempts: 2", "timeout awaiting response headers"},
		},
		"a negative total fails at once": {
			Settings{Total: -time.Second}, hang, 0, []string{"could not be fetched in time (-1s, attempts: 1)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, log := quiet()
				stop := inMemory(c, test.handler)
				defer stop()
				require.NoError(t, c.Configure(t.Context(), test.settings))
				start := time.Now()
				_, err := c.Fetch(t.Context(), Resource{URL: "http://config.test/?token=secret"}, io.Discard)
				assert.Equal(t, test.took, time.Since(start))
				for _, part := range test.errs {
					assert.ErrorContains(t, err, part)
				}
				assert.ErrorContains(t, err, "http://config.test/?token=…: ")
				assert.NotContains(t, err.Error()+log.String(), "secret")
			})
		})
	}
}

var errRefused = errors.New("connection refused")

func TestTheLastCauseIsInTheError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet()
		c.dial = func(context.Context, string, string) (net.Conn, error) { return nil, errRefused }
		require.NoError(t, c.Configure(t.Context(), Settings{Total: time.Minute}))
		_, err := c.Fetch(t.Context(), Resource{URL: "http://config.test/"}, io.Discard)
		require.ErrorIs(t, err, errRefused)
		assert.ErrorContains(t, err, "could not be fetched in time (1m0s, attempts: ")
	})
}

func TestAConnectionThatIsClosedWithoutAnAnswerIsTriedAgain(t *testing.T) {
	t.Parallel()
	var asked atomic.Int32
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if asked.Add(1) == 1 {
			panic(http.ErrAbortHandler)
		}
	})
	c, log := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: server.URL}, io.Discard)
	require.NoError(t, err)
	assert.Contains(t, log.String(), "GET error: the server closed the connection")
}

func TestAServerThatAppearsLateIsFound(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := quiet()
		stop := inMemory(c, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "late") })
		defer stop()
		up, dial := time.Now().Add(40*time.Second), c.dial
		c.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
			if time.Now().Before(up) {
				return nil, errRefused
			}
			return dial(ctx, network, addr)
		}
		got, err := c.Bytes(t.Context(), Resource{URL: "http://config.test/"}, 10)
		require.NoError(t, err)
		assert.Equal(t, "late", string(got))
		assert.Contains(t, log.String(), "GET error: connection refused")
	})
}

func TestACancelledCallerGetsItsOwnError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet()
		stop := inMemory(c, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) })
		defer stop()
		enough := errors.New("enough")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(20*time.Second, func() { cancel(enough) })
		_, err := c.Fetch(ctx, Resource{URL: "http://config.test/"}, io.Discard)
		assert.ErrorIs(t, err, enough)
	})
}

func TestWhoEndsAWaitLearnsWhatItWasFor(t *testing.T) {
	for want, serve := range map[string]http.HandlerFunc{
		"an answer to attempt #1 (5s, attempts: 1)": func(_ http.ResponseWriter, r *http.Request) {
			<-r.Context().Done()
		},
		"the body of the answer, 2 bytes so far (5s, attempts: 1)": trickle(time.Second, time.Second, time.Hour),
		"attempt #6 (5s, attempts: 5); last error: the server answered 500 Internal Server Error": func(
			w http.ResponseWriter, _ *http.Request,
		) {
			w.WriteHeader(500)
		},
	} {
		synctest.Test(t, func(t *testing.T) {
			c, _ := quiet()
			c.jitter = func(most time.Duration) time.Duration { return most }
			defer inMemory(c, serve)()
			ctx, cancel := context.WithCancelCause(t.Context())
			time.AfterFunc(5*time.Second, func() { cancel(errors.New("enough")) })
			_, err := c.Fetch(ctx, Resource{URL: "http://config.test/"}, io.Discard)
			assert.EqualError(t, err, "http://config.test/: enough while waiting for "+want)
		})
	}
}

func TestLogsNeverShowHeaderValues(t *testing.T) {
	c, log := quiet()
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })
	r := Resource{URL: strings.Replace(server.URL, "http://", "http://user:secret@", 1) + "/?k=secret#secret",
		Headers: []Header{{"X", diag.Secret("secret")}}}
	_, err := c.Fetch(t.Context(), r, io.Discard)
	require.Error(t, err)
	assert.NotContains(t, err.Error()+log.String(), "secret")
}
