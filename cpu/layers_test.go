package cpu_test

import (
	"math"
	"regexp"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/layers/attention"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dyt-go/dyt/cpu/eval"
	"github.com/dyt-go/dyt/cpu/ir"
)

// layerCase is an attention that GoMLX's layers build: what they are given and how many attention steps its plan must have.
type layerCase struct {
	name  string
	build func(scope *model.Scope, in *layerInputs) *Node
	train bool // dropout is on
	steps int  // forward and backward
}

// layerInputs are what attentions of one size are made of.
type layerInputs struct {
	layerSize
	x, y       *Node // [batch, queries, width], [batch, keys, width]
	seen, asks *Node // bool [batch, queries]: keys that may be attended to, queries that may attend
	seenOfY    *Node // bool [batch, keys]
	pairs      *Node // bool [batch, heads, queries, queries]
	bias       *Node // [batch, heads, queries, queries]
	lengths    *Node // int32 [batch]
}

const layerHeads = 4

// layerSize is what layers run on: queries and keys of layerHeads heads.
type layerSize struct{ batch, queries, keys, depth int }

var testedSize = layerSize{batch: 2, queries: 13, keys: 21, depth: 8}

func selfAttention(scope *model.Scope, in *layerInputs) *attention.MultiHeadAttentionBuilder {
	return attention.SelfAttention(scope, in.x, layerHeads, in.depth)
}

// headsOf is x as [batch, heads, rows, depth] or [batch, rows, heads, depth].
func (in *layerInputs) headsOf(x *Node, layout attention.AxesLayout, heads int) *Node {
	x = Reshape(Slice(x, AxisRange(), AxisRange(), AxisRange(0, heads*in.depth)), in.batch, in.queries, heads, in.depth)
	if layout == attention.LayoutBHSD {
		x = TransposeAllAxes(x, 0, 2, 1, 3)
	}
	return x
}

// core is attention.Core of x with itself, queries, keys and values being different functions of it.
func core(layout attention.AxesLayout, groups int, in *layerInputs, o attention.CoreOptions) *Node {
	out, _ := attention.Core(in.headsOf(in.x, layout, layerHeads), in.headsOf(Sin(in.x), layout, groups), in.headsOf(Cos(in.x), layout, groups), layout, o)
	return out
}

// instead is attention with a plain softmax of scores that are number where a query does not see a key, as users write it themselves.
func instead(number float64, seen func(in *layerInputs, scores *Node) *Node) func(s *model.Scope, in *layerInputs) *Node {
	return func(_ *model.Scope, in *layerInputs) *Node {
		q, k, v := in.headsOf(in.x, attention.LayoutBHSD, layerHeads), in.headsOf(Sin(in.x), attention.LayoutBHSD, layerHeads), in.headsOf(Cos(in.x), attention.LayoutBHSD, layerHeads)
		scores := MulScalar(Einsum("bhqd,bhkd->bhqk", q, k), 1/math.Sqrt(float64(in.depth)))
		hidden := BroadcastToShape(ConstAs(scores, number), scores.Shape())
		return Einsum("bhqk,bhkd->bhqd", Softmax(Where(seen(in, scores), scores, hidden), -1), v)
	}
}

func seenPairs(in *layerInputs, _ *Node) *Node { return in.pairs }

func seenEarlier(in *layerInputs, scores *Node) *Node {
	return BroadcastToShape(Reshape(LowerTriangular(scores.Graph(), in.queries), 1, 1, in.queries, in.queries), scores.Shape())
}

