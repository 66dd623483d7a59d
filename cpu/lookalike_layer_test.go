package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/eval"
)

// layerLookalikes are graphs of x and y [a, b], of rows r [a, 1] and of columns c [1, b] that are a softmax, a cross-entropy, a norm or
// an activation, in usual and unusual writing, or nearly one.
var layerLookalikes = []struct {
	name  string
	graph func(x, y, r, c *Node) []*Node
}{
	{"softmax", func(x, y, _, _ *Node) []*Node { return with(softmaxed(x), y, x) }},
	{"softmax over rows", func(x, y, _, _ *Node) []*Node { return with(columns(x), y, x) }},
	{"softmax over all", func(x, y, _, _ *Node) []*Node { return with(Softmax(x, 0, 1), y, x) }},
	{"softmax, the largest of another", func(x, y, _, _ *Node) []*Node {
		e := Exp(Sub(x, ReduceAndKeep(y, ReduceMax, -1)))
		return []*Node{Div(e, ReduceAndKeep(e, ReduceSum, -1))}
	}},
	{"softmax, the largest of columns", func(x, _, _, _ *Node) []*Node {
		e := Exp(Sub(x, ReduceAndKeep(x, ReduceMax, 0)))
		return []*Node{Div(e, ReduceAndKeep(e, ReduceSum, -1))}
	}},
	{"softmax, the sum of another", func(x, y, _, _ *Node) []*Node {
		return []*Node{Div(exponentials(x), ReduceAndKeep(exponentials(y), ReduceSum, -1))}
	}},
	{"softmax, the sum of columns", func(x, y, _, _ *Node) []*Node {
		e := exponentials(x)
		return with(Div(e, ReduceAndKeep(e, ReduceSum, 0)), y, x)
	}},
	{"softmax, parts are results", func(x, _, _, _ *Node) []*Node {
		e := exponentials(x)
		s := ReduceAndKeep(e, ReduceSum, -1)
		return []*Node{e, s, Div(e, s), e, Squeeze(s, -1), Transpose(e, 0, 1)}
	}},
	{"softmax without the largest", func(x, y, _, _ *Node) []*Node {
		e := Exp(x)
		return with(Mul(e, Inverse(ReduceAndKeep(e, ReduceSum, -1))), y, x)
	}},
	{"softmax of a softmax", func(x, y, _, _ *Node) []*Node { return with(softmaxed(softmaxed(x)), y, x) }},
	{"softmax of rows and of columns", func(x, y, _, _ *Node) []*Node { return with(Mul(columns(x), softmaxed(x)), y, x) }},
	{"softmax by another sum of itself", func(x, y, _, _ *Node) []*Node {
		p := softmaxed(x)
		return with(Div(p, ReduceAndKeep(Square(p), ReduceSum, -1)), y, x, y)
	}},
	{"log-softmax", func(x, y, _, _ *Node) []*Node { return with(LogSoftmax(x, -1), y, x) }},
	{"log-softmax by hand", func(x, y, _, _ *Node) []*Node {
		m := StopGradient(ReduceAndKeep(x, ReduceMax, -1))
		return with(Sub(x, Add(m, Log(ReduceAndKeep(Exp(Sub(x, m)), ReduceSum, -1)))), y, x)
	}},
	{"log-softmax, the largest of another added", func(x, y, _, _ *Node) []*Node {
		m := ReduceAndKeep(x, ReduceMax, -1)
		return []*Node{Sub(x, Add(ReduceAndKeep(y, ReduceMax, -1), Log(ReduceAndKeep(Exp(Sub(x, m)), ReduceSum, -1))))}
	}},
	{"log of a softmax", func(x, y, _, _ *Node) []*Node { return with(Log(softmaxed(x)), y, x) }},
	{"cross-entropy", func(x, _, r, _ *Node) []*Node {
		hot := OneHot(places(r, x), x.Shape().Dimensions[1], x.DType())
		return with(Neg(ReduceSum(Mul(hot, LogSoftmax(x, -1)), -1)), Squeeze(r, -1), x)
	}},
	{"cross-entropy of soft labels", func(x, y, r, _ *Node) []*Node {
		return with(Neg(ReduceSum(Mul(softmaxed(y), LogSoftmax(x, -1)), -1)), Squeeze(r, -1), x, y)
	}},
	{"cross-entropy that gathers", func(x, _, r, _ *Node) []*Node {
		a := x.Shape().Dimensions[0]
		at := Concatenate([]*Node{Iota(x.Graph(), shapes.Make(dtypes.Int32, a, 1), 0), ConvertDType(ExpandAxes(places(r, x), -1), dtypes.Int32)}, 1)
		return with(Neg(Gather(LogSoftmax(x, -1), at)), Squeeze(r, -1), x)
	}},
	{"cross-entropy, the mean with weights", func(x, y, r, _ *Node) []*Node {
		each := Neg(ReduceAndKeep(Mul(y, LogSoftmax(x, -1)), ReduceSum, -1))
		loss := Div(ReduceAllSum(Mul(each, Square(r))), ReduceAllSum(Square(r)))
		return append([]*Node{loss}, Gradient(loss, x, r)...)
	}},
	{"LayerNorm", func(x, y, _, c *Node) []*Node { return with(Mul(normed(x, x, -1, true), c), y, x, c) }},
	{"LayerNorm over rows", func(x, y, r, _ *Node) []*Node { return with(Mul(normed(x, x, 0, true), r), y, x, r) }},
	{"LayerNorm, epsilon outside", func(x, y, _, _ *Node) []*Node { return with(normed(x, x, -1, false), y, x) }},
	{"LayerNorm of a sibling's statistics", func(x, y, _, _ *Node) []*Node { return with(normed(x, y, -1, true), y, x, y) }},
	{"LayerNorm in one pass", func(x, y, _, c *Node) []*Node {
		m := ReduceAndKeep(x, ReduceMean, -1)
		v := Sub(ReduceAndKeep(Square(x), ReduceMean, -1), Square(m))
		return with(Add(Mul(Sub(x, m), Inverse(Sqrt(AddScalar(v, 1e-3)))), c), y, x)
	}},
	{"LayerNorm, statistics are results", func(x, _, _, c *Node) []*Node {
		m := ReduceAndKeep(x, ReduceMean, -1)
		d := Sub(x, m)
		v := ReduceAndKeep(Square(d), ReduceMean, -1)
		n := Div(d, Sqrt(AddScalar(v, 1e-5)))
		return []*Node{Mul(n, c), m, v, d, n, m}
	}},
	{"LayerNorm over halves", func(x, y, _, _ *Node) []*Node {
		d := x.Shape().Dimensions
		half := 1
		if d[1]%2 == 0 {
			half = 2
		}
		n := normed(Reshape(x, d[0], half, d[1]/half), Reshape(x, d[0], half, d[1]/half), -1, true)
		return with(Reshape(n, d...), y, x)
	}},
	{"LayerNorm, the mean of columns", func(x, y, _, _ *Node) []*Node {
		d := Sub(x, ReduceAndKeep(x, ReduceMean, 0))
		return with(Div(d, Sqrt(AddScalar(ReduceAndKeep(Square(d), ReduceMean, -1), 1e-3))), y, x)
	}},
	{"RMSNorm", func(x, y, _, c *Node) []*Node {
		return with(Mul(Mul(x, Rsqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, -1), 1e-3))), c), y, c)
	}},
	{"RMSNorm, a residual before", func(x, y, _, c *Node) []*Node {
		s := Add(x, y)
		return append(with(Mul(Div(s, Sqrt(AddScalar(ReduceAndKeep(Mul(s, s), ReduceMean, -1), 1e-3))), c), y, x, c), s)
	}},
	{"RMSNorm, squares of another", func(x, y, _, _ *Node) []*Node {
		return with(Div(x, Sqrt(AddScalar(ReduceAndKeep(Mul(x, y), ReduceMean, -1), 30))), y, x, y)
	}},
	{"RMSNorm of all", func(x, y, _, _ *Node) []*Node {
		return with(Div(x, Sqrt(AddScalar(ReduceAllMean(Square(x)), 1e-3))), y, x)
	}},
	{"two norms of one array", func(x, y, r, c *Node) []*Node {
		return with(Add(Mul(normed(x, x, -1, true), c), Mul(normed(x, x, 0, true), r)), y, x, r, c)
	}},
	{"GELU", func(x, y, _, _ *Node) []*Node {
		return with(Mul(MulScalar(x, 0.5), AddScalar(Erf(MulScalar(x, math.Sqrt2/2)), 1)), y, x)
	}},
	{"GELU by tanh", func(x, y, _, _ *Node) []*Node {
		inner := MulScalar(Add(x, MulScalar(Mul(Mul(x, x), x), 0.044715)), math.Sqrt(2/math.Pi))
		return with(Mul(MulScalar(x, 0.5), AddScalar(Tanh(inner), 1)), y, x)
	}},
	{"GELU of another's erf", func(x, y, _, _ *Node) []*Node { return with(Mul(x, AddScalar(Erf(y), 1)), y, x, y) }},
	{"SiLU", func(x, y, _, _ *Node) []*Node { return with(Mul(x, Sigmoid(x)), y, x) }},
	{"SiLU by hand", func(x, y, _, _ *Node) []*Node { return with(Div(x, AddScalar(Exp(Neg(x)), 1)), y, x) }},
	{"SwiGLU with itself", func(x, _, _, _ *Node) []*Node { return with(Mul(Mul(x, Sigmoid(x)), x), x, x) }},
	{"SwiGLU of a transposed gate", func(x, y, _, _ *Node) []*Node {
		d := x.Shape().Dimensions
		g := Transpose(Reshape(x, d[1], d[0]), 0, 1)
		return with(Mul(Mul(g, Sigmoid(g)), y), y, x, y)
	}},
	{"DyT with its own mean", func(x, y, r, c *Node) []*Node {
		return with(Add(Mul(Tanh(Mul(x, ReduceAllMean(r))), c), ReduceAndKeep(x, ReduceMean, -1)), y, x, r, c)
	}},
	{"results again and again", func(x, y, r, c *Node) []*Node {
		s := Add(Mul(x, r), c)
		t := ReduceSum(s, 0)
		return []*Node{s, t, s, x, t, y, Add(s, x), s, ReduceSum(s, 1), ReduceAllSum(s), Reshape(s, x.Shape().Size())}
	}},
	{"sums of sums", func(x, y, r, c *Node) []*Node {
		rows, cols := ReduceAndKeep(x, ReduceSum, 1), ReduceAndKeep(x, ReduceSum, 0)
		return []*Node{Add(Mul(rows, cols), y), ReduceAllSum(rows), ReduceAllSum(cols), Sub(Sub(x, rows), cols), ReduceAllMax(x), Sub(x, ReduceAllMax(x))}
	}},
	{"one update for many, each needs the last", func(x, y, r, c *Node) []*Node {
		a := update(x, y, 0.1)
		b := update(a[0], y, 0.1)
		d := update(a[0], b[0], 0.1)
		return append(append(a, b...), d...)
	}},
	{"updates by the norm of all", func(x, y, r, c *Node) []*Node {
		norm := Sqrt(Add(ReduceAllSum(Square(x)), ReduceAllSum(Square(y))))
		f := Min(OnesLike(norm), Inverse(norm))
		return append(append(update(x, Mul(y, f), 0.1), update(y, Mul(x, f), 0.1)...), norm)
	}},
	{"updates by each other's norms", func(x, y, r, c *Node) []*Node {
		f := Inverse(AddScalar(Sqrt(ReduceAllSum(Square(x))), 1))
		u := update(x, Mul(y, f), 0.1)
		g := Inverse(AddScalar(Sqrt(ReduceAllSum(Square(u[0]))), 1))
		return append(update(y, Mul(u[1], g), 0.1), u[0], f, g)
	}},
}

