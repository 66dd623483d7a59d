package cpu_test

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// What is hard to record or to hand over, each once.

var f32x4 = shapes.Make(dtypes.Float32, 4)

func buffer(t testing.TB, backend compute.Backend, values ...float32) compute.Buffer {
	t.Helper()
	b, err := backend.BufferFromFlatData(0, values, shapes.Make(dtypes.Float32, len(values)))
	fatal(t, err)
	return b
}

func floats(t testing.TB, b compute.Buffer) []float32 {
	t.Helper()
	flat, err := b.Data()
	fatal(t, err)
	return flat.([]float32)
}

// compiled is the executable of what f records of parameters of four floats.
func compiled(t testing.TB, backend compute.Backend, params int, f func(builder compute.Builder, main compute.Function, in []compute.Value) []compute.Value) compute.Executable {
	t.Helper()
	builder := backend.Builder(t.Name())
	main := builder.Main()
	in := make([]compute.Value, params)
	for i := range in {
		in[i] = must(main.Parameter(fmt.Sprint("p", i), f32x4, nil))
	}
	fatal(t, main.Return(f(builder, main, in), nil))
	e, err := builder.Compile()
	fatal(t, err)
	return e
}

func execute(t testing.TB, e compute.Executable, inputs []compute.Buffer, donate ...bool) []compute.Buffer {
	t.Helper()
	out, err := e.Execute(inputs, donate, 0)
	fatal(t, err)
	return out
}

// closure builds a function inside f.
func closure(t testing.TB, f compute.Function, params []shapes.Shape, body func(f compute.Function, in []compute.Value) []compute.Value) compute.Function {
	t.Helper()
	c, err := f.Closure()
	fatal(t, err)
	in := make([]compute.Value, len(params))
	for i, s := range params {
		in[i] = must(c.Parameter(fmt.Sprint("c", i), s, nil))
	}
	fatal(t, c.Return(body(c, in), nil))
	return c
}

// A closure in a closure uses values of both functions around it: each passes through the captures of every one between.
func TestClosuresCaptureThroughEveryLevel(t *testing.T) {
	for _, config := range []string{"", "from_text"} {
		backend := openBackend(t, config)
		i32 := shapes.Make(dtypes.Int32)
		e := compiled(t, backend, 2, func(_ compute.Builder, main compute.Function, in []compute.Value) []compute.Value {
			x, y := in[0], in[1]
			twice := must(main.Add(y, y))
			state := []shapes.Shape{i32, f32x4}
			cond := closure(t, main, state, func(f compute.Function, in []compute.Value) []compute.Value {
				return []compute.Value{must(f.LessThan(in[0], must(f.Constant([]int32{3}))))}
			})
			body := closure(t, main, state, func(f compute.Function, in []compute.Value) []compute.Value {
				inner := must(f.Mul(in[1], y)) // y: of main
				isOdd := must(f.Equal(in[0], must(f.Constant([]int32{1}))))
				then := closure(t, f, nil, func(g compute.Function, _ []compute.Value) []compute.Value {
					return []compute.Value{must(g.Add(inner, twice))} // inner: of body; twice: of main
				})
				otherwise := closure(t, f, nil, func(g compute.Function, _ []compute.Value) []compute.Value {
					return []compute.Value{must(g.Sub(inner, twice))}
				})
				chosen, err := f.If(isOdd, then, otherwise)
				fatal(t, err)
				return []compute.Value{must(f.Add(in[0], must(f.Constant([]int32{1})))), chosen[0]}
			})
			out, err := main.While(cond, body, must(main.Constant([]int32{0})), x)
			fatal(t, err)
			return []compute.Value{out[1]}
		})
		got := floats(t, execute(t, e, []compute.Buffer{buffer(t, backend, 1, 2, 3, 4), buffer(t, backend, 1, 1, 2, 2)})[0])
		want := make([]float32, 4)
		for i, x := range []float32{1, 2, 3, 4} {
			y := []float32{1, 1, 2, 2}[i]
			x = x*y - 2*y
			x = x*y + 2*y
			want[i] = x*y - 2*y
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q: got %v, expected %v", config, got, want)
		}
	}
}

