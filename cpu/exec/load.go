package exec

import "github.com/dyt-go/dyt/cpu/plan"

// load brings the elements that a tile needs of load i into its register: by pointing there where they lie together, else
// by copying them.
func (w *worker) load(t *plan.Tape, i int, f *frame, at tile) {
	d := &t.Loads[i]
	if d.Kind == plan.LoadOne || t.Strips != nil && d.IsStep() && d.Kind != plan.LoadDense {
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
		for r := 0; r < at.rows; {
			from, step, rows := runFrom(at.row+r, d.RowAxes, d.RowSteps)
			rows = min(rows, at.rows-r)
			copyRows(w.regs[d.Reg][r*at.cols:], at.cols, src[from:], step, at.cols, rows)
			r += rows
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

// runFrom returns where row number row begins, and how many rows from there on are how far apart: to the end of the last axis.
func runFrom(row int, axes, steps []int) (at, step, rows int) {
	last := len(axes) - 1
	if last < 0 {
		return 0, 0, 1
	}
	n, first := axes[last], row
	if last > 0 {
		first = row % n
	}
	return offset(row, axes, steps), steps[last], n - first
}

// copyRows copies rows of cols contiguous elements between arrays where they are to and from apart. Short ones are moved in
// pieces whose size the compiler knows: a call for each would take longer.
func copyRows[T any](dst []T, to int, src []T, from, cols, rows int) {
	if cols > 64 || cols%4 != 0 {
		for r := range rows {
			copy(dst[r*to:][:cols], src[r*from:])
		}
		return
	}
	for r := range rows {
		d, s := dst[r*to:][:cols], src[r*from:][:cols]
		for ; len(d) >= 4 && len(s) >= 4; d, s = d[4:], s[4:] {
			*(*[4]T)(d) = *(*[4]T)(s)
		}
	}
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
