package exec

import (
	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// number is what elements are joined as.
type number interface {
	int8 | int16 | int32 | int64 | uint8 | uint16 | uint32 | uint64 | float32 | float64
}

// windows does the worker's share of a gather or scatter.
func windows(w *plan.Windows, k *elem.Table, f *frame, team *par.Team, index int) {
	if w.Init != nil {
		move(w.Init, f, team, index)
		team.Barrier()
	}
	s := share{w: w, f: f, team: team, index: index}
	if w.Join == plan.JoinNone || w.Join == plan.JoinReplace {
		copyWindows(s)
		return
	}
	switch w.Out.Shape.DType {
	case dtypes.Float32:
		joinWindows(s, f.data[w.Array.Root.ID], f.data[w.Slices.Root.ID], joinFloats(k, w.Join))
	case dtypes.Float64:
		joinNumbers[float64](s)
	case dtypes.Int8:
		joinNumbers[int8](s)
	case dtypes.Int16:
		joinNumbers[int16](s)
	case dtypes.Int32:
		joinNumbers[int32](s)
	case dtypes.Int64:
		joinNumbers[int64](s)
	case dtypes.Uint8:
		joinNumbers[uint8](s)
	case dtypes.Uint16:
		joinNumbers[uint16](s)
	case dtypes.Uint32:
		joinNumbers[uint32](s)
	case dtypes.Uint64:
		joinNumbers[uint64](s)
	}
}

// copyWindows moves windows whose elements mean nothing here.
func copyWindows(s share) {
	switch s.w.Out.Shape.DType.Size() {
	case 1:
		copyUnits[uint8](s)
	case 2:
		copyUnits[uint16](s)
	case 4:
		copyUnits[uint32](s)
	case 8:
		copyUnits[uint64](s)
	case 16:
		copyUnits[[2]uint64](s)
	}
}

func copyUnits[T unit](s share) {
	array, slices := view[T](s.f.raw[s.w.Array.Root.ID]), view[T](s.f.raw[s.w.Slices.Root.ID])
	s.each(func(a, b, arrayStep, slicesStep, n int) {
		if s.w.Join == plan.JoinNone {
			copyRow(slices[b:], slicesStep, array[a:], arrayStep, n)
			return
		}
		copyRow(array[a:], arrayStep, slices[b:], slicesStep, n)
	})
}

func joinNumbers[T number](s share) {
	var join func(x, y T) T
	switch s.w.Join {
	case plan.JoinSum:
		join = func(x, y T) T { return x + y }
	case plan.JoinMax:
		join = func(x, y T) T { return max(x, y) }
	case plan.JoinMin:
		join = func(x, y T) T { return min(x, y) }
	}
	rows := func(dst, src []T) {
		for i := range dst {
			dst[i] = join(dst[i], src[i])
		}
	}
	joinWindows(s, view[T](s.f.raw[s.w.Array.Root.ID]), view[T](s.f.raw[s.w.Slices.Root.ID]), rows)
}

func joinFloats(k *elem.Table, j plan.Join) func(dst, src []float32) {
	op := k.Add
	switch j {
	case plan.JoinMax:
		op = k.Max
	case plan.JoinMin:
		op = k.Min
	}
	return func(dst, src []float32) { op(dst, dst, src) }
}

// joinWindows joins windows of slices to array; rows joins runs of equal length.
func joinWindows[T any](s share, array, slices []T, rows func(dst, src []T)) {
	s.each(func(a, b, arrayStep, slicesStep, n int) {
		if arrayStep == 1 && slicesStep == 1 {
			rows(array[a:a+n], slices[b:b+n])
			return
		}
		for i := range n {
			rows(array[a+i*arrayStep:][:1], slices[b+i*slicesStep:][:1])
		}
	})
}

// share is a worker's share of the windows of a step.
type share struct {
	w     *plan.Windows
	f     *frame
	team  *par.Team
	index int
}

// each calls run for every run of the worker's share: n elements from array[a] and slices[b] on, in the order of the batch.
func (s share) each(run func(a, b, arrayStep, slicesStep, n int)) {
	w := s.w
	batch, from, to, n, skip := product(w.Batch), 0, 0, 1, 0
	to = batch
	last := len(w.Inner) - 1
	arrayStep, slicesStep, rows := 1, 1, 1
	if last >= 0 {
		n, arrayStep, slicesStep, rows = w.Inner[last], w.ArrayInner[last], w.SlicesInner[last], product(w.Inner[:last])
	}
	switch w.Split {
	case plan.SplitBatch:
		from, to = s.team.Share(batch, s.index)
	case plan.SplitInner:
		begin, end := s.team.Share(n, s.index)
		skip, n = begin, end-begin
	case plan.SplitNone:
		if s.index != 0 {
			return
		}
	}
	size := w.Out.Shape.Size()
	first, end := s.team.Share(size, s.index)
	for i := from; i < to; i++ {
		at, ok := s.start(offset(i, w.Batch, w.IndexSteps))
		if !ok || w.Split == plan.SplitPlaces && (at < first || at >= end) {
			continue
		}
		a, b := w.Array.Offset+at+skip*arrayStep, w.Slices.Offset+offset(i, w.Batch, w.SlicesSteps)+skip*slicesStep
		if rows == 1 {
			run(a, b, arrayStep, slicesStep, n)
			continue
		}
		for row := range rows {
			run(a+offset(row, w.Inner[:last], w.ArrayInner), b+offset(row, w.Inner[:last], w.SlicesInner), arrayStep, slicesStep, n)
		}
	}
}

// start returns where the window of the index at offset i begins; false when a scatter has to leave it out.
func (s share) start(i int) (at int, ok bool) {
	for k := range s.w.Starts {
		x := &s.w.Starts[k]
		place := indexAt(s.f.raw[x.Index.Root.ID], x.Index.Root.Shape.DType, x.Index.Offset+i)
		if place < 0 || place > x.Last {
			if s.w.Join > plan.JoinReplace {
				return 0, false
			}
			place = min(max(place, 0), x.Last)
		}
		at += place * x.Step
	}
	return at, true
}

// indexAt returns element i of an array of indices.
func indexAt(b []byte, t dtypes.DType, i int) int {
	switch t {
	case dtypes.Int32:
		return int(view[int32](b)[i])
	case dtypes.Int64:
		return int(view[int64](b)[i])
	case dtypes.Int8:
		return int(view[int8](b)[i])
	case dtypes.Int16:
		return int(view[int16](b)[i])
	case dtypes.Uint8:
		return int(view[uint8](b)[i])
	case dtypes.Uint16:
		return int(view[uint16](b)[i])
	case dtypes.Uint32:
		return int(view[uint32](b)[i])
	}
	return int(view[uint64](b)[i])
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}