// columns is softmax over rows, in plain ops: the Go backend has no other of bfloat16.
func columns(x *Node) *Node {
	e := Exp(Sub(x, StopGradient(ReduceAndKeep(x, ReduceMax, 0))))
	return Div(e, ReduceAndKeep(e, ReduceSum, 0))
}

// places are labels that rows r choose of the columns of x.
func places(r, x *Node) *Node {
	n := float64(max(1, x.Shape().Dimensions[1]))
	p := MulScalar(Abs(Sin(ConvertDType(Squeeze(r, -1), dtypes.Float32))), n*0.99)
	return ConvertDType(Where(LessThan(p, Const(x.Graph(), float32(n))), p, ZerosLike(p)), dtypes.Int32)
}

// normed is x less the mean of s, by the deviation of s from its own mean.
func normed(x, s *Node, axis int, inside bool) *Node {
	m := ReduceAndKeep(s, ReduceMean, axis)
	v := ReduceAndKeep(Square(Sub(s, m)), ReduceMean, axis)
	if inside {
		return Div(Sub(x, m), Sqrt(AddScalar(v, 1e-3)))
	}
	return Div(Sub(x, m), AddScalar(Sqrt(v), 1e-1))
}

// update is a step of an optimiser.
func update(p, g *Node, rate float64) []*Node {
	m := Add(MulScalar(p, 0.9), MulScalar(g, 0.1))
	v := Add(MulScalar(Square(p), 0.99), MulScalar(Square(g), 0.01))
	return []*Node{Sub(p, MulScalar(Div(m, AddScalar(Sqrt(v), 1e-3)), rate)), m, v}
}

