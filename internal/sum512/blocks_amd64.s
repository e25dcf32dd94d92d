#include "textflag.h"

// SHA-512 by FIPS 180-4 §6.4.2, two blocks at a time. Each round of a block waits for the one before it, so what counts
// is how much of a round a core can do side by side:
//
//   The scalar half of the core makes e, the chain that all else waits for:
//       e' = d + T1,  T1 = h + K + W + Σ1(e) + Ch(e, f, g).
//   The vector half makes a beside it:
//       a' = T1 + Σ0(a) + Maj(a, b, c).
//   It rotates 64 bits (VPRORQ) and knows every function of three operands (VPTERNLOGQ): Σ0 and Maj take 5
//   instructions, and 9 in the scalar half. T1 goes over to it and a' comes back. That takes some cycles, but a' is
//   wanted only four rounds later, as d.
//   What time the vector half has left goes into the schedules, the words W of both blocks at once. The rounds of the
//   first block run beside that; those of the second find its words on the stack.
//
// Registers
//   R8 to R15    a to h. From round to round the values stay and the names move on, so after eight all are where
//                they were. b and c only wait in theirs to become d.
//   X8 to X11    a, b, c, and one to be a', moving in the same way
//   Y0 to Y7     the last 16 words of the schedules: words t and t+1 of the first block, the same of the second
//   SI           the pair of blocks
//   DI           the sums W + K on the stack, laid out as in Y0 to Y7: 32 bytes for two rounds
//   CX           the constants, laid out in the same way; in the second block the rounds left, by 16
//   AX BX DX X12 to X15, Y16 to Y19   for the moment

// ROUND does one round with the sum at off(DI). What is d comes out as e, what is h as a.
// The first VPRORQ stands before the VMOVQ because T1 is late: by that order the processor hands out its units.
#define ROUND(d, e, f, g, h, va, vb, vc, vnew, off) \
	ADDQ off(DI), h; \
	ANDNQ g, e, AX; \
	RORXQ $14, e, BX; \
	RORXQ $18, e, DX; \
	ADDQ AX, h; \
	MOVQ e, AX; \
	ANDQ f, AX; \
	XORQ DX, BX; \
	RORXQ $41, e, DX; \
	ADDQ AX, h; \
	XORQ DX, BX; \
	ADDQ BX, h; \
	ADDQ h, d; \
	VPRORQ $28, va, X13; \
	VMOVQ h, X12; \
	VPRORQ $34, va, X14; \
	VPRORQ $39, va, X15; \
	VPTERNLOGQ $MAJ, va, vb, vc; \
	VPTERNLOGQ $XOR, X13, X14, X15; \
	VPADDQ X12, vc, vc; \
	VPADDQ X15, vc, vnew; \
	VMOVQ vnew, h

// The operation of VPTERNLOGQ by its truth table: bit 4a+2b+c is the result for the bits a, b, c.
#define XOR 0x96
#define MAJ 0xe8

// EARLIER and LATER put word t+16 in the place of word t, two words of two blocks at once: W[t] + σ0(W[t+1]) + W[t+9] +
// σ1(W[t+14]). The w are what holds words t, t+2, t+8, t+10 and t+14.
#define EARLIER(w0, w2, w8, w10) \
	VPALIGNR $8, w0, w2, Y16; \
	VPALIGNR $8, w8, w10, Y19; \
	VPRORQ $1, Y16, Y17; \
	VPRORQ $8, Y16, Y18; \
	VPSRLQ $7, Y16, Y16; \
	VPADDQ Y19, w0, w0; \
	VPTERNLOGQ $XOR, Y17, Y18, Y16; \
	VPADDQ Y16, w0, w0

#define LATER(w0, w14) \
	VPRORQ $19, w14, Y17; \
	VPRORQ $61, w14, Y18; \
	VPSRLQ $6, w14, Y19; \
	VPTERNLOGQ $XOR, Y17, Y18, Y19; \
	VPADDQ Y19, w0, w0

// KEEP adds the constants to two words of both blocks, and stores the sums for the rounds.
#define KEEP(w, k, to) \
	VPADDQ k, w, Y16; \
	VMOVDQU64 Y16, to

// LOAD takes two words of both blocks from the data.
#define LOAD(x, y, first, second) \
	VMOVDQU first(SI), x; \
	VINSERTI128 $1, second(SI), y, y; \
	VPSHUFB Y19, y, y

