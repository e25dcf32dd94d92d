package source

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"

	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/sum512"
)

// A Digest is what content must hash to: a function and a digest in hexadecimal. The zero Digest matches nothing.
type Digest struct {
	function string
	digits   string
}

// A function is one that a digest may be made with: since when spec 3 has it, and the size of its sum in bytes.
type function struct {
	since, size int
	new         func() hash.Hash
}

var functions = map[string]function{
	"sha256": {since: 1, size: sha256.Size, new: sha256.New},
	"sha512": {since: 0, size: sha512.Size, new: sum512.New},
}

// ParseDigest takes text such as sha256-0123... apart by the rules of spec 3.minor. As in the peer
// (docs/peer/spec.md §4.2, R-HASH) only the length of the digits counts here; Hex looks at them.
func ParseDigest(text string, minor int) (Digest, *diag.Fault) {
	name, digits, found := strings.Cut(text, "-")
	if !found {
		f := &diag.Fault{Code: "hash-form", Message: "a hash is a function, a dash and a digest",
			Hint: "write sha512-DIGEST", At: -1}
		if minor >= 1 {
			f.Hint += " or sha256-DIGEST"
		}
		return Digest{}, f
	}
	fn, known := functions[name]
	switch {
	case !known:
		return Digest{}, unknownFunction(name, minor)
	case minor < fn.since:
		return Digest{}, &diag.Fault{
			Code:    "hash-function-version",
			Message: fmt.Sprintf("spec 3.%d.0 does not have the hash function %s", minor, name),
			Hint:    fmt.Sprintf("%s needs spec 3.%d.0 or later", name, fn.since),
		}
	case len(digits) != fn.size*2:
		f := &diag.Fault{
			Code:    "hash-length",
			Message: fmt.Sprintf("a %s digest has %d digits, this one has %d", name, fn.size*2, len(digits)),
			At:      len(name) + 1,
		}
		for other, fn := range functions {
			if len(digits) == fn.size*2 {
				f.Hint = "this has the length of a " + other + " digest"
			}
		}
		return Digest{}, f
	}
	return Digest{name, digits}, nil
}

func unknownFunction(name string, minor int) *diag.Fault {
	f := &diag.Fault{Code: "hash-function", Message: "the hash function is not known", Hint: "use sha512"}
	if minor >= 1 {
		f.Hint = "use sha512 or sha256"
	}
	if lower := strings.ToLower(name); functions[lower].new != nil {
		f.Hint = "write " + lower + " in lower case"
	}
	return f
}

// Function gives the name of the hash function: sha256 or sha512.
func (d Digest) Function() string { return d.function }

// Hex tells whether the digits are hexadecimal. A digest where they are not passes the peer's check and matches
// nothing.
func (d Digest) Hex() *diag.Fault {
	if i := other(d.digits, hexDigit); i < len(d.digits) {
		return &diag.Fault{
			Code: "hash-digits", Message: "a digit of the digest is not hexadecimal",
			Hint: "nothing matches such a digest",
			At:   len(d.function) + 1 + i,
		}
	}
	return nil
}

// New gives a new hash of the digest's function, which for the zero Digest is nil.
func (d Digest) New() hash.Hash {
	if fn := functions[d.function]; fn.new != nil {
		return fn.new()
	}
	return nil
}

// Matches reports whether sum is what the digest says, whatever the case of its digits, in a time that does not depend
// on where they differ.
func (d Digest) Matches(sum []byte) bool {
	want, err := hex.DecodeString(d.digits)
	return err == nil && len(want) > 0 && subtle.ConstantTimeCompare(want, sum) == 1
}
