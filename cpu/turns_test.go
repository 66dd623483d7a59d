//go:build !race

package cpu_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// A turn costs at most 5 us beyond its body, and a choice in the body 5 us more. The bodies are one addition; the bound holds
// for the quickest of several loops, since the machine may be busy. Under the race detector it says nothing. On two quiet cores (Zen 3)
// one thread took 1.4 and 2.6 us, two took 3.7 and 5.8.
func TestTurnsAreCheap(t *testing.T) {
	const turns, limit = 2000, 5 * time.Microsecond
	twice := func(f compute.Function, x compute.Value) []compute.Value { return []compute.Value{must(f.Add(x, x))} }
	chosen := func(f compute.Function, x, i compute.Value) []compute.Value {
		branch := func(f compute.Function, _ []compute.Value) []compute.Value { return twice(f, x) }
		out, err := f.If(must(f.LessThan(i, must(f.Constant([]int32{turns / 2})))), closure(t, f, nil, branch), closure(t, f, nil, branch))
		fatal(t, err)
		return out
	}
	for _, threads := range []int{1, 2} {
		t.Setenv("DYT_THREADS", strconv.Itoa(threads))
		backend := openBackend(t, "")
		for _, c := range []struct {
			name  string
			body  func(f compute.Function, in []compute.Value) []compute.Value
			limit time.Duration
		}{
			{"turn", func(f compute.Function, in []compute.Value) []compute.Value { return twice(f, in[1]) }, limit},
			{"turn with a choice", func(f compute.Function, in []compute.Value) []compute.Value { return chosen(f, in[1], in[0]) }, 2 * limit},
		} {
			p := compile(t, backend, [][]int{{}}, func(f compute.Function, in []compute.Value) []compute.Value {
				return loop(t, f, must(f.Constant([]int32{turns})), in, []shapes.Shape{shapes.Make(dtypes.Float32)}, c.body)
			})
			best := time.Hour
			for range 30 {
				start := time.Now()
				p.run(t)
				best = min(best, time.Since(start)/turns)
			}
			t.Logf("%d threads: a %s takes %v", threads, c.name, best)
			if threads == 1 && best > c.limit { // two meet at a barrier in every turn, which is as quick as whoever else uses their cores lets it be
				t.Errorf("%d threads: a %s takes %v, expected at most %v", threads, c.name, best, c.limit)
			}
		}
	}
}
