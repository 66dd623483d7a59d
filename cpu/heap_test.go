//go:build !race

package cpu_test

// The race detector makes sync.Pool forget at random, so what it leaves for the collector says nothing.

import (
	"runtime"
	"runtime/debug"
	"testing"
	"unsafe"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/exec"
)

// heapBytes is what f leaves on the heap for the collector, per call. The collector rests meanwhile: it empties the pools
// that f takes its memory from, and how often it comes depends on what else runs.
func heapBytes(f func()) int {
	const calls = 100
	defer debug.SetGCPercent(debug.SetGCPercent(-1))
	f()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for range calls {
		f()
	}
	runtime.ReadMemStats(&after)
	return int(after.TotalAlloc-before.TotalAlloc) / calls
}

// An execution leaves less than 4 KB for the collector, whatever the number of steps, besides a handle for each result.
func TestExecuteLeavesLittleForTheCollector(t *testing.T) {
	backend := openBackend(t, "")
	handle := int(unsafe.Sizeof(exec.Buffer{}) + unsafe.Sizeof(compute.Buffer(nil)))
	for _, depth := range []int{1, 10, 100, 300} {
		p := compile(t, backend, [][]int{{8, 32}, {32, 32}}, layers(depth))
		got := heapBytes(func() { p.run(t) })
		beside := got - (depth+1)*handle
		t.Logf("%d layers: %d bytes, %d besides handles of %d bytes", depth, got, beside, handle)
		if beside > 4<<10 {
			t.Errorf("%d layers: an execution leaves %d bytes besides the handles of its results, expected at most 4096", depth, beside)
		}
	}
}

// The states of a loop that are left behind are used again.
func TestLoopsLeaveNothing(t *testing.T) {
	backend := openBackend(t, "")
	p := compile(t, backend, [][]int{{64, 64}}, func(f compute.Function, in []compute.Value) []compute.Value {
		turns := must(f.Constant([]int32{100}))
		return loop(t, f, turns, in, []shapes.Shape{shapes.Make(dtypes.Float32, 64, 64)}, func(f compute.Function, in []compute.Value) []compute.Value {
			return []compute.Value{must(f.Tanh(in[1]))}
		})[1:]
	})
	if got := heapBytes(func() { p.run(t) }); got > 4<<10 {
		t.Errorf("a loop of 100 turns leaves %d bytes for the collector, expected at most 4096", got)
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
	if got := heapBytes(func() { p.run(t) }); got > 16<<10 {
		t.Errorf("an execution with a delegated step of 1 MB leaves %d bytes for the collector", got)
	}
}
