package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
)

// wide builds graphs of arrays that are large enough to be read once instead of twice and to be computed again instead of stored:
// a seed gives one graph. Every op keeps values within 2 or so and differences small; where a rounding chooses, no gradient passes.
type wide struct {
	random     *rand.Rand
	rows, cols int
	nodes      []*Node
}

func newWide(seed uint64) *wide {
	w := &wide{random: rand.New(rand.NewPCG(seed, 11))}
	sizes := [][2]int{{300, 256}, {256, 300}, {70, 1000}, {1100, 60}, {2, 33000}, {65537, 1}, {1, 66000}, {256, 256}, {40, 50}}
	d := sizes[w.random.IntN(len(sizes))]
	w.rows, w.cols = d[0], d[1]
	return w
}

func (w *wide) inputs() []any {
	return []any{waves(w.rows, w.cols, 1), waves(w.rows, w.cols, 2), waves(w.rows, w.cols, 3), waves(1, w.cols, 4), waves(w.rows, 1, 5), waves(1, 1, 6)}
}

func (w *wide) pick() *Node {
	if n := len(w.nodes); w.random.IntN(3) > 0 {
		return w.nodes[n-1-w.random.IntN(min(n, 5))]
	}
	return w.nodes[w.random.IntN(len(w.nodes))]
}

// graph returns some of the values, some of them twice, and gradients of one of them.
func (w *wide) graph(in []*Node) (out []*Node) {
	w.nodes = slices.Clone(in)
	for range 3 + w.random.IntN(25) {
		w.nodes = append(w.nodes, w.step(w.pick(), w.pick()))
	}
	full := func(x *Node) *Node { return BroadcastToDims(x, w.rows, w.cols) }
	for _, x := range w.nodes[len(in):] {
		switch w.random.IntN(8) {
		case 0:
			out = append(out, x)
		case 1:
			out = append(out, full(x))
		case 2:
			out = append(out, ReduceAllMean(x))
		}
	}
	if w.random.IntN(2) == 0 {
		last := full(w.nodes[len(w.nodes)-1])
		out = append(out, Gradient(ReduceAllSum(Mul(Sin(last), in[1])), in[w.random.IntN(3):]...)...)
	}
	return append(out, AddScalar(full(w.pick()), 1), full(w.nodes[len(w.nodes)-1]))
}

func (w *wide) step(a, b *Node) *Node {
	switch w.random.IntN(16) {
	case 0, 1:
		return Tanh(Add(a, b))
	case 2:
		return Sin(Mul(a, b))
	case 3:
		return MulScalar(Sub(a, b), 0.5)
	case 4:
		return Mul(a, Sigmoid(b))
	case 5:
		return Tanh(a)
	case 6:
		return MulScalar(StopGradient(Max(a, b)), 0.9)
	case 7:
		return Exp(Neg(StopGradient(Abs(a))))
	case 8:
		return Add(MulScalar(a, 0.3), ReduceAndKeep(b, ReduceMean, w.random.IntN(2)))
	case 9:
		return ReduceAndKeep(a, ReduceMean, w.random.IntN(2))
	case 10:
		return StopGradient(ReduceAndKeep(Max(a, b), ReduceMax, w.random.IntN(2)))
	case 11:
		return Div(a, AddScalar(Square(b), 1))
	case 12:
		sum := Add(a, b)
		return StopGradient(Where(GreaterThan(sum, ZerosLike(sum)), Tanh(sum), MulScalar(Tanh(sum), 0.1)))
	case 13:
		if d := a.Shape().Dimensions; d[0] > 1 && d[1] > 1 {
			return Sin(Reshape(Transpose(a, 0, 1), d...))
		}
		return Cos(a)
	case 14:
		if d := a.Shape().Dimensions; d[1] > 1 && d[1]%2 == 0 {
			half := d[1] / 2
			return Concatenate([]*Node{SliceAxis(a, 1, AxisRange(half, d[1])), Neg(SliceAxis(a, 1, AxisRange(0, half)))}, 1)
		}
		return Neg(a)
	default:
		return Sqrt(AddScalar(ReduceAndKeep(Square(a), ReduceMean, w.random.IntN(2)), 0.5))
	}
}

// TestRandomWide compares each graph with the Go backend's, which adds up so many numbers in float64.
func TestRandomWide(t *testing.T) {
	reference, ours := openReference(t), openBackend(t, "")
	seeds := uint64(150)
	if testing.Short() {
		seeds = 15
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			w := newWide(seed)
			got := resultsOf(ours, w.graph, w.inputs())
			w = newWide(seed)
			exact := func(in []*Node) (out []*Node) {
				for i := range in {
					in[i] = ConvertDType(in[i], dtypes.Float64)
				}
				for _, x := range w.graph(in) {
					out = append(out, ConvertDType(x, dtypes.Float32))
				}
				return out
			}
			alike(t, "ours", got, resultsOf(reference, exact, w.inputs()))
		})
	}
}
