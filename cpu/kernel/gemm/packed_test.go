package gemm

import (
	"math/rand/v2"
	"slices"
	"testing"
)

// stairsCase is a product of matrices of random sizes: all of A's columns and C's, but less than all of B.
type stairsCase struct {
	m, k, n int
	a, b    Matrix
	packed  Packed
	add     bool
	before  []float32 // of C
}

// newStairsCase makes B with gaps between its rows or its columns, which are then contiguous.
func newStairsCase(rng *rand.Rand, kn *Kernel, m, k, n int) *stairsCase {
	rows, cols := k+rng.IntN(10), n+rng.IntN(40)
	b := Matrix{random(rng, rows*(cols+3)), rows, cols, cols + 3, 1}
	if rng.IntN(2) == 0 {
		b = Matrix{random(rng, cols*(rows+2)), cols, rows, rows + 2, 1}.T()
	}
	c := &stairsCase{m: m, k: k, n: n, a: RowMajor(random(rng, m*k), m, k), b: b, add: rng.IntN(2) == 0, before: random(rng, m*n)}
	if rng.IntN(2) == 0 {
		c.a = RowMajor(c.a.Data, k, m).T()
	}
	c.packed = kn.PackAll(make([]float32, kn.PackedSize(rows, cols)), b)
	return c
}

// product is what Multiply makes of the whole matrices, to which the sums are in the same order.
func (c *stairsCase) product(kn *Kernel, add bool) []float32 {
	out := make([]float32, c.m*c.n)
	if add {
		copy(out, c.before)
	}
	b := c.b
	b.Rows, b.Cols = c.k, c.n
	run2(kn, RowMajor(out, c.m, c.n), c.a, b, add, 1)
	return out
}

// TestStairsOfAProduct: a tile is computed when any of its elements is wanted, and in whole registers.
func TestStairsOfAProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, kn := range kernels() {
		for range 100 {
			c := newStairsCase(rng, kn, 1+rng.IntN(40), 1+rng.IntN(40), 1+rng.IntN(70))
			s := Staircase{1 + rng.IntN(c.n+5)}
			line := kn.panels(c.n) * kn.NR
			got := RowMajor(guarded(rng, c.m*line)[guard:], c.m, c.n)
			got.RowStride = line
			kn.MultiplyToStairs(got, c.a, c.packed, s, c.errands())
			want := c.product(kn, false)
			for i := range c.m {
				seen := min(c.n, s.First+i)
				if !slices.Equal(got.Row(i)[:seen], want[i*c.n:][:seen]) {
					t.Fatalf("%s %dx%dx%d, first step %d: row %d differs from Multiply", kn.Name, c.m, c.k, c.n, s.First, i)
				}
			}
			if end := got.Data[c.m*line:]; end[0] == end[0] {
				t.Fatalf("%s %dx%dx%d: wrote behind C", kn.Name, c.m, c.k, c.n)
			}
		}
	}
}

// TestProductsOfStairs: with zeros where the staircase A has no elements, skipping them changes nothing.
func TestProductsOfStairs(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, kn := range kernels() {
		for range 100 {
			m, k := 1+rng.IntN(40), 1+rng.IntN(40)
			s, under := Staircase{1 + rng.IntN(k+3)}, rng.IntN(2) == 0
			multiply := kn.MultiplyStairs
			if under {
				m = min(m, s.First+k-1) // the last row of the staircase has all columns
				multiply = kn.MultiplyUnderStairs
			}
			c := newStairsCase(rng, kn, m, k, 1+rng.IntN(70))
			for i := range c.m {
				for l := range c.k {
					if row, col := i, l; under && i >= s.First+l || !under && col >= s.First+row {
						c.a.Data[i*c.a.RowStride+l*c.a.ColStride] = 0
					}
				}
			}
			got := RowMajor(guarded(rng, c.m*c.n)[guard:], c.m, c.n)
			if copy(got.Data, c.before); !c.add {
				copy(got.Data, guarded(rng, c.m*c.n)[:c.m*c.n])
			}
			multiply(got, c.a, c.packed, s, c.add, c.errands())
			if end := got.Data[c.m*c.n]; !slices.Equal(got.Data[:c.m*c.n], c.product(kn, c.add)) || end == end {
				t.Fatalf("%s %dx%dx%d, first step %d, under %v, add %v: differs from Multiply", kn.Name, c.m, c.k, c.n, s.First, under, c.add)
			}
		}
	}
}

// errands are all operands, or nothing.
func (c *stairsCase) errands() *Errands {
	if c.add {
		return nil
	}
	e := Fetch(RowMajor(c.before, c.m, c.n), RowMajor(c.packed.Data, c.k, c.packed.Cols))
	return &e
}

// TestErrandsFetchEveryLine but the last rows of a line, fewer than half of what a tile fetches, and begin inside each matrix.
func TestErrandsFetchEveryLine(t *testing.T) {
	rng := rand.New(rand.NewPCG(17, 18))
	for range 300 {
		var all []Matrix
		for range 1 + rng.IntN(4) {
			rows, cols := 1+rng.IntN(70), 1+rng.IntN(70)
			step := cols + rng.IntN(20)
			m := Matrix{Data: make([]float32, (rows-1)*step+cols), Rows: rows, Cols: cols, RowStride: step, ColStride: 1}
			for i := range m.Data {
				m.Data[i] = float32(len(all))
			}
			all = append(all, m)
		}
		e, k := Fetch(all...), 2+rng.IntN(80)
		type place struct{ matrix, at int }
		fetched := make(map[place]bool)
		near := []float32{-1}
		for {
			tiles := 1 + rng.IntN(12)
			n, from, pstep, lstep := e.take(tiles, k, near)
			if n < 1 || n > tiles {
				t.Fatalf("%d of %d tiles", n, tiles)
			}
			if &from[0] == &near[0] {
				break
			}
			m := int(from[0])
			for p := range n {
				for l := range k / 2 {
					fetched[place{m, len(all[m].Data) - len(from) + p*pstep + l*lstep}] = true
				}
			}
		}
		for i, m := range all {
			for row := range m.Rows {
				for at := 0; at < m.Cols; at += lineFloats {
					if !fetched[place{i, row*m.RowStride + at}] && m.Rows-row > k/4 {
						t.Fatalf("%d steps: line at %d of row %d of %d was not fetched", k, at, row, m.Rows)
					}
				}
			}
		}
	}
	if e := Fetch(RowMajor(make([]float32, errandFloats+1), 1, errandFloats+1)); e.end != 0 {
		t.Error("a large matrix is fetched")
	}
}
