package random

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// The state after n draws is where n draws, one after the other, lead.
func TestAtIsDrawingOneByOne(t *testing.T) {
	for _, s := range []State{{}, {1, 2}, {1<<64 - 1, 1<<64 - 1}} {
		slow := s
		for n := range uint64(1000) {
			if got := s.At(n); got != slow {
				t.Fatalf("after %d draws from %v: %v, expected %v", n, s, got, slow)
			}
			slow = slow.times(multiplier).plus(increment)
		}
		if far := s.At(1 << 40); far.At(12345) != s.At(1<<40+12345) {
			t.Errorf("2^40 draws and 12345 from %v: %v, at once %v", s, far.At(12345), s.At(1<<40+12345))
		}
	}
}

// Parts that are filled one by one are the whole, which is the bytes of math/rand/v2's draws.
func TestFillInParts(t *testing.T) {
	for _, n := range []int{0, 1, 7, 8, 9, 1001} {
		s, want := State{3, 4}, make([]byte, n)
		pcg, word := rand.NewPCG(3, 4), uint64(0)
		for i := range want {
			if i%8 == 0 {
				word = pcg.Uint64()
			}
			want[i] = byte(word >> (8 * (i % 8)))
		}
		for _, parts := range []int{1, 2, 3, 16} {
			got := make([]byte, n)
			for p := range parts {
				from, to := Draws(n)*p/parts, Draws(n)*(p+1)/parts
				s.At(uint64(from)).Fill(got[min(n, 8*from):min(n, 8*to)])
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%d bytes in %d parts: %x, expected %x", n, parts, got, want)
			}
		}
	}
}

func BenchmarkFill(b *testing.B) {
	dst := make([]byte, 1<<16)
	b.SetBytes(int64(len(dst)))
	for b.Loop() {
		State{1, 2}.Fill(dst)
	}
}
