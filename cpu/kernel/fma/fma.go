// Package fma multiplies and adds float32 with one rounding, on every machine: the reference for kernels that use fused
// multiply-add instructions.
package fma

import "math"

// Float32 is x*y + z rounded once. The product of two float32 is exact in float64; its sum with a float32 is rounded to
// odd there, so that the second rounding cannot change the first (Boldo and Melquiond, 2008).
func Float32(x, y, z float32) float32 {
	p, q := float64(x)*float64(y), float64(z)
	sum := p + q
	if math.Float64bits(sum)&1 == 0 && sum-sum == 0 {
		if err := residue(p, q, sum); err != 0 {
			sum = toward(sum, err)
		}
	}
	return float32(sum)
}

// residue is p + q - sum without error, for sum = p + q rounded (Knuth's two-sum).
func residue(p, q, sum float64) float64 {
	v := sum - p
	return (p - (sum - v)) + (q - v)
}

// toward returns the neighbour of x in the direction of err's sign: x with an odd last bit.
func toward(x, err float64) float64 {
	bits := math.Float64bits(x)
	if (err > 0) == (x > 0) {
		return math.Float64frombits(bits + 1)
	}
	return math.Float64frombits(bits - 1)
}
