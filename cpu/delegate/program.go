package delegate

import (
	"fmt"

	"github.com/gomlx/compute"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Program is a part of a function, compiled by the Go backend.
type Program struct{ exec compute.Executable }

// Region is what becomes a program: ops in order, the values that enter and those that leave.
type Region struct {
	Name    string
	Inputs  []*ir.Value
	Ops     []*ir.Op
	Outputs []*ir.Value
}

// Compile rebuilds a region of f. Outputs may be inputs, constants or repeated: the Go backend copies those.
func (e *Engine) Compile(f *ir.Func, region Region) (*Program, error) {
	builder := e.Builder(region.Name)
	r := &replay{builder: builder, named: make(map[*ir.Func]compute.Function)}
	main := builder.Main()
	s := make(scope, f.NumValues())
	names := make([]string, len(region.Inputs))
	for i, v := range region.Inputs {
		names[i] = v.String()
	}
	if err := params(main, region.Inputs, names, s); err != nil {
		return nil, err
	}
	if err := r.ops(main, region.Ops, s); err != nil {
		return nil, err
	}
	if err := results(main, region.Outputs, s); err != nil {
		return nil, err
	}
	exec, err := builder.Compile()
	if err != nil {
		return nil, fmt.Errorf("delegate: compile %s: %w", region.Name, err)
	}
	return &Program{exec: exec}, nil
}

// Run executes the program. Inputs are only read; each result is memory of its own, to be recycled.
// A panic of the Go backend (a scatter out of range, for one) becomes an error.
func (p *Program) Run(inputs []compute.Buffer) (outputs []compute.Buffer, err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fmt.Errorf("delegate: the Go backend panicked: %v", cause)
		}
	}()
	return p.exec.Execute(inputs, nil, 0)
}

// Evaluate runs f, which has no parameters, and returns the elements of its results.
func (e *Engine) Evaluate(f *ir.Func) ([]any, error) {
	program, err := e.Compile(f, Region{Name: f.Name, Ops: f.Ops, Outputs: f.Results})
	if err != nil {
		return nil, err
	}
	defer program.exec.Finalize()
	outputs, err := program.Run(nil)
	if err != nil {
		return nil, err
	}
	flats := make([]any, len(outputs))
	for i, b := range outputs {
		if flats[i], err = b.Data(); err != nil {
			return nil, err
		}
	}
	return flats, nil
}
