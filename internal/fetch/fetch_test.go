package fetch

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// quiet is a client that keeps its log for the test.
func quiet() (*Client, *bytes.Buffer) {
	log := &bytes.Buffer{}
	return New(slog.New(slog.NewTextHandler(log, nil)), "1.2.3"), log
}

func sha512Of(s string) string {
	sum := sha512.Sum512([]byte(s))
	return "sha512-" + hex.EncodeToString(sum[:])
}

func sha256Of(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "sha256-" + hex.EncodeToString(sum[:])
}

func zipped(s string) []byte {
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	_, _ = io.WriteString(w, s)
	_ = w.Close()
	return b.Bytes()
}

// escaped is a data URL with every byte as an escape.
func escaped(content []byte) string {
	var b strings.Builder
	b.WriteString("data:,")
	for _, c := range content {
		fmt.Fprintf(&b, "%%%02x", c)
	}
	return b.String()
}

func TestLocalSources(t *testing.T) {
	for name, test := range map[string]struct {
		resource Resource
		want     string
		err      string // a part of the error
	}{
		"an empty source has no bytes":           {Resource{}, "", ""},
		"a source without a scheme has no bytes": {Resource{URL: "some/path"}, "", ""},
		"plain data":                             {Resource{URL: "data:,a%20b"}, "a b", ""},
		"base64 data": {Resource{URL: "data:text/plain;charset=utf-8;base64,aGVsbG8="},
			"hello", ""},
		"an unusual header is decoded too": {Resource{URL: `data:x-y/z;a="b,c",d`}, "d", ""},
		"gzip is unpacked":                 {Resource{URL: escaped(zipped("hello")), Gzip: true}, "hello", ""},
		"two gzip members are one text": {Resource{URL: escaped(append(zipped("a"), zipped("b")...)), Gzip: true}, "ab",
			""},
		"a sha512 digest that matches": {Resource{URL: "data:,x", Digest: sha512Of("x")}, "x", ""},
		"a sha256 digest in upper case matches": {Resource{URL: "data:,x",
			Digest: "sha256-" + strings.ToUpper(sha256Of("x")[7:])}, "x", ""},
		"the digest is of the unpacked bytes": {Resource{URL: escaped(zipped("x")), Gzip: true, Digest: sha512Of("x")},
			"x", ""},
		"nothing has a digest too": {Resource{Digest: sha256Of("")}, "", ""},
		"a digest of something else": {Resource{URL: "data:,x", Digest: sha256Of("y")}, "", "data:,…: sha256 does " +
			"not match: expected " + sha256Of("y")[7:] + ", got " + sha256Of("x")[7:] + ", 1 byte"},
		"a digest that is none":                {Resource{URL: "data:,x", Digest: "md5-00"}, "", "digest: "},
		"nothing with the digest of something": {Resource{Digest: sha256Of("x")}, "", "sha256 does not match"},
		"data that is not gzip":                {Resource{URL: "data:,hello", Gzip: true}, "", "gzip: "},
		"no data where gzip is expected": {Resource{URL: "data:,", Gzip: true}, "",
			"gzip: nothing to decompress"},
		"gzip that is cut short": {Resource{URL: escaped(zipped("hello")[:12]), Gzip: true}, "",
			"gzip: "},
		"bad base64":                         {Resource{URL: "data:;base64,a"}, "", "not a well-formed data URL"},
		"a prefix in upper case is not data": {Resource{URL: "DATA:,x"}, "", "not a well-formed data URL"},
		"something that no version knows":    {Resource{URL: "ftp://host/file"}, "", `unknown scheme "ftp"`},
		"a text that is not a URL is not shown": {Resource{URL: "http://us%zzer:secret@host"}, "",
			"…: does not parse as a URL"},
		"an http URL without a host": {Resource{URL: "http:///path"}, "", "names no host"},
		"a tftp URL without a host":  {Resource{URL: "tftp:///path"}, "", "names no host"},
		"a bucket without an object": {Resource{URL: "s3://bucket"}, "", "names no object in the bucket"},
		"an ARN of no object": {Resource{URL: "arn:aws:s3:::bucket/"}, "",
			"names no object in the bucket"},
		"a bucket of Google's without an object": {Resource{URL: "gs://bucket/"}, "", "names no object in a bucket"},
		"a header name with a space": {Resource{URL: "http://host/", Headers: []Header{{"a b", "c"}}}, "",
			"a header has a name that none can have"},
		"a header value with a line break": {Resource{URL: "http://host/", Headers: []Header{{"a", "secret\r\nb: c"}}},
			"", `header "a": the value holds`},
		"a secret in a query is not in the error": {Resource{URL: "http:///file?token=secret"}, "", "token=…"},
		"the payload of a data URL is not in the error": {Resource{URL: "data:;secret,secret"}, "",
			"not a well-formed"},
		"the payload of a data URL is not in its mismatch": {Resource{URL: "data:,secret", Digest: sha256Of("y")}, "",
			"sha256"},
	} {
		t.Run(name, func(t *testing.T) {
			c, log := quiet()
			got, err := c.Bytes(t.Context(), test.resource, 1000)
			assert.NotContains(t, log.String(), "secret")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				assert.NotContains(t, err.Error(), "secret")
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, string(got))
			assert.Nil(t, c.current, "a local source needs no connections")
		})
	}
}

