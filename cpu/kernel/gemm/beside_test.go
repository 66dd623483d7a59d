package gemm

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/dyt-go/dyt/internal/fence"
)

// TestTilesTouchNothingBeside their operands, of every height and width, with A's rows or columns contiguous and packed, below and
// beside each other. What is fetched ahead need not exist.
func TestTilesTouchNothingBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(31, 32))
	for _, kn := range kernels()[1:] {
		for mr := 1; mr <= kn.MR; mr++ {
			for n := 1; n <= kn.NR; n++ {
				k, np, ldc := []int{1, 2, 7, 33}[rng.IntN(4)], 1+rng.IntN(3), n+rng.IntN(5)
				for _, s := range []struct{ rsa, csa, astep, bstep, cstep int }{
					{k + 3, 1, mr * (k + 3), 0, mr * ldc}, {1, mr, mr * k, 0, mr * ldc}, {1, np*mr + 2, mr, 0, mr * ldc},
					{k + 3, 1, 0, k * kn.NR, n}, // panels of B side by side
				} {
					if s.bstep > 0 {
						ldc = np*n + 3
					}
					fence.Check(t, fmt.Sprintf("%s tile %dx%d, k %d, %+v", kn.Name, mr, n, k, s), func(place fence.Place) {
						a, b := place(random(rng, (np-1)*s.astep+(mr-1)*s.rsa+(k-1)*s.csa+1)), place(random(rng, (np-1)*s.bstep+k*kn.NR))
						c := place(random(rng, (np-1)*s.cstep+(mr-1)*ldc+n))
						kn.tile(mr, n)(a, s.rsa, s.csa, b, c, ldc, k, np, s.astep, s.bstep, s.cstep, n, n%2 == 0, c[len(c)-1:], 64, 64)
					})
				}
			}
		}
	}
}

// placed returns a random matrix whose last row or, transposed, last column ends where its memory does.
func placed(place fence.Place, rng *rand.Rand, rows, cols, gap int, transposed bool) Matrix {
	if transposed {
		return placed(place, rng, cols, rows, gap, false).T()
	}
	step := cols + gap
	m := RowMajor(place(random(rng, max(0, (rows-1)*step+cols))), rows, cols)
	m.RowStride = step
	return m
}

// TestMultiplyTouchesNothingBeside its matrices and its scratch, with every layout and gaps between rows.
func TestMultiplyTouchesNothingBeside(t *testing.T) {
	shapes := [][3]int{{1, 1, 1}, {14, 5, 32}, {15, 3, 33}, {13, 7, 31}, {29, 1, 64}, {3, 40, 2}, {28, 1025, 33}, {65, 64, 65}, {7, longRows + 3, wideC},
		{few, 70, 2*few + 9}, {few + 1, 9, 2*few + 3}, {9, deep + 5, 40}, {9, 12, 250},
		{2 * (mcFloats/shallow + 16), shallow, 3}} // a block of A fills its memory
	rng := rand.New(rand.NewPCG(33, 34))
	for _, kn := range kernels()[1:] {
		for _, s := range shapes {
			for layout := range 8 {
				m, k, n, gap := s[0], s[1], s[2], 3*(layout%3)
				fence.Check(t, fmt.Sprintf("%s %dx%dx%d, layout %d", kn.Name, m, k, n, layout), func(place fence.Place) {
					a, b, c := placed(place, rng, m, k, gap, layout&1 != 0), placed(place, rng, k, n, gap, layout&2 != 0), placed(place, rng, m, n, gap, layout&4 != 0)
					job := New(kn, c, a, b, layout%2 == 0, place(make([]float32, kn.Scratch(m, k, n))))
					own := place(make([]float32, kn.ScratchA()))
					for block := range job.Blocks() {
						for part := range 2 {
							job.Pack(block, part, 2)
						}
						for part := range 2 {
							job.Multiply(block, part, 2, own)
						}
					}
				})
			}
		}
	}
}

// toucher is a prologue that writes and an epilogue that reads and writes all that they get.
type toucher struct{ floats int }

func (x *toucher) Rows(a Matrix, _, _ int) { x.Block(a, 0, 0, 0) }

func (x *toucher) Block(c Matrix, _, _, _ int) {
	for i := range c.Rows {
		for j, v := range c.Row(i) {
			c.Row(i)[j] = .5*v + 1
		}
		x.floats += c.Cols
	}
}

