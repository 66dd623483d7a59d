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

// Staircase is a matrix whose row i is made of its first First+i elements. What a product needs of such a matrix, or gives of
// it, is found tile by tile. A first step behind the last column leaves whole rows. Products with one run errands meanwhile.
type Staircase struct{ First int }

// ends returns how many of the columns exist in one of the rows before row.
func (s Staircase) ends(row, cols int) int { return min(cols, s.First+row-1) }

// Begins returns the first row that has column col.
func (s Staircase) Begins(col int) int { return max(0, col-s.First+1) }

// MultiplyToStairs computes C = A B where only the staircase s of C is wanted; other elements may be written or not. Rows of C
// are written in whole registers: as many floats as the panels of B have must exist.
func (kn *Kernel) MultiplyToStairs(c, a Matrix, b Packed, s Staircase, e *Errands) {
	whole := kn.panels(c.Cols) * kn.NR
	if 2*(whole-c.Cols) >= kn.NR {
		whole -= kn.NR / 2
	}
	kn.multiplyBand(c, a, b, false, e, func(row, height int) band {
		return band{0, a.Cols, min(whole, kn.panels(s.ends(row+height, c.Cols))*kn.NR)}
	})
}

// MultiplyStairs computes C = A B, or C += A B when add, where A is the staircase s; its other elements, which are zero, are
// read where a tile has both.
func (kn *Kernel) MultiplyStairs(c, a Matrix, b Packed, s Staircase, add bool, e *Errands) {
	kn.multiplyBand(c, a, b, add, e, func(row, height int) band { return band{0, s.ends(row+height, a.Cols), c.Cols} })
}

// MultiplyUnderStairs is MultiplyStairs for a matrix A whose transpose is the staircase s, which reaches the last row of A.
func (kn *Kernel) MultiplyUnderStairs(c, a Matrix, b Packed, s Staircase, add bool, e *Errands) {
	kn.multiplyBand(c, a, b, add, e, func(row, height int) band { return band{s.Begins(row), a.Cols, c.Cols} })
}

// band is what a panel of rows takes part in: [from, to) of K and the first cols columns of C.
type band struct{ from, to, cols int }

// multiplyBand multiplies what of returns for each panel of rows. Panels with the same band are computed together. A is read in
// place, its rows or its columns contiguous, so it pays while a panel of A and what it needs of B are small enough for the
// first-level cache. The rows of C must be contiguous.
func (kn *Kernel) multiplyBand(c, a Matrix, b Packed, add bool, e *Errands, of func(row, height int) band) {
	if a.Cols > b.Rows || c.Cols > b.Cols || a.Rows != c.Rows || c.ColStride != 1 || a.RowStride != 1 && a.ColStride != 1 {
		panic("BUG: gemm: sizes or strides do not fit")
	}
	if a.Rows == 0 || a.Cols == 0 {
		return
	}
	var memory [2]run
	rows := rowSplit{a.Rows, kn.MR}
	p := product{kn, c, a, b, add}
	for _, r := range rows.runs(memory[:0], 0, rows.panels()) {
		for r.count > 0 {
			same, own := r, of(r.row, r.height)
			for same.count = 1; same.count < r.count && of(r.row+same.count*r.height, r.height) == own; {
				same.count++
			}
			p.multiply(same, own, e)
			r.row, r.count = r.row+same.count*r.height, r.count-same.count
		}
	}
}

// product is C = A B, or C += A B when add, for one worker. Errands stay out of it: what tiles are given of a struct would take all
// that it points to to the heap.
type product struct {
	kernel *Kernel
	c, a   Matrix
	b      Packed
	add    bool
}

// multiply computes the tiles of a run of panels of rows: those of whole columns of B one below the other, or beside it where there
// are more, in one call.
func (p *product) multiply(r run, of band, e *Errands) {
	nr := p.kernel.NR
	whole := of.cols / nr
	if whole > r.count {
		for i := range r.count {
			p.tiles(r.row+i*r.height, r.height, 0, nr, whole, 0, nr, of, e)
		}
	} else {
		for j := range whole {
			p.tiles(r.row, r.height, j*nr, nr, r.count, r.height, 0, of, e)
		}
	}
	if rest := of.cols - whole*nr; rest > 0 {
		p.tiles(r.row, r.height, whole*nr, rest, r.count, r.height, 0, of, e)
	}
}

// tiles computes count tiles from (row, col) on, each down rows below and right columns beside the one before.
func (p *product) tiles(row, height, col, width, count, down, right int, of band, e *Errands) {
	tile, k, nr := p.kernel.tile(height, width), of.to-of.from, p.kernel.NR
	for count > 0 {
		a, b := p.a.Data[row*p.a.RowStride+of.from*p.a.ColStride:], p.b.Data[col*p.b.Rows+of.from*nr:]
		n, ahead, pstep, kstep := e.take(count, k, a)
		tile(a, p.a.RowStride, p.a.ColStride, b, p.c.Data[row*p.c.RowStride+col:], p.c.RowStride, k, n,
			down*p.a.RowStride, right*p.b.Rows, down*p.c.RowStride+right, width, p.add, ahead, pstep, kstep)
		row, col, count = row+n*down, col+n*right, count-n
	}
}
