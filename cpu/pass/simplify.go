package pass

import (
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Rule replaces one op by cheaper ones that give the same bits, but for the order of sums.
type Rule struct {
	Name  string
	Why   string
	Apply func(r *rewriter, op *ir.Op) bool
}

// Rules lists the rewrites of single ops.
var Rules = []Rule{
	{"x*1, x/1, -(-x) -> x", "automatic differentiation multiplies by ones", unit},
	{"pad(a) + pad(b) + ... -> concatenate(a, b, ...)", "the gradient of slices that cut an array in pieces", joinPads},
	{"reduce over mixed axes -> reduce twice", "a cluster reduces rows or columns, not both", splitReduce},
	{"reduce over long rows -> reduce pieces, then their results", "a row is reduced from a first-level cache", splitLongRow},
	{"pow(x, 2) -> x*x", "a product is exact where a power is not cheaper", square},
	{"x and true -> x", "a mask of keys alone is combined with one of queries that lets all pass, and stays a view", passTruth},
	{"convert to the same type -> x", "nothing happens", sameType},
	{"iota -> broadcast of 0, 1, ...", "the numbers of one axis, repeated by a view", countUp},
	{"reduce_and, reduce_or -> reduce_min, reduce_max of 0 and 1", "clusters reduce numbers", reduceTruths},
}

func simplify(f *ir.Func, _ Env) (*ir.Func, error) {
	return rewrite(f, func(r *rewriter, op *ir.Op) bool {
		return slices.ContainsFunc(Rules, func(rule Rule) bool { return rule.Apply(r, op) })
	}), nil
}

// scalarOf returns the number that v repeats, when that is known and of type float32.
func scalarOf(v *ir.Value) (float32, bool) {
	for v.Def != nil && (v.Def.Kind == ir.BroadcastInDim || v.Def.Kind == ir.Reshape) {
		v = v.Def.Args[0]
	}
	if v.Def == nil || v.Def.Kind != ir.Constant || v.Shape.Size() != 1 {
		return 0, false
	}
	flat, ok := v.Def.Attr.(ir.ConstantAttr).Flat.([]float32)
	if !ok {
		return 0, false
	}
	return flat[0], true
}

func unit(r *rewriter, op *ir.Op) bool {
	isOne := func(v *ir.Value) bool { x, ok := scalarOf(v); return ok && x == 1 }
	same := func(v *ir.Value) bool { return v.Shape.Equal(op.Result().Shape) }
	switch op.Kind {
	case ir.Mul, ir.Div:
		if isOne(op.Args[1]) && same(op.Args[0]) {
			return r.become(op, r.of(op.Args[0]))
		}
		if op.Kind == ir.Mul && isOne(op.Args[0]) && same(op.Args[1]) {
			return r.become(op, r.of(op.Args[1]))
		}
	case ir.Neg:
		if inner := op.Args[0].Def; inner != nil && inner.Kind == ir.Neg {
			return r.become(op, r.of(inner.Args[0]))
		}
	}
	return false
}

func passTruth(r *rewriter, op *ir.Op) bool {
	if op.Kind != ir.LogicalAnd {
		return false
	}
	for i, v := range op.Args {
		for v.Def != nil && (v.Def.Kind == ir.BroadcastInDim || v.Def.Kind == ir.Reshape) {
			v = v.Def.Args[0]
		}
		if v.Def == nil || v.Def.Kind != ir.Constant || v.Shape.Size() != 1 || !op.Args[1-i].Shape.Equal(op.Result().Shape) {
			continue
		}
		if flat, ok := v.Def.Attr.(ir.ConstantAttr).Flat.([]bool); ok && flat[0] {
			return r.become(op, r.of(op.Args[1-i]))
		}
	}
	return false
}

func square(r *rewriter, op *ir.Op) bool {
	if op.Kind != ir.Pow || !op.Args[0].Shape.Equal(op.Result().Shape) {
		return false
	}
	if p, ok := scalarOf(op.Args[1]); !ok || p != 2 {
		return false
	}
	x := r.of(op.Args[0])
	return r.become(op, r.add(ir.Mul, nil, op.Result().Shape, x, x))
}

func sameType(r *rewriter, op *ir.Op) bool {
	if op.Kind != ir.ConvertDType || op.Args[0].Shape.DType != op.Result().Shape.DType {
		return false
	}
	return r.become(op, r.of(op.Args[0]))
}

// window is a pad that puts x between zeros along one axis.
type window struct {
	x           *ir.Value
	axis        int
	start, stop int
}

// windowOf returns what pad v does when it only puts zeros before and after its operand along one axis.
func windowOf(v *ir.Value) (window, bool) {
	if v.Def == nil || v.Def.Kind != ir.Pad || v.Shape.DType != dtypes.Float32 {
		return window{}, false
	}
	w := window{x: v.Def.Args[0], axis: -1}
	for axis, a := range v.Def.Attr.(ir.PadAttr).AxesConfig {
		if a == (compute.PadAxis{}) {
			continue
		}
		if w.axis >= 0 || a.Interior != 0 || a.Start < 0 || a.End < 0 {
			return window{}, false
		}
		w.axis, w.start, w.stop = axis, a.Start, v.Shape.Dimensions[axis]-a.End
	}
	zero, ok := scalarOf(v.Def.Args[1])
	return w, ok && zero == 0 && w.axis >= 0
}

// joinPads leaves -0 of an operand as it is, where the sum with zero would give 0.
func joinPads(r *rewriter, op *ir.Op) bool {
	if op.Kind != ir.Add {
		return false
	}
	list := r.windows(op.Result(), nil)
	if list == nil {
		return false
	}
	slices.SortStableFunc(list, func(a, b window) int { return a.start - b.start })
	axis, at := list[0].axis, 0
	args := make([]*ir.Value, len(list))
	for i, w := range list {
		if w.axis != axis || w.start != at {
			return false
		}
		at, args[i] = w.stop, r.of(w.x)
	}
	return at == op.Result().Shape.Dimensions[axis] && r.become(op, r.add(ir.Concatenate, ir.ConcatenateAttr{Axis: axis}, op.Result().Shape, args...))
}

// windows appends the windows whose sum v is, when all terms are windows that nothing else reads; nil when they are not.
func (r *rewriter) windows(v *ir.Value, list []window) []window {
	if w, ok := windowOf(v); ok {
		return append(list, w)
	}
	if v.Def == nil || v.Def.Kind != ir.Add {
		return nil
	}
	for _, term := range v.Def.Args {
		if r.uses[term.ID] > 1 || !term.Shape.Equal(v.Shape) {
			return nil
		}
		if list = r.windows(term, list); list == nil {
			return nil
		}
	}
	return list
}

// splitReduce reduces the axes after the last kept one first, then the others.
func splitReduce(r *rewriter, op *ir.Op) bool {
	axes, attr, ok := reduction(op)
	if !ok {
		return false
	}
	x := op.Args[0]
	last := lastKept(x.Shape.Dimensions, axes)
	var inner, outer []int
	for _, axis := range axes {
		if axis > last {
			inner = append(inner, axis)
		} else {
			outer = append(outer, axis)
		}
	}
	isReal := func(axis int) bool { return x.Shape.Dimensions[axis] > 1 }
	if last < 0 || !slices.ContainsFunc(inner, isReal) || !slices.ContainsFunc(outer, isReal) {
		return false
	}
	var dims []int
	for axis, d := range x.Shape.Dimensions {
		if !slices.Contains(inner, axis) {
			dims = append(dims, d)
		}
	}
	first := r.add(op.Kind, attr(inner), shapes.Make(x.Shape.DType, dims...), r.of(x))
	// Axes before the last kept one keep their numbers unless inner axes lie before them, which they do not.
	return r.become(op, r.add(op.Kind, attr(outer), op.Result().Shape, first))
}

// reduction returns the axes of a reduction and what makes its attribute for others; false for other ops, and for types that no
// cluster reduces: twice is twice rounded.
func reduction(op *ir.Op) (axes []int, attr func(axes []int) ir.Attr, ok bool) {
	if len(op.Results) != 1 || op.Result().Shape.DType != dtypes.Float32 {
		return nil, nil, false
	}
	switch a := op.Attr.(type) {
	case ir.ReduceSumAttr:
		return a.Axes, func(axes []int) ir.Attr { return ir.ReduceSumAttr{Axes: axes} }, true
	case ir.ReduceMaxAttr:
		return a.Axes, func(axes []int) ir.Attr { return ir.ReduceMaxAttr{Axes: axes} }, true
	case ir.ReduceMinAttr:
		return a.Axes, func(axes []int) ir.Attr { return ir.ReduceMinAttr{Axes: axes} }, true
	}
	return nil, nil, false
}

// lastKept returns the last axis longer than 1 that is not in axes, -1 if there is none.
func lastKept(dims, axes []int) int {
	last := -1
	for axis, d := range dims {
		if d > 1 && !slices.Contains(axes, axis) {
			last = axis
		}
	}
	return last
}

// A row of more than longRow elements is reduced in pieces of at most piece.
const (
	longRow = 1 << 16
	piece   = 1 << 12
)

// splitLongRow reduces pieces of equal length, when there are some, and then their results.
func splitLongRow(r *rewriter, op *ir.Op) bool {
	axes, attr, ok := reduction(op)
	if !ok {
		return false
	}
	x, n := op.Args[0].Shape, 1
	last := lastKept(x.Dimensions, axes)
	for _, axis := range axes {
		n *= x.Dimensions[axis]
		if axis < last {
			return false
		}
	}
	if last < 0 || n <= longRow {
		return false
	}
	length := piece
	for n%length != 0 {
		length--
	}
	if length == 1 || n/length > longRow {
		return false
	}
	kept := op.Result().Shape.Dimensions
	dims := append(slices.Clone(kept), n/length, length)
	pieces := r.add(ir.Reshape, ir.ReshapeAttr{Dimensions: dims}, shapes.Make(x.DType, dims...), r.of(op.Args[0]))
	rank := len(kept)
	partial := r.add(op.Kind, attr([]int{rank + 1}), shapes.Make(x.DType, append(slices.Clone(kept), n/length)...), pieces)
	return r.become(op, r.add(op.Kind, attr([]int{rank}), op.Result().Shape, partial))
}

// countUp gives iota as the numbers of one axis.
func countUp(r *rewriter, op *ir.Op) bool {
	if op.Kind != ir.Iota {
		return false
	}
	a, out := op.Attr.(ir.IotaAttr), op.Result().Shape
	if out.Rank() == 0 || out.Size() == 0 {
		return false
	}
	n := out.Dimensions[a.IotaAxis]
	var flat any
	switch out.DType {
	case dtypes.Float32:
		flat = counted[float32](n)
	case dtypes.Float64:
		flat = counted[float64](n)
	case dtypes.Int32:
		flat = counted[int32](n)
	case dtypes.Int64:
		flat = counted[int64](n)
	default:
		return false
	}
	line := r.add(ir.Constant, ir.ConstantAttr{Flat: flat}, shapes.Make(out.DType, n))
	return r.become(op, r.add(ir.BroadcastInDim, ir.BroadcastInDimAttr{OutputShape: out, BroadcastAxes: []int{a.IotaAxis}}, out, line))
}

func counted[T int32 | int64 | float32 | float64](n int) []T {
	list := make([]T, n)
	for i := range list {
		list[i] = T(i)
	}
	return list
}

// reduceTruths reduces truths as numbers.
func reduceTruths(r *rewriter, op *ir.Op) bool {
	var kind ir.Kind
	var attr ir.Attr
	switch a := op.Attr.(type) {
	case ir.ReduceLogicalAndAttr:
		kind, attr = ir.ReduceMin, ir.ReduceMinAttr{Axes: a.Axes}
	case ir.ReduceLogicalOrAttr:
		kind, attr = ir.ReduceMax, ir.ReduceMaxAttr{Axes: a.Axes}
	default:
		return false
	}
	f32 := func(s shapes.Shape) shapes.Shape { return shapes.Make(dtypes.Float32, s.Dimensions...) }
	x, out := op.Args[0], op.Result().Shape
	if x.Shape.DType != dtypes.Bool || x.Shape.Size() == 0 { // the largest of no numbers, -Inf, would be true
		return false
	}
	numbers := r.add(ir.ConvertDType, ir.ConvertDTypeAttr{Dtype: dtypes.Float32}, f32(x.Shape), r.of(x))
	reduced := r.add(kind, attr, f32(out), numbers)
	return r.become(op, r.add(ir.ConvertDType, ir.ConvertDTypeAttr{Dtype: dtypes.Bool}, out, reduced))
}