// ADD ends a block: the state becomes its sum with what the rounds made of it, in memory and in the registers for the
// next block. a, b and c are summed twice rather than moved over to the vectors, where the next block waits for them.
#define ADD \
	MOVQ state+0(FP), AX; \
	VMOVQ 0(AX), X12; \
	VMOVQ 8(AX), X13; \
	VMOVQ 16(AX), X14; \
	VPADDQ X12, X8, X8; \
	VPADDQ X13, X9, X9; \
	VPADDQ X14, X10, X10; \
	ADDQ 0(AX), R8; \
	ADDQ 8(AX), R9; \
	ADDQ 16(AX), R10; \
	ADDQ 24(AX), R11; \
	ADDQ 32(AX), R12; \
	ADDQ 40(AX), R13; \
	ADDQ 48(AX), R14; \
	ADDQ 56(AX), R15; \
	MOVQ R8, 0(AX); \
	MOVQ R9, 8(AX); \
	MOVQ R10, 16(AX); \
	MOVQ R11, 24(AX); \
	MOVQ R12, 32(AX); \
	MOVQ R13, 40(AX); \
	MOVQ R14, 48(AX); \
	MOVQ R15, 56(AX)

// func blocks(state *[8]uint64, data *byte, count int) The frame holds 80 sums of two blocks, and room to begin them
// where a line of the cache does: a vector that lies in two lines costs more.
TEXT ·blocks(SB), 0, $1344-24
	MOVQ state+0(FP), AX
	MOVQ data+8(FP), SI
	MOVQ 0(AX), R8
	MOVQ 8(AX), R9
	MOVQ 16(AX), R10
	MOVQ 24(AX), R11
	MOVQ 32(AX), R12
	MOVQ 40(AX), R13
	MOVQ 48(AX), R14
	MOVQ 56(AX), R15
	VMOVQ R8, X8
	VMOVQ R9, X9
	VMOVQ R10, X10

pair:
	LEAQ 63(SP), DI
	ANDQ $~63, DI
	LEAQ ·constants(SB), CX
	VMOVDQU64 ·bigEndian(SB), Y19
	LOAD(X0, Y0, 0, 128)
	LOAD(X1, Y1, 16, 144)
	LOAD(X2, Y2, 32, 160)
	LOAD(X3, Y3, 48, 176)
	LOAD(X4, Y4, 64, 192)
	LOAD(X5, Y5, 80, 208)
	LOAD(X6, Y6, 96, 224)
	LOAD(X7, Y7, 112, 240)
	KEEP(Y0, 0(CX), 0(DI))
	KEEP(Y1, 32(CX), 32(DI))
	KEEP(Y2, 64(CX), 64(DI))
	KEEP(Y3, 96(CX), 96(DI))
	KEEP(Y4, 128(CX), 128(DI))
	KEEP(Y5, 160(CX), 160(DI))
	KEEP(Y6, 192(CX), 192(DI))
	KEEP(Y7, 224(CX), 224(DI))
	ADDQ $256, CX

	// Rounds 0 to 63 of the first block, and words 16 to 79 of both.
first:
	EARLIER(Y0, Y1, Y4, Y5)
	ROUND(R11, R12, R13, R14, R15, X8, X9, X10, X11, 0)
	LATER(Y0, Y7)
	ROUND(R10, R11, R12, R13, R14, X11, X8, X9, X10, 8)
	KEEP(Y0, 0(CX), 256(DI))
	EARLIER(Y1, Y2, Y5, Y6)
	ROUND(R9, R10, R11, R12, R13, X10, X11, X8, X9, 32)
	LATER(Y1, Y0)
	ROUND(R8, R9, R10, R11, R12, X9, X10, X11, X8, 40)
	KEEP(Y1, 32(CX), 288(DI))
	EARLIER(Y2, Y3, Y6, Y7)
	ROUND(R15, R8, R9, R10, R11, X8, X9, X10, X11, 64)
	LATER(Y2, Y1)
	ROUND(R14, R15, R8, R9, R10, X11, X8, X9, X10, 72)
	KEEP(Y2, 64(CX), 320(DI))
	EARLIER(Y3, Y4, Y7, Y0)
	ROUND(R13, R14, R15, R8, R9, X10, X11, X8, X9, 96)
	LATER(Y3, Y2)
	ROUND(R12, R13, R14, R15, R8, X9, X10, X11, X8, 104)
	KEEP(Y3, 96(CX), 352(DI))
	EARLIER(Y4, Y5, Y0, Y1)
	ROUND(R11, R12, R13, R14, R15, X8, X9, X10, X11, 128)
	LATER(Y4, Y3)
	ROUND(R10, R11, R12, R13, R14, X11, X8, X9, X10, 136)
	KEEP(Y4, 128(CX), 384(DI))
	EARLIER(Y5, Y6, Y1, Y2)
	ROUND(R9, R10, R11, R12, R13, X10, X11, X8, X9, 160)
	LATER(Y5, Y4)
	ROUND(R8, R9, R10, R11, R12, X9, X10, X11, X8, 168)
	KEEP(Y5, 160(CX), 416(DI))
	EARLIER(Y6, Y7, Y2, Y3)
	ROUND(R15, R8, R9, R10, R11, X8, X9, X10, X11, 192)
	LATER(Y6, Y5)
	ROUND(R14, R15, R8, R9, R10, X11, X8, X9, X10, 200)
	KEEP(Y6, 192(CX), 448(DI))
	EARLIER(Y7, Y0, Y3, Y4)
	ROUND(R13, R14, R15, R8, R9, X10, X11, X8, X9, 224)
	LATER(Y7, Y6)
	ROUND(R12, R13, R14, R15, R8, X9, X10, X11, X8, 232)
	KEEP(Y7, 224(CX), 480(DI))
	ADDQ $256, DI
	ADDQ $256, CX
	LEAQ ·constants+1280(SB), AX
	CMPQ CX, AX
	JNE first

	// Rounds 64 to 79.
	ROUND(R11, R12, R13, R14, R15, X8, X9, X10, X11, 0)
	ROUND(R10, R11, R12, R13, R14, X11, X8, X9, X10, 8)
	ROUND(R9, R10, R11, R12, R13, X10, X11, X8, X9, 32)
	ROUND(R8, R9, R10, R11, R12, X9, X10, X11, X8, 40)
	ROUND(R15, R8, R9, R10, R11, X8, X9, X10, X11, 64)
	ROUND(R14, R15, R8, R9, R10, X11, X8, X9, X10, 72)
	ROUND(R13, R14, R15, R8, R9, X10, X11, X8, X9, 96)
	ROUND(R12, R13, R14, R15, R8, X9, X10, X11, X8, 104)
	ROUND(R11, R12, R13, R14, R15, X8, X9, X10, X11, 128)
	ROUND(R10, R11, R12, R13, R14, X11, X8, X9, X10, 136)
	ROUND(R9, R10, R11, R12, R13, X10, X11, X8, X9, 160)
	ROUND(R8, R9, R10, R11, R12, X9, X10, X11, X8, 168)
	ROUND(R15, R8, R9, R10, R11, X8, X9, X10, X11, 192)
	ROUND(R14, R15, R8, R9, R10, X11, X8, X9, X10, 200)
	ROUND(R13, R14, R15, R8, R9, X10, X11, X8, X9, 224)
	ROUND(R12, R13, R14, R15, R8, X9, X10, X11, X8, 232)
	ADD
	SUBQ $1, count+16(FP)
	JEQ done

	// The second block. Its sums begin 16 bytes after those of the first.
	SUBQ $(1024-16), DI
	MOVQ $5, CX