// layerArrays are sizes below and above what clusters take together; GoMLX stretches no array without elements.
var layerArrays = [][2]int{{6, 16}, {1, 40}, {40, 1}, {1, 1}, {7, 333}, {90, 800}}

// layerInputsOf are x, y, r and c of a size; odd ones have NaN, zeros of both signs and, unless they are finite, infinities among them. No
// square overflows: a fused multiply-add does not where a product that is rounded does.
func layerInputsOf(a, b int, odd, finite bool) (list []any) {
	random := rand.New(rand.NewPCG(uint64(a), uint64(b)))
	special := []float64{math.NaN(), 0, math.Copysign(0, -1), 1e18, 0x1p-149, math.Inf(1), math.Inf(-1)}
	if finite {
		special = special[:5]
	}
	for _, dims := range [][]int{{a, b}, {a, b}, {a, 1}, {1, b}} {
		flat := pattern[float64](dims[0]*dims[1], func(k int) float64 {
			if odd && k%11 == 7 && dims[0] > 1 {
				return special[random.IntN(len(special))]
			}
			return random.NormFloat64()
		})
		list = append(list, tensors.FromFlatDataAndDimensions(flat, dims...))
	}
	return list
}

// TestLookalikesOfLayers compares each graph with the Go backend, of several types, sizes and ways to fuse.
func TestLookalikesOfLayers(t *testing.T) {
	reference := openReference(t)
	runs := []struct {
		config string
		dtype  dtypes.DType
		sizes  [][2]int
	}{
		{"", dtypes.Float32, layerArrays},
		{"fuse=always", dtypes.Float32, layerArrays[:3]},
		{"", dtypes.Float64, layerArrays[:1]},
		{"", dtypes.BFloat16, layerArrays[:1]},
	}
	for _, r := range runs {
		ours := openBackend(t, r.config)
		for _, c := range layerLookalikes {
			for _, d := range r.sizes {
				if testing.Short() && d[0]*d[1] > 1000 {
					continue
				}
				for _, odd := range []bool{false, true} {
					t.Run(fmt.Sprintf("%s/%s/%s/%dx%d/odd=%v", c.name, r.config, r.dtype, d[0], d[1], odd), func(t *testing.T) {
						graph := func(in []*Node) []*Node {
							for i := range in {
								in[i] = ConvertDType(in[i], r.dtype)
							}
							return c.graph(in[0], in[1], in[2], in[3])
						}
						finite := c.name == "GELU" // whose gradient has its limits at infinities (cpu/kernel/elem), where the formula gives NaN
						want := numbersOf(reference, graph, layerInputsOf(d[0], d[1], odd, finite))
						compareNumbers(t, numbersOf(ours, graph, layerInputsOf(d[0], d[1], odd, finite)), want, r.dtype)
					})
				}
			}
		}
	}
}

