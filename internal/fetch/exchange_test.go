package fetch

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestARequestIsSentAsItIsPut(t *testing.T) {
	var got http.Header
	var method, body string
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		got, method, body = r.Header, r.Method, string(text)
		w.Header().Set("Date", "Thu, 01 Jan 1970 00:00:00 GMT")
		w.WriteHeader(http.StatusTeapot)
		_, _ = io.WriteString(w, "SECRET-answer")
	})
	c, log := quiet()
	reply, err := c.Do(t.Context(), Request{Method: http.MethodPost, URL: server.URL + "/?q=SECRET-query",
		Headers: []Header{{"X-Token", "SECRET-token"}}, Body: []byte("SECRET-body")}, 100)
	require.NoError(t, err, "every status is an answer")
	assert.Equal(t, http.StatusTeapot, reply.Status)
	assert.Equal(t, "SECRET-answer", string(reply.Body))
	assert.Equal(t, "Thu, 01 Jan 1970 00:00:00 GMT", reply.Header.Get("Date"))
	assert.Equal(t, []string{"POST", "SECRET-body", "SECRET-token", "Ignition/1.2.3"},
		[]string{method, body, got.Get("X-Token"), got.Get("User-Agent")})
	assert.Contains(t, log.String(), "POST "+server.URL+"/?q=…: attempt #1")
	assert.NotContains(t, log.String(), "SECRET")
}

// A zone is for this machine: the server is not told of it. A request without a body says so, which token services
// want.
func TestARequestOnTheWire(t *testing.T) {
	for name, test := range map[string]struct {
		request  Request
		to, wire string
	}{
		"a zone": {
			Request{URL: "http://[fe80::a9fe:a9fe%25eth0]/openstack/latest/user_data"}, "[fe80::a9fe:a9fe%eth0]:80",
			"GET /openstack/latest/user_data HTTP/1.1\r\nHost: [fe80::a9fe:a9fe]\r\n" +
				"User-Agent: Ignition/1.2.3\r\nAccept: " + accept() + "\r\nAccept-Encoding: identity\r\n\r\n",
		},
		"a token": {
			Request{Method: http.MethodPut, URL: "http://169.254.169.254/latest/api/token",
				Headers: []Header{{"X-aws-ec2-metadata-token-ttl-seconds", "21600"}}}, "169.254.169.254:80",
			"PUT /latest/api/token HTTP/1.1\r\nHost: 169.254.169.254\r\nUser-Agent: Ignition/1.2.3\r\n" +
				"Content-Length: 0\r\nAccept: " + accept() +
				"\r\nAccept-Encoding: identity\r\nX-Aws-Ec2-Metadata-Token-Ttl-Seconds: 21600\r\n\r\n",
		},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := quiet()
			var wire string
			c.dial = func(_ context.Context, _, address string) (net.Conn, error) {
				assert.Equal(t, test.to, address)
				here, there := net.Pipe()
				go func() {
					defer there.Close()
					head := make([]byte, len(test.wire))
					n, _ := io.ReadFull(there, head)
					wire = string(head[:n])
					_, _ = io.WriteString(there, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
				}()
				return here, nil
			}
			reply, err := c.Do(t.Context(), test.request, 10)
			require.NoError(t, err)
			assert.Equal(t, "ok", string(reply.Body))
			assert.Equal(t, test.wire, wire)
		})
	}
}

func TestWhatARequestRefuses(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "0123456789") })
	c, _ := quiet()
	_, err := c.Do(t.Context(), Request{URL: server.URL}, 9)
	assert.EqualError(t, err, server.URL+": the answer is longer than 9 bytes")
	reply, err := c.Do(t.Context(), Request{URL: server.URL}, 10)
	require.NoError(t, err)
	assert.Len(t, reply.Body, 10)
	for _, url := range []string{"", "http://%zz/", "/metadata"} {
		_, err = c.Do(t.Context(), Request{URL: url}, 10)
		assert.ErrorIs(t, err, errNotURL, url)
	}
	c.Offline = true
	_, err = c.Do(t.Context(), Request{URL: server.URL}, 10)
	assert.ErrorIs(t, err, ErrNeedNet)
}

