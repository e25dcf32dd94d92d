package sum512

import (
	"crypto/sha512"
	"encoding/hex"
	"hash"
	"io"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// ways are the hashes that New may give, this processor's own and the library's.
func ways() map[string]hash.Hash {
	return map[string]hash.Hash{"the one for this processor": New(), "the library's": choose(false)}
}

func content(size int) []byte {
	p := make([]byte, size)
	_, _ = rand.NewChaCha8([32]byte{5}).Read(p)
	return p
}

func TestEveryLengthHasTheDigestOfTheLibrary(t *testing.T) {
	p := content(4096)
	for name, h := range ways() {
		t.Run(name, func(t *testing.T) {
			for n := range len(p) + 1 {
				h.Reset()
				_, _ = h.Write(p[:n])
				want := sha512.Sum512(p[:n])
				require.Equal(t, want[:], h.Sum(nil), "%d bytes", n)
			}
		})
	}
}

// The examples of FIPS 180-2, appendix C.
func TestTheExamplesOfTheStandard(t *testing.T) {
	examples := map[string]string{
		"abc": "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
		"abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu": "8e959b75dae313da8cf4f72814fc143f8f7779c6eb9f7fa17299aeadb6889018501d289e4900f7e4331b99dec4b5433ac7d329eeb6dd26545e96e55b874be909",
	}
	for text, want := range examples {
		for name, h := range ways() {
			_, _ = io.WriteString(h, text)
			assert.Equal(t, want, hex.EncodeToString(h.Sum(nil)), "%q by %s", text, name)
		}
	}
}

func TestContentInPiecesHasTheDigestOfTheWhole(t *testing.T) {
	p := content(1 << 16)
	want := sha512.Sum512(p)
	random := rand.New(rand.NewPCG(1, 2))
	for name, h := range ways() {
		for _, most := range []int{1, 100, 128, 255, 256, 257, 1000, 20000} {
			h.Reset()
			for rest := p; len(rest) > 0; {
				n := min(1+random.IntN(most), len(rest))
				written, err := h.Write(rest[:n])
				require.NoError(t, err)
				require.Equal(t, n, written)
				rest = rest[n:]
			}
			assert.Equal(t, want[:], h.Sum(nil), "pieces of up to %d bytes, %s", most, name)
		}
	}
}

func TestSumIsAppendedAndEndsNothing(t *testing.T) {
	p := content(1000)
	for name, h := range ways() {
		_, _ = h.Write(p[:300])
		first := sha512.Sum512(p[:300])
		assert.Equal(t, append([]byte("before"), first[:]...), h.Sum([]byte("before")), name)
		_, _ = h.Write(p[300:])
		all := sha512.Sum512(p)
		assert.Equal(t, all[:], h.Sum(nil), name)
		assert.Equal(t, all[:], h.Sum(nil), name)
	}
}

func TestSizes(t *testing.T) {
	for name, h := range ways() {
		assert.Equal(t, 64, h.Size(), name)
		assert.Equal(t, 128, h.BlockSize(), name)
	}
}

// FuzzPieces: whatever is written, and wherever it is cut in two, the digest is that of the library.
func FuzzPieces(f *testing.F) {
	f.Add([]byte{}, 0)
	f.Add([]byte("abc"), 1)
	f.Add(content(111), 111)
	f.Add(content(112), 7)
	f.Add(content(239), 128)
	f.Add(content(256), 255)
	f.Add(content(1025), 513)
	f.Fuzz(func(t *testing.T, p []byte, cut int) {
		cut = min(max(cut, 0), len(p))
		want := sha512.Sum512(p)
		for name, h := range ways() {
			_, _ = h.Write(p[:cut])
			_, _ = h.Write(p[cut:])
			assert.Equal(t, want[:], h.Sum(nil), name)
		}
	})
}

// Beside the library: go test -bench . ./internal/sum512/
func BenchmarkWrite(b *testing.B) {
	p := content(512 << 10)
	for name, h := range ways() {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(p)))
			for b.Loop() {
				_, _ = h.Write(p)
			}
		})
	}
}
