package fetch

import (
	"bytes"
	"context"
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// longBody is the size of a body that is cut off at places given in bytes: many pieces, and not a whole number of them.
const longBody = 5<<19 + 99

// noise gives bytes that neither repeat nor shrink.
func noise(n int) []byte {
	all := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{7}).Read(all)
	return all
}

func digestOf(content []byte) string {
	sum := sha512.Sum512(content)
	return "sha512-" + hex.EncodeToString(sum[:])
}

// A flaw is what is wrong with a server.
type flaw struct {
	etag    string // "" for none
	changed string // Last-Modified
	cut     int    // the first answers end after that many bytes
	cuts    int    // how many of them
	part    func(w http.ResponseWriter, r *http.Request, content []byte, from int)
}

// honest answers a request for the rest as it should.
func honest(w http.ResponseWriter, r *http.Request, content []byte, from int) {
	if r.Header.Get("If-Range") != w.Header().Get("ETag") &&
		r.Header.Get("If-Range") != w.Header().Get("Last-Modified") {
		_, _ = w.Write(content)
		return
	}
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, len(content)-1, len(content)))
	w.Header().Set("Content-Length", strconv.Itoa(len(content)-from))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(content[from:])
}

// A flawed server notes what it is asked for: "" for the whole.
type flawed struct {
	*httptest.Server
	asked []string
}

func (f flaw) serve(t *testing.T, content []byte) *flawed {
	s := &flawed{}
	s.Server = serve(t, func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r.Header.Get("Range"))
		if f.etag != "" {
			w.Header().Set("ETag", f.etag)
		}
		if f.changed != "" {
			w.Header().Set("Last-Modified", f.changed)
		}
		if from, ok := strings.CutPrefix(r.Header.Get("Range"), "bytes="); ok && f.part != nil {
			n, _ := strconv.Atoi(strings.TrimSuffix(from, "-"))
			f.part(w, r, content, n)
			return
		}
		w.Header().Set("Content-Length", strconv.Itoa(len(content)))
		if len(s.asked) > f.cuts {
			_, _ = w.Write(content)
			return
		}
		_, _ = w.Write(content[:f.cut])
		w.(http.Flusher).Flush()
		panic(http.ErrAbortHandler)
	})
	return s
}

func TestBodiesThatBreakOffAreContinued(t *testing.T) {
	t.Parallel()
	content := noise(longBody)
	text := strings.Repeat("0123456789abcdef", 1<<16)
	const tag = `"v1"`
	const cut, rest = 700_000, "bytes=700000-"
	for name, test := range map[string]struct {
		flaw    flaw
		gzip    bool
		content []byte
		asked   []string
	}{
		"from where they did, if the server marks its content": {flaw{tag, "", cut, 1, honest}, false, content,
			[]string{"", rest}},
		"also by a date": {flaw{"", "Mon, 02 Jan 2006 15:04:05 GMT", cut, 1, honest}, false, content,
			[]string{"", rest}},
		"also inside an archive": {flaw{tag, "", 1000, 1, honest}, true, []byte(text), []string{"", "bytes=1000-"}},
		"not by a weak tag":      {flaw{`W/"v1"`, "", cut, 1, honest}, false, content, []string{"", ""}},
		"not by the date of a change a moment ago": {flaw{"", time.Now().UTC().Format(http.TimeFormat), cut, 1, honest},
			false, content, []string{"", ""}},
		"not without a mark": {flaw{"", "", cut, 2, honest}, false, content, []string{"", "", ""}},
		"from the beginning, if the server does not give parts": {flaw{tag, "", cut, 1, nil}, false, content,
			[]string{"", rest}},
		"from the beginning, if the content has changed meanwhile": {flaw{tag, "", cut, 1, changed}, false, content,
			[]string{"", rest}},
		"from the beginning, if the part is another": {flaw{tag, "", cut, 1, wrongPart}, false, content,
			[]string{"", rest, ""}},
		"from the beginning, if the part is of something else": {flaw{tag, "", cut, 1, wrongSize}, false, content,
			[]string{"", rest, ""}},
		"from the beginning, if the part has another tag": {flaw{tag, "", cut, 1, otherTag}, false, content,
			[]string{"", rest, ""}},
		"from the beginning, if there is no such part": {flaw{tag, "", cut, 1, noPart}, false, content,
			[]string{"", rest, ""}},
		"an archive from the beginning": {flaw{"", "", 1000, 1, nil}, true, []byte(text), []string{"", ""}},
		"a part that is shorter than the rest is continued as well": {flaw{tag, "", cut, 1, shortPart}, false, content,
			[]string{"", rest, "bytes=800000-"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body := test.content
			if test.gzip {
				body = zipped(string(body))
			}
			server := test.flaw.serve(t, body)
			c, log := quiet()
			got, err := c.Bytes(t.Context(), Resource{URL: server.URL, Gzip: test.gzip, Digest: digestOf(test.content)},
				1<<30)
			require.NoError(t, err)
			assert.True(t, bytes.Equal(test.content, got))
			assert.Equal(t, test.asked, server.asked)
			assert.Contains(t, log.String(),
				fmt.Sprintf("GET error: the body broke off after %d bytes: unexpected EOF", test.flaw.cut))
		})
	}
}

