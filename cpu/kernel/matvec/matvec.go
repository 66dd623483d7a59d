// Package matvec multiplies a few rows by a large matrix: C = A B, as a model does that makes one token after the other.
//
// Such a product takes as long as its matrix takes to arrive from memory, so B is read once, where it lies, and not packed as
// gemm packs it. Kernels are flavours as everywhere: reference Go (matvec_ref.go), AVX2 or AVX-512 assembly written by
// _gen/matvec. The package knows no graph and starts no goroutine.
package matvec

import "github.com/dyt-go/dyt/cpu/kernel/gemm"

// Kernel is one flavour.
type Kernel struct {
	Name string
	// Dots is c[j] = sum over l < len(a) of a[l] * b[j*stride+l] for j < n: rows of b times a. Products are fused into sums of
	// lanes, which are added up in an order that depends on len(a) alone.
	Dots func(c, a, b []float32, stride, n int)
	// Sums is c[j] = sum over l < len(a) of a[l] * b[l*stride+j]: rows of b, each times a number. In order of l, fused.
	Sums func(c, a, b []float32, stride int)
}

// Most is the number of rows of A up to which packing B would take longer than reading it for each row from the cache. Where gemm
// need not pack it, since its columns are contiguous, it is mostDots.
const (
	Most     = 8
	mostDots = 3
)

// Fits reports whether Multiply computes c = a b: few rows, all contiguous, and b contiguous by rows or by columns. Data is
// not looked at.
func Fits(c, a, b gemm.Matrix) bool {
	most := Most
	if b.RowStride == 1 && b.ColStride != 1 {
		most = mostDots
	}
	return c.Rows <= most && a.Cols > 0 && (c.ColStride == 1 || c.Cols == 1) && (a.ColStride == 1 || a.Cols == 1) && (b.RowStride == 1 || b.ColStride == 1)
}

// Part of the columns that a worker computes is cut at multiples of column; columns are read together for all rows of A.
const (
	column = 16
	cached = 4 << 10 // floats of B that stay in the first-level cache from one row of A to the next
)

// Multiply computes the share of the columns of c = a b of worker part out of parts. Fits must hold. No column depends on the
// number of parts.
func (k *Kernel) Multiply(c, a, b gemm.Matrix, part, parts int) {
	blocks := (c.Cols + column - 1) / column
	from, to := blocks*part/parts*column, min(blocks*(part+1)/parts*column, c.Cols)
	step := to - from
	if c.Rows > 1 {
		step = max(column, cached/a.Cols/column*column)
	}
	for col := from; col < to; col += step {
		n := min(step, to-col)
		for i := range c.Rows {
			k.row(c.Data[i*c.RowStride+col:][:n], a.Data[i*a.RowStride:][:a.Cols], b, col)
		}
	}
}

// row computes len(c) columns of one row, from col on.
func (k *Kernel) row(c, a []float32, b gemm.Matrix, col int) {
	if b.RowStride == 1 {
		k.Dots(c, a, b.Data[col*b.ColStride:], b.ColStride, len(c))
	} else {
		k.Sums(c, a, b.Data[col:], b.RowStride)
	}
}
