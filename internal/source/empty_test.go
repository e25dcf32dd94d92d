package source

import (
	"testing"

	"github.com/stretchr/testify/assert"
)

func TestSourcesThatAreKnownToBeEmpty(t *testing.T) {
	const nothing = "H4sIAAAAAAAAAwMAAAAAAAAAAAA="
	digest := func(text string) Digest {
		d, fault := ParseDigest(text, 6)
		assert.Nil(t, fault)
		return d
	}
	for _, c := range []struct {
		raw, compression string
		digest           Digest
		want             bool
	}{
		{"data:,", "", Digest{}, true},
		{"data:text/plain;charset=utf-8,", "", Digest{}, true},
		{"data:;base64,", "", Digest{}, true},
		{"data:;base64," + nothing, "gzip", Digest{}, true},
		{"data:;base64," + nothing, "", Digest{}, false},
		{"data:,%1f%8b%08%00%00%00%00%00%00%03%03%00%00%00%00%00%00%00%00%00", "gzip", Digest{}, true},
		{"data:;base64,H4sIAAAAAAAAA0sEAEO+t+gBAAAA", "gzip", Digest{}, false},
		{"data:,a", "", Digest{}, false},
		{"data:,%00", "", Digest{}, false},
		{"http://h/", "", Digest{}, false},
		{"http://h/", "", digest("sha256-E3B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), true},
		{"http://h/", "", digest("sha256-13B0C44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"), false},
		{"s3://b/k", "gzip", digest("sha512-cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e"), true},
	} {
		assert.Equal(t, c.want, IsEmpty(c.raw, c.compression, c.digest), c.raw)
	}
}
