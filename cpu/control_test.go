package cpu_test

import (
	"fmt"
	"math"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/eval"
)

var (
	i32s = shapes.Make(dtypes.Int32)
)

// loop runs body on state while the counter, which comes first, is below turns.
func loop(t testing.TB, f compute.Function, turns compute.Value, state []compute.Value, stateShapes []shapes.Shape, body func(f compute.Function, in []compute.Value) []compute.Value) []compute.Value {
	t.Helper()
	all := slices.Concat([]shapes.Shape{i32s}, stateShapes)
	cond := closure(t, f, all, func(f compute.Function, in []compute.Value) []compute.Value {
		return []compute.Value{must(f.LessThan(in[0], turns))}
	})
	step := closure(t, f, all, func(f compute.Function, in []compute.Value) []compute.Value {
		next := must(f.Add(in[0], must(f.Constant([]int32{1}))))
		return slices.Concat([]compute.Value{next}, body(f, in))
	})
	out, err := f.While(cond, step, slices.Concat([]compute.Value{must(f.Constant([]int32{0}))}, state)...)
	fatal(t, err)
	return out
}

// Loops whose states swap, stay, repeat or are captured, that turn no time or many, in a branch of another choice, with a
// step in the body that is left to the Go backend, for several numbers of threads. Only eval can say what they give: the Go
// backend gives back the memory of a branch's result twice when that is a captured value, and results of later executions
// overwrite each other (compute v0.1.6).
func TestControlEqualsEval(t *testing.T) {
	graph := func(t *testing.T) func(f compute.Function, in []compute.Value) []compute.Value {
		return func(f compute.Function, in []compute.Value) []compute.Value {
			x, turns, which := in[0], in[1], in[2]
			column := must(f.ReduceSum(x, 0))
			pair := []shapes.Shape{shapes.Make(dtypes.Float32, 6, 40), shapes.Make(dtypes.Float32, 6, 40), shapes.Make(dtypes.Float32, 40)}
			out := loop(t, f, turns, []compute.Value{x, must(f.Neg(x)), column}, pair, func(f compute.Function, in []compute.Value) []compute.Value {
				a := must(f.Tanh(must(f.Add(in[1], must(f.Reshape(column, 1, 40))))))
				rolled := must(f.Reverse(in[1], 1)) // has no kernel
				chosen, err := f.If(which,
					closure(t, f, nil, func(f compute.Function, _ []compute.Value) []compute.Value { return []compute.Value{a, in[3]} }),
					closure(t, f, nil, func(f compute.Function, _ []compute.Value) []compute.Value {
						return []compute.Value{must(f.Sub(a, rolled)), must(f.ReduceMax(rolled, 0))}
					}))
				fatal(t, err)
				return []compute.Value{in[2], chosen[0], chosen[1]}
			})
			return slices.Concat(out, []compute.Value{out[1], must(f.Transpose(out[2], 1, 0))})
		}
	}
	for _, threads := range []int{1, 3} {
		t.Setenv("DYT_THREADS", fmt.Sprint(threads))
		ours := openBackend(t, "profile")
		for _, turns := range []int32{0, 1, 2, 7} {
			for _, which := range []bool{false, true} {
				inputs := []any{pattern(240, func(i int) float32 { return float32(i%19)/19 - 0.5 }), []int32{turns}, []bool{which}}
				dims := [][]int{{6, 40}, {}, {}}
				got := evaluate(t, ours, inputs, dims, graph(t))
				for i, want := range evalOf(t, ours, inputs, dims, graph(t)) {
					if g := eval.Of(want.Shape, got[i]); !near(g.Elems, want.Elems, 1e-5) { // 14 times tanh of sums: a few 1e-7 each
						t.Errorf("%d threads, %d turns, %v: result %d: got %v, eval has %v", threads, turns, which, i, brief(g.Elems), brief(want.Elems))
					}
				}
			}
		}
		all := ours.Executables()
		if kinds := delegated(all[len(all)-1].Plan()); !reflect.DeepEqual(kinds, []string{"reverse"}) {
			t.Errorf("%v is left to the Go backend, expected reverse alone", kinds)
		}
	}
}

// near reports whether numbers are equal up to a tolerance.
func near(x, y []float64, tolerance float64) bool {
	for i := range x {
		if d := math.Abs(x[i] - y[i]); !(d <= tolerance) {
			return false
		}
	}
	return len(x) == len(y)
}
