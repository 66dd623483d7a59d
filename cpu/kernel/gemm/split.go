package gemm

// parts is into how many K is cut where workers compute parts of it alone, whatever their number.
const parts = 4

// Parts returns into how many parts of K the product is cut, each of which a worker packs and multiplies alone, to be added up in order;
// 1 where workers share each block of K. Cut are products whose A is packed, C is small and K is long, as the gradients of weights
// are: workers then meet once, and pack what they have fetched themselves.
func (j *Job) Parts() int {
	if j.Before != nil || j.After.Do != nil || j.Add || j.A.ColStride == 1 || j.B.ColStride != 1 || j.isFew() ||
		j.C.RowStride != j.C.Cols || j.Blocks() < 2*parts || j.C.Rows*j.C.Cols > j.kernel.SmallC {
		return 1
	}
	return parts
}

// PartScratch returns how many floats MultiplyPart needs of the worker's own behind those of ScratchA: a block of B.
func (j *Job) PartScratch() int { return j.kernel.packedB(j.depth(), j.C.Cols) }

// MultiplyPart sets rows of c, dense and as large as C, to those of a part of the product: the shares of rows of pieces [from, to) out of
// pieces. scratch must hold ScratchA and PartScratch floats of the worker's own. What c gets does not depend on pieces.
func (j *Job) MultiplyPart(part int, c []float32, from, to, pieces int, scratch []float32) {
	own, blocks := *j, j.Blocks()
	first, last := blocks*part/parts, blocks*(part+1)/parts
	own.C.Data, own.packed, own.start = c, scratch[j.kernel.ScratchA():], first*j.depth()
	for block := first; block < last; block++ {
		own.Pack(block, 0, 1)
		for piece := from; piece < to; piece++ {
			own.Multiply(block, piece, pieces, scratch)
		}
	}
}
