package attn

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestRotaryIsARotation: against float64, both pairings and directions, with NaN around everything.
func TestRotaryIsARotation(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, k := range kernels() {
		for n := 1; n < 40; n++ {
			const rows, gap = 3, 5
			cos, sin := guarded(rng, n), guarded(rng, n)
			x, step := guarded(rng, rows*(2*n+gap)), 2*n+gap
			sign := float32(1 - 2*(n%2))
			halves, neighbours := blank(len(x)), blank(len(x))
			c, s := cos[guard:guard+n], sin[guard:guard+n]
			k.Rotary.Halves(halves[guard:], halves[guard+n:], x[guard:], x[guard+n:], c, s, sign, rows, step, step)
			k.Rotary.Neighbours(neighbours[guard:], x[guard:], c, s, sign, rows, step, step)
			for r := range rows {
				for i := range n {
					check(t, k, halves, x, c[i], s[i]*sign, guard+r*step+i, n)
					check(t, k, neighbours, x, c[i], s[i]*sign, guard+r*step+2*i, 1)
				}
			}
			for i := range x {
				if at := (i - guard) % step; i < guard || at >= 2*n || i >= guard+rows*step {
					if halves[i] == halves[i] || neighbours[i] == neighbours[i] {
						t.Fatalf("%s: %d pairs: wrote outside, at %d", k.Rows.Name, n, i-guard)
					}
				}
			}
		}
	}
}

// check compares the pair of y at first and distance further on with what the definition makes of x.
func check(t *testing.T, k *Kernel, y, x []float32, cos, sin float32, first, distance int) {
	t.Helper()
	a, b, c, s := float64(x[first]), float64(x[first+distance]), float64(cos), float64(sin)
	bound := 0x1p-23 * (math.Abs(a) + math.Abs(b)) * (math.Abs(c) + math.Abs(s)) // two roundings
	if d := math.Abs(float64(y[first]) - (a*c - b*s)); !(d <= bound) {
		t.Errorf("%s: y0 at %d is %g, want %g", k.Rows.Name, first-guard, y[first], a*c-b*s)
	}
	if d := math.Abs(float64(y[first+distance]) - (b*c + a*s)); !(d <= bound) {
		t.Errorf("%s: y1 at %d is %g, want %g", k.Rows.Name, first-guard, y[first+distance], b*c+a*s)
	}
}

// TestRotaryFlavoursAgreeBitForBit, in whole registers and in what is left of a row.
func TestRotaryFlavoursAgreeBitForBit(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for n := 1; n < 40; n++ {
		x, cos, sin := guarded(rng, 2*n)[guard:guard+2*n], guarded(rng, n)[guard:guard+n], guarded(rng, n)[guard:guard+n]
		var want []float32
		for i, k := range kernels() {
			y := make([]float32, 4*n)
			k.Rotary.Halves(y, y[n:], x, x[n:], cos, sin, -1, 1, 0, 0)
			k.Rotary.Neighbours(y[2*n:], x, cos, sin, -1, 1, 0, 0)
			if i == 0 {
				want = y
			} else if !slices.Equal(y, want) {
				t.Fatalf("%s: %d pairs differ from the reference: %g, want %g", k.Rows.Name, n, y, want)
			}
		}
	}
}

func blank(n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(math.NaN())
	}
	return v
}
