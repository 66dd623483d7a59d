package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// View is how a value lies in memory: element (i0, i1, …) is element Offset + i0*Strides[0] + i1*Strides[1] + … of the
// memory of Root. A value with memory of its own is its own Root.
type View struct {
	Root          *ir.Value
	Offset        int
	Dims, Strides []int
}

// denseView is v in memory of its own, row-major.
func denseView(v *ir.Value) View {
	return View{Root: v, Dims: v.Shape.Dimensions, Strides: rowMajor(v.Shape.Dimensions)}
}

func rowMajor(dims []int) []int { return rowMajorIn(make([]int, len(dims)), dims) }

// rowMajorIn writes rowMajor to strides.
func rowMajorIn(strides, dims []int) []int {
	step := 1
	for i := len(dims) - 1; i >= 0; i-- {
		strides[i] = step
		step *= dims[i]
	}
	return strides
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// Size returns the number of elements.
func (v View) Size() int { return product(v.Dims) }

// Dense reports whether the elements lie next to each other in row-major order.
func (v View) Dense() bool {
	step := 1
	for i := len(v.Dims) - 1; i >= 0; i-- {
		if v.Dims[i] != 1 && v.Strides[i] != step {
			return false
		}
		step *= v.Dims[i]
	}
	return true
}

// transpose permutes axes: axis i of the result is axis permutation[i] of v.
func (v View) transpose(permutation []int) View {
	dims, strides := make([]int, len(permutation)), make([]int, len(permutation))
	for i, axis := range permutation {
		dims[i], strides[i] = v.Dims[axis], v.Strides[axis]
	}
	v.Dims, v.Strides = dims, strides
	return v
}

// slice keeps the elements from starts to limits in steps.
func (v View) slice(starts, limits, steps []int) View {
	dims, strides := make([]int, len(v.Dims)), make([]int, len(v.Dims))
	for i := range v.Dims {
		step := 1
		if len(steps) > 0 {
			step = steps[i]
		}
		v.Offset += starts[i] * v.Strides[i]
		dims[i] = (limits[i] - starts[i] + step - 1) / step
		strides[i] = v.Strides[i] * step
	}
	v.Dims, v.Strides = dims, strides
	return v
}

// broadcast gives v the shape dims: axis i of v becomes axis axes[i], the others repeat.
func (v View) broadcast(dims, axes []int) View {
	strides := make([]int, len(dims))
	for i, axis := range axes {
		if v.Dims[i] == dims[axis] {
			strides[axis] = v.Strides[i]
		}
	}
	v.Dims, v.Strides = dims, strides
	return v
}

// reshape gives v the shape dims with the same order of elements; false when that takes a copy.
func (v View) reshape(dims []int) (View, bool) {
	strides, ok := regroup(v.Dims, v.Strides, dims)
	v.Dims, v.Strides = dims, strides
	return v, ok
}

// regroup returns the strides that axes of lengths to have when they enumerate what axes (from, strides) enumerate.
func regroup(from, strides, to []int) ([]int, bool) {
	if slices.Equal(from, to) {
		return slices.Clone(strides), true
	}
	out := rowMajor(to)
	if product(to) == 0 {
		return out, true
	}
	from, strides = squeeze(from, strides)
	f, t := 0, 0
	for f < len(from) && t < len(to) {
		f0, t0 := f, t
		nf, nt := from[f], to[t]
		for nf != nt {
			if nf < nt {
				f++
				nf *= from[f]
			} else {
				t++
				nt *= to[t]
			}
		}
		for i := f0; i < f; i++ { // axes f0..f must be one run
			if strides[i] != strides[i+1]*from[i+1] {
				return nil, false
			}
		}
		step := strides[f]
		for i := t; i >= t0; i-- {
			out[i] = step
			step *= to[i]
		}
		f, t = f+1, t+1
	}
	return out, true // axes of length 1 may follow; their strides do not matter
}

// squeeze drops axes of length 1.
func squeeze(dims, strides []int) (d, s []int) {
	if !slices.Contains(dims, 1) {
		return dims, strides
	}
	for i := range dims {
		if dims[i] != 1 {
			d, s = append(d, dims[i]), append(s, strides[i])
		}
	}
	return d, s
}

// collapse joins neighbouring axes that enumerate one run.
func collapse(dims, strides []int) (d, s []int) {
	dims, strides = squeeze(dims, strides)
	for i := range dims {
		if last := len(d) - 1; last >= 0 && s[last] == strides[i]*dims[i] {
			d[last] *= dims[i]
			s[last] = strides[i]
			continue
		}
		d, s = append(d, dims[i]), append(s, strides[i])
	}
	return d, s
}

// oneAxis returns the length and stride of axes that enumerate one run; false when they do not.
func oneAxis(dims, strides []int) (n, stride int, ok bool) {
	n = product(dims)
	d, s := collapse(dims, strides)
	switch len(d) {
	case 0:
		return n, 0, true
	case 1:
		return n, s[0], true
	}
	return n, 0, false
}

// viewOf returns how the result of op lies when op only renames elements of its first operand, which lies as x.
func viewOf(op *ir.Op, x View) (View, bool) {
	out := op.Results[0].Shape.Dimensions
	switch op.Kind {
	case ir.Identity:
		return x, true
	case ir.Reshape:
		return x.reshape(out)
	case ir.Transpose:
		return x.transpose(op.Attr.(ir.TransposeAttr).Permutation), true
	case ir.Slice:
		a := op.Attr.(ir.SliceAttr)
		return x.slice(a.Starts, a.Limits, a.Strides), true
	case ir.BroadcastInDim:
		return x.broadcast(out, op.Attr.(ir.BroadcastInDimAttr).BroadcastAxes), true
	}
	return View{}, false
}

// isView reports whether ops of kind k only rename elements.
func isView(k ir.Kind) bool {
	switch k {
	case ir.Identity, ir.Reshape, ir.Transpose, ir.Slice, ir.BroadcastInDim:
		return true
	}
	return false
}
