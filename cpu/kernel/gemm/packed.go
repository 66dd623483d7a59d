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

// begins returns the first row that has column col.
func (s Staircase) begins(col int) int { return max(0, col-s.First+1) }

// MultiplyToStairs computes C = A B where only the staircase s of C is wanted; other elements may be written or not. Rows of C
// are written in whole registers: as many floats as the panels of B have must exist.
func (kn *Kernel) MultiplyToStairs(c, a Matrix, b Packed, s Staircase, e *Errands) {
	p := kn.newProduct(c, a, b)
	for col := 0; col < c.Cols; col += kn.NR {
		width := kn.NR
		if 2*(c.Cols-col) <= kn.NR {
			width = kn.NR / 2
		}
		for _, r := range p.runs() {
			if skip := max(0, s.begins(col)-r.row) / r.height; skip < r.count {
				p.tiles(r, skip, r.count, col, width, 0, a.Cols, false, e)
			}
		}
	}
}

// MultiplyStairs computes C = A B, or C += A B when add, where A is the staircase s; its other elements, which are zero, are
// read where a tile has both.
func (kn *Kernel) MultiplyStairs(c, a Matrix, b Packed, s Staircase, add bool, e *Errands) {
	kn.multiplyBand(c, a, b, add, e, func(row, height int) (from, to int) { return 0, s.ends(row+height, a.Cols) })
}

// MultiplyUnderStairs is MultiplyStairs for a matrix A whose transpose is the staircase s, which reaches the last row of A.
func (kn *Kernel) MultiplyUnderStairs(c, a Matrix, b Packed, s Staircase, add bool, e *Errands) {
	kn.multiplyBand(c, a, b, add, e, func(row, height int) (from, to int) { return s.begins(row), a.Cols })
}

// multiplyBand multiplies, of the columns of A, those that of returns for a panel of rows.
func (kn *Kernel) multiplyBand(c, a Matrix, b Packed, add bool, e *Errands, of func(row, height int) (from, to int)) {
	p := kn.newProduct(c, a, b)
	for col := 0; col < c.Cols; col += kn.NR {
		width := min(kn.NR, c.Cols-col)
		for _, r := range p.runs() {
			for first := 0; first < r.count; {
				from, to := of(r.row+first*r.height, r.height)
				last := first + 1
				for ; last < r.count; last++ {
					if f, t := of(r.row+last*r.height, r.height); f != from || t != to {
						break
					}
				}
				p.tiles(r, first, last, col, width, from, to, add, e)
				first = last
			}
		}
	}
}

// product is C = A B for one worker. A is read in place, its rows or its columns contiguous, so it pays while A is small enough for the
// first-level cache. The rows of C must be contiguous.
type product struct {
	kernel *Kernel
	c, a   Matrix
	b      Packed
	list   [2]run
	count  int
}

// newProduct prepares C = A B with the first A.Cols rows and C.Cols columns of B.
func (kn *Kernel) newProduct(c, a Matrix, b Packed) product {
	if a.Cols > b.Rows || c.Cols > b.Cols || a.Rows != c.Rows || c.ColStride != 1 || a.RowStride != 1 && a.ColStride != 1 {
		panic("BUG: gemm: sizes or strides do not fit")
	}
	p := product{kernel: kn, c: c, a: a, b: b}
	if rows := (rowSplit{a.Rows, kn.MR}); a.Rows > 0 && a.Cols > 0 {
		var memory [2]run
		p.count = copy(p.list[:], rows.runs(memory[:0], 0, rows.panels()))
	}
	return p
}

func (p *product) runs() []run { return p.list[:p.count] }

// tiles computes tiles [first, last) of a run, from column col on, over [from, to) of K.
func (p *product) tiles(r run, first, last, col, width, from, to int, add bool, e *Errands) {
	tile, b := p.kernel.tile(r.height, width), p.b.Data[col*p.b.Rows+from*p.kernel.NR:]
	for first < last {
		row := r.row + first*r.height
		a := p.a.Data[row*p.a.RowStride+from*p.a.ColStride:]
		n, ahead, pstep, kstep := e.take(last-first, to-from, a)
		tile(a, p.a.RowStride, p.a.ColStride, b, p.c.Data[row*p.c.RowStride+col:], p.c.RowStride,
			to-from, n, r.height*p.a.RowStride, r.height*p.c.RowStride, width, add, ahead, pstep, kstep)
		first += n
	}
}
