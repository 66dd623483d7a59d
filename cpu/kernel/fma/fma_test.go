package fma

import (
	"math"
	"math/big"
	"math/rand/v2"
	"testing"
)

func TestRoundsOnce(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	draw := func() float32 { return float32(math.Ldexp(rng.Float64()*2-1, rng.IntN(60)-30)) }
	for range 200_000 {
		x, y, z := draw(), draw(), draw()
		if rng.IntN(2) == 0 { // near cancellation, where double rounding would show
			z = -float32(float64(x)*float64(y)) * (1 + float32(rng.IntN(3)-1)*0x1p-23)
		}
		if got, want := Float32(x, y, z), exact(x, y, z); got != want {
			t.Fatalf("Float32(%g, %g, %g) = %g, want %g", x, y, z, got, want)
		}
	}
}

func TestSpecialValues(t *testing.T) {
	inf, huge := float32(math.Inf(1)), float32(math.MaxFloat32)
	for _, k := range [][4]float32{{inf, 1, 0, inf}, {huge, 2, -huge, huge}, {0, 1, 0, 0}, {1, -1, 1, 0}, {1, 1, -inf, -inf}} {
		if got := Float32(k[0], k[1], k[2]); got != k[3] {
			t.Errorf("Float32(%g, %g, %g) = %g, want %g", k[0], k[1], k[2], got, k[3])
		}
	}
	for _, k := range [][3]float32{{inf, 0, 1}, {inf, 1, -inf}, {float32(math.NaN()), 0, 0}} {
		if got := Float32(k[0], k[1], k[2]); got == got {
			t.Errorf("Float32(%g, %g, %g) = %g, want NaN", k[0], k[1], k[2], got)
		}
	}
}

// exact computes x*y + z in big arithmetic and rounds once.
func exact(x, y, z float32) float32 {
	p := new(big.Float).SetPrec(300).Mul(big.NewFloat(float64(x)), big.NewFloat(float64(y)))
	sum, _ := p.Add(p, big.NewFloat(float64(z))).Float32()
	return sum
}
