package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/build"
	"github.com/dyt-go/dyt/cpu/eval"
)

// randomGraph issues the same random ops to any function: a seed gives one graph. Values stay within largest, so that
// results of two backends differ by rounding alone.
type randomGraph struct {
	random *rand.Rand
	f      compute.Function
	values []compute.Value
	sizes  []float64 // what the magnitude of each value stays below
	offs   []float64 // how far float32 may be off in it
	bounds []float64 // the same of each result
	log    []string
}

// largest is how big a value may get before the next one is cut to 2.
const largest = 8

func (g *randomGraph) shape(v compute.Value) []int {
	s, err := g.f.Shape(v)
	if err != nil {
		panic(err)
	}
	return s.Dimensions
}

func (g *randomGraph) pick() compute.Value {
	if n := len(g.values); n > 6 && g.random.IntN(3) > 0 {
		return g.values[n-1-g.random.IntN(6)] // deep rather than wide
	}
	return g.values[g.random.IntN(len(g.values))]
}

// add keeps a value whose magnitude is at most size, or its bounded form. off is how far float32 may be off in it, but for
// the rounding of the value itself.
func (g *randomGraph) add(name string, v compute.Value, err error, size, off float64) {
	if err != nil {
		panic(fmt.Sprintf("%s: %v\n%s", name, err, strings.Join(g.log, "\n")))
	}
	g.log = append(g.log, fmt.Sprintf("%d: %s -> %v", len(g.values), name, g.shape(v)))
	off += 6 * size * 0x1p-24 // the ULP that tanh and erf may be off, of numbers below size
	if size > largest {
		v, size = g.bounded(v), 2
	}
	g.values, g.sizes, g.offs = append(g.values, v), append(g.sizes, size), append(g.offs, off)
}

// sumOff is how far a float32 sum of n terms of magnitude size may be off: each of its roundings is half a unit of a partial
// sum of at most n*size, and n roundings of random sign make sqrt(n) times that, taken twice.
func sumOff(n int, size, off float64) float64 {
	return float64(n)*off + 2*math.Sqrt(float64(n))*float64(n)*size*0x1p-24
}

func (g *randomGraph) off(v compute.Value) float64 { return g.offs[slices.Index(g.values, v)] }

func (g *randomGraph) size(v compute.Value) float64 { return g.sizes[slices.Index(g.values, v)] }

func (g *randomGraph) scalar(x float32) compute.Value {
	v, err := g.f.Constant([]float32{x})
	if err != nil {
		panic(err)
	}
	return v
}

// bounded keeps a value within -2 and 2.
func (g *randomGraph) bounded(v compute.Value) compute.Value {
	low, err := g.f.Max(v, g.scalar(-2))
	if err != nil {
		panic(err)
	}
	v, err = g.f.Min(low, g.scalar(2))
	if err != nil {
		panic(err)
	}
	return v
}

// buildRandom records the graph of a seed, ready to be compiled, and returns its inputs.
func buildRandom(backend compute.Backend, seed uint64, ops int) (g *randomGraph, builder compute.Builder, inputs []eval.Array) {
	g = &randomGraph{random: rand.New(rand.NewPCG(seed, 3))}
	builder = backend.Builder(fmt.Sprintf("random%d", seed))
	g.f = builder.Main()
	for i := range 3 {
		dims := make([]int, 1+g.random.IntN(3))
		for k := range dims {
			dims[k] = []int{1, 2, 3, 4, 6, 17, 33}[g.random.IntN(7)]
		}
		if g.random.IntN(8) == 0 {
			dims[g.random.IntN(len(dims))] = 300 // several tiles
		}
		shape := shapes.Make(dtypes.Float32, dims...)
		flat := make([]float32, shape.Size())
		for k := range flat {
			flat[k] = float32(g.random.NormFloat64())
		}
		v, err := g.f.Parameter(fmt.Sprint("p", i), shape, nil)
		g.add("parameter", v, err, 6, 0)
		inputs = append(inputs, eval.Of(shape, flat))
	}
	for range ops {
		g.step()
	}
	var outputs []compute.Value
	for range 1 + g.random.IntN(4) {
		outputs = append(outputs, g.pick())
	}
	outputs = append(outputs, g.values[len(g.values)-1])
	for _, v := range outputs {
		g.bounds = append(g.bounds, g.off(v))
	}
	if err := g.f.Return(outputs, nil); err != nil {
		panic(err)
	}
	return g, builder, inputs
}

