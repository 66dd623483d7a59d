// Package exec runs plans: it owns arrays, hands them to steps in order, and gives memory back as soon as the plan
// says so. It decides nothing that a plan could have decided.
//
// Read Executable.Execute first; memory.go and buffer.go say what an array is, run.go what a step does.
package exec

import (
	"slices"
	"sync/atomic"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// Executable is a planned function: compute.Executable. Executions may run at the same time.
type Executable struct {
	name    string
	plan    *plan.Plan
	workers *par.Pool
	frames  frames
	clock   *clock
	ended   atomic.Bool
	dynamic bool // shapes of inputs are known only now
}

var _ compute.Executable = (*Executable)(nil)

// New returns an executable for p, to be run by workers. Its results are buffers of memory.
func New(name string, memory *Memory, workers *par.Pool, p *plan.Plan) *Executable {
	return &Executable{
		name: name, plan: p, workers: workers, clock: newClock(len(p.Steps)), dynamic: p.Func.IsDynamic(),
		frames: frames{name: name, plan: p, memory: memory, size: workers.Size()},
	}
}

// Finalize ends the executable. Executions that run at this moment finish.
func (e *Executable) Finalize() {
	e.ended.Store(true)
	e.frames.end()
}

// Inputs returns names and shapes of the parameters, in order.
func (e *Executable) Inputs() (names []string, inputs []shapes.Shape) {
	return e.plan.Func.ParamNames, shapesOf(e.plan.Func.Params)
}

// Outputs returns the shapes of the results, in order.
func (e *Executable) Outputs() []shapes.Shape { return shapesOf(e.plan.Func.Results) }

func shapesOf(values []*ir.Value) []shapes.Shape {
	list := make([]shapes.Shape, len(values))
	for i, v := range values {
		list[i] = v.Shape
	}
	return list
}

// Execute runs the plan. donate marks inputs that end with the call and whose memory may become a result's.
// Nothing is donated if the inputs do not fit; after any other error donated inputs are gone.
func (e *Executable) Execute(inputs []compute.Buffer, donate []bool, _ compute.DeviceNum) ([]compute.Buffer, error) {
	if e.ended.Load() {
		return nil, errors.Errorf("cpu: execute %q: the executable was finalized", e.name)
	}
	f, err := e.frames.get(slices.Contains(donate, true))
	if err != nil {
		return nil, err
	}
	defer e.frames.put(f)
	f.begin()
	if err := e.checkInputs(inputs, donate, f.inputs); err != nil {
		return nil, err
	}
	for i, a := range f.inputs {
		owned := len(donate) > 0 && donate[i] && inputs[i].(*Buffer).donate()
		f.set(e.plan.Func.Params[i], a, owned)
	}
	if err := e.checkDonated(inputs, f); err != nil {
		return nil, err
	}
	f.results(e.plan, e.frames.memory)
	f.looked = e.look()
	f.shown = f.looked && Debug >= DebugValues
	e.workers.Run(func(team *par.Team, index int) { e.steps(e.plan, e.clock, f, team, index) })
	if f.err != nil {
		return nil, errors.WithMessagef(f.err, "cpu: execute %q", e.name)
	}
	if f.looked {
		e.note(f)
	}
	return e.leave(f), nil
}

// leave hands the results to the user: 40 bytes for each. An execution leaves hardly more for the garbage collector.
func (e *Executable) leave(f *frame) []compute.Buffer {
	memory := e.frames.memory
	outputs, buffers := make([]compute.Buffer, len(e.plan.Func.Results)), make([]Buffer, len(e.plan.Func.Results))
	for i, v := range e.plan.Func.Results {
		buffers[i].memory, buffers[i].array = memory, f.leave(v, memory)
		outputs[i] = &buffers[i]
	}
	return outputs
}

// checkInputs compares the inputs with the parameters and writes their arrays to arrays.
func (e *Executable) checkInputs(inputs []compute.Buffer, donate []bool, arrays []*Array) error {
	params := e.plan.Func.Params
	if len(inputs) != len(params) {
		return errors.Errorf("cpu: execute %q: got %d inputs, expected %d", e.name, len(inputs), len(params))
	}
	if len(donate) != 0 && len(donate) != len(inputs) {
		return errors.Errorf("cpu: execute %q: got %d donation marks for %d inputs", e.name, len(donate), len(inputs))
	}
	var bindings shapes.AxisBindings
	if e.dynamic {
		bindings = make(shapes.AxisBindings)
	}
	for i, input := range inputs {
		b, ok := input.(*Buffer)
		if !ok || b.memory != e.frames.memory {
			return e.inputError(i, "got a buffer of another backend (%T)", input)
		}
		a, err := b.get("used as an input")
		if err != nil {
			return e.inputError(i, "%w", err)
		}
		if err := fits(params[i].Shape, a.Shape, bindings); err != nil {
			return e.inputError(i, "%w", err)
		}
		arrays[i] = a
	}
	return nil
}

// checkDonated refuses a donated buffer that is a second input too: its memory would be free while it is read.
func (e *Executable) checkDonated(inputs []compute.Buffer, f *frame) error {
	for i, v := range e.plan.Func.Params {
		if f.owned[v.ID] {
			continue
		}
		if _, err := inputs[i].(*Buffer).get("used as an input"); err != nil {
			return e.inputError(i, "%w, by this call or another one", err)
		}
	}
	return nil
}

func (e *Executable) inputError(i int, format string, args ...any) error {
	return errors.Wrapf(errorf(format, args...), "cpu: execute %q: input %d %q", e.name, i, e.plan.Func.ParamNames[i])
}

// fits checks that got can stand for a parameter of shape want; axes of unknown length are bound by the first input.
func fits(want, got shapes.Shape, bindings shapes.AxisBindings) error {
	if want.IsDynamic() && want.DType == got.DType && want.Rank() == got.Rank() {
		return bindings.Extract(want, got)
	}
	if want.DType != got.DType || !want.EqualDimensions(got) {
		return errorf("got %s, expected %s", ir.ShapeText(got), ir.ShapeText(want))
	}
	return nil
}
