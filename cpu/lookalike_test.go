package cpu_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/plan"
)

// lookalike is a graph of queries, keys, values and weights, each [2, 2, 12, 12], that is an attention or nearly one.
type lookalike struct {
	name  string
	graph func(q, k, v, w *Node) []*Node
	steps int // attention steps that its plan must have
}

// scoresOf is q k^T.
func scoresOf(q, k *Node) *Node {
	return DotGeneral(q, []int{3}, []int{0, 1}, k, []int{3}, []int{0, 1}) // [2, 2, 12, 12]
}

// attended is p v.
func attended(p, v *Node) *Node {
	return DotGeneral(p, []int{3}, []int{0, 1}, v, []int{2}, []int{0, 1}) // [2, 2, 12, 12]
}

// exponentials are those of softmax.
func exponentials(x *Node) *Node {
	return Exp(Sub(x, StopGradient(ReduceAndKeep(x, ReduceMax, -1))))
}

func softmaxed(x *Node) *Node {
	e := exponentials(x)
	return Div(e, ReduceAndKeep(e, ReduceSum, -1))
}

// with gives o and the gradients of the sum of o*w.
func with(o, w *Node, of ...*Node) []*Node {
	return append([]*Node{o}, Gradient(ReduceAllSum(Mul(o, w)), of...)...)
}

// staircase is true, in a shape of the given rank, for keys that a position along axis sees.
func staircase(g *Graph, queries, keys, axis, rank int) *Node {
	dims := make([]int, rank)
	for i := range dims {
		dims[i] = 1
	}
	dims[axis], dims[rank-1] = queries, keys
	shape := shapes.Make(dtypes.Int32, dims...)
	return LessOrEqual(Iota(g, shape, rank-1), Iota(g, shape, axis))
}

// hidden is x, n where seen, stretched to its shape, is false.
func hidden(x, seen *Node, n float64) *Node {
	dims := x.Shape().Dimensions
	return Where(BroadcastToDims(seen, dims...), x, BroadcastToDims(Const(x.Graph(), float32(n)), dims...))
}

// walls are 0 where seen, -Inf elsewhere.
func walls(seen *Node) *Node {
	return hidden(BroadcastToDims(Const(seen.Graph(), float32(0)), seen.Shape().Dimensions...), seen, math.Inf(-1))
}

// byHand is an attention with gradients as automatic differentiation writes them. Early, that of its probabilities comes first;
// open, that of the sum counts the exponentials of hidden keys.
func byHand(q, k, v, w, seen *Node, early, open bool) []*Node {
	hide := func(x *Node, n float64) *Node {
		if seen == nil {
			return x
		}
		return hidden(x, seen, n)
	}
	ofProbabilities := func() *Node { return DotGeneral(w, []int{3}, []int{0, 1}, v, []int{3}, []int{0, 1}) }
	var dp *Node
	if early {
		dp = ofProbabilities()
	}
	x := scoresOf(q, k)
	all := Exp(Sub(x, ReduceAndKeep(hide(x, math.Inf(-1)), ReduceMax, -1)))
	e := hide(all, 0)
	sum := ReduceAndKeep(e, ReduceSum, -1)
	p := hide(Div(e, sum), 0)
	o := attended(p, v)
	if !early {
		dp = ofProbabilities()
	}
	dv := DotGeneral(w, []int{2}, []int{0, 1}, p, []int{2}, []int{0, 1})
	counted := e
	if open {
		counted = all
	}
	through := ReduceAndKeep(Neg(Mul(dp, Div(counted, Mul(sum, sum)))), ReduceSum, -1)
	ds := hide(Mul(Add(Div(dp, sum), BroadcastToDims(through, 2, 2, 12, 12)), all), 0)
	dq := DotGeneral(ds, []int{3}, []int{0, 1}, k, []int{2}, []int{0, 1})
	dk := DotGeneral(ds, []int{2}, []int{0, 1}, q, []int{2}, []int{0, 1})
	return []*Node{o, dv, dq, dk}
}