// The caller may use its slices again after each call.
func TestSlicesOfTheCallerAreCopied(t *testing.T) {
	backend := openBackend(t, "")
	e := compiled(t, backend, 1, func(_ compute.Builder, main compute.Function, in []compute.Value) []compute.Value {
		flat := []float32{1, 2, 3, 4}
		c := must(main.Constant(flat, 4))
		dims := []int{2, 2}
		x := must(main.Reshape(must(main.Add(in[0], c)), dims...))
		permutation := []int{1, 0}
		x = must(main.Transpose(x, permutation...))
		axes := []int{0}
		x = must(main.ReduceSum(x, axes...))
		clear(flat)
		clear(dims)
		clear(permutation)
		axes[0] = 1
		return []compute.Value{x}
	})
	if got := floats(t, execute(t, e, []compute.Buffer{buffer(t, backend, 10, 20, 30, 40)})[0]); !reflect.DeepEqual(got, []float32{33, 77}) {
		t.Errorf("got %v, expected [33 77]", got)
	}
}

// Results that are inputs, constants, views or repeated lie in memory of their own.
func TestResultsDoNotShareMemory(t *testing.T) {
	backend := openBackend(t, "")
	e := compiled(t, backend, 2, func(_ compute.Builder, main compute.Function, in []compute.Value) []compute.Value {
		sum := must(main.Add(in[0], in[0]))
		c := must(main.Constant([]float32{5, 6, 7, 8}, 4))
		square := must(main.Reshape(sum, 2, 2))
		return []compute.Value{in[0], in[0], c, sum, sum, square, must(main.Transpose(square, 1, 0)), must(main.Slice(sum, []int{1}, []int{3}, []int{1}))}
	})
	want := [][]float32{{1, 2, 3, 4}, {1, 2, 3, 4}, {5, 6, 7, 8}, {2, 4, 6, 8}, {2, 4, 6, 8}, {2, 4, 6, 8}, {2, 6, 4, 8}, {4, 6}}
	x, unused := buffer(t, backend, 1, 2, 3, 4), buffer(t, backend, 0, 0, 0, 0)
	for _, donate := range [][]bool{nil, {true, false}} {
		out := execute(t, e, []compute.Buffer{x, unused}, donate...)
		for i, b := range out {
			if got := floats(t, b); !reflect.DeepEqual(got, want[i]) {
				t.Errorf("donate %v: result %d is %v, expected %v", donate, i, got, want[i])
			}
			clear(floats(t, b)) // must not reach the others, the input or the constant
		}
	}
}

// A donated input ends with the call: a later Finalize does nothing, any other use is an error, and its memory can become a
// result's.
func TestDonatedInputsEnd(t *testing.T) {
	backend := openBackend(t, "")
	e := compiled(t, backend, 2, func(_ compute.Builder, main compute.Function, in []compute.Value) []compute.Value {
		return []compute.Value{in[0], must(main.Add(in[0], in[1]))}
	})
	a, b := buffer(t, backend, 1, 2, 3, 4), buffer(t, backend, 1, 1, 1, 1)
	memory := &floats(t, a)[0]
	out := execute(t, e, []compute.Buffer{a, b}, true, false)
	if &floats(t, out[0])[0] != memory {
		t.Error("a donated input that is a result was copied")
	}
	if err := a.Finalize(); err != nil {
		t.Errorf("Finalize of a donated input: %v", err)
	}
	if _, err := a.Data(); err == nil || !strings.Contains(err.Error(), "donated") {
		t.Errorf("Data of a donated input: %v", err)
	}
	if _, err := e.Execute([]compute.Buffer{a, b}, nil, 0); err == nil || !strings.Contains(err.Error(), "donated") {
		t.Errorf("a donated input again: %v", err)
	}
	if _, err := e.Execute([]compute.Buffer{b, b}, []bool{true, false}, 0); err == nil {
		t.Error("one buffer as donated and as kept input: no error")
	}
	fresh := buffer(t, backend, 5, 5, 5, 5) // must not get memory that a result has
	if got := floats(t, out[0]); !reflect.DeepEqual(got, []float32{1, 2, 3, 4}) {
		t.Errorf("a result is %v after another allocation", got)
	}
	fatal(t, fresh.Finalize())
	if err := fresh.Finalize(); err == nil {
		t.Error("Finalize twice: no error")
	}
}

