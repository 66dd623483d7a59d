package eval

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// moves: every element of the result is an element of an operand.
var moves = map[ir.Kind]func(c *call) Array{
	ir.Constant: func(c *call) Array { return Of(c.op.Result().Shape, c.op.Attr.(ir.ConstantAttr).Flat) },
	ir.Identity: same,
	ir.Reshape:  same,
	ir.Iota: func(c *call) Array {
		axis := c.op.Attr.(ir.IotaAttr).IotaAxis
		return filled(c, func(index []int) float64 { return float64(index[axis]) })
	},
	ir.Transpose: func(c *call) Array {
		permutation, x := c.op.Attr.(ir.TransposeAttr).Permutation, c.args[0]
		return filled(c, func(index []int) float64 {
			from := make([]int, len(index))
			for i, axis := range permutation {
				from[axis] = index[i]
			}
			return x.get(from)
		})
	},
	ir.Slice: func(c *call) Array {
		a, x := c.op.Attr.(ir.SliceAttr), c.args[0]
		return filled(c, func(index []int) float64 {
			from := slices.Clone(a.Starts)
			for axis, i := range index {
				from[axis] += i * stride(a.Strides, axis)
			}
			return x.get(from)
		})
	},
	ir.BroadcastInDim: func(c *call) Array {
		axes, x := c.op.Attr.(ir.BroadcastInDimAttr).BroadcastAxes, c.args[0]
		return filled(c, func(index []int) float64 {
			from := make([]int, len(axes))
			for i, axis := range axes {
				if x.dims()[i] > 1 {
					from[i] = index[axis]
				}
			}
			return x.get(from)
		})
	},
	ir.Reverse: func(c *call) Array {
		axes, x := c.op.Attr.(ir.ReverseAttr).Axes, c.args[0]
		return filled(c, func(index []int) float64 {
			from := slices.Clone(index)
			for _, axis := range axes {
				from[axis] = x.dims()[axis] - 1 - from[axis]
			}
			return x.get(from)
		})
	},
	ir.Concatenate: concatenate,
	ir.Pad:         pad,
}

func same(c *call) Array { return c.args[0] }

func stride(strides []int, axis int) int {
	if len(strides) == 0 {
		return 1
	}
	return strides[axis]
}

// filled makes each element of the result of its index.
func filled(c *call, f func(index []int) float64) Array {
	out := c.out()
	each(out.dims(), func(index []int) { out.set(index, f(index)) })
	return out
}

func concatenate(c *call) Array {
	axis, out, before := c.op.Attr.(ir.ConcatenateAttr).Axis, c.out(), 0
	for _, x := range c.args {
		each(x.dims(), func(index []int) {
			to := slices.Clone(index)
			to[axis] += before
			out.set(to, x.get(index))
		})
		before += x.dims()[axis]
	}
	return out
}

// pad puts Start elements before, End behind and Interior between the elements along each axis; negative ones cut off.
func pad(c *call) Array {
	x, config := c.args[0], c.op.Attr.(ir.PadAttr).AxesConfig
	out := filled(c, func([]int) float64 { return c.args[1].Elems[0] })
	each(x.dims(), func(index []int) {
		to := slices.Clone(index)
		for axis, p := range config {
			to[axis] = p.Start + index[axis]*(p.Interior+1)
			if to[axis] < 0 || to[axis] >= out.dims()[axis] {
				return
			}
		}
		out.set(to, x.get(index))
	})
	return out
}