func changed(w http.ResponseWriter, _ *http.Request, content []byte, _ int) {
	w.Header().Set("ETag", `"v2"`)
	_, _ = w.Write(content)
}

func wrongPart(w http.ResponseWriter, r *http.Request, content []byte, from int) {
	honest(w, r, content, from-1)
}

func wrongSize(w http.ResponseWriter, r *http.Request, content []byte, from int) {
	honest(w, r, append(bytes.Clone(content), 'x'), from)
}

// otherTag gives the part that is asked for of something that has changed.
func otherTag(w http.ResponseWriter, r *http.Request, content []byte, from int) {
	content = bytes.Clone(content)
	content[from]++
	r.Header.Set("If-Range", `"v2"`)
	w.Header().Set("ETag", `"v2"`)
	honest(w, r, content, from)
}

func noPart(w http.ResponseWriter, _ *http.Request, _ []byte, _ int) {
	w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
}

// shortPart gives 100,000 bytes of what was asked for the first time.
func shortPart(w http.ResponseWriter, r *http.Request, content []byte, from int) {
	if from != 700_000 {
		honest(w, r, content, from)
		return
	}
	w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, from+99_999, len(content)))
	w.WriteHeader(http.StatusPartialContent)
	_, _ = w.Write(content[from : from+100_000])
}

func TestTheRestIsAskedForThroughRedirects(t *testing.T) {
	t.Parallel()
	content := noise(longBody)
	end := flaw{etag: `"v1"`, cut: 700_000, cuts: 1, part: honest}.serve(t, content)
	var headers []http.Header
	front := serve(t, func(w http.ResponseWriter, r *http.Request) {
		headers = append(headers, r.Header)
		http.Redirect(w, r, end.URL, http.StatusFound)
	})
	c, _ := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: front.URL, Digest: digestOf(content),
		Headers: []Header{{"X-Key", "secret"}}}, &memory{limit: 1 << 30})
	require.NoError(t, err)
	assert.Equal(t, []string{"", "bytes=700000-"}, end.asked)
	assert.Equal(t, "secret", headers[1].Get("X-Key"))
}

func TestAServerThatSendsMoreThanItSaysIsReadToWhatItSays(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		conn, stream, err := w.(http.Hijacker).Hijack()
		if err != nil {
			return
		}
		defer conn.Close()
		_, _ = stream.WriteString("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n12345678")
		_ = stream.Flush()
	})
	c, _ := quiet()
	got, err := c.Bytes(t.Context(), Resource{URL: server.URL, Digest: sha512Of("1234")}, 100)
	require.NoError(t, err)
	assert.Equal(t, "1234", string(got))
}

func TestAServerThatHangsInTheBodyIsAskedAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := quiet()
		asked := 0
		stop := inMemory(c, func(w http.ResponseWriter, r *http.Request) {
			if asked++; asked > 1 {
				_, _ = io.WriteString(w, "0123456789")
				return
			}
			w.Header().Set("Content-Length", "10")
			_, _ = io.WriteString(w, "01234")
			w.(http.Flusher).Flush()
			<-r.Context().Done()
		})
		defer stop()
		start := time.Now()
		got, err := c.Bytes(t.Context(), Resource{URL: "http://config.test/"}, 10)
		require.NoError(t, err)
		assert.Equal(t, "0123456789", string(got))
		assert.WithinRange(t, time.Now(), start.Add(stalledAfter), start.Add(stalledAfter+firstPause))
		assert.Contains(t, log.String(), "the body broke off after 5 bytes: no byte for 1m0s")
	})
}

