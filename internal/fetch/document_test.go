package fetch

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// packing is a server that packs what it answers although nobody asks for it.
func packing(body []byte, encoding string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", encoding)
		_, _ = w.Write(body)
	}
}

func TestADocumentIsUnpackedThatAServerHasPackedUnasked(t *testing.T) {
	for name, test := range map[string]struct {
		body     []byte
		encoding string
		resource Resource
		want     string
		err      string
	}{
		"packed on the way":    {zipped("text"), "gzip", Resource{}, "text", ""},
		"by its older name":    {zipped("text"), " X-GZIP", Resource{}, "text", ""},
		"a digest of the text": {zipped("text"), "gzip", Resource{Digest: sha256Of("text")}, "text", ""},
		"a digest of what is sent": {zipped("text"), "gzip", Resource{Digest: sha256Of(string(zipped("text")))}, "text",
			""},
		"a digest of neither": {zipped("text"), "gzip", Resource{Digest: sha256Of("other")}, "",
			"sha256 does not match"},
		"packed as the config says": {zipped("text"), "gzip", Resource{Gzip: true, Digest: sha256Of("text")}, "text",
			""},
		"packed twice": {zipped(string(zipped("text"))), "gzip", Resource{Gzip: true, Digest: sha256Of("text")}, "text",
			""},
		"only said to be packed":    {[]byte("text"), "gzip", Resource{}, "text", ""},
		"packed and not said to be": {zipped("text"), "identity", Resource{}, string(zipped("text")), ""},
		"damaged":                   {zipped("text")[:12], "gzip", Resource{}, "", "Content-Encoding: gzip: "},
		"larger than it may be": {zipped(string(make([]byte, 100))), "gzip", Resource{}, "",
			"larger than 99 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			server := serve(t, packing(test.body, test.encoding))
			test.resource.URL = server.URL
			c, log := quiet()
			got, err := c.Document(t.Context(), test.resource, 99)
			assert.NotContains(t, log.String(), "level=WARN")
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				require.ErrorContains(t, err, server.URL)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, string(got))
		})
	}
}

func TestAnAnswerMayHoldSoMuchMoreThanItHas(t *testing.T) {
	const MiB = 1 << 20
	for packed, want := range map[int]int64{0: 64 * MiB, 1000: 64 * MiB, MiB / 2: 100 * MiB, 2 * MiB: 256 * MiB} {
		assert.Equal(t, want, InflatedMax(packed, 256*MiB), packed)
	}
}

func TestContentStaysAsItCame(t *testing.T) {
	packed := zipped("text")
	server := serve(t, packing(packed, "gzip"))
	for name, test := range map[string]struct {
		resource Resource
		want     string
		warns    bool
		err      string
	}{
		"with a warning":                  {Resource{}, string(packed), true, ""},
		"a digest shows that it is meant": {Resource{Digest: sha256Of(string(packed))}, string(packed), false, ""},
		"compression unpacks it":          {Resource{Gzip: true}, "text", false, ""},
		"another digest": {Resource{Digest: sha256Of("text")}, "", false,
			"the server says that it has packed them with gzip"},
	} {
		t.Run(name, func(t *testing.T) {
			test.resource.URL = server.URL
			c, log := quiet()
			b := &memory{limit: 99}
			_, err := c.Fetch(t.Context(), test.resource, b)
			assert.Equal(t, test.warns, strings.Contains(log.String(), "level=WARN"))
			if test.err != "" {
				require.ErrorContains(t, err, test.err)
				return
			}
			require.NoError(t, err)
			assert.Equal(t, test.want, string(b.content))
		})
	}
}

func TestContentThatIsPackedAnotherWayStaysWithAWarning(t *testing.T) {
	for sent, named := range map[string]string{
		"deflate": "deflate", "br": "br", "ZSTD ": "zstd", "x-compress": "compress", "gzip, br": "br", "identity": "",
		"aws-chunked": "", "a\u202eb": "", "": "",
	} {
		server := serve(t, packing([]byte("content"), sent))
		for name, ask := range map[string]func(*Client, Resource) ([]byte, error){
			"a file":     func(c *Client, r Resource) ([]byte, error) { return c.Bytes(t.Context(), r, 99) },
			"a document": func(c *Client, r Resource) ([]byte, error) { return c.Document(t.Context(), r, 99) },
		} {
			c, log := quiet()
			got, err := ask(c, Resource{URL: server.URL})
			require.NoError(t, err)
			assert.Equal(t, "content", string(got))
			if named == "" {
				assert.NotContains(t, log.String(), "level=WARN", "%s %s", name, sent)
			} else {
				assert.Contains(t, log.String(), "packed its answer with "+named+", unasked; it is kept as it came",
					"%s %s", name, sent)
			}
			c, log = quiet()
			_, err = ask(c, Resource{URL: server.URL, Digest: sha256Of("content")})
			require.NoError(t, err)
			assert.NotContains(t, log.String(), "level=WARN", "%s %s: with a digest", name, sent)
		}
	}
}

func TestAServicesAnswerIsUnpacked(t *testing.T) {
	server := serve(t, packing(zipped("text"), "gzip"))
	c, _ := quiet()
	reply, err := c.Do(t.Context(), Request{URL: server.URL}, 99)
	require.NoError(t, err)
	assert.Equal(t, "text", string(reply.Body))
}