second:
	ROUND(R11, R12, R13, R14, R15, X8, X9, X10, X11, 0)
	ROUND(R10, R11, R12, R13, R14, X11, X8, X9, X10, 8)
	ROUND(R9, R10, R11, R12, R13, X10, X11, X8, X9, 32)
	ROUND(R8, R9, R10, R11, R12, X9, X10, X11, X8, 40)
	ROUND(R15, R8, R9, R10, R11, X8, X9, X10, X11, 64)
	ROUND(R14, R15, R8, R9, R10, X11, X8, X9, X10, 72)
	ROUND(R13, R14, R15, R8, R9, X10, X11, X8, X9, 96)
	ROUND(R12, R13, R14, R15, R8, X9, X10, X11, X8, 104)
	ROUND(R11, R12, R13, R14, R15, X8, X9, X10, X11, 128)
	ROUND(R10, R11, R12, R13, R14, X11, X8, X9, X10, 136)
	ROUND(R9, R10, R11, R12, R13, X10, X11, X8, X9, 160)
	ROUND(R8, R9, R10, R11, R12, X9, X10, X11, X8, 168)
	ROUND(R15, R8, R9, R10, R11, X8, X9, X10, X11, 192)
	ROUND(R14, R15, R8, R9, R10, X11, X8, X9, X10, 200)
	ROUND(R13, R14, R15, R8, R9, X10, X11, X8, X9, 224)
	ROUND(R12, R13, R14, R15, R8, X9, X10, X11, X8, 232)
	ADDQ $256, DI
	SUBQ $1, CX
	JNE second
	ADD
	ADDQ $256, SI
	SUBQ $1, count+16(FP)
	JNE pair

done:
	VZEROUPPER
	RET

// bigEndian has VPSHUFB turn the bytes of each word around.
DATA ·bigEndian+0(SB)/8, $0x0001020304050607
DATA ·bigEndian+8(SB)/8, $0x08090a0b0c0d0e0f
DATA ·bigEndian+16(SB)/8, $0x0001020304050607
DATA ·bigEndian+24(SB)/8, $0x08090a0b0c0d0e0f
GLOBL ·bigEndian(SB), NOPTR|RODATA, $32

// func cpuid(leaf, subleaf uint32) (eax, ebx, ecx, edx uint32)
TEXT ·cpuid(SB), NOSPLIT, $0-24
	MOVL leaf+0(FP), AX
	MOVL subleaf+4(FP), CX
	CPUID
	MOVL AX, eax+8(FP)
	MOVL BX, ebx+12(FP)
	MOVL CX, ecx+16(FP)
	MOVL DX, edx+20(FP)
	RET

// func xcr0() uint32
TEXT ·xcr0(SB), NOSPLIT, $0-4
	XORL CX, CX
	XGETBV
	MOVL AX, ret+0(FP)
	RET
