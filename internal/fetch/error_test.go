package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// cutOff sends so many bytes of a longer body, and closes the connection.
func cutOff(n int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(n+5))
		_, _ = w.Write(make([]byte, n))
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	}
}

// once is a writer that cannot take back what it was given.
type once struct{ io.Writer }

func TestAnErrorSaysWhatAFetchHasFailedAt(t *testing.T) {
	mux := http.NewServeMux()
	mux.HandleFunc("/text", says("text"))
	mux.HandleFunc("/zeros", says(string(zipped(string(make([]byte, 1<<20))))))
	mux.HandleFunc("/forbidden", status(http.StatusForbidden, ""))
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/round", http.StatusFound)
	})
	mux.HandleFunc("/elsewhere", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "ftp://host/", http.StatusFound)
	})
	mux.HandleFunc("/cut", cutOff(3*chunkSize))
	server := serve(t, mux.ServeHTTP).URL
	tftp := func(code byte) string {
		return "tftp://" + datagrams(t, func(_ int32, conn net.PacketConn, to net.Addr) {
			_, _ = conn.WriteTo(tftpSays(code, "no"), to)
		}) + "/file"
	}
	small := func() io.Writer { return &memory{limit: 3} }
	noSpace := func() io.Writer { return full{} }
	for claim, test := range map[string]struct {
		r       Resource
		to      func() io.Writer
		kind    Kind
		attempt int
		status  int
	}{
		"a URL that is none":       {Resource{URL: "http://us%zzer@host"}, nil, KindRequest, 0, 0},
		"a URL without a host":     {Resource{URL: "http:///path"}, nil, KindRequest, 0, 0},
		"a scheme that is none":    {Resource{URL: "ftp://host/"}, nil, KindRequest, 0, 0},
		"data that cannot be read": {Resource{URL: "data:;base64,a"}, nil, KindRequest, 0, 0},
		"a digest that is none":    {Resource{URL: "data:,x", Digest: "md5-00"}, nil, KindRequest, 0, 0},
		"a header that is none":    {Resource{URL: server, Headers: []Header{{"a b", "c"}}}, nil, KindRequest, 0, 0},
		"a bucket without a key":   {Resource{URL: "s3://bucket"}, nil, KindRequest, 0, 0},
		"Google's without a key":   {Resource{URL: "gs://bucket"}, nil, KindRequest, 0, 0},
		"TFTP without a host":      {Resource{URL: "tftp:///file"}, nil, KindRequest, 0, 0},
		"a status":                 {Resource{URL: server + "/forbidden"}, nil, KindStatus, 1, 403},
		"redirects without end":    {Resource{URL: server + "/round"}, nil, KindStatus, 1, 0},
		"a redirect out of HTTP":   {Resource{URL: server + "/elsewhere"}, nil, KindStatus, 1, 0},
		"a file that may not be":   {Resource{URL: tftp(2)}, nil, KindStatus, 1, 0},
		"nothing there":            {Resource{URL: server + "/none"}, nil, KindMissing, 1, 404},
		"no such file":             {Resource{URL: tftp(1)}, nil, KindMissing, 1, 0},
		"a body that has to be had again, but is written": {Resource{URL: server + "/cut"},
			func() io.Writer { return once{io.Discard} }, KindBody, 1, 0},
		"no gzip":                   {Resource{URL: server + "/text", Gzip: true}, nil, KindContent, 1, 0},
		"no gzip in data":           {Resource{URL: "data:,x", Gzip: true}, nil, KindContent, 0, 0},
		"another digest":            {Resource{URL: server + "/text", Digest: sha256Of("x")}, nil, KindDigest, 1, 0},
		"another digest of data":    {Resource{URL: "data:,x", Digest: sha256Of("y")}, nil, KindDigest, 0, 0},
		"more than is taken":        {Resource{URL: server + "/text"}, small, KindSize, 1, 0},
		"more data than is taken":   {Resource{URL: "data:,text"}, small, KindSize, 0, 0},
		"more than can be meant":    {Resource{URL: server + "/zeros", Gzip: true}, nil, KindSize, 1, 0},
		"a disk that is full":       {Resource{URL: server + "/text"}, noSpace, KindWriter, 1, 0},
		"a disk that is full of it": {Resource{URL: "data:,x"}, noSpace, KindWriter, 0, 0},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			c, _ := quiet()
			c.expansion = expansion{1 << 10, 100}
			to := io.Writer(&memory{limit: 1 << 30})
			if test.to != nil {
				to = test.to()
			}
			_, err := c.Fetch(t.Context(), test.r, to)
			failed := new(Error)
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.kind, failed.Kind, err)
			assert.Equal(t, test.attempt, failed.Attempt, err)
			assert.Equal(t, test.status, failed.Status, err)
			assert.Nil(t, retryable(err), "nobody asks again")
		})
	}
}