var lookalikes = []lookalike{
	{name: "plain", steps: 2, graph: func(q, k, v, w *Node) []*Node {
		return with(attended(softmaxed(scoresOf(q, k)), v), w, q, k, v)
	}},
	{name: "one array", steps: 2, graph: func(q, _, _, w *Node) []*Node {
		return with(attended(softmaxed(scoresOf(q, q)), q), w, q)
	}},
	{name: "softmax over all", graph: func(q, k, v, _ *Node) []*Node {
		e := exponentials(scoresOf(q, k))
		sum := Reshape(ReduceSum(Reshape(e, 1, 1, 1, 576), -1), 1, 1, 1, 1)
		return []*Node{attended(Div(e, sum), v)}
	}},
	{name: "softmax over half the keys", graph: func(q, k, v, _ *Node) []*Node {
		halves := Reshape(exponentials(scoresOf(q, k)), 2, 2, 24, 6)
		p := Div(halves, ReduceAndKeep(halves, ReduceSum, -1))
		return []*Node{attended(Reshape(p, 2, 2, 12, 12), v)}
	}},
	{name: "softmax over queries", graph: func(q, k, v, w *Node) []*Node {
		return with(attended(Softmax(scoresOf(q, k), 2), v), w, q, k, v)
	}},
	{name: "sums of other rows", graph: func(q, k, v, _ *Node) []*Node {
		e := exponentials(scoresOf(q, k))
		p := Div(Reshape(e, 2, 48, 6), Reshape(ReduceSum(e, -1), 1, 48, 1))
		return []*Node{attended(Reshape(p, 2, 2, 12, 12), v)}
	}},
	{name: "sums of queries as if of keys", graph: func(q, k, v, w *Node) []*Node {
		e := exponentials(scoresOf(q, k))
		return with(attended(Div(e, Reshape(ReduceSum(e, -1), 2, 2, 1, 12)), v), w, q, k, v)
	}},
	{name: "causal in thirds", graph: func(q, k, v, _ *Node) []*Node {
		x := Add(Reshape(scoresOf(q, k), 2, 2, 16, 3, 3), walls(staircase(q.Graph(), 3, 3, 3, 5)))
		return []*Node{attended(softmaxed(Reshape(x, 2, 2, 12, 12)), v)}
	}},
	{name: "scaled queries are keys", steps: 1, graph: func(q, _, v, _ *Node) []*Node {
		x := MulScalar(q, 0.5)
		return []*Node{attended(softmaxed(scoresOf(x, x)), v)}
	}},
	{name: "scaled queries, moved, are keys", steps: 1, graph: func(q, _, v, _ *Node) []*Node {
		x := MulScalar(q, 0.5)
		return []*Node{attended(softmaxed(scoresOf(x, TransposeAllDims(x, 0, 1, 3, 2))), v)}
	}},
	{name: "scaled queries are keys, with gradients", steps: 2, graph: func(q, _, v, w *Node) []*Node {
		x := MulScalar(q, 0.5)
		return with(attended(softmaxed(scoresOf(x, x)), v), w, q, v)
	}},
	{name: "probabilities are values", graph: func(q, k, _, _ *Node) []*Node {
		p := softmaxed(scoresOf(q, k))
		return []*Node{attended(p, p)}
	}},
	{name: "probabilities, moved, are values", graph: func(q, k, _, _ *Node) []*Node {
		p := softmaxed(scoresOf(q, k))
		return []*Node{attended(p, TransposeAllDims(p, 0, 1, 3, 2))}
	}},
	{name: "scores are values", graph: func(q, k, _, _ *Node) []*Node {
		x := scoresOf(q, k)
		return []*Node{attended(softmaxed(x), x)}
	}},
	{name: "scores, moved, are the mask", graph: func(q, k, v, _ *Node) []*Node {
		x := scoresOf(q, k)
		return []*Node{attended(softmaxed(Add(x, TransposeAllDims(x, 0, 1, 3, 2))), v)}
	}},
	{name: "scores are the mask", graph: func(q, k, v, _ *Node) []*Node {
		x := scoresOf(q, k)
		return []*Node{attended(softmaxed(Add(x, x)), v)}
	}},
	{name: "other scores are the mask", steps: 1, graph: func(q, k, v, w *Node) []*Node {
		return []*Node{attended(softmaxed(Add(scoresOf(q, k), scoresOf(q, w))), v)}
	}},
	{name: "a mask that learns", graph: func(q, k, v, w *Node) []*Node {
		return with(attended(softmaxed(Add(scoresOf(q, k), w)), v), w, q, k, v, w)
	}},
	{name: "queries scaled as rows", steps: 2, graph: func(q, k, v, w *Node) []*Node {
		scaled := MulScalar(Reshape(q, 48, 12), 0.5)
		return with(attended(softmaxed(scoresOf(Reshape(scaled, 2, 2, 12, 12), k)), v), w, q, k, v)
	}},
	{name: "queries scaled in another shape", steps: 2, graph: func(q, k, v, w *Node) []*Node {
		scaled := MulScalar(Reshape(q, 2, 4, 12, 6), 0.5)
		return with(attended(softmaxed(scoresOf(Reshape(scaled, 2, 2, 12, 12), k)), v), w, q, k, v)
	}},
	{name: "scaled by -1", graph: func(q, k, v, w *Node) []*Node {
		return with(attended(softmaxed(MulScalar(scoresOf(q, k), -1)), v), w, q, k, v)
	}},
	{name: "scaled by NaN", graph: func(q, k, v, _ *Node) []*Node {
		return []*Node{attended(softmaxed(MulScalar(scoresOf(q, k), math.NaN())), v)}
	}},
	{name: "scaled twice", graph: func(q, k, v, w *Node) []*Node {
		return with(attended(softmaxed(MulScalar(MulScalar(scoresOf(q, k), 0.5), 0.5)), v), w, q, k, v)
	}},
	{name: "scaled by an array", graph: func(q, k, v, w *Node) []*Node {
		return []*Node{attended(softmaxed(Mul(scoresOf(q, k), w)), v)}
	}},
	{name: "scaled behind the mask", graph: func(q, k, v, w *Node) []*Node {
		return []*Node{attended(softmaxed(MulScalar(Add(scoresOf(q, k), w), 0.5)), v)}
	}},
	{name: "rows that see nothing", steps: 1, graph: func(q, k, v, _ *Node) []*Node {
		seen := LessThan(Iota(q.Graph(), shapes.Make(dtypes.Int32, 1, 1, 12, 12), 2), Const(q.Graph(), int32(7)))
		return []*Node{attended(softmaxed(Add(scoresOf(q, k), walls(seen))), v)} // NaN
	}},
	{name: "hidden by large numbers", steps: 2, graph: func(q, k, v, w *Node) []*Node {
		return with(attended(softmaxed(hidden(scoresOf(q, k), GreaterThan(w, ZerosLike(w)), -1e9)), v), w, q, k, v)
	}},
	{name: "hidden by -Inf", steps: 1, graph: func(q, k, v, _ *Node) []*Node {
		return []*Node{attended(softmaxed(hidden(scoresOf(q, k), staircase(q.Graph(), 12, 12, 2, 4), math.Inf(-1))), v)}
	}},
	{name: "probabilities hidden", graph: func(q, k, v, w *Node) []*Node {
		return with(attended(hidden(softmaxed(scoresOf(q, k)), staircase(q.Graph(), 12, 12, 2, 4), 0), v), w, q, k, v)
	}},
	{name: "causal along the groups of queries", graph: func(q, k, v, _ *Node) []*Node {
		hide := func(x *Node, n float64) *Node {
			return Reshape(hidden(Reshape(x, 2, 2, 4, 3, 12), staircase(q.Graph(), 4, 12, 2, 5), n), 2, 2, 12, 12)
		}
		x := scoresOf(q, k)
		e := hide(Exp(Sub(x, ReduceAndKeep(hide(x, math.Inf(-1)), ReduceMax, -1))), 0)
		return []*Node{attended(hide(Div(e, ReduceAndKeep(e, ReduceSum, -1)), 0), v)}
	}},
	{name: "causal truths, and a mask of groups of queries", graph: func(q, k, v, w *Node) []*Node {
		x := Add(Reshape(scoresOf(q, k), 2, 2, 4, 3, 12), Reshape(w, 2, 2, 4, 3, 12))
		return []*Node{attended(MaskedSoftmax(Reshape(x, 2, 2, 12, 12), BroadcastToDims(staircase(q.Graph(), 12, 12, 2, 4), 2, 2, 12, 12)), v)}
	}},
	{name: "causal numbers of groups of queries, and truths", graph: func(q, k, v, w *Node) []*Node {
		x := Add(Reshape(scoresOf(q, k), 2, 2, 4, 3, 12), walls(staircase(q.Graph(), 3, 12, 3, 5)))
		seen := LogicalOr(GreaterThan(w, ZerosLike(w)), Equal(Iota(q.Graph(), w.Shape(), 3), ZerosLike(w)))
		return []*Node{attended(MaskedSoftmax(Reshape(x, 2, 2, 12, 12), seen), v)}
	}},
	{name: "groups of queries shifted, and truths", steps: 1, graph: func(q, k, v, w *Node) []*Node {
		x := Reshape(scoresOf(q, k), 2, 2, 4, 3, 12)
		seen := LogicalOr(GreaterThan(w, ZerosLike(w)), Equal(Iota(q.Graph(), w.Shape(), 3), ZerosLike(w)))
		e := hidden(Exp(Reshape(Sub(x, ReduceAndKeep(x, ReduceMax, -1)), 2, 2, 12, 12)), seen, 0)
		return []*Node{attended(hidden(Div(e, ReduceAndKeep(e, ReduceSum, -1)), seen, 0), v)}
	}},
	{name: "gradients by hand", steps: 2, graph: func(q, k, v, w *Node) []*Node { return byHand(q, k, v, w, nil, false, false) }},
	{name: "a gradient that comes first", graph: func(q, k, v, w *Node) []*Node { return byHand(q, k, v, w, nil, true, false) }},
	{name: "gradients by hand, of truths", steps: 2, graph: func(q, k, v, w *Node) []*Node {
		return byHand(q, k, v, w, staircase(q.Graph(), 12, 12, 2, 4), false, false)
	}},
	{name: "a gradient that counts what is hidden", graph: func(q, k, v, w *Node) []*Node {
		return byHand(q, k, v, w, staircase(q.Graph(), 12, 12, 2, 4), false, true)
	}},
}

