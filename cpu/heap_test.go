//go:build !race

package cpu_test

// The race detector makes sync.Pool forget at random, so what it leaves for the collector says nothing.

import (
	"math"
	"runtime"
	"runtime/debug"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/exec"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo"
)

// heapBytes is what each of several calls of f leaves on the heap for the collector: the least of them, since a call that begins on
// another processor than the last one may find what was given back there out of its reach, such as the 112 bytes of the runtime
// with which a goroutine waits. The collector rests meanwhile: it empties the pools that f takes its memory from, and how often it
// comes depends on what else runs.
func heapBytes(calls int, f func()) int {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC() // ends a collection that is under way
	f()
	list := make([]int, calls)
	for i := range list {
		list[i] = allocated(f)
	}
	return slices.Min(list)
}

// allocated counts the bytes that f takes from the heap.
func allocated(f func()) int {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc - before.TotalAlloc)
}

// besideHandles is the most that an execution may leave for the collector beside the handles of its results.
const besideHandles = 64

// handles is what n results take: compute.Executable returns a slice of interfaces, 16 bytes a result, and behind each is a handle
// of 24, which is never used again, so that a buffer that ended is known as such for as long as somebody holds it.
func handles(n int) int {
	return heapBytes(3, func() { held, kept = make([]compute.Buffer, n), make([]exec.Buffer, n) })
}

var (
	held []compute.Buffer
	kept []exec.Buffer
)

// An execution leaves the handles of its results to the collector, and beside them as much for a thousand steps as for one.
func TestExecuteLeavesHandlesForTheCollector(t *testing.T) {
	backend := openBackend(t, "")
	least, most := math.MaxInt, 0
	for _, depth := range []int{1, 10, 100, 300} {
		p := compile(t, backend, [][]int{{8, 32}, {32, 32}}, layers(depth))
		got, own := heapBytes(100, func() { p.run(t) }), handles(depth+1)
		t.Logf("%d layers: %d bytes, %d of them handles", depth, got, own)
		least, most = min(least, got-own), max(most, got-own)
	}
	if least != most || most > besideHandles {
		t.Errorf("beside handles, executions leave %d to %d bytes, expected the same number of at most %d", least, most, besideHandles)
	}
}

// A training step, of parameters and averages that are donated and come back updated, leaves no more.
func TestTrainingStepLeavesHandlesForTheCollector(t *testing.T) {
	backend := openPlanned(t)
	arch, err := zoo.Find("llama")
	fatal(t, err)
	for _, variant := range []string{"test", "0.87M"} {
		n, err := newNetwork(backend.Backend, arch, variant, norm.DyT, 2)
		fatal(t, err)
		e, err := n.trainer(backend.Backend)
		fatal(t, err)
		_, err = n.step(e, 1)
		fatal(t, err)
		all := backend.Executables()
		step := all[len(all)-1]
		got, own := donating(t, backend, step, 30), handles(len(step.Outputs()))
		t.Logf("%s: %d bytes, %d of them the handles of %d results", variant, got, own, len(step.Outputs()))
		if got-own > besideHandles {
			t.Errorf("%s: a step leaves %d bytes beside handles, expected at most %d", variant, got-own, besideHandles)
		}
	}
}

// donating is the least that executions leave, each of which is given all of its inputs, of zeros.
func donating(t *testing.T, backend compute.Backend, e *exec.Executable, calls int) int {
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	runtime.GC() // ends a collection that is under way
	_, shapes := e.Inputs()
	inputs, donate := make([]compute.Buffer, len(shapes)), make([]bool, len(shapes))
	list := make([]int, calls)
	for i := range list {
		for k, s := range shapes {
			var err error
			inputs[k], err = backend.BufferFromFlatData(0, dtypes.MakeAnySlice(s.DType, s.Size()), s)
			fatal(t, err)
			donate[k] = true
		}
		var outputs []compute.Buffer
		list[i] = allocated(func() {
			var err error
			outputs, err = e.Execute(inputs, donate, 0)
			fatal(t, err)
		})
		for _, b := range outputs {
			fatal(t, b.Finalize())
		}
	}
	return slices.Min(list)
}

// The states of a loop that are left behind are used again, and so is what its steps hold arguments in.
func TestLoopsLeaveNothing(t *testing.T) {
	backend := openBackend(t, "")
	p := compile(t, backend, [][]int{{64, 64}}, func(f compute.Function, in []compute.Value) []compute.Value {
		turns := must(f.Constant([]int32{100}))
		return loop(t, f, turns, in, []shapes.Shape{shapes.Make(dtypes.Float32, 64, 64)}, func(f compute.Function, in []compute.Value) []compute.Value {
			return []compute.Value{must(f.Tanh(in[1]))}
		})[1:]
	})
	if got := heapBytes(100, func() { p.run(t) }) - handles(1); got > besideHandles {
		t.Errorf("a loop of 100 turns leaves %d bytes for the collector beside a handle, expected at most %d", got, besideHandles)
	}
}

// What a delegated step makes is given back, and a view of a native result that enters one is seen with its own shape.
func TestDelegatedStepsGiveMemoryBack(t *testing.T) {
	backend := openBackend(t, "")
	p := compile(t, backend, [][]int{{512, 512}, {512, 512}}, func(f compute.Function, in []compute.Value) []compute.Value {
		view := must(f.Transpose(must(f.Add(in[0], in[1])), 1, 0))
		x := must(f.Reverse(must(f.Reshape(view, 256, 1024)), 1))
		return []compute.Value{must(f.ReduceSum(x, 0, 1))}
	})
	if got := heapBytes(100, func() { p.run(t) }); got > 16<<10 {
		t.Errorf("an execution with a delegated step of 1 MB leaves %d bytes for the collector", got)
	}
}
