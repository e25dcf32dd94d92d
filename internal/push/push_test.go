package push_test

import (
	"context"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/push"
)

// The authority of test servers has to be known before anybody asks for one.
func TestMain(m *testing.M) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	dir, err := os.MkdirTemp("", "push-")
	if err == nil {
		file := filepath.Join(dir, "ca.pem")
		text := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
		if err = os.WriteFile(file, text, 0o600); err == nil {
			err = os.Setenv("SSL_CERT_FILE", file)
		}
	}
	server.Close()
	code := 1
	if err == nil {
		code = m.Run()
	}
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

func TestADocumentIsSentUntilTheServerHasIt(t *testing.T) {
	t.Parallel()
	for claim, test := range map[string]struct {
		answers []int
		waits   int
		fails   string
	}{
		"at once":                      {answers: []int{204}},
		"after failures":               {answers: []int{503, 429, 200}, waits: 2},
		"no more than three times":     {answers: []int{500, 502, 503, 200}, waits: 2, fails: "status 503"},
		"a refusal is one":             {answers: []int{403, 200}, fails: "status 403"},
		"nobody is followed elsewhere": {answers: []int{307, 200}, fails: "is not followed elsewhere"},
	} {
		t.Run(claim, func(t *testing.T) {
			t.Parallel()
			asked := 0
			server := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				text, err := io.ReadAll(r.Body)
				assert.NoError(t, err)
				assert.Equal(t, `{"version":1}`, string(text))
				assert.Equal(t, "POST application/json glowplug/1.2 /facts?token=SECRET",
					r.Method+" "+r.Header.Get("Content-Type")+" "+r.Header.Get("User-Agent")+" "+r.URL.RequestURI())
				w.Header().Set("Location", "/elsewhere")
				w.WriteHeader(test.answers[asked])
				asked++
			}))
			defer server.Close()
			var waited []time.Duration
			p := push.Pusher{Version: "1.2", Wait: func(_ context.Context, d time.Duration) error {
				waited = append(waited, d)
				return nil
			}}
			err := p.Push(t.Context(), server.URL+"/facts?token=SECRET", []byte(`{"version":1}`))
			assert.Len(t, waited, test.waits)
			assert.Equal(t, test.waits+1, asked)
			if test.fails == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, test.fails)
			assert.NotContains(t, err.Error(), "SECRET")
			assert.Contains(t, err.Error(), "sending to 127.0.0.1:")
		})
	}
}

func TestAServerThatIsNotThereIsNamedWithoutSecrets(t *testing.T) {
	t.Parallel()
	p := push.Pusher{Wait: func(context.Context, time.Duration) error { return context.Canceled }}
	err := p.Push(t.Context(), "https://user:SECRET@127.0.0.1:1/?token=SECRET", nil)
	require.ErrorContains(t, err, "sending to 127.0.0.1:1: dial tcp 127.0.0.1:1")
	assert.NotContains(t, err.Error(), "SECRET")
}

func TestOnlyHTTPSIsForDocuments(t *testing.T) {
	t.Parallel()
	for to, want := range map[string]string{"http://example.com/": `"http"`, "https:///facts": "no host",
		"example.com": `""`, "https://a b/%zz": "no URL", "https://\x00": "no URL"} {
		err := (&push.Pusher{}).Push(t.Context(), to, nil)
		require.ErrorContains(t, err, want)
		require.False(t, strings.Contains(err.Error(), "example.com/"))
	}
}