// runRandom builds the graph of a seed, runs it, with its inputs donated or not, and returns its results.
func runRandom(backend compute.Backend, seed uint64, ops int, donated bool) ([][]float32, *randomGraph) {
	g, builder, inputs := buildRandom(backend, seed, ops)
	var buffers []compute.Buffer
	var donate []bool
	for _, in := range inputs {
		donate = append(donate, donated)
		b, err := backend.BufferFromFlatData(0, float32s(in), in.Shape)
		if err != nil {
			panic(err)
		}
		buffers = append(buffers, b)
	}
	exec, err := builder.Compile()
	if err != nil {
		panic(fmt.Sprintf("%v\n%s", err, strings.Join(g.log, "\n")))
	}
	defer exec.Finalize()
	results, err := exec.Execute(buffers, donate, 0)
	if err != nil {
		panic(err)
	}
	var flats [][]float32
	for i, r := range results {
		if shape, err := r.Shape(); err != nil || !shape.Equal(exec.Outputs()[i]) {
			panic(fmt.Sprintf("result %d is %s, %v, expected %s\n%s", i, shape, err, exec.Outputs()[i], strings.Join(g.log, "\n")))
		}
		flat, err := r.Data()
		if err != nil {
			panic(err)
		}
		flats = append(flats, flat.([]float32))
	}
	return flats, g
}

// evalRandom evaluates what ours records of the graph of a seed.
func evalRandom(ours compute.Backend, seed uint64, ops int) ([][]float32, *randomGraph) {
	g, _, inputs := buildRandom(ours, seed, ops)
	results, err := eval.Run(g.f.(*build.Function).IR(), inputs)
	if err != nil {
		panic(fmt.Sprintf("%v\n%s", err, strings.Join(g.log, "\n")))
	}
	var flats [][]float32
	for _, r := range results {
		flats = append(flats, float32s(r))
	}
	return flats, g
}

func float32s(a eval.Array) []float32 {
	flat := make([]float32, len(a.Elems))
	for i, x := range a.Elems {
		flat[i] = float32(x)
	}
	return flat
}

// checkRandom compares our results of a seed's graph with eval's and, when there is one, another backend's.
func checkRandom(t *testing.T, ours, reference compute.Backend, seed uint64) {
	t.Helper()
	ops := 5 + int(seed%60)
	got, _ := runRandom(ours, seed, ops, false)
	want, g := evalRandom(ours, seed, ops)
	g.compare(t, seed, "eval", got, want)
	again, _ := runRandom(ours, seed, ops, true)
	g.compare(t, seed, "eval, with inputs donated,", again, want)
	if reference != nil {
		want, _ = runRandom(reference, seed, ops, false)
		g.compare(t, seed, "the Go backend", got, want)
	}
}

// compare allows twice what float32 may be off: both may be.
func (g *randomGraph) compare(t *testing.T, seed uint64, who string, got, want [][]float32) {
	t.Helper()
	for i := range want {
		for k := range want[i] {
			a, b := float64(got[i][k]), float64(want[i][k])
			if d := math.Abs(a - b); d > 2*g.bounds[i] || math.IsNaN(a) != math.IsNaN(b) {
				t.Fatalf("seed %d: result %d, element %d: got %g, %s has %g, expected within %g\n%s", seed, i, k, a, who, b, 2*g.bounds[i], strings.Join(g.log, "\n"))
			}
		}
	}
}

func openBackends(tb testing.TB) (ours, reference compute.Backend) {
	tb.Helper()
	var err error
	if ours, err = compute.NewWithConfig("dyt:fuse=always"); err != nil {
		tb.Fatal(err)
	}
	if reference, err = compute.NewWithConfig("go:ops_sequential"); err != nil {
		tb.Fatal(err)
	}
	return ours, reference
}

// Random graphs equal what eval makes of them and what the Go backend makes.
func TestRandomGraphs(t *testing.T) {
	ours, reference := openBackends(t)
	n := uint64(2000)
	if testing.Short() {
		n = 100
	}
	for seed := range n {
		checkRandom(t, ours, reference, seed)
	}
}

// FuzzGraphs takes any seed. A find is kept: go test -fuzz writes its seed to testdata/fuzz/FuzzGraphs, where every go test runs it, and
// whoever mends it names the file by what went wrong. A seed means a graph while randomGraph stays as it is: who changes that takes the
// old fault back in, and looks for a seed that shows it. What these graphs are too small for is a test of its own
// (TestEpilogueOfLongUnits, TestWhatABarrierWaitsForIsNotComputedAgain).
func FuzzGraphs(f *testing.F) {
	ours, reference := openBackends(f)
	f.Add(uint64(0))
	f.Fuzz(func(t *testing.T, seed uint64) { checkRandom(t, ours, reference, seed) })
}
