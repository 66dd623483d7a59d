package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"regexp"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/exec"
)

// attentionCase is an attention in a small network, so that its operands are views, with gradients for all of them.
type attentionCase struct {
	name                                          string
	batch, groups, repeat, queries, keys, channel int
	causal, train                                 bool
	scale                                         float64 // of the scores; 0: the queries are scaled
	leak                                          bool    // the probabilities are a result too
	joined                                        bool    // queries, keys and values are made of one array, x
	swapped                                       bool    // values, queries and keys, in this order
	mask                                          []int   // shape of a mask that is added, which depends on inputs
	truths                                        bool    // the causal mask is one of truths, in GoMLX's MaskedSoftmax
	later                                         bool    // the truths let a query see the keys that are not earlier
	least                                         bool    // a row of the mask is the smallest number, another one -Inf but for a number
	steps                                         int     // attention steps that the plan must have
}

var attentionCases = []attentionCase{
	{name: "causal", batch: 2, groups: 3, repeat: 1, queries: 9, keys: 9, channel: 8, causal: true, train: true, steps: 2},
	{name: "grouped", batch: 2, groups: 2, repeat: 3, queries: 7, keys: 7, channel: 4, causal: true, train: true, steps: 2},
	{name: "full", batch: 3, groups: 2, repeat: 1, queries: 65, keys: 65, channel: 16, train: true, steps: 2},
	{name: "scaled scores", batch: 1, groups: 2, repeat: 1, queries: 40, keys: 40, channel: 6, causal: true, scale: 0.3, train: true, steps: 2},
	{name: "crossed", batch: 2, groups: 2, repeat: 1, queries: 5, keys: 11, channel: 3, train: true, steps: 2},
	{name: "one projection", batch: 2, groups: 3, repeat: 1, queries: 9, keys: 9, channel: 8, joined: true, train: true, steps: 2},
	{name: "one projection, another order", batch: 2, groups: 2, repeat: 1, queries: 33, keys: 33, channel: 5, joined: true, swapped: true, causal: true, scale: 0.4, train: true, steps: 2},
	{name: "one projection, one head", batch: 1, groups: 1, repeat: 1, queries: 20, keys: 20, channel: 4, joined: true, causal: true, train: true, steps: 2},
	{name: "padding", batch: 3, groups: 2, repeat: 1, queries: 10, keys: 13, channel: 8, mask: []int{3, 1, 1, 13}, train: true, steps: 2},
	{name: "mask of each query", batch: 2, groups: 2, repeat: 1, queries: 10, keys: 10, channel: 4, mask: []int{1, 1, 10, 10}, least: true, train: true, steps: 2},
	{name: "bias of each head", batch: 2, groups: 2, repeat: 3, queries: 7, keys: 9, channel: 4, mask: []int{1, 2, 3, 7, 9}, scale: 0.3, train: true, steps: 2},
	{name: "mask of groups", batch: 2, groups: 2, repeat: 2, queries: 6, keys: 6, channel: 4, mask: []int{2, 1, 1, 6, 6}, train: true, steps: 2},
	{name: "mask of few queries", batch: 2, groups: 2, repeat: 1, queries: 3, keys: 40, channel: 4, mask: []int{1, 1, 3, 40}},
	{name: "truths", batch: 2, groups: 3, repeat: 1, queries: 14, keys: 14, channel: 8, truths: true, scale: 0.4, train: true, steps: 2},
	{name: "truths, scaled queries", batch: 2, groups: 2, repeat: 1, queries: 40, keys: 40, channel: 4, truths: true, train: true, steps: 2},
	{name: "truths, inference", batch: 1, groups: 2, repeat: 1, queries: 12, keys: 12, channel: 8, truths: true, steps: 1},
	{name: "truths that are not causal", batch: 1, groups: 2, repeat: 1, queries: 12, keys: 12, channel: 8, truths: true, later: true, train: true, steps: 2},
	{name: "inference", batch: 2, groups: 2, repeat: 2, queries: 12, keys: 12, channel: 8, causal: true, steps: 1},
	{name: "probabilities wanted", batch: 2, groups: 2, repeat: 1, queries: 6, keys: 6, channel: 4, causal: true, train: true, leak: true},
}

