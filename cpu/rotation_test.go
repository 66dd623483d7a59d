package cpu_test

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// rotationCase is rotary positions of x [batch, tokens, heads, 2*pairs] and the gradient for x.
type rotationCase struct {
	name                         string
	batch, tokens, heads, pairs  int
	interleaved, split, gathered bool // pairs of neighbours; halves of the last axis as such; angles looked up
	transposed                   bool // x lies [batch, heads, tokens, 2*pairs]
	uneven                       bool // the channels of x do not lie side by side
	leak                         bool // a half is a result too
	one                          bool // angle for all pairs of a token, which the kernel does not have
	steps                        int  // rotation steps that the plan must have
}

var rotationCases = []rotationCase{
	{name: "halves", batch: 2, tokens: 7, heads: 3, pairs: 8, steps: 2},
	{name: "neighbours", batch: 2, tokens: 7, heads: 3, pairs: 8, interleaved: true, steps: 2},
	{name: "few pairs", batch: 3, tokens: 5, heads: 2, pairs: 3, steps: 2},
	{name: "few neighbours", batch: 3, tokens: 5, heads: 2, pairs: 3, interleaved: true, steps: 2},
	{name: "one pair", batch: 2, tokens: 4, heads: 2, pairs: 1, steps: 2},
	{name: "one pair of neighbours", batch: 2, tokens: 4, heads: 2, pairs: 1, interleaved: true, steps: 2},
	{name: "one head", batch: 2, tokens: 6, heads: 1, pairs: 17, interleaved: true, steps: 2},
	{name: "one token", batch: 1, tokens: 1, heads: 4, pairs: 9, gathered: true, steps: 2},
	{name: "last axis split", batch: 2, tokens: 5, heads: 3, pairs: 10, split: true, steps: 2},
	{name: "gathered", batch: 2, tokens: 6, heads: 2, pairs: 8, gathered: true, interleaved: true, steps: 2},
	{name: "transposed", batch: 2, tokens: 6, heads: 2, pairs: 8, transposed: true, steps: 2},
	{name: "transposed neighbours", batch: 2, tokens: 6, heads: 2, pairs: 8, transposed: true, interleaved: true, steps: 2},
	{name: "uneven", batch: 2, tokens: 6, heads: 2, pairs: 8, uneven: true, steps: 2},
	{name: "uneven neighbours", batch: 2, tokens: 6, heads: 2, pairs: 8, uneven: true, interleaved: true, steps: 2},
	{name: "one angle", batch: 2, tokens: 5, heads: 3, pairs: 10, one: true, split: true, steps: 0},
	{name: "one angle of neighbours", batch: 2, tokens: 5, heads: 3, pairs: 10, one: true, interleaved: true, steps: 0},
	{name: "half wanted", batch: 2, tokens: 3, heads: 2, pairs: 8, leak: true, steps: 1}, // the gradient's
}

// graph returns the rotated x, and the gradient for x of a sum of sines.
func (c rotationCase) graph(in []*Node) []*Node {
	x, cos, sin, at := in[0], in[1], in[2], in[3]
	b, t, h, n := c.batch, c.tokens, c.heads, c.pairs
	y := Sin(x) // not an input, whose place cannot be chosen
	switch {
	case c.transposed:
		y = TransposeAllDims(Reshape(y, b, h, t, 2*n), 0, 2, 1, 3)
	case c.uneven:
		y = TransposeAllDims(Reshape(y, 2*n, t, h, b), 3, 1, 2, 0)
	default:
		y = Reshape(y, b, t, h, 2*n)
	}
	if c.gathered {
		cos, sin = Gather(cos, at), Gather(sin, at)
	}
	dims, axis, angles := []int{b, t, h, 2, n}, 3, []int{1, t, 1, 1, n}
	switch {
	case c.interleaved:
		dims, axis, angles = []int{b, t, h, n, 2}, 4, []int{1, t, 1, n, 1}
	case c.split:
		dims, axis, angles = []int{b, t, h, 2 * n}, 3, []int{1, t, 1, n}
	}
	if c.one {
		cos, sin = SliceAxis(cos, 1, AxisRange(0, 1)), SliceAxis(sin, 1, AxisRange(0, 1))
		for i := 2; i < len(angles); i++ {
			angles[i] = 1
		}
	}
	cos, sin = Reshape(cos, angles...), Reshape(sin, angles...)
	y = Reshape(y, dims...)
	middle := dims[axis] / 2
	first, second := SliceAxis(y, axis, AxisRange(0, middle)), SliceAxis(y, axis, AxisRange(middle, 2*middle))
	low := Sub(Mul(first, cos), Mul(second, sin))
	y = Concatenate([]*Node{low, Add(Mul(second, cos), Mul(first, sin))}, axis)
	results := []*Node{y, Gradient(ReduceAllSum(Sin(y)), x)[0]}
	if c.leak {
		results = append(results, low)
	}
	return results
}

func (c rotationCase) inputs() []any {
	random := rand.New(rand.NewPCG(10, 11))
	of := func(dims ...int) any {
		n := 1
		for _, d := range dims {
			n *= d
		}
		flat := make([]float32, n)
		for i := range flat {
			flat[i] = float32(random.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(flat, dims...)
	}
	at := make([]int32, c.tokens)
	for i := range at {
		at[i] = int32((2*i + 1) % c.tokens)
	}
	return []any{of(c.batch * c.tokens * c.heads * 2 * c.pairs), of(c.tokens, c.pairs), of(c.tokens, c.pairs), tensors.FromFlatDataAndDimensions(at, c.tokens, 1)}
}

// TestRotationEqualsTheGoBackends compares the fused kernel with the Go backend, op by op, and counts its steps.
func TestRotationEqualsTheGoBackends(t *testing.T) {
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	for _, c := range rotationCases {
		t.Run(c.name, func(t *testing.T) {
			run := func(b compute.Backend) (flats [][]float32) {
				e, err := NewExec(b, c.graph)
				fatal(t, err)
				out, err := e.Call(c.inputs()...)
				fatal(t, err)
				for _, v := range out {
					flats = append(flats, tensors.MustCopyFlatData[float32](v))
				}
				return flats
			}
			want := run(reference)
			for _, threads := range []string{"1", "2", "3"} {
				t.Setenv("DYT_THREADS", threads)
				ours, err := compute.NewWithConfig("dyt")
				fatal(t, err)
				defer ours.Finalize()
				w := &watched{Backend: ours}
				for i, got := range run(w) {
					for k := range got {
						if d := math.Abs(float64(got[k]) - float64(want[i][k])); !(d <= 2e-6) { // a few roundings of numbers up to 8
							t.Fatalf("%s threads: result %d [%d] is %g, want %g", threads, i, k, got[k], want[i][k])
						}
					}
				}
				steps := 0
				for _, e := range w.compiled {
					steps += strings.Count(e.Plan().String(), " rotation ")
				}
				if steps != c.steps {
					t.Errorf("the plan has %d rotations, want %d", steps, c.steps)
				}
			}
		})
	}
}