func TestARequestIsPutAgainUntilThereIsAnAnswer(t *testing.T) {
	for name, test := range map[string]struct {
		statuses []int // one after the other, the last for ever; 0 is no answer, -1 one that breaks off
		retry    []int
		want     int
		asked    int
	}{
		"any status but those":      {[]int{403}, nil, 403, 1},
		"not found":                 {[]int{404}, nil, 404, 1},
		"a server in trouble":       {[]int{500, 503, 200}, nil, 200, 3},
		"too many requests":         {[]int{429, 200}, nil, 200, 2},
		"a status that says: later": {[]int{404, 410, 200}, []int{404, 410}, 200, 3},
		"no answer":                 {[]int{0, 0, 204}, nil, 204, 3},
		"half an answer":            {[]int{-1, -1, 200}, nil, 200, 3},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := quiet()
				asked := 0
				stop := inMemory(c, func(w http.ResponseWriter, r *http.Request) {
					status := test.statuses[min(asked, len(test.statuses)-1)]
					asked++
					switch {
					case status == -1:
						w.Header().Set("Content-Length", "4")
						_, _ = io.WriteString(w, "an")
						w.(http.Flusher).Flush()
						fallthrough
					case status == 0:
						panic(http.ErrAbortHandler)
					}
					w.WriteHeader(status)
					if status == http.StatusOK {
						_, _ = io.WriteString(w, "answer")
					}
				})
				defer stop()
				reply, err := c.Do(t.Context(), Request{URL: "http://metadata/", Retry: test.retry}, 10)
				require.NoError(t, err)
				assert.Equal(t, test.want, reply.Status)
				assert.Equal(t, test.want == http.StatusOK, string(reply.Body) == "answer", "the whole of it")
				assert.Equal(t, test.asked, asked)
			})
		})
	}
}

func TestAnAnswerThatHangsIsAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := quiet()
		asked := 0
		stop := inMemory(c, func(w http.ResponseWriter, r *http.Request) {
			asked++
			hangs := asked == 1
			for i := range 5 {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				if i == 2 && hangs {
					<-r.Context().Done()
					return
				}
				time.Sleep(stalledAfter - time.Second)
			}
		})
		defer stop()
		reply, err := c.Do(t.Context(), Request{URL: "http://config.test/"}, 10)
		require.NoError(t, err)
		assert.Equal(t, "xxxxx", string(reply.Body))
		assert.Equal(t, 2, asked)
		assert.Contains(t, log.String(), "GET error: no byte for 1m0s; next attempt in ")
	})
}

func TestTheShorterOfTwoLimitsEndsARequest(t *testing.T) {
	for name, test := range map[string]struct{ client, own, want time.Duration }{
		"its own where the client has none": {0, 10 * time.Second, 10 * time.Second},
		"its own":                           {time.Minute, 10 * time.Second, 10 * time.Second},
		"the client's":                      {5 * time.Second, 10 * time.Second, 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := quiet()
				defer inMemory(c,
					func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusServiceUnavailable) })()
				require.NoError(t, c.Configure(t.Context(), Settings{Total: test.client}))
				start := time.Now()
				_, err := c.Do(t.Context(), Request{URL: "http://metadata/", Limit: test.own}, 10)
				require.ErrorContains(t, err, "http://metadata/: could not be fetched in time")
				assert.Equal(t, test.want, time.Since(start))
			})
		})
	}
}

// A signal to the machine is not to be repeated at wherever an answer points.
func TestOnlyAGETIsLedElsewhere(t *testing.T) {
	there := serve(t, func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Get("X-Token"), "what is for the first server only")
		_, _ = io.WriteString(w, "there")
	})
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, there.URL, http.StatusFound)
	})
	c, _ := quiet()
	reply, err := c.Do(t.Context(), Request{URL: server.URL, Headers: []Header{{"X-Token", "x"}}}, 10)
	require.NoError(t, err)
	assert.Equal(t, "there", string(reply.Body))
	reply, err = c.Do(t.Context(), Request{Method: http.MethodPut, URL: server.URL}, 100)
	require.NoError(t, err)
	assert.Equal(t, http.StatusFound, reply.Status)
}

// Who may not take such a port, as users of most systems, is told so, and does not search for ever.
func TestLowPorts(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	conn, err := dialFromLowPort(t.Context(), "tcp", listener.Addr().String())
	if err != nil {
		require.ErrorContains(t, err, "permission denied")
		return
	}
	defer conn.Close()
	assert.Less(t, conn.LocalAddr().(*net.TCPAddr).Port, 1023)
	_, err = dialFromLowPort(t.Context(), "tcp", "127.0.0.1:1")
	var failed *net.OpError
	assert.True(t, errors.As(err, &failed) && !strings.Contains(err.Error(), "in use"), "%v", err)
}