var layerCases = []layerCase{
	{name: "self", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node { return selfAttention(s, in).Done() }},
	{name: "causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node { return selfAttention(s, in).WithCausalMask(true).Done() }},
	{name: "key mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node { return selfAttention(s, in).WithKeyMask(in.seen).Done() }},
	{name: "query mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node { return selfAttention(s, in).WithQueryMask(in.asks).Done() }},
	{name: "mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node { return selfAttention(s, in).WithMask(in.seen).Done() }},
	{name: "key and query mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithKeyMask(in.seen).WithQueryMask(in.asks).Done()
	}},
	{name: "mask, causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithMask(in.seen).WithCausalMask(true).Done()
	}},
	{name: "window", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithMask(in.seen).WithCausalMask(true).WithSlidingWindow(4).Done()
	}},
	{name: "matrix mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithQueryKeyMatrixMask(TransposeAllAxes(in.pairs, 0, 2, 1, 3)).Done()
	}},
	{name: "lengths", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithSeqLens(in.lengths, in.lengths).Done()
	}},
	{name: "lengths, causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithSeqLens(in.lengths, in.lengths).WithCausalMask(true).Done()
	}},
	{name: "bias", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithAttentionBias(StopGradient(in.bias)).Done()
	}},
	{name: "bias, causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithAttentionBias(StopGradient(in.bias)).WithCausalMask(true).Done()
	}},
	{name: "cross", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return attention.MultiHeadAttention(s, in.x, in.y, in.y, layerHeads, in.depth).Done()
	}},
	{name: "cross, key mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return attention.MultiHeadAttention(s, in.x, in.y, in.y, layerHeads, in.depth).WithKeyMask(in.seenOfY).Done()
	}},
	{name: "values of another depth", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithValueHeadDim(5).WithCausalMask(true).Done()
	}},
	{name: "grouped", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node { return selfAttention(s, in).WithNumKVHeads(2).Done() }},
	{name: "grouped, causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithNumKVHeads(2).WithCausalMask(true).Done()
	}},
	{name: "grouped, mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithNumKVHeads(2).WithMask(in.seen).Done()
	}},
	{name: "one key head, causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithNumKVHeads(1).WithCausalMask(true).Done()
	}},
	{name: "rotary, causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithRoPE(10000).WithCausalMask(true).Done()
	}},
	{name: "one projection, causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).UseQKVProjection().WithCausalMask(true).Done()
	}},
	{name: "-1e9 instead", steps: 2, build: instead(-1e9, seenPairs)},
	{name: "-2 instead", steps: 2, build: instead(-2, seenPairs)},
	{name: "-1e9 instead, causal", steps: 2, build: instead(-1e9, seenEarlier)},
	{name: "least number instead, causal", steps: 2, build: instead(-math.MaxFloat32, seenEarlier)},
	{name: "-Inf instead, causal", steps: 2, build: instead(math.Inf(-1), seenEarlier)},
	{name: "-Inf instead, not causal", build: instead(math.Inf(-1), func(in *layerInputs, scores *Node) *Node { // a query that sees nothing would be NaN
		return TransposeAllDims(seenEarlier(in, scores), 0, 1, 3, 2)
	})},
	{name: "dropout", train: true, build: func(s *model.Scope, in *layerInputs) *Node {
		return selfAttention(s, in).WithDropout(Const(in.x.Graph(), float32(0.25))).WithCausalMask(true).Done()
	}},
	{name: "BHSD", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBHSD, 4, in, attention.CoreOptions{})
	}},
	{name: "BHSD causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBHSD, 4, in, attention.CoreOptions{UseCausalMask: true})
	}},
	{name: "BHSD mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBHSD, 4, in, attention.CoreOptions{AttentionMask: in.pairs})
	}},
	{name: "BHSD numbers as mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBHSD, 4, in, attention.CoreOptions{AttentionMask: StopGradient(in.bias)})
	}},
	{name: "BHSD grouped", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBHSD, 2, in, attention.CoreOptions{})
	}},
	{name: "BHSD grouped, causal", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBHSD, 2, in, attention.CoreOptions{UseCausalMask: true})
	}},
	{name: "BHSD grouped, mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBHSD, 2, in, attention.CoreOptions{AttentionMask: in.pairs})
	}},
	{name: "BSHD numbers as mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBSHD, 4, in, attention.CoreOptions{AttentionMask: TransposeAllAxes(StopGradient(in.bias), 0, 2, 1, 3)})
	}},
	{name: "BSHD grouped, mask", steps: 2, build: func(s *model.Scope, in *layerInputs) *Node {
		return core(attention.LayoutBSHD, 2, in, attention.CoreOptions{AttentionMask: TransposeAllAxes(in.pairs, 0, 2, 1, 3)})
	}},
}

// weigh is the initial value of weights: numbers of size 0.3 that no two rows share.
func weigh(g *Graph, shape shapes.Shape) *Node {
	return MulScalar(Sin(MulScalar(IotaFull(g, shape), 0.7)), 0.3)
}

// exec returns what computes the layer's output and the gradients of its inputs and weights.
func (c layerCase) exec(t testing.TB, backend compute.Backend, size layerSize) *model.Exec {
	store := model.NewStore()
	fatal(t, store.SetRNGStateFromSeed(1))
	e, err := model.NewExec(backend, store, func(scope *model.Scope, list []*Node) []*Node {
		scope = scope.WithInitializer(weigh)
		g := list[0].Graph()
		store.SetTraining(g, c.train)
		in := &layerInputs{size, list[0], list[1], list[2], list[3], list[4], list[5], list[6], list[7]}
		out := c.build(scope, in)
		wanted := []*Node{in.x, in.y}
		for v := range store.IterVariables() {
			if v.Trainable && v.DType() == dtypes.Float32 {
				wanted = append(wanted, v.NodeValue(g))
			}
		}
		loss := ReduceAllSum(Mul(out, Sin(IotaFull(g, out.Shape()))))
		return append([]*Node{out}, Gradient(loss, wanted...)...)
	})
	fatal(t, err)
	return e
}

