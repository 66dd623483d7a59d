package gemm

// packedB returns how many floats the packed form of a k x n matrix takes.
func (kn *Kernel) packedB(k, n int) int { return k * kn.panels(n) * kn.NR }

// panels is the number of column panels of n columns.
func (kn *Kernel) panels(n int) int { return (n + kn.NR - 1) / kn.NR }

// packB writes panels [first, last) of b: panel p is its columns [p*NR, p*NR+NR), row by row, missing columns as zeros. It
// begins at p*NR*b.Rows of dst.
func (kn *Kernel) packB(dst []float32, b Matrix, first, last int) {
	if b.RowStride != 1 || b.ColStride == 1 {
		kn.packRows(dst, b, first, last)
		return
	}
	for p := first; p < last; p++ {
		width := min(kn.NR, b.Cols-p*kn.NR)
		panel := dst[p*kn.NR*b.Rows:][:kn.NR*b.Rows]
		if width < kn.NR {
			clear(panel)
		}
		kn.packColumns(panel, b.block(0, p*kn.NR, b.Rows, width))
	}
}

// packRows packs rows of b side by side.
func (kn *Kernel) packRows(dst []float32, b Matrix, first, last int) {
	step := kn.NR * b.Rows
	whole := first // panels from here on are moved row by row
	if b.ColStride == 1 {
		whole = max(first, min(last, b.Cols/kn.NR))
	}
	for start := 0; start < b.Rows; start += together {
		rows := min(together, b.Rows-start)
		if whole > first {
			kn.LinesB(dst[first*step+start*kn.NR:], b.Data[start*b.RowStride+first*kn.NR:], b.RowStride, rows, whole-first, step)
		}
		for p := whole; p < last; p++ {
			col := p * kn.NR
			width := min(kn.NR, b.Cols-col)
			for l := start; l < start+rows; l++ {
				to, from := dst[p*step+l*kn.NR:][:kn.NR], b.Data[l*b.RowStride+col*b.ColStride:]
				for j := range width {
					to[j] = from[j*b.ColStride]
				}
				clear(to[width:])
			}
		}
	}
}

// packColumns transposes: the columns of b are contiguous. Eight at a time; what is left of rows and columns one by one.
func (kn *Kernel) packColumns(dst []float32, b Matrix) {
	blocks := b.Rows / 8
	j := 0
	for ; j+8 <= b.Cols && blocks > 0; j += 8 {
		kn.Transpose(dst[j:], b.Data[j*b.ColStride:], b.ColStride, kn.NR, blocks)
		for i := j; i < j+8 && 8*blocks < b.Rows; i++ {
			kn.packColumn(dst, b, i, 8*blocks)
		}
	}
	for ; j < b.Cols; j++ {
		kn.packColumn(dst, b, j, 0)
	}
}

// packColumn moves column j of b, from a row on.
func (kn *Kernel) packColumn(dst []float32, b Matrix, j, from int) {
	for l, x := range b.Data[j*b.ColStride:][from:b.Rows] {
		dst[(from+l)*kn.NR+j] = x
	}
}

// packA writes the rows of a as panels of mr rows, column after column: element (i, l) of a panel is at l*mr+i. The
// last panel must be whole. What is behind it in dst, up to seven floats, may be written too.
func (kn *Kernel) packA(dst []float32, a Matrix, mr int) {
	if a.RowStride == 1 {
		kn.packLines(dst, a, mr)
		return
	}
	for i := 0; i < a.Rows; i += mr {
		panel, from, quick := dst[i*a.Cols:], a.Data[i*a.RowStride:], 0
		if a.ColStride == 1 && i+max(8, mr) <= a.Rows {
			quick = a.Cols / 8 * 8
			kn.transposeRows(panel, from, a.RowStride, mr, quick/8)
		}
		for l := quick; l < a.Cols; l++ {
			to, from := panel[l*mr:][:mr], from[l*a.ColStride:]
			for r := range to {
				to[r] = from[r*a.RowStride]
			}
		}
	}
}

// transposeRows packs 8*n columns of mr contiguous rows, eight rows at a time: of less, what is too much is overwritten by the
// next column; of more, some are moved twice.
func (kn *Kernel) transposeRows(dst, src []float32, stride, mr, n int) {
	if n == 0 {
		return
	}
	kn.Transpose(dst, src, stride, mr, n)
	for r := 8; r < mr; r += 8 {
		r := min(r, mr-8)
		kn.Transpose(dst[r:], src[r*stride:], stride, mr, n)
	}
}

// together is how many contiguous lines of a matrix are packed panel by panel at a time: few enough to stay in the first-level
// cache from one panel to the next, enough that a panel is written by whole cache lines.
const together = 8

// packLines is packA for columns that are contiguous.
func (kn *Kernel) packLines(dst []float32, a Matrix, mr int) {
	step, panels := mr*a.Cols, a.Rows/mr
	for start := 0; start < a.Cols; start += together {
		kn.LinesA[mr-1](dst[start*mr:], a.Data[start*a.ColStride:], a.ColStride, min(together, a.Cols-start), panels, step)
	}
}