// TestLookalikesOfAttention compares each graph with the Go backend and with eval.
func TestLookalikesOfAttention(t *testing.T) {
	reference := openReference(t)
	inputs := func() (list []any) {
		for i := range 4 {
			flat := pattern[float32](576, func(k int) float32 { return float32(math.Sin(float64((k + 7*i) * (k + i) % 1009))) })
			list = append(list, tensors.FromFlatDataAndDimensions(flat, 2, 2, 12, 12))
		}
		return list
	}
	for _, c := range lookalikes {
		t.Run(c.name, func(t *testing.T) {
			p := planAlike(t, reference, c.graph, inputs)
			if steps := len(attends.FindAllString(p.String(), -1)); steps != c.steps {
				t.Errorf("the plan has %d attention steps, want %d:\n%s", steps, c.steps, p)
			}
		})
	}
}

func openReference(t *testing.T) compute.Backend {
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	t.Cleanup(reference.Finalize)
	return reference
}

// planAlike returns the plan of a graph, having compared what our backend and eval make of it with the reference.
func planAlike[F ExecGraphFn](t *testing.T, reference compute.Backend, graph F, inputs func() []any) *plan.Plan {
	t.Helper()
	want, ours := resultsOf(reference, graph, inputs()), openPlanned(t)
	alike(t, "ours", resultsOf(ours.Backend, graph, inputs()), want)
	p := ours.last()
	alike(t, "eval", evalPlan(t, p, inputs()), want)
	return p
}

// resultsOf returns what a graph gives on a backend.
func resultsOf[F ExecGraphFn](backend compute.Backend, graph F, inputs []any) (flats [][]float32) {
	e := MustNewExec(backend, graph)
	defer e.Finalize()
	for _, v := range e.MustCall(inputs...) {
		flats = append(flats, tensors.MustCopyFlatData[float32](v))
	}
	return flats
}

// alike is same for graphs that may give NaN or large numbers.
func alike(t *testing.T, who string, got, want [][]float32) {
	t.Helper()
	for i := range want {
		size := 1.0
		for _, w := range want[i] {
			if math.Abs(float64(w)) <= math.MaxFloat32 {
				size = max(size, math.Abs(float64(w)))
			}
		}
		for k, w := range want[i] { // sums of up to 20 products, up to 40 of them one after the other
			if d := math.Abs(float64(got[i][k]) - float64(w)); !(d <= 2e-5*size) && (got[i][k] == got[i][k] || w == w) {
				t.Fatalf("%s: result %d [%d] is %g, want %g", who, i, k, got[i][k], w)
			}
		}
	}
}
