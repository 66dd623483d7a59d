package data

import (
	"crypto/sha256"
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// draws returns a random stream for one purpose of one epoch; other seeds, epochs and purposes give unrelated streams.
// PCG's numbers are fixed by Go's documentation, and the ways to use them are written out here, so that a seed means the
// same batches with every version of Go.
func draws(seed uint64, epoch int, purpose string) *rand.PCG {
	key := binary.LittleEndian.AppendUint64(nil, seed)
	key = binary.LittleEndian.AppendUint64(key, uint64(epoch))
	sum := sha256.Sum256(append(key, purpose...))
	return rand.NewPCG(binary.LittleEndian.Uint64(sum[:8]), binary.LittleEndian.Uint64(sum[8:16]))
}

// below returns a uniform number in [0, n), without bias (Lemire's method: arXiv:1805.10941).
func below(r *rand.PCG, n uint64) uint64 {
	high, low := bits.Mul64(r.Uint64(), n)
	for low < n && low < -n%n {
		high, low = bits.Mul64(r.Uint64(), n)
	}
	return high
}

// permutation returns the numbers 0..n-1 in random order (Fisher and Yates).
func permutation(r *rand.PCG, n int) []int32 {
	p := make([]int32, n)
	for i := range p {
		j := below(r, uint64(i+1))
		p[i] = p[j]
		p[j] = int32(i)
	}
	return p
}
