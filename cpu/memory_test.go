package cpu_test

import (
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu"
)

// program is a compiled function with its inputs.
type program struct {
	compute.Executable
	inputs []compute.Buffer
}

// compile builds a function of float32 parameters of the given shapes, which hold 0.5.
func compile(t testing.TB, backend compute.Backend, dims [][]int, f func(f compute.Function, in []compute.Value) []compute.Value) program {
	t.Helper()
	builder := backend.Builder(t.Name())
	main := builder.Main()
	var p program
	var values []compute.Value
	for i, d := range dims {
		shape := shapes.Make(dtypes.Float32, d...)
		v, err := main.Parameter(fmt.Sprint("p", i), shape, nil)
		fatal(t, err)
		b, err := backend.BufferFromFlatData(0, pattern(shape.Size(), func(int) float32 { return 0.5 }), shape)
		fatal(t, err)
		values, p.inputs = append(values, v), append(p.inputs, b)
	}
	fatal(t, main.Return(f(main, values), nil))
	var err error
	p.Executable, err = builder.Compile()
	fatal(t, err)
	return p
}

// run executes p and finalizes the results.
func (p program) run(t testing.TB) {
	t.Helper()
	outputs, err := p.Execute(p.inputs, nil, 0)
	fatal(t, err)
	for _, b := range outputs {
		fatal(t, b.Finalize())
	}
}

// layers is a function of depth layers of matrix products, reductions and element-wise ops, each with a result of its own.
func layers(depth int) func(f compute.Function, in []compute.Value) []compute.Value {
	return func(f compute.Function, in []compute.Value) []compute.Value {
		x, w := in[0], in[1]
		var results []compute.Value
		for range depth {
			y := must(f.DotGeneral(x, []int{1}, nil, w, []int{0}, nil, compute.DotGeneralConfig{}))
			row := must(f.Reshape(must(f.ReduceMax(y, 1)), 8, 1))
			x = must(f.Tanh(must(f.Sub(y, row))))
			results = append(results, must(f.ReduceSum(x, 0)))
		}
		return append(results, x)
	}
}

// Memory does not grow with executions, nor with functions that are compiled, run and dropped.
func TestMemoryDoesNotGrow(t *testing.T) {
	backend := openBackend(t, "")
	steps, compiles := 10_000, 1_000
	if testing.Short() {
		steps, compiles = 1_000, 100
	}
	p := compile(t, backend, [][]int{{8, 32}, {32, 32}}, layers(3))
	checkGrowth(t, "executions", steps, func(int) { p.run(t) })
	checkGrowth(t, "functions", compiles, func(i int) {
		n := 16 + i%50
		dims := [][]int{{8, n}, {n, n}, {1 + i}} // no two alike: nothing may be kept for each
		p := compile(t, backend, dims, func(f compute.Function, in []compute.Value) []compute.Value {
			return append(layers(2)(f, in), must(f.ReduceSum(must(f.Tanh(in[2])), 0)), must(f.Reverse(in[2], 0)))
		})
		p.run(t)
		p.Finalize()
		for _, b := range p.inputs {
			fatal(t, b.Finalize())
		}
	})
}

// checkGrowth compares the live heap and the goroutines after a tenth of n calls with those after all of them.
func checkGrowth(t *testing.T, what string, n int, f func(i int)) {
	t.Helper()
	live := func() (int, int) {
		var m runtime.MemStats
		runtime.GC() // twice: what a sync.Pool holds goes in the second
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc), runtime.NumGoroutine()
	}
	for i := range n / 10 {
		f(i)
	}
	heap, goroutines := live()
	for i := range n {
		f(i)
	}
	heapAfter, goroutinesAfter := live()
	t.Logf("%d %s: heap %d -> %d KB", n, what, heap>>10, heapAfter>>10)
	// 256 KB: tables of the runtime and of the delegate that fill up late; a leak of 300 bytes a call is more.
	if heapAfter > heap+256<<10 || goroutinesAfter > goroutines {
		t.Errorf("%d %s: the heap went from %d to %d KB, goroutines from %d to %d", n, what, heap>>10, heapAfter>>10, goroutines, goroutinesAfter)
	}
}

// TestAPlanThatDoesNotFitSaysSo asks for an intermediate value of 4 TiB.
func TestAPlanThatDoesNotFitSaysSo(t *testing.T) {
	backend, _ := openBackends(t)
	const n = 1 << 20
	p := compile(t, backend, [][]int{{n, 1}, {1, n}}, func(f compute.Function, in []compute.Value) []compute.Value {
		product := must(f.DotGeneral(in[0], []int{1}, nil, in[1], []int{0}, nil, compute.DotGeneralConfig{}))
		return []compute.Value{must(f.DotGeneral(product, []int{0, 1}, nil, product, []int{0, 1}, nil, compute.DotGeneralConfig{})), must(f.ReduceSum(product, 0, 1))}
	})
	_, err := p.Execute(p.inputs, nil, 0)
	var large *cpu.TooLarge
	if !errors.As(err, &large) || !strings.Contains(err.Error(), t.Name()) || large.Need < 4*n*n {
		t.Fatalf("%v", err)
	}
}

// What a finalized executable kept while it ran goes back at once.
func TestFinalizedExecutablesKeepNothing(t *testing.T) {
	heap := func() int {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int(m.HeapAlloc)
	}
	backend := openBackend(t, "")
	p := compile(t, backend, [][]int{{4096, 64}, {64, 2048}}, func(f compute.Function, in []compute.Value) []compute.Value {
		wide := must(f.DotGeneral(in[0], []int{1}, nil, in[1], []int{0}, nil, compute.DotGeneralConfig{}))
		largest := must(f.ReduceMax(wide, 1))
		return []compute.Value{must(f.ReduceSum(must(f.Exp(must(f.Sub(wide, must(f.Reshape(largest, 4096, 1)))))), 1))}
	})
	runtime.GC()
	before := heap()
	p.run(t)
	const arena = 4096 * 2048 * 4 // bytes of wide
	if kept := heap() - before; kept < arena {
		t.Fatalf("%d bytes are in use, expected an arena of %d at least", kept, arena)
	}
	p.Finalize()
	if kept := heap() - before; kept > arena/4 {
		t.Errorf("%d bytes are in use after the executable has ended, expected few", kept)
	}
}
