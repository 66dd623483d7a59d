package elem

import (
	"math"
	"testing"
)

// Near multiples of pi/2 a sine or a cosine is all that the reduction leaves, and beyond the border of the reduction
// another function takes over; a far neighbour changes nothing, in place either.
func TestSineAndCosineWhereLittleIsLeft(t *testing.T) {
	var x []float32
	for k := range 42000 { // up to 65973
		v := float32(float64(k) * (math.Pi / 2))
		x = append(x, v, -v, math.Nextafter32(v, 0), math.Nextafter32(v, 1e6))
	}
	for _, v := range []float32{nearby, 1e5, 1e9, math.MaxFloat32} {
		x = append(x, v, -v, math.Nextafter32(v, 0), math.Nextafter32(v, float32(math.Inf(1))))
	}
	for _, table := range all() {
		for _, k := range []unaryKernel{{"Sin", func(t *Table) Unary { return t.Sin }, math.Sin, 2}, {"Cos", func(t *Table) Unary { return t.Cos }, math.Cos, 2}} {
			got := append([]float32(nil), x...)
			k.f(table)(got, got)
			worst, at := 0.0, 0
			for i, v := range x {
				if e := ulps(got[i], k.exact(float64(v))); e > worst {
					worst, at = e, i
				}
			}
			t.Logf("%s %s: at most %.3f ULP, at %g", table.Name, k.name, worst, x[at])
			if worst > k.ulp {
				t.Errorf("%s %s(%g) = %g, want %g: %.2f ULP, bound %g", table.Name, k.name, x[at], got[at], k.exact(float64(x[at])), worst, k.ulp)
			}
		}
	}
}
