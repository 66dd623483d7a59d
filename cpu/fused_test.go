package cpu_test

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/eval"
	"github.com/dyt-go/dyt/cpu/plan"
)

// runFused runs a graph with so much fusion on so many threads. It returns what it gives, and its plan.
func runFused(t *testing.T, config, threads string, inputs []any, graph func(x, w, row, array *Node) []*Node) ([][]float32, *plan.Plan) {
	t.Helper()
	t.Setenv("DYT_THREADS", threads)
	backend := planned{openBackend(t, "profile,"+config)}
	var flats [][]float32
	for _, r := range MustNewExec(backend.Backend, graph).MustCall(inputs...) {
		flat, err := tensors.CopyFlatData[float32](r)
		fatal(t, err)
		flats = append(flats, flat)
	}
	return flats, backend.last()
}

// evalPlan returns what eval gives for the function of a plan.
func evalPlan(t *testing.T, p *plan.Plan, inputs []any) [][]float32 {
	t.Helper()
	var arrays []eval.Array
	for i, in := range inputs {
		flat, err := tensors.CopyFlatData[float32](in.(*tensors.Tensor))
		fatal(t, err)
		arrays = append(arrays, eval.Of(p.Func.Params[i].Shape, flat))
	}
	exact, err := eval.Run(p.Func, arrays)
	fatal(t, err)
	var flats [][]float32
	for _, x := range exact {
		flats = append(flats, float32s(x))
	}
	return flats
}

// checkBits fails where results with so many threads have other bits than got, which two threads gave.
func checkBits(t *testing.T, threads string, got, again [][]float32) {
	t.Helper()
	for i := range got {
		if !slices.EqualFunc(got[i], again[i], func(a, b float32) bool { return math.Float32bits(a) == math.Float32bits(b) }) {
			t.Errorf("result %d differs with %s threads from that with 2", i, threads)
		}
	}
}
