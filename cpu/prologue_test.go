package cpu_test

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dyt-go/dyt/cpu/kernel"
	"github.com/dyt-go/dyt/cpu/plan"
)

// prologueCase is a product with w (depth x cols) of what first makes of x and array (rows x depth) and row (depth).
type prologueCase struct {
	name              string
	rows, depth, cols int
	first             func(x, row, array *Node) *Node
	then              func(y, w *Node) []*Node // the product alone if nil
	apart             bool                     // the cluster must stay a step
	large             bool                     // without fuse=always too
}

var prologueCases = []prologueCase{
	{name: "DyT", rows: 131, depth: 96, cols: 40, first: func(x, row, _ *Node) *Node {
		return Add(Mul(Tanh(MulScalar(x, 0.7)), Expand(row, x)), Expand(row, x))
	}},
	{name: "DyT of a large array", rows: 700, depth: 96, cols: 40, large: true, first: func(x, row, _ *Node) *Node {
		return Mul(Tanh(MulScalar(x, 0.7)), Expand(row, x))
	}},
	{name: "Derf of a sum", rows: 67, depth: 33, cols: 70, first: func(x, row, array *Node) *Node {
		return Mul(Erf(AddScalar(MulScalar(Add(x, array), 0.5), 0.1)), Expand(row, x))
	}},
	{name: "the gate of SwiGLU", rows: 40, depth: 120, cols: 33, first: func(x, _, array *Node) *Node { return Mul(Mul(x, Sigmoid(x)), array) }},
	{name: "RMSNorm", rows: 203, depth: 96, cols: 24, first: func(x, row, _ *Node) *Node {
		return Mul(Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, -1), 1e-5))), Expand(row, x))
	}},
	{name: "a number for each row", rows: 50, depth: 48, cols: 16, first: func(x, _, array *Node) *Node {
		return Tanh(Mul(x, Slice(array, AxisRange(), AxisRange(0, 1))))
	}},
	{name: "an epilogue too", rows: 150, depth: 64, cols: 96, first: func(x, row, _ *Node) *Node { return Tanh(Mul(x, Expand(row, x))) },
		then: func(y, w *Node) []*Node {
			c := DotGeneral(y, []int{1}, nil, w, []int{0}, nil)
			return []*Node{Sigmoid(c), ReduceSum(c, 0)}
		}},
	{name: "K in parts", rows: 30, depth: 2100, cols: 20, first: func(x, row, _ *Node) *Node { return Tanh(Mul(x, Expand(row, x))) }},
	{name: "long rows under a wide product", rows: 30, depth: 900, cols: 600, first: func(x, row, _ *Node) *Node { return Tanh(Mul(x, Expand(row, x))) }},
	{name: "RMSNorm, K in parts", rows: 30, depth: 1200, cols: 20, apart: true, first: func(x, _, _ *Node) *Node {
		return Div(x, Sqrt(ReduceAndKeep(Square(x), ReduceMean, -1)))
	}},
	{name: "two products", rows: 40, depth: 64, cols: 32, apart: true, first: func(x, _, _ *Node) *Node { return Tanh(x) },
		then: func(y, w *Node) []*Node {
			return []*Node{DotGeneral(y, []int{1}, nil, w, []int{0}, nil), DotGeneral(y, []int{1}, nil, Sin(w), []int{0}, nil)}
		}},
	{name: "the epilogue reads it too", rows: 150, depth: 64, cols: 64, apart: true, first: func(x, _, _ *Node) *Node { return Tanh(x) },
		then: func(y, w *Node) []*Node { return []*Node{Add(DotGeneral(y, []int{1}, nil, w, []int{0}, nil), y)} }},
	{name: "a result too", rows: 40, depth: 64, cols: 32, apart: true, first: func(x, _, _ *Node) *Node { return Tanh(x) },
		then: func(y, w *Node) []*Node { return []*Node{y, DotGeneral(y, []int{1}, nil, w, []int{0}, nil)} }},
	{name: "both operands", rows: 40, depth: 40, cols: 32, apart: true, first: func(x, _, _ *Node) *Node { return Tanh(x) },
		then: func(y, w *Node) []*Node { return []*Node{DotGeneral(y, []int{1}, nil, y, []int{1}, nil), w} }},
	{name: "contiguous columns", rows: 64, depth: 64, cols: 32, apart: true, first: func(x, _, _ *Node) *Node { return Tanh(x) },
		then: func(y, w *Node) []*Node { return []*Node{DotGeneral(y, []int{0}, nil, w, []int{0}, nil)} }},
	{name: "sines, for which no program has code", rows: 90, depth: 40, cols: 64, apart: true, first: func(x, _, array *Node) *Node { return Sin(Add(x, array)) }},
}

