package exec

import "github.com/dyt-go/dyt/cpu/plan"

// load brings the elements that a tile needs of load i into its register: by pointing there where they lie together, else
// by copying them.
func (w *worker) load(t *plan.Tape, i int, f *frame, at tile) {
	d := &t.Loads[i]
	if d.Kind == plan.LoadOne {
		return
	}
	if d.Bytes {
		w.loadBytes(t, d, f.raw[d.Root.ID][d.Offset:], at)
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

// loadBytes is load for truths, which are bytes in memory and numbers in registers.
func (w *worker) loadBytes(t *plan.Tape, d *plan.Load, src []byte, at tile) {
	dst := w.regs[d.Reg]
	if d.Kind == plan.LoadRows {
		for r := range dst {
			dst[r] = float32(src[offset(at.row+r, d.RowAxes, d.RowSteps)])
		}
		return
	}
	for r := range at.rows {
		row, src := dst[r*at.cols:(r+1)*at.cols], src[offset(at.row+r, d.RowAxes, d.RowSteps):]
		for j := range row {
			row[j] = float32(src[offset(at.col+j, d.ColAxes, d.ColSteps)])
		}
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

// gather copies columns from col on of the row at src, run by run along the last axis.
func gather(dst, src []float32, d *plan.Load, col int) {
	last := len(d.ColAxes) - 1
	if last < 0 {
		fill(dst, src[0])
		return
	}
	n, step := d.ColAxes[last], d.ColSteps[last]
	for len(dst) > 0 {
		first := col % n
		run := min(n-first, len(dst))
		copyRow(dst[:run], 1, src[offset(col/n, d.ColAxes[:last], d.ColSteps[:last])+first*step:], step, run)
		dst, col = dst[run:], col+run
	}
}