func TestAByteASecondIsProgress(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := quiet()
		stop := inMemory(c, func(w http.ResponseWriter, r *http.Request) {
			time.Sleep(500 * time.Millisecond)
			for range 100 {
				_, _ = io.WriteString(w, "x")
				w.(http.Flusher).Flush()
				time.Sleep(time.Second)
			}
		})
		defer stop()
		got, err := c.Bytes(t.Context(), Resource{URL: "http://config.test/?sig=secret"}, 100)
		require.NoError(t, err)
		assert.Len(t, got, 100)
		assert.Equal(t, 3, strings.Count(log.String(), "waiting since "), "every 30 s")
		assert.Contains(t, log.String(), "GET http://config.test/?sig=…: waiting since 2000-01-01T00:00:00Z (30s) "+
			"for the body of the answer, 30 bytes so far")
		assert.NotContains(t, log.String(), "secret")
	})
}

func TestEndlessWaitsSayWhatTheyWaitFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := quiet()
		stop := inMemory(c, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
		defer stop()
		require.NoError(t, c.Configure(t.Context(), Settings{})) // no limit at all
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Second)
		defer cancel()
		_, err := c.Fetch(ctx, Resource{URL: "http://config.test/"}, io.Discard)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, log.String(), "waiting since 2000-01-01T00:00:00Z (1m30s) for an answer to attempt #1")
	})
}

func TestEndlessWaitsSayWhatHasFailed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, log := quiet()
		c.jitter = func(most time.Duration) time.Duration { return most }
		asked := 0
		stop := inMemory(c, func(w http.ResponseWriter, r *http.Request) {
			if asked++; asked == 2 {
				<-r.Context().Done()
			}
			w.WriteHeader(http.StatusServiceUnavailable)
		})
		defer stop()
		require.NoError(t, c.Configure(t.Context(), Settings{}))
		ctx, cancel := context.WithTimeout(t.Context(), 31*time.Second)
		defer cancel()
		_, err := c.Fetch(ctx, Resource{URL: "http://config.test/"}, io.Discard)
		require.ErrorIs(t, err, context.DeadlineExceeded)
		assert.Contains(t, log.String(), "waiting since 2000-01-01T00:00:00Z (30s) for an answer to attempt #2; "+
			"attempts: 2; last error: the server answered 503 Service Unavailable")
	})
}

func TestTheDeadlineOfACallerNamesTheLastCause(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet()
		stop := inMemory(c, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) })
		defer stop()
		up := fmt.Errorf("the boot has taken too long")
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, up)
		defer cancel()
		_, err := c.Fetch(ctx, Resource{URL: "http://config.test/"}, io.Discard)
		require.ErrorIs(t, err, up)
		assert.ErrorContains(t, err, "503 Service Unavailable")
	})
}

func TestFailuresForAMinuteAndThenTheConfig(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, _ := quiet()
		start := time.Now()
		stop := inMemory(c, func(w http.ResponseWriter, _ *http.Request) {
			if time.Since(start) < time.Minute {
				w.WriteHeader(500)
			}
			_, _ = io.WriteString(w, "config")
		})
		defer stop()
		got, err := c.Bytes(t.Context(), Resource{URL: "http://config.test/"}, 10)
		require.NoError(t, err)
		assert.Equal(t, "config", string(got))
		assert.LessOrEqual(t, time.Since(start), time.Minute+longestPause)
	})
}

func TestServersMayAskToBeLeftAlone(t *testing.T) {
	date := time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC) // not ours
	for name, test := range map[string]struct {
		status     int
		retryAfter string
		least      time.Duration
	}{
		"429 without a time":             {429, "", 0},
		"429 and seconds":                {429, "7", 7 * time.Second},
		"503 and seconds":                {503, "7", 7 * time.Second},
		"a date by the server's clock":   {429, date.Add(9 * time.Second).Format(http.TimeFormat), 9 * time.Second},
		"a date that has passed":         {429, date.Add(-time.Hour).Format(http.TimeFormat), 0},
		"more than can be meant":         {429, "86400", longestAsked},
		"more than a number can hold":    {429, "99999999999999999999", 0},
		"something that is no time":      {503, "soon", 0},
		"a number below zero is no time": {503, "-5", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c, _ := quiet()
				asked := 0
				stop := inMemory(c, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Date", date.Format(http.TimeFormat))
					if asked++; asked == 1 {
						w.Header().Set("Retry-After", test.retryAfter)
						w.WriteHeader(test.status)
					}
				})
				defer stop()
				start := time.Now()
				_, err := c.Fetch(t.Context(), Resource{URL: "http://config.test/"}, io.Discard)
				require.NoError(t, err)
				assert.Equal(t, 2, asked)
				assert.WithinRange(t, time.Now(), start.Add(test.least), start.Add(test.least+firstPause))
			})
		})
	}
}

