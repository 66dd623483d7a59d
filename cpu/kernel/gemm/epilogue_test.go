package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// collector is an epilogue that copies blocks to where they belong, and notes which unit each row was said to be of.
type collector struct {
	c     Matrix
	seen  []int // by element: how many blocks had it
	units []int // by row
	width int
	fault string
}

func (x *collector) Block(c Matrix, unit, row, col int) {
	if col%x.width != 0 || c.Cols > x.width {
		x.fault = fmt.Sprintf("a block of %d columns from %d on, width %d", c.Cols, col, x.width)
	}
	for i := range c.Rows {
		x.units[row+i] = unit
		for j := range c.Cols {
			x.seen[(row+i)*x.c.Cols+col+j]++
			x.c.Data[(row+i)*x.c.RowStride+col+j] = c.Data[i*c.RowStride+j]
		}
	}
}

// What an epilogue gets, from memory or from a buffer, by any number of workers, is the product, each element once, and rows
// of the same unit whoever computes them.
func TestEpilogueGetsTheProduct(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for _, kn := range kernels() {
		for range 25 {
			m, k, n := 1+rng.IntN(150), 1+rng.IntN(60), 1+rng.IntN(90)
			if rng.IntN(8) == 0 {
				k += deep // blocks of K, which need C
			}
			a, b := RowMajor(random(rng, m*k), m, k), RowMajor(random(rng, k*n), k, n)
			if rng.IntN(2) == 0 {
				a = RowMajor(a.Data, k, m).T()
			}
			after := After{Unit: rng.IntN(9), Width: kn.NR * (1 + rng.IntN(4))}
			want := RowMajor(make([]float32, m*n), m, n)
			multiply(kn, want, a, b, nil, After{}, 1)
			var units []int
			for _, parts := range []int{1, 2, 3, 7} {
				x := &collector{c: RowMajor(make([]float32, m*n), m, n), seen: make([]int, m*n), units: make([]int, m), width: after.Width}
				after.Do, after.Buffer = x, nil
				c := RowMajor(make([]float32, m*n), m, n)
				if job := New(kn, c, a, b, false, nil); job.Blocks() == 1 && rng.IntN(2) == 0 {
					after.Buffer = make([]float32, kn.BufferSize(k, after.Unit, after.Width))
					c.Data = nil
				}
				multiply(kn, c, a, b, nil, after, parts)
				if x.fault != "" {
					t.Fatalf("%s: %dx%dx%d: %s", kn.Name, m, k, n, x.fault)
				}
				for i := range x.seen {
					if x.seen[i] != 1 || math.Float32bits(x.c.Data[i]) != math.Float32bits(want.Data[i]) {
						t.Fatalf("%s: %dx%dx%d, %d parts, %+v: element %d came %d times, as %g, expected once and %g", kn.Name, m, k, n, parts, after, i, x.seen[i], x.c.Data[i], want.Data[i])
					}
				}
				if units == nil {
					units = x.units
				}
				for row := range units {
					if units[row] != x.units[row] || row > 0 && units[row] < units[row-1] {
						t.Fatalf("%s: %dx%dx%d, %d parts: row %d is of unit %d, with one part of %d", kn.Name, m, k, n, parts, row, x.units[row], units[row])
					}
				}
			}
		}
	}
}

// multiply computes C = A B with a prologue and an epilogue: part after part or, of an odd number of them without a prologue, at once,
// each taking what is left.
func multiply(kn *Kernel, c, a, b Matrix, before Prologue, after After, parts int) {
	job := New(kn, c, a, b, false, make([]float32, kn.Scratch(a.Rows, a.Cols, b.Cols)))
	job.Before, job.After = before, after
	own := make([]float32, kn.ScratchA())
	for block := range job.Blocks() {
		for part := range parts {
			job.Pack(block, part, parts)
		}
		if parts%2 == 0 || before != nil {
			for part := range parts {
				job.Multiply(block, part, parts, own)
			}
			continue
		}
		job.Next = new(atomic.Int64)
		var all sync.WaitGroup
		for part := range parts {
			mine := job
			mine.After.Buffer = slices.Clone(after.Buffer)
			all.Go(func() { mine.Multiply(block, part, parts, make([]float32, kn.ScratchA())) })
		}
		all.Wait()
	}
}

// An epilogue pays where A lies in one block of K and B is packed.
func TestEndsAtOnce(t *testing.T) {
	zeros := func(rows, cols int) Matrix { return RowMajor(make([]float32, rows*cols), rows, cols) }
	for _, c := range []struct {
		what string
		a, b Matrix
		want bool
	}{
		{"rows of A in place, one block of K", zeros(40, deep), zeros(deep, 60), true},
		{"two blocks of K", zeros(40, deep+1), zeros(deep+1, 60), false},
		{"columns of A contiguous, one block of K", zeros(shallow, 40).T(), zeros(shallow, 60), true},
		{"columns of A contiguous, two blocks", zeros(shallow+1, 40).T(), zeros(shallow+1, 60), false},
		{"long rows under a wide product, packed", zeros(40, longRows+1), zeros(longRows+1, wideC), false},
		{"few rows, columns of B contiguous", zeros(few, 64), zeros(2*few, 64).T(), false},
		{"a row more", zeros(few+1, 64), zeros(2*few+2, 64).T(), true},
	} {
		if job := New(kernels()[0], zeros(c.a.Rows, c.b.Cols), c.a, c.b, false, nil); job.EndsAtOnce() != c.want {
			t.Errorf("%s: %v, expected %v", c.what, !c.want, c.want)
		}
	}
}
