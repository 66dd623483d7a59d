package cpu_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

const donatedWidth = 24

var donatedShape = shapes.Make(dtypes.Float32, donatedWidth, donatedWidth)

// steps writes graphs of square matrices.
type steps struct {
	compute.Function
	t testing.TB
}

func (f steps) mm(a, b compute.Value) compute.Value {
	return must(f.DotGeneral(a, []int{1}, nil, b, []int{0}, nil, compute.DotGeneralConfig{}))
}
func (f steps) tr(a compute.Value) compute.Value     { return must(f.Transpose(a, 1, 0)) }
func (f steps) th(a compute.Value) compute.Value     { return must(f.Tanh(a)) }
func (f steps) add(a, b compute.Value) compute.Value { return must(f.Add(a, b)) }
func (f steps) mul(a, b compute.Value) compute.Value { return must(f.Mul(a, b)) }
func (f steps) branch(body func(steps) []compute.Value) compute.Function {
	return closure(f.t, f.Function, nil, func(g compute.Function, _ []compute.Value) []compute.Value { return body(steps{g, f.t}) })
}

// donations are graphs whose results may take over the memory of inputs a, b and c that other steps still read.
var donations = []struct {
	name  string
	graph func(f steps, a, b, c compute.Value) []compute.Value
}{
	{"epilogue over A", func(f steps, a, b, c compute.Value) []compute.Value {
		return []compute.Value{f.add(f.mm(a, b), a)}
	}},
	{"epilogue over B", func(f steps, a, b, c compute.Value) []compute.Value {
		return []compute.Value{f.th(f.add(f.mm(a, b), b))}
	}},
	{"epilogue over both", func(f steps, a, b, c compute.Value) []compute.Value {
		y := f.mm(a, b)
		return []compute.Value{f.add(y, a), f.add(y, b)}
	}},
	{"epilogue over square", func(f steps, a, b, c compute.Value) []compute.Value {
		return []compute.Value{f.add(f.mm(a, a), a)}
	}},
	{"epilogue over C and later read", func(f steps, a, b, c compute.Value) []compute.Value {
		y := f.add(f.mm(a, b), c)
		return []compute.Value{y, f.mm(y, c)}
	}},
	{"update read after", func(f steps, a, b, c compute.Value) []compute.Value {
		y := f.add(a, c)
		return []compute.Value{y, f.add(f.mm(a, b), y)}
	}},
	{"update and transpose", func(f steps, a, b, c compute.Value) []compute.Value {
		y := f.add(a, f.tr(a))
		return []compute.Value{y}
	}},
	{"update product of transposed", func(f steps, a, b, c compute.Value) []compute.Value {
		return []compute.Value{f.add(f.mm(f.tr(a), b), a), f.mul(a, b)}
	}},
	{"prologue of donated", func(f steps, a, b, c compute.Value) []compute.Value {
		x := f.th(f.add(a, c))
		return []compute.Value{f.add(f.mm(x, b), a)}
	}},
	{"prologue of donated, C", func(f steps, a, b, c compute.Value) []compute.Value {
		x := f.th(f.add(a, c))
		y := f.mm(x, b)
		return []compute.Value{f.th(f.add(y, c)), f.mul(y, a)}
	}},
	{"prologue, B over", func(f steps, a, b, c compute.Value) []compute.Value {
		x := f.th(f.add(a, b))
		return []compute.Value{f.add(f.mm(x, b), b)}
	}},
	{"prologue reads a product", func(f steps, a, b, c compute.Value) []compute.Value {
		z := f.mm(b, c)
		x := f.th(f.mul(a, z))
		return []compute.Value{f.add(f.mm(x, z), a), z}
	}},
	{"two of one A", func(f steps, a, b, c compute.Value) []compute.Value {
		return []compute.Value{f.add(f.mm(a, b), a), f.add(f.mm(a, c), c)}
	}},
	{"swap", func(f steps, a, b, c compute.Value) []compute.Value {
		return []compute.Value{f.th(b), f.th(a), f.add(a, b)}
	}},
	{"pass and update", func(f steps, a, b, c compute.Value) []compute.Value {
		return []compute.Value{b, a, f.add(a, b), f.add(c, b)}
	}},
	{"chain of two products", func(f steps, a, b, c compute.Value) []compute.Value {
		x := f.th(f.mm(a, b))
		return []compute.Value{f.add(f.add(f.mm(x, c), f.mm(a, c)), a), x}
	}},
	{"later product in chain", func(f steps, a, b, c compute.Value) []compute.Value {
		y := f.mm(a, b)
		z := f.mm(y, c)
		return []compute.Value{f.add(f.mul(y, z), a), y}
	}},
	{"row sums", func(f steps, a, b, c compute.Value) []compute.Value {
		r := must(f.BroadcastInDim(must(f.ReduceSum(a, 1)), donatedShape, []int{0}))
		k := must(f.BroadcastInDim(must(f.ReduceSum(a, 0)), donatedShape, []int{1}))
		return []compute.Value{f.add(a, r), f.add(b, k), f.add(f.mm(r, c), c)}
	}},
	{"where over donated", func(f steps, a, b, c compute.Value) []compute.Value {
		seen := must(f.GreaterThan(must(f.ReduceSum(c, 1)), must(f.Constant([]float32{0.013})))) // sums are multiples of 0.05
		seen = must(f.BroadcastInDim(seen, shapes.Make(dtypes.Bool, donatedWidth, donatedWidth), []int{0}))
		return []compute.Value{must(f.Where(seen, b, a)), must(f.Where(seen, f.tr(c), c)), must(f.Where(seen, a, b))}
	}},
	{"if captures donated", func(f steps, a, b, c compute.Value) []compute.Value {
		positive := must(f.GreaterThan(must(f.ReduceSum(c)), must(f.Constant([]float32{0}))))
		y := f.add(a, c)
		either := f.branch(func(g steps) []compute.Value { return []compute.Value{g.add(a, y), a} })
		or := f.branch(func(g steps) []compute.Value { return []compute.Value{g.mul(a, y), b} })
		o, err := f.If(positive, either, or)
		fatal(f.t, err)
		return []compute.Value{y, o[0], o[1], f.add(b, o[1])}
	}},
}

