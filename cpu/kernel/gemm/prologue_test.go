package gemm

import (
	"math"
	"math/rand/v2"
	"testing"
)

// copier is a prologue that copies A, and counts how often it is asked for each element.
type copier struct {
	a    Matrix
	seen []int
}

func (x *copier) Rows(a Matrix, row, col int) {
	for i := range a.Rows {
		for l := range a.Cols {
			x.seen[(row+i)*x.a.Cols+col+l]++
			a.Data[i*a.RowStride+l] = x.a.Data[(row+i)*x.a.RowStride+col+l]
		}
	}
}

// A product of what a prologue makes, by any number of workers, is that of the matrix, each element of which is asked for once.
func TestPrologueMakesTheOperand(t *testing.T) {
	rng := rand.New(rand.NewPCG(23, 24))
	for _, kn := range kernels() {
		for range 25 {
			m, k, n := 1+rng.IntN(150), 1+rng.IntN(60), 1+rng.IntN(90)
			switch rng.IntN(8) {
			case 0:
				k += deep // blocks of K
			case 1:
				m, k, n = 1+m/8, k+longRows, n+wideC // rows that would be packed
			}
			a, b := RowMajor(random(rng, m*k), m, k), RowMajor(random(rng, k*n), k, n)
			want := RowMajor(make([]float32, m*n), m, n)
			multiply(kn, want, a, b, nil, After{}, 1)
			bound := 0.0 // the same terms in the same order
			if k > longRows && n >= wideC {
				bound = float64(k) * 0x1p-21 // blocks of K end elsewhere: 2 sqrt(k) roundings of sums of 4 sqrt(k) at most
			}
			for _, parts := range []int{1, 2, 3, 7} {
				x := &copier{a: a, seen: make([]int, m*k)}
				c := RowMajor(make([]float32, m*n), m, n)
				multiply(kn, c, Matrix{nil, m, k, k, 1}, b, x, After{}, parts)
				for i, times := range x.seen {
					if times != 1 {
						t.Fatalf("%s: %dx%dx%d, %d parts: element %d of A was asked for %d times, expected once", kn.Name, m, k, n, parts, i, times)
					}
				}
				for i := range c.Data {
					if d := math.Abs(float64(c.Data[i]) - float64(want.Data[i])); !(d <= bound) {
						t.Fatalf("%s: %dx%dx%d, %d parts: element %d is %g, expected %g within %g", kn.Name, m, k, n, parts, i, c.Data[i], want.Data[i], bound)
					}
				}
			}
		}
	}
}
