package augment

import (
	"crypto/sha256"
	"encoding/binary"
	"math"
	"math/rand/v2"
)

// Draws is where random choices take their numbers from. *rand.Rand is one; tests give the numbers themselves.
type Draws interface {
	Float64() float64     // uniform in [0, 1)
	IntN(n int) int       // uniform in 0..n-1
	NormFloat64() float64 // normal, mean 0, standard deviation 1
}

// NewDraws returns the generator that belongs to a seed and a path of numbers below it, such as (epoch, index of the
// sample). Different paths give independent generators, so a sample's numbers depend neither on the worker that draws
// them nor on the samples before it. Cost: one SHA-256 of a short text, about 0.2 microseconds.
func NewDraws(seed uint64, purpose string, path ...uint64) *rand.Rand {
	text := make([]byte, 0, 64)
	text = binary.LittleEndian.AppendUint64(text, seed)
	for _, p := range path {
		text = binary.LittleEndian.AppendUint64(text, p)
	}
	h := sha256.Sum256(append(text, purpose...))
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(h[:8]), binary.LittleEndian.Uint64(h[8:16])))
}

// uniform returns lo + (hi-lo)*u.
func uniform(d Draws, lo, hi float64) float64 { return lo + float64((hi-lo)*d.Float64()) }

// negate returns -v in half of the cases: when the number drawn is above 0.5, as timm does.
func negate(d Draws, v float64) float64 {
	if d.Float64() > 0.5 {
		return -v
	}
	return v
}

// beta draws from the symmetric Beta(a, a) distribution, a > 0, by Johnk's method: x = u^(1/a), y = v^(1/a), again until
// x+y <= 1, then x/(x+y). It needs 1.9 pairs on average at a = 1 and fewer below; a above 1 is refused by Mix.Check.
// When both powers underflow (a near 0) the quotient is taken in logarithms.
func beta(d Draws, a float64) float64 {
	for {
		u, v := 1-d.Float64(), 1-d.Float64()
		x, y := math.Pow(u, 1/a), math.Pow(v, 1/a)
		if x+y > 1 {
			continue
		}
		if x+y > 0 {
			return x / (x + y)
		}
		lx, ly := math.Log(u)/a, math.Log(v)/a
		return 1 / (1 + math.Exp(ly-lx))
	}
}
