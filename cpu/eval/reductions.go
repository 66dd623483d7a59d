package eval

import (
	"math"
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// reductions: an element of the result from many.
var reductions = map[ir.Kind]func(c *call) Array{
	ir.ReduceSum: func(c *call) Array {
		return reduce(c, c.op.Attr.(ir.ReduceSumAttr).Axes, 0, func(x, y float64) float64 { return x + y })
	},
	ir.ReduceProduct: func(c *call) Array {
		return reduce(c, c.op.Attr.(ir.ReduceProductAttr).Axes, 1, func(x, y float64) float64 { return x * y })
	},
	ir.ReduceMax: func(c *call) Array { return reduce(c, c.op.Attr.(ir.ReduceMaxAttr).Axes, math.Inf(-1), larger) },
	ir.ReduceMin: func(c *call) Array { return reduce(c, c.op.Attr.(ir.ReduceMinAttr).Axes, math.Inf(1), smaller) },
	ir.ReduceLogicalAnd: func(c *call) Array {
		return reduce(c, c.op.Attr.(ir.ReduceLogicalAndAttr).Axes, 1, math.Min)
	},
	ir.ReduceLogicalOr: func(c *call) Array { return reduce(c, c.op.Attr.(ir.ReduceLogicalOrAttr).Axes, 0, math.Max) },
	ir.CumSum:          cumSum,
	ir.ArgMinMax:       argMinMax,
	ir.DotGeneral:      dotGeneral,
}

// reduce joins all elements whose index differs along axes alone; without axes, all elements.
func reduce(c *call, axes []int, start float64, join func(x, y float64) float64) Array {
	x, out := c.args[0], c.out()
	if len(axes) == 0 {
		for axis := range x.dims() {
			axes = append(axes, axis)
		}
	}
	for i := range out.Elems {
		out.Elems[i] = start
	}
	each(x.dims(), func(index []int) {
		_, kept := split(index, axes)
		out.set(kept, join(out.get(kept), x.get(index)))
	})
	return out
}

func cumSum(c *call) Array {
	a, x := c.op.Attr.(ir.CumSumAttr), c.args[0]
	return filled(c, func(index []int) float64 {
		sum, from := 0.0, slices.Clone(index)
		for i := range x.dims()[a.Axis] {
			before := i < index[a.Axis]
			if a.Options.Reverse {
				before = i > index[a.Axis]
			}
			if from[a.Axis] = i; before || i == index[a.Axis] && !a.Options.Exclusive {
				sum += x.get(from)
			}
		}
		return sum
	})
}

// argMinMax returns the first place of the extreme element; NaN is more extreme than any number.
func argMinMax(c *call) Array {
	a, x := c.op.Attr.(ir.ArgMinMaxAttr), c.args[0]
	return filled(c, func(index []int) float64 {
		from := slices.Insert(slices.Clone(index), a.Axis, 0)
		best, place := x.get(from), 0
		for i := 1; i < x.dims()[a.Axis]; i++ {
			from[a.Axis] = i
			v := x.get(from)
			if !math.IsNaN(best) && (math.IsNaN(v) || a.IsMin && v < best || !a.IsMin && v > best) {
				best, place = v, i
			}
		}
		return float64(place)
	})
}

// dotGeneral has the axes of the batch, then the free axes of both operands, and sums over the contracted ones.
func dotGeneral(c *call) Array {
	a, x, y := c.op.Attr.(ir.DotGeneralAttr), c.args[0], c.args[1]
	free := func(v Array, contracted, batch []int) []int {
		var axes []int
		for axis := range v.dims() {
			if !slices.Contains(contracted, axis) && !slices.Contains(batch, axis) {
				axes = append(axes, axis)
			}
		}
		return axes
	}
	freeX, freeY := free(x, a.LhsContractingAxes, a.LhsBatchAxes), free(y, a.RhsContractingAxes, a.RhsBatchAxes)
	var depth []int
	for _, axis := range a.LhsContractingAxes {
		depth = append(depth, x.dims()[axis])
	}
	put := func(to, axes, from []int) {
		for i, axis := range axes {
			to[axis] = from[i]
		}
	}
	atX, atY := make([]int, len(x.dims())), make([]int, len(y.dims()))
	return filled(c, func(index []int) float64 {
		batch, rest := index[:len(a.LhsBatchAxes)], index[len(a.LhsBatchAxes):]
		put(atX, a.LhsBatchAxes, batch)
		put(atY, a.RhsBatchAxes, batch)
		put(atX, freeX, rest[:len(freeX)])
		put(atY, freeY, rest[len(freeX):])
		sum := 0.0
		each(depth, func(k []int) {
			put(atX, a.LhsContractingAxes, k)
			put(atY, a.RhsContractingAxes, k)
			sum += x.get(atX) * y.get(atY)
		})
		return sum
	})
}
