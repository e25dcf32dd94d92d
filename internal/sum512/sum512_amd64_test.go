package sum512

import (
	"math/big"
	"testing"

	"github.com/stretchr/testify/assert"
)

// primes gives the first of them.
func primes(count int) (all []int64) {
	for n := int64(2); len(all) < count; n++ {
		if big.NewInt(n).ProbablyPrime(0) { // exact below 2^64
			all = append(all, n)
		}
	}
	return all
}

// fraction gives the first 64 bits behind the point of the root of n, whose power is 2 or 3.
func fraction(n int64, power uint) uint64 {
	shifted := new(big.Int).Lsh(big.NewInt(n), 64*power)
	root := new(big.Int)
	for bit := 70; bit >= 0; bit-- {
		with := new(big.Int).SetBit(root, bit, 1)
		if new(big.Int).Exp(with, big.NewInt(int64(power)), nil).Cmp(shifted) <= 0 {
			root = with
		}
	}
	return new(big.Int).And(root, new(big.Int).SetUint64(1<<64-1)).Uint64()
}

func TestConstantsAreTheRootsOfPrimes(t *testing.T) {
	for i, prime := range primes(80) {
		at := i/2*4 + i%2
		assert.Equal(t, fraction(prime, 3), constants[at], "constant %d", i)
		assert.Equal(t, constants[at], constants[at+2], "constant %d for the second block", i)
		if i < len(initial) {
			assert.Equal(t, fraction(prime, 2), initial[i], "word %d of the first state", i)
		}
	}
}

func TestTheProcessorsOwnIsUsedWhereItCanBe(t *testing.T) {
	h := New()
	_, own := h.(*hasher)
	assert.Equal(t, able(), own)
}
