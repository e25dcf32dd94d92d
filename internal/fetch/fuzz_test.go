package fetch

import (
	"bytes"
	"compress/gzip"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/internal/source"
)

// Invariants: no panic; a token's header is one that HTTP can send; an error has no word of the answer.
func FuzzToken(f *testing.F) {
	f.Add([]byte(`{"access_token":"sesame","token_type":"Bearer","expires_in":3599}`))
	f.Add([]byte(`{"access_token":"sesame\n","expires_in":"3599"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		token, err := parseToken(text)
		if err != nil {
			require.NotContains(t, err.Error(), "sesame")
			return
		}
		require.True(t, isHeaderValue(token.header()))
	})
}

// Invariants: no panic; keys that are taken are whole; an error is one line without the secret.
func FuzzRoleKeys(f *testing.F) {
	f.Add([]byte(`{"Code":"Success","AccessKeyId":"A","SecretAccessKey":"sesame","Token":"t",` +
		`"Expiration":"2030-01-01T00:00:00Z"}`))
	f.Add([]byte(`{"Code":"\u001b[0m","SecretAccessKey":"sesame"}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		keys, err := parseKeys(text)
		if err != nil {
			require.NotContains(t, err.Error(), "\x1b")
			return
		}
		require.True(t, keys.HasKeys())
	})
}

// Invariants: no panic; what comes out of an archive is what Go's own reader gives, whatever the sizes of its reads,
// and the same ones are damaged, as long as they are below the limit; past that no more than it lets through.
func FuzzGunzip(f *testing.F) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = w.Write(bytes.Repeat([]byte("text "), 2000))
	_ = w.Close()
	f.Add(packed.Bytes())
	f.Add(append(bytes.Clone(packed.Bytes()), packed.Bytes()...))
	f.Add(append(bytes.Clone(packed.Bytes()), 0))
	f.Add([]byte("\x1f\x8b\b\x00\x00\x00\x11\x00\x00\xff\xec\xc41\r\x00\x00\b\x030+\x98\xc3\xc1\x0e\xe4\xa3cI\x9ff"))
	f.Add([]byte("\x1f"))
	f.Add([]byte{})
	const free = 1 << 20
	var pool gunzipPool
	f.Fuzz(func(t *testing.T, archive []byte) {
		g := pool.get()
		defer pool.put(g)
		got, err := []byte(nil), g.open(iotest.HalfReader(bytes.NewReader(archive)), expansion{free, 100})
		if err == nil {
			got, err = io.ReadAll(g)
		}
		require.LessOrEqual(t, len(got), free+100*len(archive))
		z, wrong := gzip.NewReader(bytes.NewReader(archive))
		var want []byte
		if wrong == nil {
			want, wrong = io.ReadAll(io.LimitReader(z, free))
		}
		if len(want) < free {
			require.Equal(t, wrong == nil, err == nil)
			require.True(t, wrong != nil || bytes.Equal(want, got)) // how much comes before an error is open
		}
	})
}

// Invariants: no panic; a bundle that is taken is one that the validator has nothing against.
func FuzzCertificates(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"))
	f.Add([]byte("-----BEGIN X-----\nA: b\n\nMAA=\n-----END X-----\ntrailing"))
	f.Fuzz(func(t *testing.T, bundle []byte) {
		if found, err := certificates(bundle); err == nil {
			require.NotEmpty(t, found)
			require.Empty(t, source.NoAuthorities(bundle))
		}
	})
}
