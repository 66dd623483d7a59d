package cpu_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/kernel"
)

// parameters of a small model: many sizes, below and above a tile and a chunk of a sum.
var parameters = [][]int{{65, 33}, {128}, {1}, {7, 3, 5}, {64, 64}, {3}, {300, 300}, {257}, {}, {5000, 7}, {128}, {16}}

// adamW is a step of AdamW with weight decay, the gradients clipped to a global norm of 1, and a moving average: of p, g, m, v
// and e of each parameter it returns the new p, m, v, e, and the norm at last.
func adamW(in []*Node) (out []*Node) {
	g := in[0].Graph()
	sum := Scalar(g, in[0].DType(), 0)
	for i := 0; i < len(in); i += 5 {
		sum = Add(sum, ReduceAllSum(Square(in[i+1])))
	}
	norm := Sqrt(sum)
	factor := Min(OnesLike(norm), Inverse(norm))
	for i := 0; i < len(in); i += 5 {
		p, grad, m, v, e := in[i], Mul(in[i+1], factor), in[i+2], in[i+3], in[i+4]
		m = Add(MulScalar(m, 0.9), MulScalar(grad, 0.1))
		v = Add(MulScalar(v, 0.999), MulScalar(Square(grad), 0.001))
		p = Sub(p, MulScalar(Add(Div(m, AddScalar(Sqrt(v), 1e-8)), MulScalar(p, 0.1)), 0.01))
		out = append(out, p, m, v, Add(MulScalar(e, 0.99), MulScalar(p, 0.01)))
	}
	return append(out, norm)
}

// stepped runs f on copies of inputs, all of them donated or none, and returns the results.
func stepped(t *testing.T, backend compute.Backend, inputs []*tensors.Tensor, donate bool, f func(in []*Node) []*Node) (out [][]float32) {
	t.Helper()
	e, err := NewExec(backend, f)
	fatal(t, err)
	var args []any
	for _, x := range inputs {
		x, err := x.Clone()
		fatal(t, err)
		args = append(args, x)
		if donate {
			fatal(t, x.MaterializeOnDevice(backend, true, 0))
			args[len(args)-1], err = DonateTensorBuffer(x, backend, 0)
			fatal(t, err)
		}
	}
	results, err := e.Call(args...)
	fatal(t, err)
	for _, r := range results {
		out = append(out, tensors.MustCopyFlatData[float32](r))
	}
	return out
}

// The step of an optimiser is a few steps of a plan, however many parameters there are, each new value lies where a donated
// one did, and the bits depend neither on that nor on the number of threads.
func TestUpdatesOfParametersRunTogether(t *testing.T) {
	random := rand.New(rand.NewPCG(21, 22))
	var inputs []*tensors.Tensor
	for _, dims := range parameters {
		for range 5 {
			x := tensors.FromFlatDataAndDimensions(make([]float32, product(dims)), dims...)
			tensors.MustMutableFlatData(x, func(flat []float32) {
				for i := range flat {
					flat[i] = float32(math.Abs(random.NormFloat64())) // v is a mean of squares
				}
			})
			inputs = append(inputs, x)
		}
	}
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	want := stepped(t, reference, inputs, false, adamW)
	for _, table := range kernel.Available() {
		useFlavour(t, table.Flavour)
		apart := stepped(t, openBackend(t, "fuse=elementwise"), inputs, false, adamW)
		for i := range want {
			for k, x := range apart[i] {
				// a dozen roundings, more in the norm, whose terms Go adds one by one
				if w := want[i][k]; math.Abs(float64(x-w)) > 3e-5*math.Max(1, math.Abs(float64(w))) {
					t.Fatalf("%s: result %d [%d] is %g, the Go backend has %g", table.Flavour, i, k, x, w)
				}
			}
		}
		for _, threads := range []int{1, 2, 3, 5} {
			for _, donate := range []bool{false, true} {
				t.Setenv("DYT_THREADS", strconv.Itoa(threads))
				backend := openPlanned(t)
				got := stepped(t, backend, inputs, donate, adamW)
				for i := range got {
					if !slices.Equal(got[i], apart[i]) {
						t.Fatalf("%s, %d threads, donated %v: result %d differs from that of a step for each parameter", table.Flavour, threads, donate, i)
					}
				}
				p := backend.last()
				// sums, sums of one number, what is computed of single numbers, updates
				if n := len(p.Steps); n > 4 {
					t.Fatalf("%d steps, expected at most 4:\n%s", n, p)
				}
				taken := make(map[int]bool)
				for i, v := range p.Func.Results[:len(p.Func.Results)-1] {
					from := p.Places[v.ID].From
					if v.Shape.Size() > 1 && (from == nil || taken[from.ID]) {
						t.Fatalf("result %d does not lie where a parameter did that no other one takes", i)
					}
					if from != nil {
						taken[from.ID] = true
					}
				}
			}
		}
	}
}