// numbersOf returns what a graph gives on a backend, of any type of floats.
func numbersOf(b compute.Backend, graph func([]*Node) []*Node, in []any) (list [][]float64) {
	e := MustNewExec(b, graph)
	defer e.Finalize()
	for _, v := range e.MustCall(in...) {
		v.MustConstFlatData(func(flat any) {
			if short, ok := flat.([]bfloat16.BFloat16); ok {
				flat = pattern(len(short), func(k int) float32 { return short[k].Float32() })
			}
			list = append(list, eval.Of(v.Shape(), flat).Elems)
		})
	}
	return list
}

// compareNumbers allows what a dozen roundings and sums of 800 terms make of float32 and float64; what is left to the Go backend, as
// bfloat16 is, must be the same.
func compareNumbers(t *testing.T, got, want [][]float64, dtype dtypes.DType) {
	t.Helper()
	tolerance := map[dtypes.DType]float64{dtypes.Float32: 2e-5, dtypes.Float64: 1e-12, dtypes.BFloat16: 0}[dtype]
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("result %d has %d elements, want %d", i, len(got[i]), len(want[i]))
		}
		size := 1.0
		for _, w := range want[i] {
			if math.Abs(w) <= math.MaxFloat32 {
				size = max(size, math.Abs(w))
			}
		}
		for k, w := range want[i] {
			g := got[i][k]
			if d := math.Abs(g - w); g != w && (g == g || w == w) && !(d <= tolerance*size) {
				t.Fatalf("result %d [%d] is %g, want %g", i, k, g, w)
			}
		}
	}
}
