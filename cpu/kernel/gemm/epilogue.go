package gemm

// Epilogue is what happens to a product block by block, as soon as a block has its last term: whoever computed it has it in
// the cache.
type Epilogue interface {
	// Block gets rows and columns of C, the first of which is element (row, col) of C, all of one unit.
	Block(c Matrix, unit, row, col int)
}

// After says how a Job hands its product to an epilogue. What Block gets does not depend on the number of workers when units
// are given: the rows of a unit are one worker's, and the columns of blocks begin at multiples of Width.
type After struct {
	Do     Epilogue  // nil for none
	Unit   int       // panels of rows in a unit; 0 for no units, all blocks then are of unit 0
	Width  int       // columns of a block, a multiple of NR
	Buffer []float32 // where C is written, a block at a time: Block finds it there, and C.Data is not touched; nil for C itself
}

// EndsAtOnce reports whether an epilogue costs nothing but itself: a block of C has all its terms when it is first written, and
// the product would not be computed turned over, which is what an epilogue of few rows would lose (few.go).
func (j *Job) EndsAtOnce() bool { return !j.isFew() && j.Blocks() == 1 }

// Panels returns how many panels of rows a product has that many rows: what units count.
func (kn *Kernel) Panels(rows int) int { return rowSplit{rows, kn.MR}.panels() }

// BufferSize returns how many floats After.Buffer must hold for a product of one block of K of the given depth.
func (kn *Kernel) BufferSize(depth, unit, width int) int {
	return blockPanels(kn, depth, unit, width) * kn.MR * width
}

// blockPanels is how many panels of A, and of as much of C as an epilogue gets at a time, stay in the second-level cache.
func blockPanels(kn *Kernel, depth, unit, width int) int {
	step := max(1, mcFloats/((depth+width)*kn.MR))
	if unit > 0 && step > unit {
		step = step / unit * unit
	}
	return step
}

// units returns how many units of rows there are.
func (j *Job) units() int {
	unit := max(1, j.After.Unit)
	return (j.kernel.Panels(j.C.Rows) + unit - 1) / unit
}

// Units returns which units of rows are those of worker part out of parts.
func (j *Job) Units(part, parts int) (from, to int) {
	units := j.units()
	return units * part / parts, units * (part + 1) / parts
}

// share returns which panels of rows are those of worker part out of parts.
func (j *Job) share(part, parts int) (first, last int) { return j.panelsOf(j.Units(part, parts)) }

// panelsOf returns the panels of rows of units [from, to).
func (j *Job) panelsOf(from, to int) (first, last int) {
	unit, panels := max(1, j.After.Unit), j.kernel.Panels(j.C.Rows)
	return min(from*unit, panels), min(to*unit, panels)
}

// target returns where the tiles of rows from row on are written, from column col on.
func (j *Job) target(row, col int) (c []float32, stride int) {
	if j.After.Buffer != nil {
		return j.After.Buffer[col%j.After.Width:], j.After.Width
	}
	return j.C.Data[row*j.C.RowStride+col:], j.C.RowStride
}

// finish hands a run of panels to the epilogue when the columns up to end complete a block.
func (j *Job) finish(r run, end int) {
	width := j.After.Width
	if end%width != 0 && end != j.C.Cols {
		return
	}
	col := (end - 1) / width * width
	split := rowSplit{j.C.Rows, j.kernel.MR}
	for row, last := r.row, r.row+r.count*r.height; row < last; {
		unit, next := 0, last
		if n := j.After.Unit; n > 0 {
			unit = split.panel(row) / n
			next = min(last, split.start(min(split.panels(), (unit+1)*n)))
		}
		data, stride := j.target(row, col)
		if j.After.Buffer != nil {
			data = data[(row-r.row)*stride:]
		}
		j.After.Do.Block(Matrix{data, next - row, end - col, stride, 1}, unit, row, col)
		row = next
	}
}

// panel returns the number of the panel that begins at row.
func (s rowSplit) panel(row int) int {
	low, higher := s.rows/s.panels(), s.rows%s.panels()
	if p := row / (low + 1); p < higher {
		return p
	}
	return higher + (row-higher*(low+1))/low
}