func product(dims []int) int {
	n := 1
	for _, d := range dims {
		n *= d
	}
	return n
}

// Whatever else is computed of donated arrays, before and after results take their memory, the results are those of arrays that
// were not donated.
func TestDonatedArraysAreReadBeforeTheyAreWritten(t *testing.T) {
	random := rand.New(rand.NewPCG(23, 24))
	for _, table := range kernel.Available() {
		useFlavour(t, table.Flavour)
		backend := openPlanned(t)
		inPlace := 0
		for n := range 150 {
			rows, cols := []int{1, 3, 40}[random.IntN(3)], []int{5, 16, 70, 3000}[random.IntN(4)]
			inputs := []*tensors.Tensor{waves(rows, cols, 1), waves(rows, cols, 2), waves(rows, cols, 3), waves(1, cols, 4), waves(rows, 1, 5)}
			seed := random.Uint64()
			f := func(in []*Node) []*Node { return grown(rand.New(rand.NewPCG(seed, 1)), in) }
			want, got := stepped(t, backend, inputs, false, f), stepped(t, backend, inputs, true, f)
			p := backend.last()
			for i := range want {
				if !slices.EqualFunc(want[i], got[i], func(a, b float32) bool { return a == b || a != a && b != b }) {
					t.Fatalf("%s, graph %d of %dx%d: result %d differs when inputs are donated:\n%s%s", table.Flavour, n, rows, cols, i, p.Func, p)
				}
			}
			for _, v := range p.Func.Results {
				if p.Places[v.ID].From != nil {
					inPlace++
				}
			}
		}
		if inPlace < 100 {
			t.Errorf("%s: only %d results lie where parameters did", table.Flavour, inPlace)
		}
	}
}

// grown is a random graph of element-wise ops, sums of rows and of columns and reversed arrays.
func grown(random *rand.Rand, in []*Node) (out []*Node) {
	nodes := slices.Clone(in)
	pick := func() *Node { return nodes[random.IntN(len(nodes))] }
	rows, cols := in[0].Shape().Dimensions[0], in[0].Shape().Dimensions[1]
	for range 4 + random.IntN(12) {
		a, b := pick(), pick()
		switch random.IntN(9) {
		case 0, 1:
			a = Add(a, b)
		case 2, 3:
			a = Mul(a, b)
		case 4:
			a = Sub(MulScalar(a, 0.5), b)
		case 5:
			a = Tanh(a)
		case 6:
			a = Where(GreaterThan(a, b), Add(a, b), Neg(ZerosLike(Add(a, b))))
		case 7:
			a = Add(a, ReduceAndKeep(b, ReduceSum, random.IntN(2)))
		default:
			a = Reverse(a, 1)
		}
		nodes = append(nodes, a)
	}
	for _, x := range nodes[len(in):] {
		if random.IntN(3) == 0 {
			out = append(out, BroadcastToDims(x, rows, cols))
		}
	}
	return append(out, AddScalar(BroadcastToDims(pick(), rows, cols), 1))
}

// A result of as many elements as a donated parameter, and another shape, has its own shape.
func TestResultsKeepTheirShape(t *testing.T) {
	p := compile(t, openBackend(t, ""), [][]int{{1536}, {32, 48}}, func(f compute.Function, in []compute.Value) []compute.Value {
		return []compute.Value{must(f.Add(must(f.Reshape(in[0], 32, 48)), in[1]))}
	})
	outputs, err := p.Execute(p.inputs, []bool{true, false}, 0)
	fatal(t, err)
	shape, err := outputs[0].Shape()
	fatal(t, err)
	if want := p.Outputs()[0]; !shape.Equal(want) {
		t.Errorf("the result's shape is %s, expected %s", shape, want)
	}
}
