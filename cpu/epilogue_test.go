package cpu_test

import (
	"math"
	"slices"
	"strconv"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/kernel"
	"github.com/dyt-go/dyt/cpu/plan"
)

// epilogueCase is a product of x (rows x depth) and w (depth x cols), and what follows it. Row and array are as long as a row
// of the product and as large as it.
type epilogueCase struct {
	name              string
	rows, depth, cols int
	then              func(product, row, array *Node) []*Node
	transposed        bool // x is given as depth x rows, so that its columns are contiguous
	kept              bool // the product must lie in memory
	apart             bool // must not run in the product's step
}

var epilogueCases = []epilogueCase{
	{name: "bias", rows: 70, depth: 33, cols: 40, then: func(c, row, _ *Node) []*Node { return []*Node{Add(c, Expand(row, c))} }},
	{name: "bias and DyT", rows: 131, depth: 20, cols: 96, then: func(c, row, _ *Node) []*Node {
		return []*Node{Mul(Tanh(MulScalar(c, 0.7)), Expand(row, c))}
	}},
	{name: "residual, two results", rows: 300, depth: 24, cols: 48, then: func(c, row, array *Node) []*Node {
		sum := Add(array, Add(c, Expand(row, c)))
		return []*Node{sum, Tanh(sum)}
	}},
	{name: "the product is a result too", rows: 100, depth: 16, cols: 40, kept: true, then: func(c, row, _ *Node) []*Node {
		return []*Node{c, Sigmoid(Add(c, Expand(row, c)))}
	}},
	{name: "gradient of GELU, sums over rows and of everything", rows: 700, depth: 16, cols: 96, then: func(c, row, array *Node) []*Node {
		h := Add(array, Expand(row, array))
		d := Mul(c, Add(MulScalar(AddScalar(Erf(MulScalar(h, math.Sqrt2/2)), 1), 0.5), Mul(h, MulScalar(Exp(MulScalar(Square(h), -0.5)), 0.39894228))))
		return []*Node{d, ReduceSum(d, 0), ReduceAllSum(Mul(d, array)), ReduceMax(d, 0)}
	}},
	{name: "RMSNorm", rows: 203, depth: 24, cols: 96, then: func(c, row, array *Node) []*Node {
		x := Add(c, array)
		return []*Node{x, Mul(Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, -1), 1e-5))), Expand(row, x))}
	}},
	{name: "wide rows", rows: 40, depth: 16, cols: 2100, then: func(c, row, array *Node) []*Node {
		return []*Node{Mul(Add(c, Expand(row, c)), array), ReduceSum(c, 0)}
	}},
	{name: "rows too wide to be reduced", rows: 40, depth: 16, cols: 2100, apart: true, then: func(c, _, _ *Node) []*Node {
		return []*Node{Sub(c, ReduceAndKeep(c, ReduceMax, -1))}
	}},
	{name: "K in parts", rows: 50, depth: 1100, cols: 40, apart: true, then: func(c, row, array *Node) []*Node {
		return []*Node{Mul(Tanh(MulScalar(c, 0.05)), array)}
	}},
	{name: "contiguous columns", rows: 150, depth: 200, cols: 70, transposed: true, then: func(c, row, array *Node) []*Node {
		return []*Node{Tanh(Add(c, array))}
	}},
	{name: "contiguous columns, K in parts", rows: 150, depth: 600, cols: 70, transposed: true, apart: true, then: func(c, row, array *Node) []*Node {
		return []*Node{Tanh(Add(c, array)), ReduceSum(Square(c), 0)}
	}},
	{name: "a result that lies by columns", rows: 90, depth: 20, cols: 64, then: func(c, _, array *Node) []*Node {
		return []*Node{Tanh(Add(TransposeAllDims(c, 1, 0), Reshape(array, 64, 90)))}
	}},
	{name: "sums alone", rows: 700, depth: 20, cols: 64, apart: true, then: func(c, _, _ *Node) []*Node {
		return []*Node{c, ReduceAllSum(Square(c))}
	}},
	{name: "by columns and by rows", rows: 64, depth: 20, cols: 64, apart: true, then: func(c, _, _ *Node) []*Node {
		return []*Node{Add(c, TransposeAllDims(c, 1, 0))}
	}},
	{name: "sines, for which no program has code", rows: 90, depth: 20, cols: 64, apart: true, then: func(c, _, array *Node) []*Node {
		return []*Node{Sin(Add(c, array))}
	}},
	{name: "truths as numbers", rows: 90, depth: 20, cols: 64, then: func(c, _, array *Node) []*Node {
		return []*Node{GreaterThan(c, array)}
	}},
	{name: "what follows reads a sum of the product", rows: 90, depth: 20, cols: 64, apart: true, then: func(c, _, _ *Node) []*Node {
		return []*Node{Mul(c, Expand(ReduceSum(Exp(c), 0), c))}
	}},
}

// Expand repeats a row for every row of like.
func Expand(row, like *Node) *Node {
	return BroadcastToDims(Reshape(row, 1, row.Shape().Size()), like.Shape().Dimensions...)
}

// Each epilogue equals eval's numbers, and those of product and cluster apart, in every flavour, with bits that do not depend on
// the number of threads; the plan has it, and the product in memory, where expected.
func TestEpiloguesEqualWhatRunsApart(t *testing.T) {
	for _, table := range kernel.Available() {
		useFlavour(t, table.Flavour)
		for _, c := range epilogueCases {
			c.apart = c.apart || table.Elem.Strips == nil // a flavour without programs over strips
			t.Run(string(table.Flavour)+"/"+c.name, c.check)
		}
	}
}

