package matvec

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/internal/cpuid"
)

// kernels lists the flavours that this machine can run.
func kernels() []*Kernel {
	list := []*Kernel{Ref}
	if AVX2 != nil && cpuid.Has(cpuid.AVX2) {
		list = append(list, AVX2)
	}
	if AVX512 != nil && cpuid.Has(cpuid.AVX512) {
		list = append(list, AVX512)
	}
	return list
}

// TestMultiplyMatchesFloat64, for every length of what is left of a register, with NaN in the gaps of B and around C, and bit
// for bit the same for any number of parts.
func TestMultiplyMatchesFloat64(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, k := range kernels() {
		for depth := 1; depth < 70; depth++ {
			for _, byColumn := range []bool{false, true} {
				most := Most
				if byColumn {
					most = mostDots
				}
				testMultiply(t, k, rng, 1+rng.IntN(most), depth, 1+rng.IntN(200), byColumn)
			}
		}
		testMultiply(t, k, rng, mostDots, 1000, 37, true)
	}
}

func testMultiply(t *testing.T, k *Kernel, rng *rand.Rand, rows, depth, cols int, byColumn bool) {
	t.Helper()
	a := matrix(rng, rows, depth)
	b := matrix(rng, depth, cols)
	if byColumn {
		b = matrix(rng, cols, depth).T()
	}
	c := matrix(rng, rows, cols)
	if !Fits(c, a, b) {
		t.Fatalf("%dx%dx%d does not fit", rows, depth, cols)
	}
	k.Multiply(c, a, b, 0, 1)
	for i := range rows {
		for j, got := range c.Row(i) {
			want, size := 0.0, 0.0
			for l := range depth {
				p := float64(a.Row(i)[l]) * float64(b.Data[l*b.RowStride+j*b.ColStride])
				want, size = want+p, size+math.Abs(p)
			}
			if !(math.Abs(float64(got)-want) <= float64(depth+1)*0x1p-24*size) {
				t.Fatalf("%s %dx%dx%d by column %v: [%d,%d] is %g, want %g", k.Name, rows, depth, cols, byColumn, i, j, got, want)
			}
		}
		if gap := c.Data[i*c.RowStride+cols : (i+1)*c.RowStride]; slices.ContainsFunc(gap, func(v float32) bool { return v == v }) {
			t.Fatalf("%s %dx%dx%d: wrote beside row %d", k.Name, rows, depth, cols, i)
		}
	}
	for _, parts := range []int{2, 3, 7} {
		other := matrix(rng, rows, cols)
		for part := range parts {
			k.Multiply(other, a, b, part, parts)
		}
		for i := range rows {
			if !slices.Equal(other.Row(i), c.Row(i)) {
				t.Fatalf("%s %dx%dx%d by column %v: row %d differs with %d parts", k.Name, rows, depth, cols, byColumn, i, parts)
			}
		}
	}
}

// matrix returns random rows with NaN between them.
func matrix(rng *rand.Rand, rows, cols int) gemm.Matrix {
	step := cols + 3
	m := gemm.Matrix{Data: make([]float32, rows*step), Rows: rows, Cols: cols, RowStride: step, ColStride: 1}
	for i := range m.Data {
		if m.Data[i] = float32(math.NaN()); i%step < cols {
			m.Data[i] = float32(rng.NormFloat64())
		}
	}
	return m
}

// TestFits refuses what Multiply cannot read.
func TestFits(t *testing.T) {
	m := func(rows, cols, rowStride, colStride int) gemm.Matrix {
		return gemm.Matrix{Rows: rows, Cols: cols, RowStride: rowStride, ColStride: colStride}
	}
	for i, c := range []struct {
		c, a, b gemm.Matrix
		want    bool
	}{
		{m(1, 9, 0, 1), m(1, 5, 0, 1), m(5, 9, 1, 5), true},
		{m(1, 9, 0, 1), m(1, 5, 0, 1), m(5, 9, 9, 1), true},
		{m(Most, 9, 9, 1), m(Most, 5, 5, 1), m(5, 9, 9, 1), true},
		{m(Most+1, 9, 9, 1), m(Most+1, 5, 5, 1), m(5, 9, 9, 1), false},
		{m(mostDots, 9, 9, 1), m(mostDots, 5, 5, 1), m(5, 9, 1, 5), true},
		{m(mostDots+1, 9, 9, 1), m(mostDots+1, 5, 5, 1), m(5, 9, 1, 5), false},
		{m(1, 9, 0, 2), m(1, 5, 0, 1), m(5, 9, 9, 1), false},
		{m(1, 9, 0, 1), m(1, 5, 0, 2), m(5, 9, 9, 1), false},
		{m(1, 9, 0, 1), m(1, 5, 0, 1), m(5, 9, 18, 2), false},
	} {
		if got := Fits(c.c, c.a, c.b); got != c.want {
			t.Errorf("case %d: %v, want %v", i, got, c.want)
		}
	}
}

// BenchmarkMultiply prints the bytes of B per second: beyond all caches, and within the second-level one.
func BenchmarkMultiply(b *testing.B) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, k := range kernels()[1:] {
		for _, s := range []struct{ rows, depth, cols, copies int }{{1, 384, 1056, 40}, {1, 1056, 384, 40}, {1, 128, 352, 1}, {4, 384, 1056, 40}} {
			x, y := gemm.RowMajor(make([]float32, s.rows*s.depth), s.rows, s.depth), gemm.RowMajor(make([]float32, s.rows*s.cols), s.rows, s.cols)
			all := make([]float32, s.copies*s.depth*s.cols)
			for i := range all {
				all[i] = float32(rng.NormFloat64())
			}
			for _, byColumn := range []bool{true, false} {
				b.Run(fmt.Sprintf("%s/%dx%dx%d of %d, by column %v", k.Name, s.rows, s.depth, s.cols, s.copies, byColumn), func(b *testing.B) {
					b.SetBytes(int64(4 * s.depth * s.cols))
					for i := 0; b.Loop(); i++ {
						w := gemm.RowMajor(all[i%s.copies*s.depth*s.cols:], s.depth, s.cols)
						if byColumn {
							w = gemm.RowMajor(w.Data, s.cols, s.depth).T()
						}
						k.Multiply(y, x, w, 0, 1)
					}
				})
			}
		}
	}
}
