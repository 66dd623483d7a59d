package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// thinCase is a batch of products of x [batch, m, k] and y [batch, k, n], one of them lying transposed, whose result may be
// wanted transposed.
type thinCase struct {
	batch, m, k, n           int
	left, right, transposedC bool
	thin                     bool // the plan must leave it to matvec
}

var thinCases = []thinCase{
	{batch: 1, m: 1, k: 33, n: 70, thin: true},
	{batch: 1, m: 1, k: 33, n: 70, right: true, thin: true},
	{batch: 1, m: 3, k: 20, n: 100, right: true, thin: true},
	{batch: 1, m: 4, k: 20, n: 100, right: true}, // products of few rows in gemm read it there too
	{batch: 1, m: 8, k: 20, n: 100, right: true},
	{batch: 1, m: 8, k: 20, n: 100, thin: true},
	{batch: 1, m: 9, k: 20, n: 100},
	{batch: 3, m: 1, k: 9, n: 40, thin: true},
	{batch: 5, m: 3, k: 9, n: 40, right: true, thin: true},
	{batch: 1, m: 70, k: 33, n: 1, thin: true},
	{batch: 1, m: 70, k: 33, n: 1, left: true, thin: true},
	{batch: 2, m: 70, k: 33, n: 3, transposedC: true, right: true, thin: true},
	{batch: 2, m: 70, k: 33, n: 3}, // neither rows nor columns of its result are both few and contiguous
}

func (c thinCase) graph(in []*Node) []*Node {
	lie := func(x *Node, rows, cols int, transposed bool) *Node {
		x = Sin(x)
		if transposed {
			return TransposeAllDims(Reshape(x, c.batch, cols, rows), 0, 2, 1)
		}
		return Reshape(x, c.batch, rows, cols)
	}
	x, y := lie(in[0], c.m, c.k, c.left), lie(in[1], c.k, c.n, c.right)
	z := DotGeneral(x, []int{2}, []int{0}, y, []int{1}, []int{0})
	if c.transposedC {
		z = TransposeAllDims(z, 0, 2, 1)
	}
	return []*Node{Sin(z)}
}

// TestThinProductsEqualTheGoBackends, with bits that do not depend on the number of threads.
func TestThinProductsEqualTheGoBackends(t *testing.T) {
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	random := rand.New(rand.NewPCG(12, 13))
	for _, c := range thinCases {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			of := func(n int) []float32 {
				flat := make([]float32, n)
				for i := range flat {
					flat[i] = float32(random.NormFloat64())
				}
				return flat
			}
			x, y := of(c.batch*c.m*c.k), of(c.batch*c.k*c.n)
			run := func(b compute.Backend) []float32 {
				e, err := NewExec(b, c.graph)
				fatal(t, err)
				out, err := e.Call(tensors.FromFlatDataAndDimensions(x, len(x)), tensors.FromFlatDataAndDimensions(y, len(y)))
				fatal(t, err)
				return tensors.MustCopyFlatData[float32](out[0])
			}
			want := run(reference)
			var first []float32
			for _, threads := range []string{"1", "2", "3"} {
				t.Setenv("DYT_THREADS", threads)
				ours, err := compute.NewWithConfig("dyt")
				fatal(t, err)
				defer ours.Finalize()
				w := &watched{Backend: ours}
				got := run(w)
				for i := range got {
					if d := math.Abs(float64(got[i]) - float64(want[i])); !(d <= 3e-6) { // 33 products up to 1, in another order
						t.Fatalf("%s threads: [%d] is %g, want %g", threads, i, got[i], want[i])
					}
				}
				if first == nil {
					first = got
				}
				if !slices.Equal(got, first) {
					t.Errorf("%s threads: differs from one thread", threads)
				}
				if p := w.compiled[0].Plan().String(); strings.Contains(p, " thin ") != c.thin {
					t.Errorf("thin should be %v:\n%s", c.thin, p)
				}
			}
		})
	}
}
