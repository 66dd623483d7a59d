package matvec

import "github.com/dyt-go/dyt/cpu/kernel/fma"

// Ref is the flavour in pure Go: the definition that the others are tested against, and what runs where there is no
// assembly.
var Ref = &Kernel{
	Name: "ref",
	Dots: func(c, a, b []float32, stride, n int) {
		for j := range n {
			sum := float32(0)
			for l, x := range a {
				sum = fma.Float32(x, b[j*stride+l], sum)
			}
			c[j] = sum
		}
	},
	Sums: func(c, a, b []float32, stride int) {
		for j := range c {
			sum := float32(0)
			for l, x := range a {
				sum = fma.Float32(x, b[l*stride+j], sum)
			}
			c[j] = sum
		}
	},
}
