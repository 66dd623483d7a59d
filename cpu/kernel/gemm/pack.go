package gemm

// packedB returns how many floats the packed form of a k x n matrix takes.
func (kn *Kernel) packedB(k, n int) int { return k * kn.panels(n) * kn.NR }

// panels is the number of column panels of n columns.
func (kn *Kernel) panels(n int) int { return (n + kn.NR - 1) / kn.NR }

// packB writes panel p of b: its columns [p*NR, p*NR+NR), row by row, missing columns as zeros. Panel p begins at
// p*NR*b.Rows of dst.
func (kn *Kernel) packB(dst []float32, b Matrix, p int) {
	dst = dst[p*kn.NR*b.Rows:][:kn.NR*b.Rows]
	width := min(kn.NR, b.Cols-p*kn.NR)
	if width < kn.NR {
		clear(dst)
	}
	block := b.block(0, p*kn.NR, b.Rows, width)
	if b.RowStride == 1 {
		kn.packColumns(dst, block)
		return
	}
	kn.packRows(dst, block)
}

// packRows copies rows of b side by side.
func (kn *Kernel) packRows(dst []float32, b Matrix) {
	for l := range b.Rows {
		row, from := dst[l*kn.NR:][:b.Cols], b.Data[l*b.RowStride:]
		if b.ColStride == 1 {
			copy(row, from[:b.Cols])
			continue
		}
		for j := range row {
			row[j] = from[j*b.ColStride]
		}
	}
}

// packColumns transposes: the columns of b are contiguous. Eight at a time, so that a line of dst is written once.
func (kn *Kernel) packColumns(dst []float32, b Matrix) {
	j := 0
	for ; j+8 <= b.Cols; j += 8 {
		var c [8][]float32
		for i := range c {
			c[i] = b.Data[(j+i)*b.ColStride:][:b.Rows]
		}
		for l := range b.Rows {
			row := dst[l*kn.NR+j:][:8]
			row[0], row[1], row[2], row[3] = c[0][l], c[1][l], c[2][l], c[3][l]
			row[4], row[5], row[6], row[7] = c[4][l], c[5][l], c[6][l], c[7][l]
		}
	}
	for ; j < b.Cols; j++ {
		for l, x := range b.Data[j*b.ColStride:][:b.Rows] {
			dst[l*kn.NR+j] = x
		}
	}
}

// packA writes the rows of a as panels of mr rows, column after column: element (i, l) of a panel is at l*mr+i. The
// last panel must be whole.
func packA(dst []float32, a Matrix, mr int) {
	for i := 0; i < a.Rows; i += mr {
		for l := range a.Cols {
			to, from := dst[i*a.Cols+l*mr:][:mr], a.Data[i*a.RowStride+l*a.ColStride:]
			if a.RowStride == 1 {
				copy(to, from[:mr])
				continue
			}
			for r := range to {
				to[r] = from[r*a.RowStride]
			}
		}
	}
}