func TestAnErrorSaysWhyThereIsNoAnswer(t *testing.T) {
	t.Parallel()
	secure := newTLS(t)
	plain := serve(t, says("text"))
	for claim, test := range map[string]struct {
		url  string
		dial error
		kind Kind
	}{
		"a name that is not known":           {"http://config.test/", &net.DNSError{Err: "no such host"}, KindName},
		"nobody there":                       {"http://config.test/", errRefused, KindConnection},
		"a connection that is closed":        {"http://config.test/", io.EOF, KindConnection},
		"an authority that is not known":     {secure, nil, KindTLS},
		"a server without TLS":               {"https" + plain.URL[len("http"):], nil, KindTLS},
		"a name that no server is asked for": {"tftp://" + strings.Repeat("x", 300) + "/file", nil, KindName},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			c, _ := quiet()
			direct := c.dial
			c.dial = func(ctx context.Context, network, address string) (net.Conn, error) {
				if test.dial != nil {
					return nil, test.dial
				}
				return direct(ctx, network, address)
			}
			require.NoError(t, c.Configure(t.Context(), Settings{Total: 3 * time.Second}))
			_, err := c.Fetch(t.Context(), Resource{URL: test.url}, io.Discard)
			late := new(Error)
			require.ErrorAs(t, err, &late)
			assert.Equal(t, KindTime, late.Kind, err)
			assert.Equal(t, test.kind, KindOf(late.Err), err)
			assert.Positive(t, late.Attempt, err)
		})
	}
}

func TestKindsOfConnections(t *testing.T) {
	for claim, test := range map[string]struct {
		err  error
		kind Kind
	}{
		"what the server says of TLS": {&net.OpError{Op: "remote error", Err: errors.New("tls: handshake failure")},
			KindTLS},
		"what we say of it": {errors.New("tls: server selected unsupported protocol version 301"), KindTLS},
		"a certificate": {&tls.CertificateVerificationError{Err: x509.HostnameError{Certificate: &x509.Certificate{},
			Host: "h"}}, KindTLS},
		"a handshake that takes too long": {errors.New("net/http: TLS handshake timeout"), KindTLS},
		"a name, behind others":           {fmt.Errorf("dial: %w", &net.DNSError{Name: "tls: "}), KindName},
		"a cable": {&net.OpError{Op: "dial", Err: errors.New("no route to host")},
			KindConnection},
		"what is no HTTP": {errors.New(`malformed HTTP status code "x"`), KindConnection},
	} {
		assert.Equal(t, test.kind, kindOfConnection(test.err), claim)
	}
}

func TestAnErrorNamesTheAttempt(t *testing.T) {
	for claim, test := range map[string]struct {
		last    http.HandlerFunc
		kind    Kind
		attempt int
	}{
		"that was refused":                {status(http.StatusForbidden, ""), KindStatus, 3},
		"whose body has the wrong digest": {says("other"), KindDigest, 3},
		"that was the last one in time":   {status(http.StatusServiceUnavailable, ""), KindTime, 12},
		"after which the caller had enough": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() },
			KindCancelled, 4},
	} {
		t.Run(claim, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := quiet()
				c.jitter = func(most time.Duration) time.Duration { return most }
				asked := 0
				defer inMemory(c, func(w http.ResponseWriter, r *http.Request) {
					if asked++; asked < 3 {
						w.WriteHeader(http.StatusServiceUnavailable)
						return
					}
					test.last(w, r)
				})()
				total := 40 * time.Second
				ctx, cancel := context.WithCancel(t.Context())
				if test.kind == KindCancelled {
					time.AfterFunc(15*time.Second, cancel)
				}
				defer cancel()
				require.NoError(t, c.Configure(t.Context(), Settings{ResponseHeader: 10 * time.Second, Total: total}))
				r := Resource{URL: "http://config.test/", Digest: sha256Of("text")}
				_, err := c.Fetch(ctx, r, &memory{limit: 99})
				failed := new(Error)
				require.ErrorAs(t, err, &failed)
				assert.Equal(t, test.kind, failed.Kind, err)
				assert.Equal(t, test.attempt, failed.Attempt, err)
			})
		})
	}
}

func TestAServicesErrorHasAKindToo(t *testing.T) {
	t.Parallel()
	mux := http.NewServeMux()
	mux.HandleFunc("/long", says("0123456789"))
	mux.HandleFunc("/packed", packing(zipped("text")[:8], "gzip"))
	mux.HandleFunc("/round", func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/round", http.StatusFound)
	})
	mux.HandleFunc("/cut", cutOff(5))
	mux.HandleFunc("/busy", status(http.StatusServiceUnavailable, ""))
	server := serve(t, mux.ServeHTTP).URL
	for claim, test := range map[string]struct {
		url        string
		kind, last Kind
	}{
		"a URL that is none":       {"http://", KindRequest, ""},
		"an answer that is long":   {server + "/long", KindSize, ""},
		"one that does not unpack": {server + "/packed", KindContent, ""},
		"redirects without end":    {server + "/round", KindStatus, ""},
		"a body that breaks off":   {server + "/cut", KindTime, KindBody},
		"a service that is busy":   {server + "/busy", KindTime, KindStatus},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			c, _ := quiet()
			require.NoError(t, c.Configure(t.Context(), Settings{Total: 3 * time.Second}))
			_, err := c.Do(t.Context(), Request{URL: test.url}, 9)
			failed := new(Error)
			require.ErrorAs(t, err, &failed)
			assert.Equal(t, test.kind, failed.Kind, err)
			assert.Equal(t, test.last, KindOf(failed.Err), err)
		})
	}
	assert.Empty(t, KindOf(errRefused), "an error that is not of a fetch")
	assert.Empty(t, KindOf(nil))
}
