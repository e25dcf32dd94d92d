package fetch

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestErrorsSayWhatToTry(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/text", says("text that is not compressed"))
	for path, code := range map[string]int{"/private": 401, "/forbidden": 403, "/proxy": 407, "/odd": 418} {
		mux.HandleFunc(path, status(code, "secret"))
	}
	mux.HandleFunc("/slow", func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	server := serve(t, mux.ServeHTTP)
	secure := newTLS(t)
	for name, test := range map[string]struct {
		resource Resource
		hints    []string
	}{
		"a digest that does not match": {Resource{URL: server.URL + "/text", Digest: sha256Of("other")},
			[]string{hintDigest}},
		"of data too": {Resource{URL: "data:,text", Digest: sha256Of("other")},
			[]string{hintDigest}},
		"content that is not compressed": {Resource{URL: server.URL + "/text", Gzip: true}, []string{hintGzip}},
		"a short text that is not":       {Resource{URL: "data:,hi", Gzip: true}, []string{hintGzip}},
		"a byte that is not":             {Resource{URL: "data:,x", Gzip: true}, []string{hintGzip}},
		"the beginning of gzip":          {Resource{URL: "data:;base64,H4s=", Gzip: true}, nil},
		"nobody listens":                 {Resource{URL: "http://refused.test/"}, []string{hintRefused}},
		"nothing there":                  {Resource{URL: server.URL + "/none"}, []string{hintMissing}},
		"a password is wanted":           {Resource{URL: server.URL + "/private"}, []string{hintKey}},
		"access denied":                  {Resource{URL: server.URL + "/forbidden"}, []string{hintKey}},
		"a proxy that wants a password":  {Resource{URL: server.URL + "/proxy"}, []string{hintProxy}},
		"an answer that is not known":    {Resource{URL: server.URL + "/odd"}, nil},
		"an authority that is not known": {Resource{URL: secure}, []string{hintAuthority}},
		"a server that never answers":    {Resource{URL: server.URL + "/slow"}, []string{hintTime}},
		"a name that is not known":       {Resource{URL: "http://nobody.test/"}, []string{hintName}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c, _ := quiet()
			direct := c.dial
			c.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
				if addr == "nobody.test:80" {
					return nil, &net.DNSError{Err: "no such host", Name: "nobody.test", IsNotFound: true}
				}
				if addr == "refused.test:80" {
					return nil, &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
				}
				return direct(ctx, network, addr)
			}
			require.NoError(t, c.Configure(t.Context(), Settings{Total: 3 * time.Second}))
			_, err := c.Fetch(t.Context(), test.resource, io.Discard)
			require.Error(t, err)
			assert.Equal(t, test.hints, diag.Hints(err), err)
		})
	}
}

// What a server sends in place of an answer may be the config.
func TestAnAnswerThatIsNoneIsNotShown(t *testing.T) {
	for name, answer := range map[string]string{
		"a text":               "{\"secret\": \"secret\"}\r\n\r\n",
		"a status that is odd": "HTTP/1.1 secret\r\n\r\n",
		"a version that is":    "HTTP/secret 200 OK\r\n\r\n",
		"a header that is":     "HTTP/1.1 200 OK\r\nsecret\r\n\r\n",
		"a length that is":     "HTTP/1.1 200 OK\r\nContent-Length: secret\r\n\r\n",
		"an encoding that is":  "HTTP/1.1 200 OK\r\nTransfer-Encoding: secret\r\n\r\n",
		"a part that is":       "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nsecret\r\n",
		"a trailer that is":    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\nsecret\r\n\r\n",
		"another trailer": "HTTP/1.1 200 OK\r\nTrailer: Content-Length\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n" +
			"Content-Length: secret\r\n\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, log := quiet()
				c.dial = func(context.Context, string, string) (net.Conn, error) {
					here, there := net.Pipe()
					go func() {
						defer there.Close()
						_, _ = there.Read(make([]byte, 4096))
						_, _ = io.WriteString(there, answer)
					}()
					return here, nil
				}
				require.NoError(t, c.Configure(t.Context(), Settings{Total: time.Minute}))
				_, err := c.Fetch(t.Context(), Resource{URL: "http://config.test/"}, &memory{limit: 100})
				require.Error(t, err)
				assert.NotContains(t, err.Error()+log.String(), "secret")
				_, err = c.Do(t.Context(), Request{URL: "http://config.test/"}, 100)
				require.Error(t, err)
				assert.NotContains(t, err.Error()+log.String(), "secret")
			})
		})
	}
}

func TestARedirectOutOfHTTPIsFinal(t *testing.T) {
	for _, where := range []string{"ftp://host/?sig=secret", "file:///etc/passwd", "data:,secret", "mailto:secret",
		"http:///secret", "http:secret"} {
		server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", where)
			w.WriteHeader(http.StatusFound)
		})
		c, log := quiet()
		_, err := c.Fetch(t.Context(), Resource{URL: server.URL}, io.Discard)
		require.ErrorContains(t, err, "redirected to a URL that is not of http or https")
		assert.NotContains(t, err.Error()+log.String(), "secret")
	}
}
