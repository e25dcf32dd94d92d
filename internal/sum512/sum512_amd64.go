package sum512

import (
	"crypto/sha512"
	"encoding/binary"
	"hash"
	"sync"
)

const (
	blockSize = sha512.BlockSize
	pairSize  = 2 * blockSize
)

// initial is the state before the first block (FIPS 180-4 §5.3.5).
var initial = [8]uint64{
	0x6a09e667f3bcc908, 0xbb67ae8584caa73b, 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1,
	0x510e527fade682d1, 0x9b05688c2b3e6c1f, 0x1f83d9abfb41bd6b, 0x5be0cd19137e2179,
}

// blocks hashes count blocks, at least one, into the state. It reads pairs of blocks: where count is odd, one block
// more must be there to be read.
//
//go:noescape
func blocks(state *[8]uint64, data *byte, count int)

// cpuid asks the processor what it has (Intel SDM, volume 2, CPUID).
func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)

// xcr0 says which registers the kernel keeps for each thread (Intel SDM, volume 1, §13.3). Without OSXSAVE it is an
// invalid instruction.
func xcr0() uint32

// able tells whether blocks can run here. It is asked when the first hash is made and not at the start of the program,
// because under virtualisation each CPUID costs microseconds (3.5 where this was measured), and most programs hash
// nothing.
var able = sync.OnceValue(func() bool {
	const (
		osxsave  = 1 << 27                                    // leaf 1, ECX
		wanted   = 1<<3 | 1<<5 | 1<<8 | 1<<16 | 1<<30 | 1<<31 // leaf 7, EBX: BMI1, AVX2, BMI2, AVX-512 F, BW, VL
		switched = 1<<1 | 1<<2 | 1<<5 | 1<<6 | 1<<7           // SSE, AVX, and the three parts of AVX-512
	)
	if last, _, _, _ := cpuid(0, 0); last < 7 {
		return false
	}
	if _, _, ecx, _ := cpuid(1, 0); ecx&osxsave == 0 || xcr0()&switched != switched {
		return false
	}
	_, ebx, _, _ := cpuid(7, 0)
	return ebx&wanted == wanted
})

func accelerated() hash.Hash { return &hasher{state: initial} }

// A hasher is a SHA-512 under way.
type hasher struct {
	state [8]uint64
	tail  [pairSize]byte // what is not a pair of blocks yet
	kept  int            // bytes in tail, fewer than a pair
	size  uint64         // bytes written
}

// Write never fails.
func (h *hasher) Write(p []byte) (int, error) {
	size := len(p)
	h.size += uint64(size)
	if h.kept > 0 {
		n := copy(h.tail[h.kept:], p)
		h.kept, p = h.kept+n, p[n:]
		if h.kept < pairSize {
			return size, nil
		}
		blocks(&h.state, &h.tail[0], 2)
	}
	if whole := len(p) &^ (pairSize - 1); whole > 0 {
		blocks(&h.state, &p[0], whole/blockSize)
		p = p[whole:]
	}
	h.kept = copy(h.tail[:], p)
	return size, nil
}

// Sum appends the digest of what was written so far. More may be written.
func (h *hasher) Sum(to []byte) []byte {
	state := h.state
	// Up to a pair less a byte, the bit that ends it, the number of bits in 16 bytes, of which the first 8 stay 0 as
	// nobody has 2 EiB; and the block that blocks may read beyond.
	var end [pairSize + 2*blockSize]byte
	copy(end[:], h.tail[:h.kept])
	end[h.kept] = 0x80
	count := (h.kept + 1 + 16 + blockSize - 1) / blockSize
	binary.BigEndian.PutUint64(end[count*blockSize-8:], h.size*8)
	blocks(&state, &end[0], count)
	for _, word := range state {
		to = binary.BigEndian.AppendUint64(to, word)
	}
	return to
}

// Reset forgets what was written.
func (h *hasher) Reset() { *h = hasher{state: initial} }

// Size is that of the digest in bytes.
func (h *hasher) Size() int { return sha512.Size }

// BlockSize is that of the function in bytes.
func (h *hasher) BlockSize() int { return blockSize }
