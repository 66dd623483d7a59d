package plan

import (
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Windows is the step of a gather, a scatter or a dynamic slice. For each place of a batch, in order, a window goes from
// one array to another:
//
//	gather   slices[batch, window] = array[start + window]
//	scatter  array[start + window] = join(array[start + window], slices[batch, window])
//
// where start is read from index arrays. A gather takes the nearest window that lies inside; a scatter leaves out a window
// that does not lie inside.
type Windows struct {
	Out    *ir.Value
	Array  Strided
	Slices Strided
	Join   Join
	Init   *Move // of a scatter: what Out holds before

	Batch                   []int // axes over which windows repeat
	IndexSteps, SlicesSteps []int // strides of Batch in index arrays and in Slices
	Starts                  []Start
	Inner                   []int // axes of a window
	ArrayInner, SlicesInner []int
	Split                   Split
}

// Strided is where an array begins; strides stand beside it.
type Strided struct {
	Root   *ir.Value
	Offset int
}

// Start is one axis of the array along which windows begin where an index says: at 0 to Last.
type Start struct {
	Index Strided
	Step  int // stride of the axis
	Last  int
}

// Join says what a scatter does with what was there.
type Join uint8

const (
	JoinNone    Join = iota // a gather
	JoinReplace             // a dynamic update: the nearest window that lies inside
	JoinSum
	JoinMax
	JoinMin
)

// Split says what workers share: no element of a result is written by two of them, and what a scatter adds to one element
// is added by one worker, in the order of the batch.
type Split uint8

const (
	SplitBatch  Split = iota // windows; of a gather
	SplitInner               // the last axis of every window
	SplitPlaces              // where windows begin: those that begin elsewhere do not overlap
	SplitNone                // one worker does all
)

// innerMin is the length of the last axis of a window from which on workers share it.
const innerMin = 32

// windows makes a step of op; false when it is another op, or a type that is not moved.
func (p *planner) windows(index int, op *ir.Op) bool {
	switch op.Kind {
	case ir.Gather, ir.ScatterSum, ir.ScatterMax, ir.ScatterMin:
	default:
		return false
	}
	if op.Result().Shape.Size() == 0 {
		return false
	}
	w, ok := &Windows{Out: op.Result()}, false
	switch a := op.Attr.(type) {
	case ir.GatherAttr:
		ok = p.gather(w, op, a)
	case ir.ScatterSumAttr:
		w.Join = JoinSum
		ok = p.scatter(w, op, scatterAxes{a.IndexVectorAxis, a.UpdateWindowAxes, a.InsertedWindowAxes, a.ScatterAxesToOperandAxes})
	case ir.ScatterMaxAttr:
		w.Join = JoinMax
		ok = p.scatter(w, op, scatterAxes{a.IndexVectorAxis, a.UpdateWindowAxes, a.InsertedWindowAxes, a.ScatterAxesToOperandAxes})
	case ir.ScatterMinAttr:
		w.Join = JoinMin
		ok = p.scatter(w, op, scatterAxes{a.IndexVectorAxis, a.UpdateWindowAxes, a.InsertedWindowAxes, a.ScatterAxesToOperandAxes})
	}
	if !ok {
		return false
	}
	n := &node{op: op, index: index, out: op.Result()}
	for _, v := range op.Args {
		n.args = append(n.args, p.views[v.ID])
		n.after = append(n.after, p.after[v.ID]...)
	}
	id := p.newGroup(moveGroup, n)
	p.groups[id].windows = w
	p.views[w.Out.ID] = denseView(w.Out)
	return true
}

func (p *planner) gather(w *Windows, op *ir.Op, a ir.GatherAttr) bool {
	x, index, out := p.views[op.Args[0].ID], p.views[op.Args[1].ID], denseView(w.Out)
	if sizeOf(w.Out.Shape.DType) == 0 || !isIndex(op.Args[1].Shape.DType) {
		return false
	}
	kept := others(len(x.Dims), a.CollapsedSliceAxes)
	inner := View{Dims: make([]int, len(kept)), Strides: make([]int, len(kept))}
	slices := inner
	slices.Strides = make([]int, len(kept))
	for i, axis := range kept {
		inner.Dims[i], inner.Strides[i] = a.SliceSizes[axis], x.Strides[axis]
		slices.Strides[i] = out.Strides[a.OffsetOutputAxes[i]]
	}
	w.Array, w.Slices = Strided{x.Root, x.Offset}, Strided{Root: w.Out}
	w.window(inner, slices)
	w.indices(index, a.IndexVectorAxis, a.StartIndexMap, x, a.SliceSizes)
	w.batch(index, a.IndexVectorAxis, out, a.OffsetOutputAxes)
	return true
}

// scatterAxes is what the attributes of all scatters have.
type scatterAxes struct {
	vector                      int
	window, inserted, toOperand []int
}

func (p *planner) scatter(w *Windows, op *ir.Op, a scatterAxes) bool {
	index, updates, out := p.views[op.Args[1].ID], p.views[op.Args[2].ID], denseView(w.Out)
	if !isJoined(w.Out.Shape.DType) || !isIndex(op.Args[1].Shape.DType) {
		return false
	}
	sizes := make([]int, len(out.Dims))
	for i := range sizes {
		sizes[i] = 1
	}
	kept := others(len(out.Dims), a.inserted)
	inner := View{Dims: make([]int, len(kept)), Strides: make([]int, len(kept))}
	slices := inner
	slices.Strides = make([]int, len(kept))
	for i, axis := range kept {
		sizes[axis] = updates.Dims[a.window[i]]
		inner.Dims[i], inner.Strides[i], slices.Strides[i] = sizes[axis], out.Strides[axis], updates.Strides[a.window[i]]
	}
	w.Array, w.Slices = Strided{Root: w.Out}, Strided{updates.Root, updates.Offset}
	w.window(inner, slices)
	w.indices(index, a.vector, a.toOperand, out, sizes)
	w.batch(index, a.vector, updates, a.window)
	w.Init = &Move{Out: w.Out}
	w.Init.add(p.views[op.Args[0].ID], 0, out.Strides)
	w.Split = w.split(a.toOperand, sizes)
	return true
}

// split shares a scatter.
func (w *Windows) split(indexed, sizes []int) Split {
	if last := len(w.Inner) - 1; last >= 0 && w.Inner[last] >= innerMin {
		return SplitInner
	}
	if slices.ContainsFunc(indexed, func(axis int) bool { return sizes[axis] != 1 }) {
		return SplitNone
	}
	return SplitPlaces
}

// window sets the axes of a window, as few as both arrays allow.
func (w *Windows) window(array, slices View) {
	dims, a := squeeze(array.Dims, array.Strides)
	_, s := squeeze(array.Dims, slices.Strides)
	axes, steps := collapseAll(dims, [][]int{a, s})
	w.Inner, w.ArrayInner, w.SlicesInner = axes, steps[0], steps[1]
}

// indices sets where windows begin: component i of an index, along axis vector of index, is for axis toArray[i] of x.
func (w *Windows) indices(index View, vector int, toArray []int, x View, sizes []int) {
	step := 0
	if vector < len(index.Strides) {
		step = index.Strides[vector]
	}
	for i, axis := range toArray {
		at := Strided{index.Root, index.Offset + i*step}
		w.Starts = append(w.Starts, Start{Index: at, Step: x.Strides[axis], Last: x.Dims[axis] - sizes[axis]})
	}
}

// batch sets the axes over which windows repeat: those of index but vector, which are those of slices but window.
func (w *Windows) batch(index View, vector int, slices View, window []int) {
	i := index.transpose(others(len(index.Dims), []int{vector}))
	s := slices.transpose(others(len(slices.Dims), window))
	dims, from := squeeze(i.Dims, i.Strides)
	_, to := squeeze(i.Dims, s.Strides)
	axes, steps := collapseAll(dims, [][]int{from, to})
	w.Batch, w.IndexSteps, w.SlicesSteps = axes, steps[0], steps[1]
}

// others lists the axes of rank that are not in axes.
func others(rank int, axes []int) []int {
	var list []int
	for axis := range rank {
		if !slices.Contains(axes, axis) {
			list = append(list, axis)
		}
	}
	return list
}

// isIndex reports whether elements of this type are read as indices.
func isIndex(t dtypes.DType) bool {
	switch t {
	case dtypes.Int8, dtypes.Int16, dtypes.Int32, dtypes.Int64, dtypes.Uint8, dtypes.Uint16, dtypes.Uint32, dtypes.Uint64:
		return true
	}
	return false
}

// isJoined reports whether a scatter joins elements of this type.
func isJoined(t dtypes.DType) bool { return isIndex(t) || t == dtypes.Float32 || t == dtypes.Float64 }

// sizeOf returns the bytes of an element that is moved as a whole; 0 for types that are not.
func sizeOf(t dtypes.DType) int {
	if t.IsPacked() {
		return 0
	}
	switch size := t.Size(); size {
	case 1, 2, 4, 8, 16:
		return size
	}
	return 0
}