func (c epilogueCase) check(t *testing.T) {
	inputs := func() []any {
		x := waves(c.rows, c.depth, 1)
		if c.transposed {
			x = waves(c.depth, c.rows, 1)
		}
		return []any{x, waves(c.depth, c.cols, 2), waves(1, c.cols, 3), waves(c.rows, c.cols, 0.3)}
	}
	graph := func(x, w, row, array *Node) []*Node {
		axis := 1
		if c.transposed {
			axis = 0
		}
		var out []*Node
		for _, y := range c.then(DotGeneral(x, []int{axis}, nil, w, []int{0}, nil), row, array) {
			out = append(out, ConvertDType(y, x.DType()))
		}
		return out
	}
	run := func(config, threads string) ([][]float32, *plan.Plan) {
		return runFused(t, config, threads, inputs(), graph)
	}
	got, p := run("fuse=always", "2")
	c.checkPlan(t, p)
	exact := evalPlan(t, p, inputs())
	for i := range got {
		c.nearly(t, "eval", i, got[i], exact[i])
	}
	for _, threads := range []string{"1", "3", "5"} {
		again, _ := run("fuse=always", threads)
		checkBits(t, threads, got, again)
	}
	apart, p := run("fuse=apart", "2")
	for i := range p.Steps {
		if g := p.Steps[i].Gemm; g != nil && g.After != nil {
			t.Errorf("fuse=apart has an epilogue: %s", p.Line(i))
		}
	}
	for i := range got {
		c.nearly(t, "apart", i, got[i], apart[i])
	}
}

// checkPlan finds the product's step and says whether it is as expected.
func (c epilogueCase) checkPlan(t *testing.T, p *plan.Plan) {
	t.Helper()
	i := slices.IndexFunc(p.Steps, func(s plan.Step) bool { return s.Gemm != nil })
	if i < 0 {
		t.Fatalf("no product in\n%s", p)
	}
	g := p.Steps[i].Gemm
	if (g.After == nil) != c.apart {
		t.Fatalf("epilogue %v, expected none: %v\n%s", g.After, c.apart, p)
	}
	isKept := slices.Contains(p.Steps[i].Writes, g.C.Root)
	if g.After != nil && (isKept != c.kept || (g.After.Buffer == 0) != c.kept) {
		t.Errorf("the product is in memory: %v, its blocks take %d floats of a worker; expected in memory: %v\n%s", isKept, g.After.Buffer, c.kept, p)
	}
}

// nearly allows each number a millionth, some eight roundings of numbers of its size, for each of as many independent terms as
// it has: those of a product, and those of a sum over rows or everything.
func (c epilogueCase) nearly(t *testing.T, who string, result int, got, want []float32) {
	t.Helper()
	size, terms := 1.0, c.depth
	if len(want) < c.rows*c.cols {
		terms = c.rows * c.cols / len(want)
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

// The random graphs, which TestRandomGraphs holds against eval, have epilogues.
func TestRandomGraphsHaveEpilogues(t *testing.T) {
	table, err := kernel.Pick()
	fatal(t, err)
	if table.Elem.Strips == nil {
		t.Skip("this flavour has no programs for epilogues")
	}
	backend := planned{openBackend(t, "profile,fuse=always")}
	epilogues, sums, kept := 0, 0, 0
	for seed := range uint64(1000) {
		_, builder, _ := buildRandom(backend.Backend, seed, 5+int(seed%60))
		_, err := builder.Compile()
		fatal(t, err)
		for _, s := range backend.last().Steps {
			if s.Gemm == nil || s.Gemm.After == nil {
				continue
			}
			epilogues++
			if len(s.Gemm.After.Tape.Sums) > 0 {
				sums++
			}
			if s.Gemm.After.Buffer == 0 {
				kept++
			}
		}
	}
	t.Logf("%d epilogues, %d with sums, %d of products in memory", epilogues, sums, kept)
	if epilogues == 0 || sums == 0 || kept == 0 || kept == epilogues {
		t.Errorf("%d epilogues, %d with sums, %d of products in memory: expected all of these", epilogues, sums, kept)
	}
}

// Sums in an epilogue whose units are longer than the packed block of A: A by columns, and long rows of A under a wide product.
func TestEpilogueOfLongUnits(t *testing.T) {
	if testing.Short() {
		t.Skip("products of 30,000 and more rows take 6 seconds")
	}
	for _, c := range []struct {
		rows, depth, cols int
		transposed        bool
	}{{70000, 256, 16, true}, {30000, 1024, 512, false}} {
		run := func(config string) []*tensors.Tensor {
			x, axis := waves(c.rows, c.depth, 1), 1
			if c.transposed {
				x, axis = waves(c.depth, c.rows, 1), 0
			}
			return MustNewExec(openBackend(t, config), func(x, w, row *Node) []*Node {
				p := DotGeneral(x, []int{axis}, nil, w, []int{0}, nil)
				y := Tanh(Add(p, Expand(row, p)))
				return []*Node{y, ReduceSum(y, 0)}
			}).MustCall(x, waves(c.depth, c.cols, 2), waves(1, c.cols, 3))
		}
		got, want := run(""), run("fuse=apart")
		a, b := tensors.MustCopyFlatData[float32](got[0]), tensors.MustCopyFlatData[float32](want[0])
		for k := range a {
			if a[k] != b[k] { // the same terms in the same order
				t.Errorf("%+v: element %d is %g, apart %g", c, k, a[k], b[k])
				break
			}
		}
	}
}