// graph returns output or gradients of inputs x [B, queries, width] and y [B, keys, width'].
func (c attentionCase) graph(in []*Node) []*Node {
	x, y, out := in[0], in[1], in[2]
	b, h := c.batch, c.groups*c.repeat
	part := func(all *Node, i int) *Node { return Reshape(Slice(all, AxisElem(i)), b, c.groups, c.keys, c.channel) }
	var q, k, v *Node
	if c.joined {
		all := TransposeAllDims(Reshape(x, b, c.keys, 3, h, c.channel), 2, 0, 3, 1, 4)
		q, k, v = part(all, 0), part(all, 1), part(all, 2)
		if c.swapped {
			v, q, k = q, k, v
		}
	} else {
		q = TransposeAllDims(Reshape(x, b, c.queries, h, c.channel), 0, 2, 1, 3)
		kv := TransposeAllDims(Reshape(y, b, c.keys, 2, c.groups, c.channel), 2, 0, 3, 1, 4)
		k, v = part(kv, 0), part(kv, 1)
	}
	if c.scale == 0 {
		q = MulScalar(q, 1/math.Sqrt(float64(c.channel)))
	}
	q = Reshape(q, b, c.groups, c.repeat*c.queries, c.channel)
	scores := DotGeneral(q, []int{3}, []int{0, 1}, k, []int{3}, []int{0, 1})
	if c.scale != 0 {
		scores = MulScalar(scores, c.scale)
	}
	if c.causal {
		scores = Reshape(scores, b, c.groups, c.repeat, c.queries, c.keys)
		g := x.Graph()
		dims := []int{1, 1, 1, c.queries, c.keys}
		row, col := Iota(g, shapes.Make(dtypes.Int32, dims...), 3), Iota(g, shapes.Make(dtypes.Int32, dims...), 4)
		mask := Where(GreaterThan(col, row), BroadcastToDims(Const(g, float32(math.Inf(-1))), dims...), BroadcastToDims(Const(g, float32(0)), dims...))
		scores = Reshape(Add(scores, mask), b, c.groups, c.repeat*c.queries, c.keys)
	}
	if c.mask != nil {
		dims := []int{b, c.groups, c.repeat, c.queries, c.keys}
		if len(c.mask) == 4 {
			dims = []int{b, c.groups, c.repeat * c.queries, c.keys}
		}
		scores = Reshape(Add(Reshape(scores, dims...), Neg(Abs(in[3]))), b, c.groups, c.repeat*c.queries, c.keys)
	}
	e := Exp(Sub(scores, StopGradient(ReduceAndKeep(scores, ReduceMax, -1))))
	p := Div(e, ReduceAndKeep(e, ReduceSum, -1))
	if c.truths {
		seen := LowerTriangular(x.Graph(), c.queries)
		if c.later {
			seen = TransposeAllDims(seen, 1, 0)
		}
		seen = Reshape(seen, 1, 1, c.queries, c.keys)
		p = MaskedSoftmax(scores, BroadcastToShape(seen, scores.Shape()), -1)
	}
	o := DotGeneral(p, []int{3}, []int{0, 1}, v, []int{2}, []int{0, 1})
	o = Reshape(TransposeAllDims(Reshape(o, b, h, c.queries, c.channel), 0, 2, 1, 3), b, c.queries, h*c.channel)
	results := []*Node{o}
	if c.train {
		wanted := []*Node{x, y}
		if c.joined {
			wanted = wanted[:1]
		}
		results = append(results, Gradient(ReduceAllSum(Mul(Sin(o), out)), wanted...)...)
	}
	if c.leak {
		results = append(results, p)
	}
	return results
}