// TestDonatedInputsThatOthersRead runs them with every choice of what is donated, twice each, and compares the results with the Go
// backend's, which is given nothing to keep.
func TestDonatedInputsThatOthersRead(t *testing.T) {
	_, reference := openBackends(t)
	for _, config := range []string{"fuse=always", ""} {
		for _, threads := range []string{"1", "2"} {
			t.Setenv("DYT_THREADS", threads)
			ours := openBackend(t, config)
			for _, c := range donations {
				graph := func(f compute.Function, in []compute.Value) []compute.Value {
					return c.graph(steps{f, t}, in[0], in[1], in[2])
				}
				want := runDonated(t, reference, graph, 0)
				for mask := range 8 {
					t.Run(fmt.Sprintf("%s/%s/threads=%s/donated=%03b", c.name, config, threads, mask), func(t *testing.T) {
						alike(t, "ours", runDonated(t, ours, graph, mask), want)
					})
				}
			}
		}
	}
}

// runDonated runs a graph of three inputs twice, donates those whose bits are set, and returns what the second run gave.
func runDonated(t *testing.T, b compute.Backend, graph func(compute.Function, []compute.Value) []compute.Value, mask int) [][]float32 {
	t.Helper()
	builder := b.Builder("donated")
	f := builder.Main()
	in := make([]compute.Value, 3)
	for i := range in {
		in[i] = must(f.Parameter(fmt.Sprint("p", i), donatedShape, nil))
	}
	fatal(t, f.Return(graph(f, in), nil))
	e, err := builder.Compile()
	fatal(t, err)
	var out [][]float32
	for range 2 {
		out = nil
		buffers, isDonated := make([]compute.Buffer, 3), make([]bool, 3)
		for i := range buffers {
			buffers[i], err = b.BufferFromFlatData(0, donated(i), donatedShape)
			fatal(t, err)
			isDonated[i] = mask>>i&1 == 1
		}
		for _, r := range execute(t, e, buffers, isDonated...) {
			out = append(out, slices.Clone(floats(t, r)))
		}
	}
	return out
}

// donated is the numbers of input i.
func donated(i int) []float32 {
	x := make([]float32, donatedShape.Size())
	for k := range x {
		x[k] = float32((k*(i+3)*7+i*5)%31-15) / 20
	}
	return x
}
