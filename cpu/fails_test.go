package cpu_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
)

// An error in the body of a loop ends the execution, on all workers: the Go backend divides by zero in turn 2. The executable runs
// again afterwards.
func TestAnErrorInALoopEndsTheExecution(t *testing.T) {
	t.Setenv("DYT_THREADS", "4")
	backend := openBackend(t, "")
	byte8, n := shapes.Make(dtypes.Uint8), 3000
	if testing.Short() {
		n = 300
	}
	e := compiled(t, backend, 1, func(_ compute.Builder, main compute.Function, in []compute.Value) []compute.Value {
		first := must(main.ConvertDType(must(main.ReduceMax(in[0], 0)), dtypes.Uint8))
		state := []shapes.Shape{byte8, f32x4}
		cond := closure(t, main, state, func(f compute.Function, in []compute.Value) []compute.Value {
			return []compute.Value{must(f.LessThan(in[0], must(f.Constant([]uint8{9}))))}
		})
		body := closure(t, main, state, func(f compute.Function, in []compute.Value) []compute.Value {
			next := must(f.Add(in[0], must(f.Constant([]uint8{1}))))
			share := must(f.Div(must(f.Constant([]uint8{12})), must(f.Sub(next, must(f.Constant([]uint8{3}))))))
			x := must(f.Mul(in[1], must(f.ConvertDType(share, dtypes.Float32))))
			return []compute.Value{next, must(f.Tanh(x))}
		})
		out, err := main.While(cond, body, first, in[0])
		fatal(t, err)
		return []compute.Value{out[1]}
	})
	problem := make(chan error, 1)
	go func() {
		for range n {
			if _, err := e.Execute([]compute.Buffer{buffer(t, backend, 0, 1, 1, 0)}, nil, 0); err == nil {
				problem <- errors.New("a division by zero is no error")
				return
			}
		}
		_, err := e.Execute([]compute.Buffer{buffer(t, backend, 3, 1, 1, 0)}, nil, 0)
		problem <- err
	}()
	select {
	case err := <-problem:
		fatal(t, err)
	case <-time.After(time.Minute):
		panic("the execution does not end: its workers wait for each other")
	}
}
