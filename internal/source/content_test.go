package source_test

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/source"
)

func packed(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := io.WriteString(z, text)
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

// resource has a content in itself.
func resource(content, compression, digest string) *config.Resource {
	url := "data:;base64," + base64.StdEncoding.EncodeToString([]byte(content))
	r := &config.Resource{Source: &url}
	if compression != "" {
		r.Compression = &compression
	}
	if digest != "" {
		r.Verification.Hash = &digest
	}
	return r
}

// empty has an empty source.
func empty(digest, compression string) *config.Resource {
	r := resource("", compression, digest)
	*r.Source = ""
	return r
}

func digestOf(text string) string {
	sum := sha256.Sum256([]byte(text))
	return "sha256-" + hex.EncodeToString(sum[:])
}

func inCapitals(digest string) string {
	function, digits, _ := strings.Cut(digest, "-")
	return function + "-" + strings.ToUpper(digits)
}

func TestContentThatIsAtHandIsHeldAgainstItsResource(t *testing.T) {
	var judge source.Judge // in any order: what one content leaves must not show with the next
	zip := packed(t, "hello")
	for claim, c := range map[string]struct {
		r    *config.Resource
		want codes.Code
		says string
	}{
		"no digest, no compression":         {resource("x", "", ""), "", ""},
		"the digest of the content":         {resource("hello", "", digestOf("hello")), "", ""},
		"its digits in capitals":            {resource("hello", "", inCapitals(digestOf("hello"))), "", ""},
		"another digest":                    {resource("hallo", "", digestOf("hello")), codes.ContentDigest, "sha256"},
		"the digest of what is unpacked":    {resource(zip, "gzip", digestOf("hello")), "", ""},
		"the digest of the archive":         {resource(zip, "gzip", digestOf(zip)), codes.ContentDigest, "sha256"},
		"two archives, one after the other": {resource(zip+zip, "gzip", digestOf("hellohello")), "", ""},
		"gzip that is not to be unpacked":   {resource(zip, "", ""), "", ""},
		"text that is to be unpacked":       {resource("a long text", "gzip", ""), codes.ContentGzip, "not gzip"},
		"nothing that is to be unpacked":    {resource("", "gzip", ""), codes.ContentGzip, "nothing to unpack"},
		"an archive that is cut off":        {resource(zip[:len(zip)-5], "gzip", ""), codes.ContentGzip, "cut off"},
		"an archive that is damaged":        {resource(zip[:len(zip)-1]+"x", "gzip", ""), codes.ContentGzip, "damaged"},
		"text behind an archive":            {resource(zip+"and more text", "gzip", ""), codes.ContentGzip, "not gzip"},
		"a digest of no known function":     {resource("x", "", "md5-0"), "", ""},
		"a source that is empty":            {&config.Resource{Source: new(string)}, "", ""},
		"an empty source with a digest":     {empty(digestOf("x"), ""), codes.ContentDigest, "sha256"},
		"an empty source with its digest":   {empty(digestOf(""), ""), "", ""},
		"an empty source that is packed":    {empty("", "gzip"), codes.ContentGzip, "nothing to unpack"},
	} {
		t.Run(claim, func(t *testing.T) {
			wrong := judge.Misfits(c.r)
			if c.want == "" {
				assert.Nil(t, wrong)
				return
			}
			require.NotNil(t, wrong)
			assert.Equal(t, c.want, wrong.Code)
			assert.Contains(t, wrong.Message, c.says)
			assert.NotContains(t, wrong.Message+wrong.Hint, "hallo", "content may be secret")
		})
	}
}

func TestUnpackedTextIsBounded(t *testing.T) {
	text, known := source.Text(resource(packed(t, "hello"), "gzip", ""), 5)
	assert.True(t, known)
	assert.Equal(t, "hello", string(text))
	_, known = source.Text(resource(packed(t, "hello"), "gzip", ""), 4)
	assert.False(t, known)
}

func TestBundlesOfAuthorities(t *testing.T) {
	block := func(der []byte) string {
		return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))
	}
	short, long := append([]byte{0x30, 3}, "abc"...), append([]byte{0x30, 0x82, 1, 0}, make([]byte, 256)...)
	for claim, c := range map[string]struct{ bundle, says string }{
		"one":                         {block(short), ""},
		"two, with text before":       {"# ours\n" + block(long) + "\n" + block(short) + "\n\n", ""},
		"none":                        {"ca.pem", "there is no certificate"},
		"an empty text":               {"", "there is no certificate"},
		"text behind":                 {block(short) + "# end", "something follows"},
		"bytes that are none":         {block([]byte("AAAA")), "no certificate"},
		"a length that is cut off":    {block(long[:200]), "no certificate"},
		"a length without its digits": {block([]byte{0x30, 0x84, 1}), "no certificate"},
		"a block of nothing":          {block(nil), "no certificate"},
	} {
		t.Run(claim, func(t *testing.T) {
			why := source.NoAuthorities([]byte(c.bundle))
			assert.Equal(t, c.says == "", why == "", why)
			assert.Contains(t, why, c.says)
		})
	}
}

// Who copies what is left for each certificate takes an hour for these.
func TestABundleIsReadOnce(t *testing.T) {
	bundle := strings.Repeat("-----BEGIN A-----\nMAA=\n-----END A-----\n", 400_000)
	assert.Empty(t, source.NoAuthorities([]byte(bundle)))
	assert.Empty(t, source.NoAuthorities([]byte(bundle+strings.Repeat("\n", 16<<20))))
}

func TestWhatCannotBeReadIsNotCalledDamaged(t *testing.T) {
	for _, r := range []*config.Resource{
		resource("", "", ""), resource("", "gzip", ""),
		resource("", "", "sha256-"+strings.Repeat("0", 64)),
	} {
		wrong := new(source.Judge).Unlike(r, iotest.ErrReader(errors.New("torn")))
		require.NotNil(t, wrong)
		assert.Equal(t, codes.Unreadable, wrong.Code)
		assert.Equal(t, "source", wrong.Key)
		assert.Equal(t, "reading its content: torn", wrong.Message)
	}
}