// TestBlocksTouchNothingBeside: an epilogue's buffer and a prologue's blocks are as long as they are said to be, whatever the units and
// the width; C and A, which then lie nowhere, are not touched.
func TestBlocksTouchNothingBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(39, 40))
	for _, kn := range kernels()[1:] {
		for n := range 60 {
			m, k, cols, parts := 1+rng.IntN(200), 1+rng.IntN(70), 1+rng.IntN(100), 1+rng.IntN(3)
			after := After{Unit: rng.IntN(9), Width: kn.NR * (1 + rng.IntN(4))}
			if n%6 == 0 { // blocks as large as they can be
				m, k, cols = 400, []int{deep, shallow}[n/6%2], after.Width+n/12
			}
			made, byRows := n%2 == 0 && n%12 != 6, rng.IntN(2) == 0
			fence.Check(t, fmt.Sprintf("%s %dx%dx%d, %+v, prologue %v", kn.Name, m, k, cols, after, made), func(place fence.Place) {
				before, x := &toucher{}, &toucher{}
				c, a, b := RowMajor(nil, m, cols), RowMajor(nil, m, k), placed(place, rng, k, cols, 2, !byRows)
				if !made {
					a = placed(place, rng, m, k, 1, !byRows)
				}
				job := New(kn, c, a, b, false, place(make([]float32, kn.Scratch(m, k, cols))))
				job.After = After{Do: x, Unit: after.Unit, Width: after.Width}
				if made {
					job.Before = before
				}
				if job.Blocks() == 1 {
					job.After.Buffer = place(make([]float32, kn.BufferSize(k, after.Unit, after.Width)))
				} else {
					job.C = placed(place, rng, m, cols, 0, false)
				}
				own := place(make([]float32, kn.ScratchA()))
				for block := range job.Blocks() {
					for part := range parts {
						job.Pack(block, part, parts)
					}
					for part := range parts {
						job.Multiply(block, part, parts, own)
					}
				}
				if x.floats != m*cols || made && before.floats != m*k {
					t.Errorf("%s %dx%dx%d: the epilogue got %d floats, the prologue %d, expected %d and %d", kn.Name, m, k, cols, x.floats, before.floats, m*cols, m*k)
				}
			})
		}
	}
}

// TestStairsTouchNothingBeside: products with a packed matrix, of which one may be a staircase.
func TestStairsTouchNothingBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(35, 36))
	for _, kn := range kernels()[1:] {
		for range 100 {
			m, k, n := 1+rng.IntN(40), 1+rng.IntN(40), 1+rng.IntN(70)
			first, byRows, bByRows := 1+rng.IntN(k+3), rng.IntN(2) == 0, rng.IntN(2) == 0
			fence.Check(t, fmt.Sprintf("%s %dx%dx%d, first step %d", kn.Name, m, k, n, first), func(place fence.Place) {
				a, b := placed(place, rng, m, k, 0, !byRows), placed(place, rng, k, n, 2, !bByRows)
				packed := kn.PackAll(place(make([]float32, kn.PackedSize(k, n))), b)
				whole := kn.panels(n) * kn.NR
				e := Fetch(a, b)
				wide := placed(place, rng, m, whole, 0, false)
				wide.Cols = n
				kn.MultiplyToStairs(wide, a, packed, Staircase{first}, &e)
				c := placed(place, rng, m, n, 1, false)
				kn.MultiplyStairs(c, a, packed, Staircase{first}, rng.IntN(2) == 0, nil)
				if under := min(m, first+k-1); under == m {
					kn.MultiplyUnderStairs(c, a, packed, Staircase{first}, false, &e)
				}
			})
		}
	}
}

// TestPackingTouchesNothingBeside: lines of every width, transposition, and panels of A of every height, behind which seven floats
// may be written.
func TestPackingTouchesNothingBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(37, 38))
	lines := func(name string, f Lines, width int) {
		for range 20 {
			n, panels := 1+rng.IntN(9), 1+rng.IntN(5)
			stride, dstep := panels*width+rng.IntN(9), width*n+rng.IntN(3)
			fence.Check(t, fmt.Sprintf("%s: %d lines of %d, %d panels, stride %d", name, n, width, panels, stride), func(place fence.Place) {
				f(place(make([]float32, (panels-1)*dstep+n*width)), place(random(rng, (n-1)*stride+panels*width)), stride, n, panels, dstep)
			})
		}
	}
	for _, kn := range kernels()[1:] {
		for i, f := range kn.LinesA {
			lines(kn.Name, f, i+1)
		}
		lines(kn.Name, kn.LinesB, kn.NR)
		for range 100 {
			n, width, stride := 1+rng.IntN(5), 8+rng.IntN(30), 40+rng.IntN(30)
			fence.Check(t, fmt.Sprintf("%s: transposition of %d blocks, width %d, stride %d", kn.Name, n, width, stride), func(place fence.Place) {
				kn.Transpose(place(make([]float32, (8*n-1)*width+8)), place(random(rng, 7*stride+8*n)), stride, width, n)
			})
		}
		for mr := 1; mr <= kn.MR; mr++ {
			for range 12 {
				rows, cols, byColumn := mr*(1+rng.IntN(4)), 1+rng.IntN(40), rng.IntN(2) == 0
				fence.Check(t, fmt.Sprintf("%s: panels of %d, %dx%d, by column %v", kn.Name, mr, rows, cols, byColumn), func(place fence.Place) {
					kn.packA(place(make([]float32, rows*cols+7)), placed(place, rng, rows, cols, 3, byColumn), mr)
				})
			}
		}
	}
}
