package source_test

import (
	"strings"
	"testing"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/source"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestParseDigest(t *testing.T) {
	a64, a128 := strings.Repeat("a", 64), strings.Repeat("a", 128)
	for _, c := range []struct {
		claim, text string
		minor       config.Version
		code, hint  string
	}{
		{"sha512 is in every version", "sha512-" + a128, 0, "", ""},
		{"sha256 came with 3.1", "sha256-" + a64, 1, "", ""},
		{"sha256 is not in 3.0", "sha256-" + a64, 0, "hash-function-version", "set ignition.version to 3.1.0 or newer"},
		{"digits need not be hexadecimal", "sha512-" + strings.Repeat("z", 128), 7, "", ""},
		{"capitals are taken", "sha512-" + strings.ToUpper(a128), 7, "", ""},
		{"an empty hash has no dash", "", 7, "hash-form", "sha256-DIGEST"},
		{"a function alone has no dash", "sha512", 0, "hash-form", "write sha512-DIGEST"},
		{"a dash alone names no function", "-", 7, "hash-function", "sha512 or sha256"},
		{"md5 is not known", "md5-x", 7, "hash-function", "sha512 or sha256"},
		{"the function is in lower case", "SHA512-" + a128, 7, "hash-function", "write sha512 in lower case"},
		{"an empty digest is too short", "sha512-", 7, "hash-length", ""},
		{"a short digest is too short", "sha512-ab", 7, "hash-length", ""},
		{"a digest of the other function is told", "sha512-" + a64, 7, "hash-length", "length of a sha256 digest"},
		{"the version is looked at before the length", "sha256-a", 0, "hash-function-version", ""},
		{"a second dash is a digit", "sha512-" + a128 + "-", 7, "hash-length", ""},
	} {
		_, fault := source.ParseDigest(c.text, c.minor)
		if c.code == "" {
			assert.Nil(t, fault, c.claim)
			continue
		}
		require.NotNil(t, fault, c.claim)
		assert.Equal(t, c.code, string(fault.Code), c.claim)
		assert.Contains(t, fault.Hint, c.hint, c.claim)
	}
}

func TestDigestMatches(t *testing.T) {
	const empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
	for _, digits := range []string{empty, strings.ToUpper(empty)} {
		d, fault := source.ParseDigest("sha256-"+digits, 7)
		require.Nil(t, fault)
		assert.Nil(t, d.Hex())
		assert.Equal(t, "sha256", d.Function())
		h := d.New()
		assert.True(t, d.Matches(h.Sum(nil)))
		h.Write([]byte("x"))
		assert.False(t, d.Matches(h.Sum(nil)))
		assert.False(t, d.Matches(nil))
	}
}

func TestDigestThatIsNotHexadecimalMatchesNothing(t *testing.T) {
	d, fault := source.ParseDigest("sha512-ab"+strings.Repeat("z", 126), 7)
	require.Nil(t, fault)
	fault = d.Hex()
	require.NotNil(t, fault)
	assert.Equal(t, "hash-digits", string(fault.Code))
	assert.Equal(t, len("sha512-ab"), fault.At)
	assert.False(t, d.Matches(d.New().Sum(nil)))

	assert.False(t, source.Digest{}.Matches(nil))
	assert.False(t, source.Digest{}.Matches([]byte{}))
	assert.Nil(t, source.Digest{}.New())
}
