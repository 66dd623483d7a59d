package exec

import (
	"unsafe"

	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// unit is what elements are moved as: their bytes, whatever they mean.
type unit interface {
	uint8 | uint16 | uint32 | uint64 | [2]uint64
}

// move copies the worker's share of the rows of each part.
func move(m *plan.Move, f *frame, team *par.Team, index int) {
	switch m.Out.Shape.DType.Size() {
	case 1:
		moveUnits[uint8](m, f, team, index)
	case 2:
		moveUnits[uint16](m, f, team, index)
	case 4:
		moveUnits[uint32](m, f, team, index)
	case 8:
		moveUnits[uint64](m, f, team, index)
	case 16:
		moveUnits[[2]uint64](m, f, team, index)
	}
}

func moveUnits[T unit](m *plan.Move, f *frame, team *par.Team, index int) {
	out := view[T](f.raw[m.Out.ID])
	if m.Fill != nil {
		from, to := team.Share(len(out), index)
		fill(out[from:to], view[T](f.raw[m.Fill.Root.ID])[m.Fill.Offset])
		team.Barrier()
	}
	for i := range m.Parts {
		p := &m.Parts[i]
		src, dst := view[T](f.raw[p.Root.ID])[p.FromOffset:], out[p.Offset:]
		last := len(p.Axes) - 1
		if last < 0 {
			if index == 0 {
				dst[0] = src[0]
			}
			continue
		}
		if p.Rows == 1 { // a single run, which workers share
			from, to := team.Share(p.Axes[last], index)
			if from < to {
				copyRow(dst[from*p.To[last]:], p.To[last], src[from*p.From[last]:], p.From[last], to-from)
			}
			continue
		}
		from, to := team.Share(p.Rows, index)
		for row := from; row < to; {
			s, fromStep, rows := runFrom(row, p.Axes[:last], p.From[:last])
			d, toStep, _ := runFrom(row, p.Axes[:last], p.To[:last])
			rows = min(rows, to-row)
			row += rows
			if p.To[last] == 1 && p.From[last] == 1 {
				copyRows(dst[d:], toStep, src[s:], fromStep, p.Axes[last], rows)
				continue
			}
			for r := range rows {
				copyRow(dst[d+r*toStep:], p.To[last], src[s+r*fromStep:], p.From[last], p.Axes[last])
			}
		}
	}
}

// copyRow copies n elements between strided runs.
func copyRow[T any](dst []T, to int, src []T, from, n int) {
	switch {
	case to == 1 && from == 1:
		copy(dst[:n], src[:n])
	case to == 1 && from == 0:
		fill(dst[:n], src[0])
	default:
		for i := range n {
			dst[i*to] = src[i*from]
		}
	}
}

// view returns memory as elements.
func view[T any](b []byte) []T {
	if len(b) == 0 {
		return nil
	}
	var zero T
	return unsafe.Slice((*T)(unsafe.Pointer(unsafe.SliceData(b))), len(b)/int(unsafe.Sizeof(zero)))
}

func fill[T any](dst []T, v T) {
	for i := range dst {
		dst[i] = v
	}
}