// Each product with a prologue equals eval's numbers and those of cluster and product apart, in every flavour, with bits that do not
// depend on the number of threads; the plan has the prologue where expected.
func TestProloguesEqualWhatRunsApart(t *testing.T) {
	for _, table := range kernel.Available() {
		useFlavour(t, table.Flavour)
		for _, c := range prologueCases {
			c.apart = c.apart || table.Elem.Strips == nil // a flavour without programs over strips
			t.Run(string(table.Flavour)+"/"+c.name, c.check)
		}
	}
}

func (c prologueCase) check(t *testing.T) {
	inputs := func() []any {
		return []any{waves(c.rows, c.depth, 1), waves(c.depth, c.cols, 2), waves(1, c.depth, 3), waves(c.rows, c.depth, 0.3)}
	}
	graph := func(x, w, row, array *Node) []*Node {
		y := c.first(x, row, array)
		if c.then != nil {
			return c.then(y, w)
		}
		return []*Node{DotGeneral(y, []int{1}, nil, w, []int{0}, nil)}
	}
	run := func(config, threads string) ([][]float32, *plan.Plan) {
		return runFused(t, config, threads, inputs(), graph)
	}
	got, p := run("fuse=always", "2")
	if has := strings.Contains(p.String(), "prologue"); has == c.apart {
		t.Fatalf("prologue: %v, expected %v\n%s", has, !c.apart, p)
	}
	exact := evalPlan(t, p, inputs())
	for i := range got {
		c.nearly(t, "eval", i, got[i], exact[i])
	}
	for _, threads := range []string{"1", "3", "4"} {
		again, _ := run("fuse=always", threads)
		checkBits(t, threads, got, again)
	}
	if _, p := run("", "2"); strings.Contains(p.String(), "prologue") != (c.large && !c.apart) {
		t.Errorf("without fuse=always, expected a prologue: %v\n%s", c.large && !c.apart, p)
	}
	apart, p := run("fuse=apart", "2")
	if strings.Contains(p.String(), "prologue") {
		t.Errorf("fuse=apart has a prologue:\n%s", p)
	}
	for i := range got {
		c.nearly(t, "apart", i, got[i], apart[i])
	}
}

// nearly allows each number a millionth, some eight roundings of numbers of its size, for each of as many independent terms as
// it has: those of a product, and those of a sum over rows.
func (c prologueCase) nearly(t *testing.T, who string, result int, got, want []float32) {
	t.Helper()
	size, terms := 1.0, c.depth
	if len(want) == c.cols {
		terms *= c.rows
	}
	for _, x := range want {
		size = math.Max(size, math.Abs(float64(x)))
	}
	bound := 1e-6 * size * math.Sqrt(float64(terms))
	for k := range want {
		if d := math.Abs(float64(got[k]) - float64(want[k])); !(d <= bound) {
			t.Fatalf("result %d, element %d: %g, %s has %g, expected within %s", result, k, got[k], who, want[k], strconv.FormatFloat(bound, 'g', 3, 64))
		}
	}
}

// dense multiplies what a few ops make of x, or of several copies of a row, with a matrix of its own.
func (g *randomGraph) dense(x compute.Value, dims []int) {
	if len(dims) == 1 {
		dims = []int{1 + g.random.IntN(40), dims[0]}
		v, err := g.f.BroadcastInDim(x, shapes.Make(dtypes.Float32, dims...), []int{1})
		g.add(fmt.Sprint("broadcast ", dims), v, err, g.size(x), g.off(x))
		x = g.values[len(g.values)-1]
	}
	for range g.random.IntN(4) {
		g.unary(x)
		if last := g.values[len(g.values)-1]; slices.Equal(g.shape(last), dims) {
			x = last
		}
	}
	axis, n := len(dims)-1, 1+g.random.IntN(40)
	depth := dims[axis]
	weights := make([]float32, depth*n)
	for i := range weights {
		weights[i] = (2*g.random.Float32() - 1) / float32(depth)
	}
	w, err := g.f.Constant(weights, depth, n)
	if err != nil {
		panic(err)
	}
	v, err := g.f.DotGeneral(x, []int{axis}, nil, w, []int{0}, nil, compute.DotGeneralConfig{})
	size, off := g.size(x)/float64(depth), g.off(x)/float64(depth)
	g.add(fmt.Sprint("dense ", n), v, err, size*float64(depth), sumOff(depth, size, off))
}

// The random graphs, which TestRandomGraphs holds against eval, have prologues.
func TestRandomGraphsHavePrologues(t *testing.T) {
	table, err := kernel.Pick()
	fatal(t, err)
	if table.Elem.Strips == nil {
		t.Skip("this flavour has no programs for prologues")
	}
	backend := planned{openBackend(t, "profile,fuse=always")}
	prologues := 0
	for seed := range uint64(1000) {
		_, builder, _ := buildRandom(backend.Backend, seed, 5+int(seed%60))
		_, err := builder.Compile()
		fatal(t, err)
		prologues += strings.Count(backend.last().String(), "prologue")
	}
	t.Logf("%d prologues", prologues)
	if prologues == 0 {
		t.Errorf("%d prologues, expected some", prologues)
	}
}
