package eval

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// windows: parts of an array that begin where an array of indices says.
var windows = map[ir.Kind]func(c *call) Array{
	ir.Gather: gather,
	ir.ScatterSum: func(c *call) Array {
		a := c.op.Attr.(ir.ScatterSumAttr)
		return scatter(c, scatterAxes{a.IndexVectorAxis, a.UpdateWindowAxes, a.InsertedWindowAxes, a.ScatterAxesToOperandAxes}, func(x, y float64) float64 { return x + y })
	},
	ir.ScatterMax: func(c *call) Array {
		a := c.op.Attr.(ir.ScatterMaxAttr)
		return scatter(c, scatterAxes{a.IndexVectorAxis, a.UpdateWindowAxes, a.InsertedWindowAxes, a.ScatterAxesToOperandAxes}, larger)
	},
	ir.ScatterMin: func(c *call) Array {
		a := c.op.Attr.(ir.ScatterMinAttr)
		return scatter(c, scatterAxes{a.IndexVectorAxis, a.UpdateWindowAxes, a.InsertedWindowAxes, a.ScatterAxesToOperandAxes}, smaller)
	},
	ir.DynamicSlice: func(c *call) Array {
		x := c.args[0]
		starts := dynamicStarts(x.dims(), c.op.Attr.(ir.DynamicSliceAttr).SliceDims, c.args[1:])
		return filled(c, func(index []int) float64 { return x.get(plus(starts, index)) })
	},
	ir.DynamicUpdateSlice: func(c *call) Array {
		x, update := c.args[0], c.args[1]
		starts, out := dynamicStarts(x.dims(), update.dims(), c.args[2:]), c.out()
		copy(out.Elems, x.Elems)
		each(update.dims(), func(index []int) { out.set(plus(starts, index), update.get(index)) })
		return out
	},
}

func plus(a, b []int) []int {
	sum := slices.Clone(a)
	for i := range sum {
		sum[i] += b[i]
	}
	return sum
}

// dynamicStarts reads where a window begins: the nearest place where it lies inside.
func dynamicStarts(dims, window []int, indices []Array) []int {
	starts := make([]int, len(dims))
	for axis, a := range indices {
		starts[axis] = min(max(int(a.Elems[0]), 0), dims[axis]-window[axis])
	}
	return starts
}

// indexVector returns the index at place batch of an array of indices, whose components lie along axis vector.
func indexVector(indices Array, vector int, batch []int, n int) []int {
	list := make([]int, n)
	for i := range list {
		from := slices.Clone(batch)
		if vector < len(indices.dims()) {
			from = slices.Insert(from, vector, i)
		}
		list[i] = int(indices.get(from))
	}
	return list
}

// split sorts the components of index into those of axes and the others.
func split(index, axes []int) (in, others []int) {
	for _, axis := range axes {
		in = append(in, index[axis])
	}
	for axis, i := range index {
		if !slices.Contains(axes, axis) {
			others = append(others, i)
		}
	}
	return in, others
}

// gather: out[batch, window] = x[start(batch) + window], with start moved to the nearest place where the window lies inside.
func gather(c *call) Array {
	a, x, indices := c.op.Attr.(ir.GatherAttr), c.args[0], c.args[1]
	return filled(c, func(index []int) float64 {
		window, batch := split(index, a.OffsetOutputAxes)
		from := make([]int, len(x.dims()))
		for i, start := range indexVector(indices, a.IndexVectorAxis, batch, len(a.StartIndexMap)) {
			axis := a.StartIndexMap[i]
			from[axis] = min(max(start, 0), x.dims()[axis]-a.SliceSizes[axis])
		}
		next := 0
		for axis := range from {
			if !slices.Contains(a.CollapsedSliceAxes, axis) {
				from[axis] += window[next]
				next++
			}
		}
		return x.get(from)
	})
}

type scatterAxes struct {
	vector                      int
	window, inserted, toOperand []int
}

// scatter: out[start(batch) + window] = join(out[start(batch) + window], updates[batch, window]), in the order of batch; a
// window that does not lie inside is left out.
func scatter(c *call, a scatterAxes, join func(x, y float64) float64) Array {
	indices, updates, out := c.args[1], c.args[2], c.out()
	copy(out.Elems, c.args[0].Elems)
	each(updates.dims(), func(index []int) {
		window, batch := split(index, a.window)
		to, size := make([]int, len(out.dims())), make([]int, len(out.dims()))
		next := 0
		for axis := range to {
			if size[axis] = 1; !slices.Contains(a.inserted, axis) {
				to[axis], size[axis] = window[next], updates.dims()[a.window[next]]
				next++
			}
		}
		for i, start := range indexVector(indices, a.vector, batch, len(a.toOperand)) {
			axis := a.toOperand[i]
			if start < 0 || start+size[axis] > out.dims()[axis] {
				return
			}
			to[axis] += start
		}
		out.set(to, join(out.get(to), updates.get(index)))
	})
	if t := out.Shape.DType; t.IsFloat() {
		for i, x := range out.Elems {
			out.Elems[i] = round(x, t)
		}
	}
	return out
}