func TestOfflineNeedsTheNetworkForAllButLocalSources(t *testing.T) {
	for url, local := range map[string]bool{
		"": true, "no/scheme": true, "data:,x": true, "http://h/": false, "https://h/": false, "tftp://h/f": false,
		"s3://b/k": false,
		"gs://b/k": false, "arn:aws:s3:::b/k": false, "ftp://h/": false,
	} {
		c, log := quiet()
		c.Offline = true
		_, err := c.Fetch(t.Context(), Resource{URL: url}, io.Discard)
		if local {
			assert.NoError(t, err, url)
		} else {
			assert.ErrorIs(t, err, ErrNeedNet, url)
		}
		assert.Empty(t, log.String(), url)
	}
}

func TestBytesKeepsToItsLimit(t *testing.T) {
	c, _ := quiet()
	got, err := c.Bytes(t.Context(), Resource{URL: "data:,1234"}, 4)
	require.NoError(t, err)
	assert.Equal(t, "1234", string(got))
	_, err = c.Bytes(t.Context(), Resource{URL: "data:,12345"}, 4)
	assert.ErrorContains(t, err, "larger than 4 bytes")
	_, err = c.Bytes(t.Context(), Resource{URL: escaped(zipped("12345")), Gzip: true}, 4)
	assert.ErrorContains(t, err, "larger than 4 bytes")
	assert.NotContains(t, err.Error(), "gzip", "the archive is not to blame")
}

func TestDecompressionIsBounded(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	for name, test := range map[string]struct {
		limit   expansion
		stopped bool
	}{
		"within the size that is free":    {expansion{1 << 20, 2}, false},
		"past it, but not past the ratio": {expansion{1 << 10, 2000}, false},
		"past both":                       {expansion{1 << 10, 100}, true},
		"past the size by a single write": {expansion{1<<20 - 1, 100}, true},
		"an ordinary text is far from it": {expansion{0, 2000}, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, _ := quiet()
			c.expansion = test.limit
			archive := zipped(zeros)
			n, err := c.Fetch(t.Context(), Resource{URL: escaped(archive), Gzip: true}, io.Discard)
			if test.stopped {
				require.ErrorContains(t, err, "decompresses to more than 100 times its size")
				assert.LessOrEqual(t, n, max(test.limit.free, 100*int64(len(archive))))
				return
			}
			require.NoError(t, err)
			assert.EqualValues(t, len(zeros), n)
		})
	}
}

// full is a disk without space.
type full struct{}

var errFull = errors.New("no space")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestADigestIsHeldAgainstEverySource(t *testing.T) {
	t.Setenv("GCE_METADATA_HOST", "127.0.0.1:1") // nobody: objects are asked for anonymously
	plain := serve(t, says("content"))
	tftp := tftpServer(t, "127.0.0.1:0", map[string][]byte{"content": []byte("content")})
	for source, url := range map[string]string{
		"data": "data:,content", "base64": "data:;base64,Y29udGVudA==", "http": plain.URL,
		"https": "https://config.test/content", "tftp": "tftp://" + tftp + "/content",
		"s3": "s3://bucket/content", "arn": "arn:aws:s3:::bucket/content", "gs": "gs://bucket/content",
	} {
		for _, digest := range []func(string) string{sha256Of, sha512Of} {
			t.Run(source+" "+digest("")[:6], func(t *testing.T) {
				c, _ := quiet()
				internet(t, c, func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("X-Amz-Bucket-Region", "eu-west-1")
					_, _ = io.WriteString(w, "content")
				})
				got, err := c.Bytes(t.Context(), Resource{URL: url, Digest: digest("content")}, 100)
				require.NoError(t, err)
				assert.Equal(t, "content", string(got))
				_, err = c.Bytes(t.Context(), Resource{URL: url, Digest: digest("other")}, 100)
				require.ErrorContains(t, err,
					"does not match: expected "+digest("other")[7:]+", got "+digest("content")[7:]+", 7 bytes")
			})
		}
	}
}

func TestErrorsOfTheWriterComeThrough(t *testing.T) {
	c, _ := quiet()
	for _, r := range []Resource{{URL: "data:,x"}, {URL: escaped(zipped("x")), Gzip: true}} {
		n, err := c.Fetch(t.Context(), r, full{})
		require.ErrorIs(t, err, errFull)
		assert.NotContains(t, err.Error(), "gzip:")
		assert.Zero(t, n)
	}
}

func TestACancelledContextStopsLocalFetches(t *testing.T) {
	c, _ := quiet()
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errFull)
	_, err := c.Fetch(ctx, Resource{URL: "data:,x"}, io.Discard)
	require.ErrorIs(t, err, errFull)
	assert.NotContains(t, err.Error(), "context")
}

// fails is a writer that ends as libraries do that know no causes.
type fails struct{ err error }

func (f fails) Write([]byte) (int, error) { return 0, f.err }

func TestAFetchThatIsEndedSaysWhy(t *testing.T) {
	c, _ := quiet()
	for _, is := range []error{context.Canceled, context.DeadlineExceeded} {
		ctx, cancel := context.WithCancelCause(t.Context())
		defer cancel(nil)
		_, err := c.Fetch(ctx, Resource{URL: "data:,x"}, &endsBy{fails{is}, func() { cancel(errFull) }})
		require.ErrorIs(t, err, errFull)
		assert.NotContains(t, err.Error(), "context")
		assert.Equal(t, KindCancelled, KindOf(err))
	}
}

// endsBy has the context end before a write.
type endsBy struct {
	fails
	end func()
}

func (e *endsBy) Write(p []byte) (int, error) {
	e.end()
	return e.fails.Write(p)
}

var (
	silent  = slog.New(slog.DiscardHandler)
	discard = log.New(io.Discard, "", 0)
)
