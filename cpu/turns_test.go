//go:build !race

package cpu_test

import (
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// A turn costs at most 5 us beyond its body. The body is one addition; the bound holds for the quickest of several loops,
// since the machine may be busy. Under the race detector it says nothing.
func TestTurnsAreCheap(t *testing.T) {
	const turns, limit = 2000, 5 * time.Microsecond
	t.Setenv("DYT_THREADS", "1")
	backend := openBackend(t, "")
	p := compile(t, backend, [][]int{{}}, func(f compute.Function, in []compute.Value) []compute.Value {
		return loop(t, f, must(f.Constant([]int32{turns})), in, []shapes.Shape{shapes.Make(dtypes.Float32)}, func(f compute.Function, in []compute.Value) []compute.Value {
			return []compute.Value{must(f.Add(in[1], in[1]))}
		})
	})
	best := time.Hour
	for range 30 {
		start := time.Now()
		p.run(t)
		best = min(best, time.Since(start)/turns)
	}
	t.Logf("a turn takes %v", best)
	if best > limit {
		t.Errorf("a turn takes %v, expected at most %v", best, limit)
	}
}
