// Package gemm multiplies float32 matrices: C = A B or C += A B, with any strides of A and B.
//
// A multiplication is cut into tiles that one micro-kernel call keeps in registers. The loops and the packing are portable
// Go (multiply.go, pack.go); only the tiles come from a flavour: reference Go (gemm_ref.go), AVX2 or AVX-512 assembly
// written by _gen/gemm. The package knows no graph and starts no goroutine: a caller with several workers gives each its
// part. Read this file first, then multiply.go.
package gemm

// Tile computes np tiles of C, one below or beside the other, each mr rows high (mr is the function's own) and n columns wide:
//
//	for p < np, i < mr, j < n:
//		s := sum over l < k of a[p*astep+i*rsa+l*csa] * b[p*bstep+l*NR+j]    // in order of l, fused multiply-add, one accumulator
//		c[p*cstep+i*ldc+j] = s                                       // or += s when add
//
// b is a packed panel, or the first of them: k rows of NR floats, of which the first n are used and the others must be readable. Requires k > 0,
// np > 0, 0 < n <= the columns of this tile, and that rsa or csa is 1. c overlaps neither a nor b. Reads and writes nothing outside.
// What begins at ahead is fetched into the cache meanwhile, a line with every second step of K: for p and l < k/2, in this order,
// the line of ahead[p*pahead+l*kahead], which need not exist.
// Error: that of k fused multiply-adds in float32; equal for every flavour bit for bit.
type Tile func(a []float32, rsa, csa int, b, c []float32, ldc, k, np, astep, bstep, cstep, n int, add bool, ahead []float32, pahead, kahead int)

// Kernel is one flavour of tiles.
type Kernel struct {
	Name   string
	MR     int     // rows of the tallest tile
	NR     int     // columns of a packed panel of B
	SmallC int     // floats of C up to which K may be cut (split.go): there are as many of it as parts
	Half   []Tile  // [mr-1]: tiles of at most NR/2 columns
	Whole  []Tile  // [mr-1]: tiles of at most NR columns
	LinesA []Lines // [mr-1]: packs columns of A for tiles of mr rows
	LinesB Lines   // packs rows of B, NR floats wide
	// Transpose packs eight contiguous columns: for l < 8*n, j < 8, dst[l*width+j] = src[j*stride+l].
	Transpose func(dst, src []float32, stride, width, n int)
}

// Lines moves contiguous lines of width floats (the function's own) side by side into panels: for p < panels, l < n, i < width,
//
//	dst[p*dstep+l*width+i] = src[p*width+l*stride+i]
//
// Requires n > 0, panels > 0. Reads and writes nothing else, but the n lines after these are fetched into the cache.
type Lines func(dst, src []float32, stride, n, panels, dstep int)

// tile returns the micro-kernel for tiles of mr rows and n columns.
func (k *Kernel) tile(mr, n int) Tile {
	if 2*n <= k.NR {
		return k.Half[mr-1]
	}
	return k.Whole[mr-1]
}

// Matrix is a view: element (i, j) is Data[i*RowStride+j*ColStride].
type Matrix struct {
	Data                 []float32
	Rows, Cols           int
	RowStride, ColStride int
}

// RowMajor views data as rows x cols.
func RowMajor(data []float32, rows, cols int) Matrix {
	return Matrix{data, rows, cols, cols, 1}
}

// T is the transposed view.
func (m Matrix) T() Matrix { return Matrix{m.Data, m.Cols, m.Rows, m.ColStride, m.RowStride} }

// block views rows [i, i+rows) and columns [j, j+cols) of m.
func (m Matrix) block(i, j, rows, cols int) Matrix {
	return Matrix{m.Data[i*m.RowStride+j*m.ColStride:], rows, cols, m.RowStride, m.ColStride}
}

// Slice views rows [i, i+rows) of m.
func (m Matrix) Slice(i, rows int) Matrix {
	return Matrix{m.Data[i*m.RowStride:], rows, m.Cols, m.RowStride, m.ColStride}
}

// Row returns row i of m, whose rows must be contiguous.
func (m Matrix) Row(i int) []float32 { return m.Data[i*m.RowStride:][:m.Cols] }
