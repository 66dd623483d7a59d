package cpu_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// randomAttention builds attentions and graphs that differ from one in a choice or two: a seed gives one graph.
type randomAttention struct {
	random                                             *rand.Rand
	batch, groups, repeat, queries, keys, depth, width int
	log                                                []string
}

func newRandomAttention(seed uint64) *randomAttention {
	r := &randomAttention{random: rand.New(rand.NewPCG(seed, 5))}
	size := func(list ...int) int { return list[r.random.IntN(len(list))] }
	r.batch, r.groups, r.repeat, r.depth = size(1, 2, 3), size(1, 2, 3), size(1, 1, 2, 3), size(1, 2, 5, 8)
	r.queries = size(1, 2, 9, 12, 17)
	r.keys, r.width = size(r.queries, r.queries, 1, 4, 20), size(r.depth, r.depth, 1, 3)
	return r
}

// one says whether to do what text names, once in n times.
func (r *randomAttention) one(n int, text string) bool {
	yes := r.random.IntN(n) == 0
	if yes {
		r.log = append(r.log, text)
	}
	return yes
}

// inputs are queries, keys, values, what the output is weighed with, and biases.
func (r *randomAttention) inputs() []any {
	random := rand.New(rand.NewPCG(7, 9))
	of := func(dims ...int) any {
		n := 1
		for _, d := range dims {
			n *= d
		}
		return tensors.FromFlatDataAndDimensions(pattern[float32](n, func(int) float32 { return float32(random.NormFloat64()) }), dims...)
	}
	rows := r.repeat * r.queries
	return []any{of(r.batch, r.groups, rows, r.depth), of(r.batch, r.groups, r.keys, r.depth), of(r.batch, r.groups, r.keys, r.width), of(r.batch, r.groups, rows, r.width), of(r.batch, r.groups, rows, r.keys)}
}

// swapped lets an array lie as [batch, rows, groups, channels], and returns its axes of batches, rows and channels.
func (r *randomAttention) swapped(x *Node, text string) (y *Node, batch []int, row, channel int) {
	if r.one(3, text+" by rows") {
		return TransposeAllDims(x, 0, 2, 1, 3), []int{0, 2}, 1, 3
	}
	return x, []int{0, 1}, 2, 3
}

// graph returns the output, with gradients and what else is looked at.
func (r *randomAttention) graph(in []*Node) []*Node {
	q, k, v, w, bias := in[0], in[1], in[2], in[3], in[4]
	g, rows := q.Graph(), r.repeat*r.queries
	wanted, kept := []*Node{q, k, v}, []*Node{}
	if r.queries == r.keys && r.repeat == 1 && r.one(6, "k is q") {
		k = q
	}
	if r.one(3, "queries scaled") {
		q = MulScalar(q, 0.6)
		if r.queries == r.keys && r.repeat == 1 && r.one(4, "k is the scaled q") {
			k = q
		}
	}
	if r.depth == r.width && r.one(6, "v is k") {
		v = k
	}
	qs, qb, _, qc := r.swapped(q, "q")
	ks, kb, _, kc := r.swapped(k, "k")
	scores := DotGeneral(qs, []int{qc}, qb, ks, []int{kc}, kb)
	x := scores
	if r.one(3, "scores scaled") {
		x = MulScalar(x, []float64{0.4, 1.5, -0.5}[r.random.IntN(3)])
	}
	full := []int{r.batch, r.groups, rows, r.keys}
	five := []int{r.batch, r.groups, r.repeat, r.queries, r.keys}
	switch mask := Slice(bias, AxisRange(0, 1), AxisRange(0, 1)); {
	case r.one(4, "causal"):
		x = Reshape(Add(Reshape(x, five...), walls(staircase(g, r.queries, r.keys, 3, 5))), full...)
	case r.one(5, "bias of each"):
		x = Add(x, bias)
		if r.one(3, "with a gradient") {
			wanted = append(wanted, bias)
		}
	case r.one(5, "bias of all"):
		x = Add(x, mask)
	case r.one(5, "bias of groups of queries"):
		x = Reshape(Add(Reshape(x, five...), Reshape(mask, 1, 1, r.repeat, r.queries, r.keys)), full...)
	case r.queries == r.keys && r.repeat == 1 && r.one(5, "and transposed scores"):
		x = Add(x, TransposeAllDims(scores, 0, 1, 3, 2))
	}
	var p *Node
	switch {
	case r.one(5, "causal truths"):
		p = MaskedSoftmax(x, BroadcastToDims(staircase(g, rows, r.keys, 2, 4), full...), -1)
	case r.one(5, "truths"):
		p = MaskedSoftmax(x, GreaterThan(bias, Const(g, float32(-0.3))), -1)
	case r.one(8, "Where"):
		p = softmaxed(Where(GreaterThan(bias, Const(g, float32(0))), x, MulScalar(OnesLike(x), -1e9)))
	case r.one(12, "over queries"):
		p = Softmax(x, 2)
	default:
		p = softmaxed(x)
		if r.one(8, "twice") {
			p = softmaxed(p)
		}
	}
	if r.one(10, "hidden afterwards") {
		p = hidden(p, staircase(g, rows, r.keys, 2, 4), 0)
	}
	if r.width == r.keys && r.one(4, "v is p") && rows == r.keys {
		v = p
	}
	vs, vb, row, _ := r.swapped(v, "v")
	o := DotGeneral(p, []int{3}, []int{0, 1}, vs, []int{row}, vb)
	if r.one(8, "p kept") {
		kept = append(kept, p)
	}
	if r.one(12, "scores kept") {
		kept = append(kept, ReduceSum(scores, -1))
	}
	kept = append(kept, o)
	if r.one(2, "gradients") {
		loss := ReduceAllSum(Mul(Sin(o), w))
		if r.one(6, "of a sum") {
			loss = ReduceAllSum(o)
		}
		kept = append(kept, Gradient(loss, wanted[r.random.IntN(2)*r.random.IntN(2):]...)...)
	}
	return kept
}

// TestRandomAttentions compares each graph with the Go backend; some of them must have attention steps.
func TestRandomAttentions(t *testing.T) {
	reference := openReference(t)
	ours := openPlanned(t)
	seeds, steps := uint64(500), 0
	if testing.Short() {
		seeds = 50
	}
	for seed := range seeds {
		got, _ := runAttention(seed, ours.Backend)
		want, r := runAttention(seed, reference)
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			alike(t, fmt.Sprintf("%+v: ours", *r), got, want)
		})
		steps += len(attends.FindAllString(ours.last().String(), -1))
	}
	if steps == 0 {
		t.Error("no plan has an attention step")
	}
}

// runAttention returns what the graph of a seed gives, and its choices.
func runAttention(seed uint64, backend compute.Backend) (flats [][]float32, r *randomAttention) {
	r = newRandomAttention(seed)
	return resultsOf(backend, r.graph, r.inputs()), r
}