func (c layerCase) run(t testing.TB, backend compute.Backend) [][]float32 {
	t.Helper()
	out, err := c.exec(t, backend, testedSize).Call(testedSize.values()...)
	fatal(t, err)
	var flats [][]float32
	for _, v := range out {
		flats = append(flats, tensors.MustCopyFlatData[float32](v))
	}
	return flats
}

// evaluated returns what the oracle computes of f, the function that run has compiled.
func evaluated(t *testing.T, f *ir.Func) [][]float32 {
	t.Helper()
	inputs := testedSize.values()
	var arrays []eval.Array
	for i, p := range f.Params {
		if i < len(inputs) {
			inputs[i].(*tensors.Tensor).MustConstFlatData(func(x any) { arrays = append(arrays, eval.Of(p.Shape, x)) })
			continue
		}
		weights := pattern[float32](p.Shape.Size(), func(k int) float32 { return 0.3 * float32(math.Sin(float64(0.7*float32(k)))) })
		arrays = append(arrays, eval.Of(p.Shape, weights))
	}
	results, err := eval.Run(f, arrays)
	fatal(t, err)
	var flats [][]float32
	for _, r := range results {
		flats = append(flats, float32s(r))
	}
	return flats
}

// values are the inputs: masks let some queries see no key at all.
func (s layerSize) values() []any {
	numbers := func(dims ...int) any {
		n := shapes.Make(dtypes.Float32, dims...).Size()
		return tensors.FromFlatDataAndDimensions(pattern[float32](n, func(k int) float32 { return float32(math.Sin(float64(k * k % 1009))) }), dims...)
	}
	truths := func(of func(k int) bool, dims ...int) any {
		n := shapes.Make(dtypes.Bool, dims...).Size()
		return tensors.FromFlatDataAndDimensions(pattern[bool](n, of), dims...)
	}
	b, h, q, k, width := s.batch, layerHeads, s.queries, s.keys, layerHeads*s.depth
	return []any{
		numbers(b, q, width), numbers(b, k, width),
		truths(func(i int) bool { return i%5 != 2 && i != 0 }, b, q), truths(func(i int) bool { return i%7 != 3 }, b, q),
		truths(func(i int) bool { return i%k < 9+4*(i/k) }, b, k),
		truths(func(i int) bool { return i/q%6 != 4 && i*i%11 > 3 }, b, h, q, q),
		numbers(b, h, q, q), tensors.FromFlatDataAndDimensions(pattern[int32](b, func(i int) int32 { return int32(q - i%2*(q/2)) }), b),
	}
}

// TestLayersOfGoMLXAttendInSteps compares the layers with the Go backend, op by op, and names each form that must become a step
// forward and one backward, of views of what projections wrote.
func TestLayersOfGoMLXAttendInSteps(t *testing.T) {
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	for _, c := range layerCases {
		t.Run(c.name, func(t *testing.T) {
			want := c.run(t, reference)
			without := openBackend(t, "profile,fuse=none")
			same(t, "fuse=none", c.run(t, without), want)
			if !c.train { // its masks depend on a random state
				same(t, "eval", evaluated(t, without.Executables()[0].Plan().Func), want) // behind it are initial values
			}
			for _, threads := range []string{"1", "2", "3"} {
				t.Setenv("DYT_THREADS", threads)
				ours := openBackend(t, "profile")
				same(t, threads+" threads", c.run(t, ours), want)
				plan := ""
				for _, e := range ours.Executables() {
					plan += e.Plan().String()
				}
				if steps := len(attends.FindAllString(plan, -1)); steps != c.steps {
					t.Errorf("the plan has %d attention steps, want %d:\n%s", steps, c.steps, plan)
				}
				if c.steps > 0 && copies.MatchString(plan[:strings.LastIndex(plan, " attention ")]) {
					t.Errorf("something is copied before it is attended to:\n%s", plan)
				}
			}
		})
	}
}

var attends = regexp.MustCompile(`(?m)^ +\d+ attention \d+ x `)

// same fails unless got is what the Go backend gives: sums of up to 32 products of size 1, in another order, after sums of such ones.
func same(t *testing.T, who string, got, want [][]float32) {
	t.Helper()
	for i := range want {
		for k, w := range want[i] {
			if d := math.Abs(float64(got[i][k]) - float64(w)); !(d <= 2e-5) {
				t.Fatalf("%s: result %d [%d] is %g, want %g", who, i, k, got[i][k], w)
			}
		}
	}
}

// BenchmarkLayers is output and gradients of each form.
func BenchmarkLayers(b *testing.B) {
	size := layerSize{batch: 8, queries: 128, keys: 160, depth: 32}
	for _, c := range layerCases {
		b.Run(c.name, func(b *testing.B) {
			e, inputs := c.exec(b, openBackend(b, ""), size), size.values()
			for b.Loop() {
				out, err := e.Call(inputs...)
				fatal(b, err)
				for _, v := range out {
					v.MustFinalizeAll()
				}
			}
		})
	}
}