func (c attentionCase) inputs() []any {
	random := rand.New(rand.NewPCG(8, 9))
	of := func(dims ...int) any {
		flat := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
		for i := range flat {
			flat[i] = float32(random.NormFloat64())
		}
		return tensors.FromFlatDataAndDimensions(flat, dims...)
	}
	width := c.groups * c.channel
	wide := c.repeat * width
	if c.joined {
		wide *= 3
	}
	inputs := []any{of(c.batch, c.queries, wide), of(c.batch, c.keys, 2*width), of(c.batch, c.queries, c.repeat*width)}
	if c.mask == nil {
		return inputs
	}
	mask := of(c.mask...).(*tensors.Tensor)
	tensors.MustMutableFlatData(mask, func(flat []float32) {
		for i := range flat {
			switch row := i / c.keys; {
			case c.least && row == 0:
				flat[i] = math.MaxFloat32
			case c.least && row == 1:
				if i%c.keys != 2 {
					flat[i] = float32(math.Inf(1))
				}
			case random.IntN(4) == 0 && i%c.keys > 0:
				flat[i] = float32(math.Inf(1))
			}
		}
	})
	return append(inputs, mask)
}

// run returns the results on a backend.
func (c attentionCase) run(t *testing.T, backend compute.Backend) [][]float32 {
	t.Helper()
	e, err := NewExec(backend, func(in []*Node) []*Node { return c.graph(in) })
	fatal(t, err)
	out, err := e.Call(c.inputs()...)
	fatal(t, err)
	var flats [][]float32
	for _, v := range out {
		flats = append(flats, tensors.MustCopyFlatData[float32](v))
	}
	return flats
}

// TestAttentionEqualsTheGoBackends compares the fused kernel with the Go backend, op by op, and counts its steps.
func TestAttentionEqualsTheGoBackends(t *testing.T) {
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	for _, c := range attentionCases {
		t.Run(c.name, func(t *testing.T) {
			want := c.run(t, reference)
			for _, threads := range []string{"1", "2", "3"} {
				t.Setenv("DYT_THREADS", threads)
				ours, err := compute.NewWithConfig("dyt")
				fatal(t, err)
				defer ours.Finalize()
				for i, got := range c.run(t, ours) {
					for k := range got {
						// sums of up to 65 products of size 1 to 5, in another order
						if d := math.Abs(float64(got[k]) - float64(want[i][k])); !(d <= 1e-5) {
							t.Fatalf("%s threads: result %d [%d] is %g, want %g", threads, i, k, got[k], want[i][k])
						}
					}
				}
			}
			plan := c.planned(t)
			if steps := strings.Count(plan, " attention "+fmt.Sprint(c.batch*c.groups)+" x "); steps != c.steps {
				t.Errorf("the plan has %d attention steps, want %d", steps, c.steps)
			}
			if c.repeat > 1 && copies.MatchString(plan[:strings.LastIndex(plan, " attention ")]) {
				t.Errorf("something is copied before it is attended to:\n%s", plan)
			}
			if c.joined && strings.Contains(plan, "concatenate;") {
				t.Errorf("gradients that belong together are put together in a step of their own:\n%s", plan)
			}
		})
	}
}

// copies are steps that do nothing but move elements.
var copies = regexp.MustCompile(`(cluster|move) [^:]*: \d+ (reshape|transpose)(, \d+ (reshape|transpose))?;`)

// watched is a backend that keeps what it compiled.
type watched struct {
	compute.Backend
	compiled []*exec.Executable
}

type watchedBuilder struct {
	compute.Builder
	watched *watched
}

func (w *watched) Builder(name string) compute.Builder {
	return watchedBuilder{w.Backend.Builder(name), w}
}

func (b watchedBuilder) Compile() (compute.Executable, error) {
	e, err := b.Builder.Compile()
	if err == nil {
		b.watched.compiled = append(b.watched.compiled, e.(*exec.Executable))
	}
	return e, err
}

// planned returns the text of the plan.
func (c attentionCase) planned(t *testing.T) string {
	t.Helper()
	backend, err := compute.NewWithConfig("dyt")
	fatal(t, err)
	defer backend.Finalize()
	w := &watched{Backend: backend}
	c.run(t, w)
	text := ""
	for _, e := range w.compiled {
		text += e.Plan().String()
	}
	return text
}
