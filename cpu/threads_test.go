package cpu_test

import (
	"fmt"
	"hash/fnv"
	"reflect"
	"strconv"
	"sync"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/kernel"
)

// Three training steps of every network leave the same bits in every variable for 1, 2 and 4 threads, and a second time,
// in every flavour, with epilogues where they pay and wherever they can be.
func TestResultsDoNotDependOnThreads(t *testing.T) {
	for _, table := range kernel.Available() {
		useFlavour(t, table.Flavour)
		want := make(map[string]string)
		for _, config := range []string{"", "fuse=always"} {
			for _, threads := range []int{1, 2, 4, 2} {
				t.Setenv("DYT_THREADS", strconv.Itoa(threads))
				backend := openBackend(t, config)
				networks(t, backend, func(name string, n *network) {
					key, got := name+" "+config, trained(t, backend, n)
					if want[key] == "" {
						want[key] = got
					}
					if got != want[key] {
						t.Errorf("%s, %s: with %d threads %s, with 1 thread %s", table.Flavour, key, threads, got, want[key])
					}
				})
			}
		}
	}
}

// trained runs three steps and returns the last loss and a hash of all variables.
func trained(t *testing.T, backend compute.Backend, n *network) string {
	t.Helper()
	e, err := n.trainer(backend)
	fatal(t, err)
	var loss float32
	for step := range 3 {
		loss, err = n.step(e, step+1)
		fatal(t, err)
	}
	h := fnv.New64a()
	for v := range n.store.IterVariables() {
		value, err := v.Value()
		fatal(t, err)
		if value.DType() != dtypes.Float32 {
			continue
		}
		fatal(t, value.ConstBytes(func(data []byte) { h.Write(data) }))
	}
	return fmt.Sprintf("loss %v, variables %x", loss, h.Sum64())
}

// One executable in many goroutines: every execution has a frame of its own, and its results are those of an execution
// that runs alone. A delegated sort is among the steps, which the Go backend's own scheduler deadlocks on.
func TestConcurrentExecutions(t *testing.T) {
	t.Setenv("DYT_THREADS", "3")
	backend := openBackend(t, "")
	dims := [][]int{{8, 32}, {32, 32}}
	p := compile(t, backend, dims, func(f compute.Function, in []compute.Value) []compute.Value {
		results := layers(5)(f, in)
		comparator := closure(t, f, []shapes.Shape{shapes.Make(dtypes.Float32), shapes.Make(dtypes.Float32)}, func(f compute.Function, in []compute.Value) []compute.Value {
			return []compute.Value{must(f.LessThan(in[0], in[1]))}
		})
		sorted, err := f.Sort(comparator, 1, true, results[len(results)-1])
		fatal(t, err)
		return append(results, sorted...)
	})
	const inputs, rounds = 8, 40
	var buffers [inputs][]compute.Buffer
	var want [inputs][][]float32
	for i := range buffers {
		x, err := backend.BufferFromFlatData(0, pattern(8*32, func(k int) float32 { return float32(k*(i+1)%31)/31 - 0.5 }), shapes.Make(dtypes.Float32, 8, 32))
		fatal(t, err)
		buffers[i] = []compute.Buffer{x, p.inputs[1]}
		want[i] = results(t, p, buffers[i])
	}
	var all sync.WaitGroup
	for i := range buffers {
		all.Go(func() {
			for round := range rounds {
				if got := results(t, p, buffers[i]); !reflect.DeepEqual(got, want[i]) {
					t.Errorf("input %d, round %d: the results differ from those of an execution that runs alone", i, round)
					return
				}
			}
		})
	}
	all.Wait()
}

// results executes p and copies what it returns. It may run in any goroutine: a failure is no results.
func results(t *testing.T, p program, inputs []compute.Buffer) [][]float32 {
	outputs, err := p.Execute(inputs, nil, 0)
	if err != nil {
		t.Error(err)
		return nil
	}
	var list [][]float32
	for _, b := range outputs {
		flat, err := b.Data()
		if err != nil {
			t.Error(err)
			return nil
		}
		list = append(list, append([]float32(nil), flat.([]float32)...))
		if err := b.Finalize(); err != nil {
			t.Error(err)
		}
	}
	return list
}