// Parameters that nobody uses, and parameters that come after the last op, are part of the signature.
func TestParametersMayBeUnusedOrLate(t *testing.T) {
	backend := openBackend(t, "")
	builder := backend.Builder(t.Name())
	main := builder.Main()
	must(main.Parameter("unused", f32x4, nil))
	x := must(main.Parameter("x", f32x4, nil))
	y := must(main.Reverse(x, 0)) // left to the Go backend, which crashes on late parameters
	must(main.Parameter("late", f32x4, nil))
	fatal(t, main.Return([]compute.Value{y}, nil))
	e, err := builder.Compile()
	fatal(t, err)
	inputs := []compute.Buffer{buffer(t, backend, 0, 0, 0, 0), buffer(t, backend, 1, 2, 3, 4), buffer(t, backend, 0, 0, 0, 0)}
	if got := floats(t, execute(t, e, inputs)[0]); !reflect.DeepEqual(got, []float32{4, 3, 2, 1}) {
		t.Errorf("got %v", got)
	}
}

// A function that is called twice is one function.
func TestCalledFunctions(t *testing.T) {
	backend := openBackend(t, "")
	e := compiled(t, backend, 1, func(builder compute.Builder, main compute.Function, in []compute.Value) []compute.Value {
		f, err := builder.NewFunction("double")
		fatal(t, err)
		x := must(f.Parameter("x", f32x4, nil))
		fatal(t, f.Return([]compute.Value{must(f.Add(x, x))}, nil))
		once, err := main.Call(f, in[0])
		fatal(t, err)
		again, err := main.Call(f, once[0])
		fatal(t, err)
		return again
	})
	if got := floats(t, execute(t, e, []compute.Buffer{buffer(t, backend, 1, 2, 3, 4)})[0]); !reflect.DeepEqual(got, []float32{4, 8, 12, 16}) {
		t.Errorf("got %v", got)
	}
}

// Equal expressions are one value, except across a barrier; and a barrier holds back what depends on its results until
// all its operands exist.
func TestBarriersKeepExpressionsApart(t *testing.T) {
	backend := openBackend(t, "profile")
	steps := func(barrier bool) (instructions int) {
		compiled(t, backend, 2, func(_ compute.Builder, main compute.Function, in []compute.Value) []compute.Value {
			first := must(main.Tanh(in[0]))
			x := in[0]
			if barrier {
				held, err := main.OptimizationBarrier(in[0], in[1])
				fatal(t, err)
				x = held[0]
			}
			return []compute.Value{first, must(main.Add(must(main.Tanh(x)), in[1]))}
		})
		all := backend.Executables()
		p := all[len(all)-1].Plan()
		for i := range p.Steps {
			for _, op := range p.Steps[i].Ops {
				if op.Kind.String() == "tanh" {
					instructions++
				}
			}
		}
		return instructions
	}
	if without, with := steps(false), steps(true); without != 1 || with != 2 {
		t.Errorf("tanh is computed %d times without a barrier and %d times with one, expected 1 and 2", without, with)
	}
}

