package gemm

// few is the number of rows of C up to which a B with contiguous columns, a dense layer's weights, is not packed: each element
// would be moved for so few multiply-adds. Instead the product is turned over, C^T = B^T A^T. The columns of B are rows then,
// which tiles read where they lie, once; A is packed, and blocks of C^T are turned back on their way to C.
const few = 128

// fewPanels is how many panels of rows of B^T make a block of C^T.
const fewPanels = 8

// isFew reports whether the product is computed turned over. An epilogue wants whole rows of C, and a prologue makes some rows of A at a time.
func (j *Job) isFew() bool {
	return j.Before == nil && j.C.Rows <= few && 2*j.C.Rows <= j.C.Cols && j.B.RowStride == 1 && j.B.ColStride != 1 && !j.Add && j.After.Width == 0
}

// packFew packs the share of A^T of worker part out of parts.
func (j *Job) packFew(part, parts int) {
	n := j.kernel.panels(j.A.Rows)
	j.kernel.packB(j.packed, j.A.T(), n*part/parts, n*(part+1)/parts)
}

// multiplyFew computes the blocks of C^T of worker part out of parts; scratch holds one.
func (j *Job) multiplyFew(part, parts int, scratch []float32) {
	kn, rows := j.kernel, fewPanels*j.kernel.MR
	stride := kn.panels(j.C.Rows) * kn.NR
	blocks := (j.C.Cols + rows - 1) / rows
	for block := blocks * part / parts; block < blocks*(part+1)/parts; block++ {
		col := block * rows
		c := Matrix{scratch, min(rows, j.C.Cols-col), j.C.Rows, stride, 1}
		for l := 0; l < j.A.Cols; l += deep {
			j.blockFew(c, j.B.block(l, col, min(deep, j.A.Cols-l), c.Rows).T(), l)
		}
		kn.turnFew(j.C.block(0, col, j.C.Rows, c.Rows), c)
	}
}

// blockFew adds to a block c of C^T what its rows b of B^T, from l on of K, give. Meanwhile it fetches the rows after them.
func (j *Job) blockFew(c, b Matrix, l int) {
	kn := j.kernel
	var memory [2]run
	split := rowSplit{c.Rows, kn.MR}
	for _, r := range split.runs(memory[:0], 0, split.panels()) {
		rows, near, step := b.Slice(r.row, r.count*r.height).Data, 0, 0
		if b.Cols == b.RowStride { // the rows of the next panel come after those of this one
			near, step = r.height*b.RowStride, 2*r.height
		}
		for col := 0; col < c.Cols; col += kn.NR {
			width := min(kn.NR, c.Cols-col)
			kn.tile(r.height, width)(rows, b.RowStride, 1, j.packed[col*j.A.Cols+l*kn.NR:], c.Slice(r.row, 0).Data[col:], c.RowStride,
				b.Cols, r.count, r.height*b.RowStride, 0, r.height*c.RowStride, width, l > 0, rows[min(near, len(rows)):], near, step)
		}
	}
}

// turnFew writes the transpose of a block of C^T, eight rows of it at a time; what is left of rows and columns one by one.
func (kn *Kernel) turnFew(c, from Matrix) {
	col, blocks := 0, from.Cols/8
	for ; col+8 <= from.Rows; col += 8 {
		if blocks > 0 {
			kn.Transpose(c.Data[col:], from.Data[col*from.RowStride:], from.RowStride, c.RowStride, blocks)
		}
		for i := 8 * blocks; i < c.Rows; i++ {
			for k := range 8 {
				c.Data[i*c.RowStride+col+k] = from.Data[(col+k)*from.RowStride+i]
			}
		}
	}
	for ; col < from.Rows; col++ {
		for i, x := range from.Row(col) {
			c.Data[i*c.RowStride+col] = x
		}
	}
}
