package attn

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/internal/fence"
)

// TestRowsTouchNothingBeside the registers of their scores, the columns of their masks and one number for each row.
func TestRowsTouchNothingBeside(t *testing.T) {
	const rows = 5
	rng := rand.New(rand.NewPCG(21, 22))
	for _, k := range kernels()[1:] {
		r := k.Rows
		for cols := 1; cols < 70; cols++ {
			whole := (cols + r.Lanes - 1) / r.Lanes * r.Lanes
			seen, more := cols, 0
			if cols%2 == 0 {
				seen, more = 1+rng.IntN(cols), 1
			}
			fence.Check(t, fmt.Sprintf("%s: rows of %d columns", r.Name, cols), func(place fence.Place) {
				line := whole + 3
				scores := func() []float32 { return place(numbers(rng, (rows-1)*line+whole)) }
				x, dp, most, sum := scores(), scores(), place(make([]float32, rows)), place(make([]float32, rows))
				r.Softmax(x, line, rows, cols, seen, more, 1.7, most, sum)
				r.Gradient(x, dp, line, rows, cols, seen, more, 1.7, .9, most, sum)
				for _, step := range []int{0, cols, cols + 2} {
					mask := place(numbers(rng, (rows-1)*step+cols))
					r.Mask(scores(), line, rows, cols, .3, mask, step)
					r.Hide(scores(), line, rows, cols, -1, mask, step)
				}
				r.Divide(place(numbers(rng, (rows-1)*(cols+2)+cols)), cols+2, rows, cols, sum)
			})
		}
	}
}

// TestRotaryTouchesNothingBeside the pairs of its rows.
func TestRotaryTouchesNothingBeside(t *testing.T) {
	const rows, gap = 3, 5
	rng := rand.New(rand.NewPCG(23, 24))
	for _, k := range kernels()[1:] {
		for n := 1; n < 70; n++ {
			fence.Check(t, fmt.Sprintf("%s: %d pairs", k.Rows.Name, n), func(place fence.Place) {
				cos, sin := place(numbers(rng, n)), place(numbers(rng, n))
				half := func() []float32 { return place(numbers(rng, (rows-1)*(n+gap)+n)) }
				k.Rotary.Halves(half(), half(), half(), half(), cos, sin, 1, rows, n+gap, n+gap)
				pairs := func() []float32 { return place(numbers(rng, (rows-1)*(2*n+gap)+2*n)) }
				k.Rotary.Neighbours(pairs(), pairs(), cos, sin, -1, rows, 2*n+gap, 2*n+gap)
			})
		}
	}
}

// TestHeadTouchesNothingBeside its matrices and its scratch.
func TestHeadTouchesNothingBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(25, 26))
	for _, k := range kernels()[1:] {
		for _, s := range shapes {
			fence.Check(t, fmt.Sprintf("%s %+v", k.Rows.Name, s), func(place fence.Place) {
				exact := func(m gemm.Matrix) gemm.Matrix {
					m.Data = place(m.Data[:(m.Rows-1)*m.RowStride+m.Cols])
					return m
				}
				heads := func(cols int) Grouped {
					g := grouped(rng, &s, cols)
					g.Data = place(g.Data[:(s.Repeat-1)*g.Step+(s.Queries-1)*g.RowStride+cols])
					return g
				}
				rows := s.Repeat * s.Queries
				h := &Head{Mask: heads(s.Keys), Q: heads(s.Depth), K: exact(strided(rng, s.Keys, s.Depth)), V: exact(strided(rng, s.Keys, s.ValueDepth)),
					O: heads(s.ValueDepth), DO: heads(s.ValueDepth), Max: place(make([]float32, rows)), Sum: place(make([]float32, rows)),
					DQ: heads(s.Depth), DK: exact(strided(rng, s.Keys, s.Depth)), DV: exact(strided(rng, s.Keys, s.ValueDepth))}
				k.Forward(&s, h, 0, s.Blocks(), place(make([]float32, k.ForwardScratch(&s))), h)
				k.Backward(&s, h, place(make([]float32, k.BackwardScratch(&s))), h)
			})
		}
	}
}

func numbers(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}
