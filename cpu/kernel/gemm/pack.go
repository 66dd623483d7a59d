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

// packRows reads the rows of b in order, and writes to all panels at once.
func (kn *Kernel) packRows(dst []float32, b Matrix, first, last int) {
	step := kn.NR * b.Rows
	whole := min(last, b.Cols/kn.NR) // panels of NR contiguous columns end here
	if b.ColStride != 1 {
		whole = first
	}
	whole = max(whole, first)
	for l := range b.Rows {
		from := b.Data[l*b.RowStride:]
		for p := first; p < whole; p++ {
			copyPanelRow(dst[p*step+l*kn.NR:][:kn.NR], from[p*kn.NR:])
		}
		for p := whole; p < last; p++ {
			row := dst[p*step+l*kn.NR:][:kn.NR]
			width := min(kn.NR, b.Cols-p*kn.NR)
			for j := range width {
				row[j] = from[(p*kn.NR+j)*b.ColStride]
			}
			clear(row[width:])
		}
	}
}

// copyPanelRow copies len(to) elements: 16 at a time, which the compiler does without a call.
func copyPanelRow(to, from []float32) {
	for ; len(to) >= 16; to, from = to[16:], from[16:] {
		*(*[16]float32)(to) = *(*[16]float32)(from)
	}
	copy(to, from)
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
	if a.RowStride == 1 {
		packLines(dst, a, mr)
		return
	}
	for i := 0; i < a.Rows; i += mr {
		for l := range a.Cols {
			to, from := dst[i*a.Cols+l*mr:][:mr], a.Data[i*a.RowStride+l*a.ColStride:]
			for r := range to {
				to[r] = from[r*a.RowStride]
			}
		}
	}
}

// line is how many floats packLines moves at once: as many as the tallest tile of any flavour has rows, or more.
const line = 16

// packLines is packA for columns that are contiguous. It reads them in order and moves whole lines of a fixed size, which
// the compiler does without a call: what is too much in a panel's column belongs to its next one, which is written later. The
// last columns and panels, where that is not so, are copied exactly.
func packLines(dst []float32, a Matrix, mr int) {
	step, panels := mr*a.Cols, a.Rows/mr
	quick := min(panels, (a.Rows-line)/mr+1)
	if a.Rows < line {
		quick = 0
	}
	for l := range a.Cols {
		from, first := a.Data[l*a.ColStride:][:a.Rows], 0
		if l*mr+line <= step {
			for ; first < quick; first++ {
				*(*[line]float32)(dst[first*step+l*mr:]) = *(*[line]float32)(from[first*mr:])
			}
		}
		for p := first; p < panels; p++ {
			copy(dst[p*step+l*mr:][:mr], from[p*mr:])
		}
	}
}
