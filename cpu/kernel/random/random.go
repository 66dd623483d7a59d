// Package random draws the random bits of GoMLX: those of the generator PCG of math/rand/v2, bit for bit, so that a network
// trained here draws what it would draw on GoMLX's Go backend.
//
// The generator's state is a number s of 128 bits; a draw of 64 bits replaces it by a*s + c (mod 2^128) and mixes the new
// one. After n draws it is a^n s + c (1 + a + ... + a^(n-1)), found in log2(n) steps: At. So any part of a long
// sequence can be drawn by itself, and workers share it.
package random

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
)

// State is the state of a generator.
type State struct{ Hi, Lo uint64 }

// The multiplier and the increment of the generator (O'Neill, PCG: A Family of Simple Fast Space-Efficient Statistically Good
// Algorithms for Random Number Generation, 2014; 128 bits).
var (
	multiplier = State{2549297995355413924, 4865540595714422341}
	increment  = State{6364136223846793005, 1442695040888963407}
)

// At returns the state after n draws.
func (s State) At(n uint64) State {
	power, sum := multiplier, increment // of 1, 2, 4, ... draws: s -> power*s + sum
	for ; n > 0; n >>= 1 {
		if n&1 == 1 {
			s = s.times(power).plus(sum)
		}
		sum = power.times(sum).plus(sum)
		power = power.times(power)
	}
	return s
}

func (s State) times(t State) State {
	hi, lo := bits.Mul64(s.Lo, t.Lo)
	return State{hi + s.Hi*t.Lo + s.Lo*t.Hi, lo}
}

func (s State) plus(t State) State {
	lo, carry := bits.Add64(s.Lo, t.Lo, 0)
	hi, _ := bits.Add64(s.Hi, t.Hi, carry)
	return State{hi, lo}
}

// Fill fills dst with the draws that follow s, eight bytes a draw, the lowest first; of a last draw that does not fit the
// lowest bytes.
func (s State) Fill(dst []byte) {
	draws := rand.NewPCG(s.Hi, s.Lo)
	for ; len(dst) >= 8; dst = dst[8:] {
		binary.LittleEndian.PutUint64(dst, draws.Uint64())
	}
	if len(dst) > 0 {
		var last [8]byte
		binary.LittleEndian.PutUint64(last[:], draws.Uint64())
		copy(dst, last[:])
	}
}

// Draws is how many draws fill n bytes.
func Draws(n int) int { return (n + 7) / 8 }