// A server that sends zeros without end costs what it sends, not what comes out of it.
func TestZerosWithoutEndAreStopped(t *testing.T) {
	member := zipped(strings.Repeat("\x00", 8<<20))
	var sent atomic.Int64
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			n, err := w.Write(member)
			if sent.Add(int64(n)); err != nil {
				return
			}
		}
	})
	c, _ := quiet()
	c.expansion = expansion{32 << 20, 200}
	n, err := c.Fetch(t.Context(), Resource{URL: server.URL, Gzip: true}, io.Discard)
	require.ErrorContains(t, err, "decompresses to more than 200 times its size: stopped after ")
	assert.LessOrEqual(t, n, int64(200*(chunksAhead+1)*chunkSize), "200 times what is read in advance")
}

// Sizes around the chunks, in all ways a body can come.
func TestBodiesOfAllSizesArriveWhole(t *testing.T) {
	content := noise(9*chunkSize + 5)
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		n, _ := strconv.Atoi(r.URL.Query().Get("n"))
		if r.URL.Path == "/gzip" {
			_, _ = w.Write(zipped(string(content[:n])))
			return
		}
		_, _ = w.Write(content[:n])
	})
	c, _ := quiet()
	for _, n := range []int{0, 1, chunkSize - 1, chunkSize, chunkSize + 1, 4 * chunkSize, 5*chunkSize - 1,
		9*chunkSize + 5} {
		for _, path := range []string{"/plain", "/gzip"} {
			for _, digest := range []string{"", digestOf(content[:n])} {
				url := fmt.Sprintf("%s%s?n=%d", server.URL, path, n)
				got, err := c.Bytes(t.Context(), Resource{URL: url, Gzip: path == "/gzip", Digest: digest}, 1<<30)
				require.NoError(t, err, url)
				require.True(t, bytes.Equal(content[:n], got), url)
			}
		}
	}
}

// narrow takes so many bytes and then is full.
type narrow struct{ left int }

func (w *narrow) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errFull
	}
	return len(p), nil
}

func TestADiskThatFillsUpEndsAFetchThatWouldGoOnForEver(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		z := io.Writer(w)
		if r.URL.Path == "/gzip" {
			block := zipped(string(noise(chunkSize)))
			for r.Context().Err() == nil {
				_, _ = z.Write(block)
			}
		}
		for r.Context().Err() == nil {
			_, _ = z.Write(make([]byte, chunkSize))
		}
	})
	c, log := quiet()
	for _, r := range []Resource{{URL: server.URL}, {URL: server.URL, Digest: sha512Of("x")},
		{URL: server.URL + "/gzip", Gzip: true}} {
		_, err := c.Fetch(t.Context(), r, &narrow{left: 3 << 20})
		require.ErrorIs(t, err, errFull)
	}
	assert.NotContains(t, log.String(), "attempt #2")
}

func TestACorruptArchiveEndsAFetchThatWouldGoOnForEver(t *testing.T) {
	server := serve(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = w.Write(zipped("good"))
		for r.Context().Err() == nil {
			_, _ = w.Write([]byte("bad!"))
		}
	})
	c, log := quiet()
	_, err := c.Fetch(t.Context(), Resource{URL: server.URL, Gzip: true}, io.Discard)
	require.ErrorContains(t, err, "gzip: ")
	assert.NotContains(t, log.String(), "attempt #2")
}

// Invariant: no panic, and what is taken for a part lies within the whole.
func FuzzContentRange(f *testing.F) {
	for _, seed := range []string{"bytes 5-9/10", "bytes 5-9/*", "bytes 0-0/1", "bytes -1-9/10", "bytes 5-9/4",
		"bytes */10", "items 1-2/3", "bytes 5", "", "bytes 9223372036854775808-/1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		start, size, ok := contentRange(text)
		if ok {
			assert.GreaterOrEqual(t, start, int64(0))
			assert.True(t, size == -1 || size >= start)
		}
	})
}
