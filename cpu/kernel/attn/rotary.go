package attn

import "github.com/dyt-go/dyt/cpu/kernel/fma"

// Rotary is one flavour of the rotation of pairs of channels (arXiv:2104.09864) of several rows that share their angles. With
// s[i] = sign*sin[i] and n = len(cos) = len(sin) pairs in each row, row r being r steps further on,
//
//	y0[i] = x0[i]*cos[i] - x1[i]*s[i]
//	y1[i] = x1[i]*cos[i] + x0[i]*s[i]
//
// the product with s rounded, the other one fused. With sign -1 it turns back, which is also the gradient. y and x do not
// overlap. Requires rows > 0.
type Rotary struct {
	Halves     func(y0, y1, x0, x1, cos, sin []float32, sign float32, rows, ystep, xstep int)
	Neighbours func(y, x, cos, sin []float32, sign float32, rows, ystep, xstep int) // pair i is elements 2i and 2i+1
}

func refHalves(y0, y1, x0, x1, cos, sin []float32, sign float32, rows, ystep, xstep int) {
	for r := range rows {
		for i := range cos {
			a, b := x0[r*xstep+i], x1[r*xstep+i]
			y0[r*ystep+i], y1[r*ystep+i] = turned(a, b, cos[i], sign*sin[i])
		}
	}
}

func refNeighbours(y, x, cos, sin []float32, sign float32, rows, ystep, xstep int) {
	for r := range rows {
		for i := range cos {
			a, b := x[r*xstep+2*i], x[r*xstep+2*i+1]
			y[r*ystep+2*i], y[r*ystep+2*i+1] = turned(a, b, cos[i], sign*sin[i])
		}
	}
}

func turned(a, b, cos, sin float32) (x, y float32) {
	across, along := b*sin, a*sin
	return fma.Float32(a, cos, -across), fma.Float32(b, cos, along)
}
