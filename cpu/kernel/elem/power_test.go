package elem

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

var pairs = flag.Int("pairs", 1<<19, "TestPowErrors measures so many pairs of each kind")

// powBound is the bound in Table's comment.
const powBound = 1.5

// powBases and powExponents are the special values, and what decides about signs, NaN, overflow and denormals: whole exponents,
// odd and even, the last odd ones, halves, and bases near 1 and -1.
var powBases, powExponents = func() (x, y []float32) {
	for _, v := range []float32{1, 1 - 0x1p-24, 1 + 0x1p-23, .70710677, .70710683, 1.4142135, 1.4142137, 2, 3, 10, 0x1p-140} {
		x = append(x, v, -v)
	}
	for _, v := range []float32{1, 2, 3, 1. / 3, 1.5, 2.5, 126, 127, 128, 148.5, 149, 150, 151, 255, 1<<23 - 1, 1<<23 - .5, 1<<24 - 1, 1 << 24, 0x1p31, 0x1p32, 0x1p33, 1e20} {
		y = append(y, v, -v)
	}
	return append(x, special...), append(y, special...)
}()

// TestPowSpecials tries every base with every exponent: the bound, and the signs of zeros, in all three forms of the kernel.
func TestPowSpecials(t *testing.T) {
	n := len(powBases)
	got, one, other := make([]float32, n), make([]float32, n), make([]float32, n)
	for _, table := range all() {
		for _, y := range powExponents {
			table.Pow(got, powBases, repeated(n, y))
			table.PowScalar(one, powBases, y)
			for i, x := range powBases {
				want := math.Pow(float64(x), float64(y))
				if e := ulps(got[i], want); e > powBound || got[i] == 0 && math.Signbit(float64(got[i])) != math.Signbit(want) {
					t.Errorf("%s: %g^%g is %g, want %g: %.3f ULP, bound %g", table.Name, x, y, got[i], want, e, powBound)
				}
				table.RPowScalar(other[i:i+1], []float32{y}, x)
			}
			same(t, fmt.Sprintf("%s PowScalar(x, %g)", table.Name, y), one, got)
			same(t, fmt.Sprintf("%s RPowScalar(%g, x)", table.Name, y), other, got)
		}
	}
}

// TestPowErrors measures random pairs: all powers from the smallest denormal to the largest float, whatever the base; bases near 1;
// small and whole exponents of bases of common size; and words of any bits.
func TestPowErrors(t *testing.T) {
	const n = 1 << 12
	anyBits := func(rng *rand.Rand) float32 { return math.Float32frombits(rng.Uint32()) }
	draws := []struct {
		name string
		pair func(rng *rand.Rand) (x, y float32)
	}{
		{"all powers", func(rng *rand.Rand) (x, y float32) {
			x = float32(math.Abs(float64(anyBits(rng))))
			return x, float32((rng.Float64()*278 - 150) / math.Log2(float64(x)))
		}},
		{"bases near 1", func(rng *rand.Rand) (x, y float32) {
			x = float32(math.Exp2(rng.Float64()*2 - 1))
			return x, float32((rng.Float64()*278 - 150) / math.Log2(float64(x)))
		}},
		{"small exponents", func(rng *rand.Rand) (x, y float32) {
			return float32(math.Exp(4 * rng.NormFloat64())), float32(3 * rng.NormFloat64())
		}},
		{"whole exponents", func(rng *rand.Rand) (x, y float32) {
			return float32(8 * rng.NormFloat64()), float32(rng.IntN(81) - 40)
		}},
		{"any bits", func(rng *rand.Rand) (x, y float32) { return anyBits(rng), anyBits(rng) }},
	}
	x, y, got := make([]float32, n), make([]float32, n), make([]float32, n)
	for _, table := range all() {
		for _, d := range draws {
			rng := rand.New(rand.NewPCG(12, 13))
			worst, base, exponent := 0.0, float32(0), float32(0)
			for range *pairs / n {
				for i := range x {
					x[i], y[i] = d.pair(rng)
				}
				table.Pow(got, x, y)
				for i := range x {
					if e := ulps(got[i], math.Pow(float64(x[i]), float64(y[i]))); e > worst {
						worst, base, exponent = e, x[i], y[i]
					}
				}
			}
			t.Logf("%s %s: at most %.3f ULP, at %g^%g", table.Name, d.name, worst, base, exponent)
			if worst > powBound {
				t.Errorf("%s %s: %g^%g is %.3f ULP off, bound %g", table.Name, d.name, base, exponent, worst, powBound)
			}
		}
	}
}

func BenchmarkPow(b *testing.B) {
	x, y, dst := make([]float32, 2048), make([]float32, 2048), make([]float32, 2048)
	for i := range x {
		x[i], y[i] = float32(i+1)/512, float32(i)/512-2
	}
	for _, table := range all() {
		b.Run(table.Name, func(b *testing.B) {
			for b.Loop() {
				table.Pow(dst, x, y)
			}
			b.ReportMetric(float64(len(x))*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "elem/ns")
		})
	}
}
