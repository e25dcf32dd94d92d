// Package sum512 is SHA-512 (FIPS 180-4), faster than crypto/sha512 on x86-64 processors with AVX-512: the digest is
// what a large file waits for.
//
// It is not for other functions (for SHA-256 the library uses instructions made for it), nor for anything secret: it
// has no more than what content is checked with. On all other processors it is crypto/sha512 itself.
package sum512

import (
	"crypto/sha512"
	"hash"
)

// New gives a new SHA-512.
func New() hash.Hash { return choose(able()) }

// choose gives the one for this processor, if it is able to run it, or that of the library.
func choose(able bool) hash.Hash {
	if able {
		return accelerated()
	}
	return sha512.New()
}
