package gemm

// Packed is a matrix of Rows x Cols in panels, to be multiplied from the left several times by one worker.
type Packed struct {
	Data       []float32
	Rows, Cols int
}

// PackedSize returns how many floats the packed form of a rows x cols matrix takes.
func (kn *Kernel) PackedSize(rows, cols int) int { return kn.packedB(rows, cols) }

// PackAll packs b into data, which holds PackedSize floats.
func (kn *Kernel) PackAll(data []float32, b Matrix) Packed {
	kn.packB(data, b, 0, kn.panels(b.Cols))
	return Packed{data, b.Rows, b.Cols}
}

// MultiplyPacked computes C = A B, or C += A B when add: with the first A.Cols rows and C.Cols columns of B. A is read in
// place whatever its strides, so it pays while A is small enough for the first-level cache. The rows of C must be contiguous.
func (kn *Kernel) MultiplyPacked(c, a Matrix, b Packed, add bool) {
	if a.Cols > b.Rows || c.Cols > b.Cols || a.Rows != c.Rows || c.ColStride != 1 {
		panic("BUG: gemm: sizes or strides do not fit")
	}
	if a.Rows == 0 || a.Cols == 0 {
		return
	}
	rows := rowSplit{a.Rows, kn.MR}
	var memory [2]run
	runs := rows.runs(memory[:0], 0, rows.panels())
	for col := 0; col < c.Cols; col += kn.NR {
		width := min(kn.NR, c.Cols-col)
		panel := b.Data[col*b.Rows:]
		for _, r := range runs {
			kn.tile(r.height, width)(a.Data[r.row*a.RowStride:], a.RowStride, a.ColStride, panel, c.Data[r.row*c.RowStride+col:], c.RowStride,
				a.Cols, r.count, r.height*a.RowStride, r.height*c.RowStride, width, add)
		}
	}
}
