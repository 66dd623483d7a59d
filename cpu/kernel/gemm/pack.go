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
	for start := 0; start < b.Rows; start += together {
		for p := first; p < last; p++ {
			col := p * kn.NR
			width := min(kn.NR, b.Cols-col)
			for l := start; l < min(start+together, b.Rows); l++ {
				to, from := dst[p*step+l*kn.NR:][:kn.NR], b.Data[l*b.RowStride+col*b.ColStride:]
				if b.ColStride == 1 {
					copyPanelRow(to[:width], from)
				} else {
					for j := range width {
						to[j] = from[j*b.ColStride]
					}
				}
				clear(to[width:])
			}
		}
	}
}

// copyPanelRow copies len(to) elements.
func copyPanelRow(to, from []float32) {
	for ; len(to) >= 16; to, from = to[16:], from[16:] {
		copy16((*[16]float32)(to), (*[16]float32)(from))
	}
	copy(to, from)
}

// copy16 moves 16 bytes a statement, which is the most that the compiler does without a call: it cannot know that the arrays
// do not overlap.
func copy16(to, from *[16]float32) {
	*(*[4]float32)(to[0:4]) = *(*[4]float32)(from[0:4])
	*(*[4]float32)(to[4:8]) = *(*[4]float32)(from[4:8])
	*(*[4]float32)(to[8:12]) = *(*[4]float32)(from[8:12])
	*(*[4]float32)(to[12:16]) = *(*[4]float32)(from[12:16])
}

// packColumns transposes: the columns of b are contiguous. Eight at a time; what is left of rows and columns one by one.
func (kn *Kernel) packColumns(dst []float32, b Matrix) {
	blocks := b.Rows / 8
	j := 0
	for ; j+8 <= b.Cols && blocks > 0; j += 8 {
		kn.Transpose(dst[j:], b.Data[j*b.ColStride:], b.ColStride, kn.NR, blocks)
		for i := j; i < j+8; i++ {
			for l, x := range b.Data[i*b.ColStride:][8*blocks : b.Rows] {
				dst[(8*blocks+l)*kn.NR+i] = x
			}
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
func (kn *Kernel) packA(dst []float32, a Matrix, mr int) {
	if a.RowStride == 1 {
		kn.packLines(dst, a, mr)
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

// together is how many contiguous lines of a matrix are packed panel by panel at a time: few enough to stay in the first-level
// cache from one panel to the next, enough that a panel is written by whole cache lines.
const together = 8

// packLines is packA for columns that are contiguous. It moves lines of a fixed size: what is too much in a panel's column
// belongs to its next one, which is written later. The last columns and panels, where that is not so, are copied exactly.
func (kn *Kernel) packLines(dst []float32, a Matrix, mr int) {
	step, panels := mr*a.Cols, a.Rows/mr
	quick := 0 // panels from whose first row on a line can be read
	if a.Rows >= kn.Line {
		quick = min(panels, (a.Rows-kn.Line)/mr+1)
	}
	for start := 0; start < a.Cols; start += together {
		end := min(start+together, a.Cols)
		whole := quick // panels whose columns of this block can be moved by lines
		if (end-1)*mr+kn.Line > step {
			whole = 0
		}
		if whole > 0 {
			kn.Lines(dst[start*mr:], a.Data[start*a.ColStride:], a.ColStride, end-start, mr, whole, step)
		}
		for p := whole; p < panels; p++ {
			for l := start; l < end; l++ {
				copy(dst[p*step+l*mr:][:mr], a.Data[l*a.ColStride+p*mr:])
			}
		}
	}
}
