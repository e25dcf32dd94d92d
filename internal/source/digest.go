package source

import (
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/hex"
	"fmt"
	"hash"
	"strings"
	"sync"

	"github.com/glowplug-os/glowplug/config"
	"github.com/glowplug-os/glowplug/internal/codes"
	"github.com/glowplug-os/glowplug/internal/diag"
	"github.com/glowplug-os/glowplug/internal/language"
)

// A Digest is what content must hash to: a function and a digest in hexadecimal. The zero Digest matches nothing.
type Digest struct {
	function string
	digits   string
}

// newHash gives the constructor of each kind of digest that the language has. The table of the language says since
// when.
func newHash(kind string) func() hash.Hash {
	switch kind {
	case "sha256":
		return sha256.New
	case "sha512":
		return sha512.New
	}
	return nil
}

// Kinds is what the language says of the kinds of digests.
var Kinds = sync.OnceValue(func() config.Field { return config.FieldAt("*.hash") })

func digits(kind string) int { return newHash(kind)().Size() * 2 }

// ParseDigest takes text such as sha256-0123... apart by the rules of a version. As in the peer (docs/peer/spec.md
// §4.2, R-HASH) only the length of the digits counts here; Hex looks at them.
func ParseDigest(text string, v config.Version) (Digest, *diag.Fault) {
	name, hex, found := strings.Cut(text, "-")
	if !found {
		return Digest{}, &diag.Fault{Code: codes.HashForm,
			Message: "a hash is written as a function, a dash and a digest",
			Hint:    "write " + forms(v), Write: named(text, v), At: -1}
	}
	kind, known := Kinds().Find(name)
	switch {
	case !known:
		return Digest{}, unknownFunction(name, hex, v)
	case kind.Since > v:
		return Digest{}, &diag.Fault{
			Code: codes.HashFunctionVersion, Message: language.CameWith("the hash function "+name, kind.Since, v),
			Hint: language.SetVersion(kind.Since),
		}
	case len(hex) != digits(name):
		f := &diag.Fault{
			Code:    codes.HashLength,
			Message: fmt.Sprintf("a %s digest has %d digits, this one has %d", name, digits(name), len(hex)),
			At:      len(name) + 1,
		}
		f.Hint = fmt.Sprintf("write %s- and all digits that %ssum prints", name, name)
		for _, other := range Kinds().Values {
			if len(hex) == digits(other.Name) {
				f.Hint = "this has the length of a " + other.Name + " digest: write " + other.Name + "- before it"
			}
		}
		return Digest{}, f
	}
	return Digest{name, hex}, nil
}

// named puts the function before a digest that is alone, "" where its length is that of none.
func named(text string, v config.Version) string {
	for _, kind := range Kinds().In(v) {
		if len(text) == digits(kind.Name) && other(text, hexDigit) == len(text) {
			return kind.Name + "-" + text
		}
	}
	return ""
}

// forms are what a digest looks like: "sha512-DIGEST or sha256-DIGEST".
func forms(v config.Version) string {
	names := config.Names(Kinds().In(v))
	for i := range names {
		names[i] += "-DIGEST"
	}
	return strings.Join(names, " or ")
}

func unknownFunction(name, hex string, v config.Version) *diag.Fault {
	f := &diag.Fault{Code: codes.HashFunction, Message: "the hash function is not known",
		Hint: "use " + inWords(Kinds(), v, "or")}
	if _, known := Kinds().Find(strings.ToLower(name)); known {
		f.Hint, f.Write = "write "+strings.ToLower(name)+" in lower case", strings.ToLower(name)+"-"+hex
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
			Code: codes.HashDigits, Message: "a digit of the digest is not hexadecimal",
			Hint: "nothing matches such a digest",
			At:   len(d.function) + 1 + i,
		}
	}
	return nil
}

// New gives a new hash of the digest's function, which for the zero Digest is nil.
func (d Digest) New() hash.Hash {
	if fresh := newHash(d.function); fresh != nil {
		return fresh()
	}
	return nil
}

// Matches reports whether sum is what the digest says, whatever the case of its digits, in a time that does not depend
// on where they differ.
func (d Digest) Matches(sum []byte) bool {
	want, err := hex.DecodeString(d.digits)
	return err == nil && len(want) > 0 && subtle.ConstantTimeCompare(want, sum) == 1
}
