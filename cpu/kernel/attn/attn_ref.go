package attn

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
)

// Ref is the flavour in pure Go: the definition that the others are tested against, and what runs where there is no
// assembly.
var Ref = &Kernel{Gemm: gemm.Ref, Elem: elem.Ref, Rows: &Rows{
	Name: "ref",
	Max: func(x []float32) float32 {
		m := x[0]
		for _, v := range x {
			m = larger(m, v)
		}
		return m
	},
	Exp: func(dst, x []float32, scale, shift float32) float32 {
		sum := 0.0
		for i, v := range x {
			dst[i] = float32(math.Exp(float64(v*scale - shift)))
			sum += float64(dst[i])
		}
		return float32(sum)
	},
	Grad: func(ds, p, dp []float32, delta, scale float32) {
		for i := range ds {
			ds[i] = p[i] * scale * (dp[i] - delta)
		}
	},
	Dot: func(x, y []float32) float32 {
		sum := 0.0
		for i := range x {
			sum += float64(x[i]) * float64(y[i])
		}
		return float32(sum)
	},
}}

func larger(x, y float32) float32 {
	if y > x {
		return y
	}
	return x
}
