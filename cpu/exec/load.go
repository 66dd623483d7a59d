package exec

import "github.com/dyt-go/dyt/cpu/plan"

// load brings the elements that a tile needs of load i into its register: by pointing there where they lie together, else
// by copying them.
func (w *worker) load(t *plan.Tape, i int, f *frame, at tile) {
	d := &t.Loads[i]
	if d.Kind == plan.LoadOne {
		return
	}
	src := f.data[d.Root.ID][d.Offset:]
	n := at.rows * at.cols
	switch {
	case d.Kind == plan.LoadDense:
		start := at.row*t.Row + at.col
		w.regs[d.Reg] = src[start : start+n]
	case d.Kind == plan.LoadRows && len(d.RowAxes) == 1 && d.RowSteps[0] == 1:
		w.regs[d.Reg] = src[at.row : at.row+at.rows]
	case d.Kind == plan.LoadRows:
		dst := w.regs[d.Reg]
		for r := range dst {
			dst[r] = src[offset(at.row+r, d.RowAxes, d.RowSteps)]
		}
	case d.Kind == plan.LoadGather:
		for r := range at.rows {
			gather(w.regs[d.Reg][r*at.cols:(r+1)*at.cols], src[offset(at.row+r, d.RowAxes, d.RowSteps):], d, at.col)
		}
	case at.rows == 1 || d.Together(at.row, at.rows, t.Row):
		start := offset(at.row, d.RowAxes, d.RowSteps) + at.col
		w.regs[d.Reg] = src[start : start+n]
	case d.Kind == plan.LoadRepeat && w.filled[i]:
	default:
		for r := range at.rows {
			copy(w.regs[d.Reg][r*at.cols:(r+1)*at.cols], src[offset(at.row+r, d.RowAxes, d.RowSteps):])
		}
		w.filled[i] = at.rows == t.TileRows
	}
}

// offset returns where row number row begins.
func offset(row int, axes, steps []int) int {
	at := 0
	for i := len(axes) - 1; i > 0; i-- {
		at += row % axes[i] * steps[i]
		row /= axes[i]
	}
	if len(axes) > 0 {
		at += row * steps[0]
	}
	return at
}

// gather copies columns from col on of the row at src.
func gather(dst, src []float32, d *plan.Load, col int) {
	if len(d.ColAxes) == 1 {
		step := d.ColSteps[0]
		for j := range dst {
			dst[j] = src[(col+j)*step]
		}
		return
	}
	for j := range dst {
		dst[j] = src[offset(col+j, d.ColAxes, d.ColSteps)]
	}
}