// Checkpointed blocks keep their input and compute the rest again: the arena of forward and backward grows with one block
// instead of with all.
func TestCheckpointsKeepTheArenaSmall(t *testing.T) {
	arena := func(checkpoint bool) int {
		backend := openBackend(t, "profile")
		rematStep(t, backend, checkpoint)
		all := backend.Executables()
		return all[len(all)-1].Plan().Arena
	}
	plain, checkpointed := arena(false), arena(true)
	t.Logf("arena %d KB, with checkpoints %d KB", plain>>10, checkpointed>>10)
	if checkpointed*2 > plain {
		t.Errorf("arena %d bytes with checkpoints, %d without: expected half at most", checkpointed, plain)
	}
}

// Variables stay inputs: frozen into constants they would be compiled anew at every step.
func TestCapabilitiesDoNotFreezeVariables(t *testing.T) {
	backend := openBackend(t, "")
	if backend.Capabilities().PreferConstantsForVariables {
		t.Error("PreferConstantsForVariables is true")
	}
}

// rematStep compiles forward and backward of eight blocks of wide element-wise functions.
func rematStep(t *testing.T, backend compute.Backend, checkpoint bool) {
	t.Helper()
	e := MustNewExec(backend, func(x, w *Node) *Node {
		for range 8 {
			block := func(x *Node) *Node { return MatMul(Tanh(MatMul(Tanh(MatMul(x, w)), w)), w) }
			if checkpoint {
				x = block(x.Checkpoint()).StopCheckpoint()
			} else {
				x = block(x)
			}
		}
		return Gradient(ReduceAllSum(x), w)[0]
	})
	rows, width := 256, 64
	_, err := e.Call(tensors.FromFlatDataAndDimensions(make([]float32, rows*width), rows, width), tensors.FromFlatDataAndDimensions(make([]float32, width*width), width, width))
	fatal(t, err)
}

// GoMLX asks the builder, not the function, for the shape of a value inside a closure.
func TestGraphsWithClosures(t *testing.T) {
	exec := MustNewExec(openBackend(t, ""), func(x *Node) []*Node {
		g := x.Graph()
		bigger := NewClosure(g, func(*Graph) []*Node { return []*Node{MulScalar(x, 2)} })
		smaller := NewClosure(g, func(*Graph) []*Node { return []*Node{Neg(x)} })
		return []*Node{If(GreaterThan(x, Const(g, float32(1))), bigger, smaller)[0], Sort(Const(g, []float32{3, 1, 2}), 0, true)}
	})
	for x, want := range map[float32]float32{3: 6, 0.5: -0.5} {
		out := exec.MustCall(x)
		if got := out[0].Value(); got != want {
			t.Errorf("if of %v gives %v, expected %v", x, got, want)
		}
		if got := out[1].Value().([]float32); !slices.Equal(got, []float32{1, 2, 3}) {
			t.Errorf("sorted: %v", got)
		}
	}
}

// Nothing in an empty array is true, and everything is.
func TestReductionsOfNothing(t *testing.T) {
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	run := func(backend compute.Backend) (results []any) {
		empty, none := shapes.Make(dtypes.Bool, 0, 3), shapes.Make(dtypes.Float32, 0, 3)
		builder := backend.Builder("nothing")
		f := builder.Main()
		x, y := must(f.Parameter("x", empty, nil)), must(f.Parameter("y", none, nil))
		fatal(t, f.Return([]compute.Value{
			must(f.ReduceLogicalOr(x, 0)), must(f.ReduceLogicalAnd(x, 0)), must(f.ReduceMax(y, 0)), must(f.ReduceMin(y, 0)), must(f.ReduceSum(y)),
		}, nil))
		e, err := builder.Compile()
		fatal(t, err)
		truths, err := backend.BufferFromFlatData(0, []bool{}, empty)
		fatal(t, err)
		numbers, err := backend.BufferFromFlatData(0, []float32{}, none)
		fatal(t, err)
		for _, r := range execute(t, e, []compute.Buffer{truths, numbers}) {
			flat, err := r.Data()
			fatal(t, err)
			results = append(results, flat)
		}
		return results
	}
	if got, want := run(openBackend(t, "")), run(reference); !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
