package exec

import (
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// control is what one execution needs for a step that runs functions: a frame for each of them, and between turns the
// state. Worker 0 hands arrays from frame to frame; all workers run the steps.
type control struct {
	*plan.Control
	frames   []*frame
	args     []Array   // memory of somebody else's, as the captures
	captures [][]Array // by function
	state    []*Array
	owned    bool // the state is ours
	again    bool // the condition held
	turns    int  // of its functions in this execution of the step
}

func newControl(c *plan.Control, size int) *control {
	x := &control{Control: c, state: make([]*Array, len(c.Args)), args: make([]Array, len(c.Args)), captures: make([][]Array, len(c.Bodies))}
	for i, b := range c.Bodies {
		body := newFrame(b.Plan, size)
		body.layAlone()
		x.frames = append(x.frames, body)
		x.captures[i] = make([]Array, len(b.Captures))
	}
	return x
}

// control runs a step of functions; false when one of their steps failed.
func (e *Executable) control(x *control, f *frame, team *par.Team, index int) bool {
	if index == 0 {
		x.begin(f)
	}
	ok := true
	switch x.Kind {
	case ir.Call:
		ok = e.turn(x, 0, f, team, index)
	case ir.If:
		branch := 1
		if f.raw[x.Args[0].ID][0] != 0 {
			branch = 0
		}
		if index == 0 {
			x.state = x.state[:0]
		}
		ok = e.turn(x, branch, f, team, index)
	case ir.While:
		for ok = e.turn(x, 0, f, team, index); ok && x.again; ok = ok && e.turn(x, 0, f, team, index) {
			ok = e.turn(x, 1, f, team, index)
		}
	}
	if index == 0 && ok {
		x.finish(f, e.frames.memory)
	}
	return ok
}

// begin takes arguments and captures from the frame around the step.
func (x *control) begin(f *frame) {
	x.state, x.owned, x.turns = x.state[:len(x.Args)], false, 0
	for i, v := range x.Args {
		x.args[i] = arrayAt(f, v, x.shapeOf(i))
		x.state[i] = &x.args[i]
	}
	for k, b := range x.Bodies {
		for i, v := range b.Captures {
			x.captures[k][i] = arrayAt(f, v, b.Plan.Func.Captures[i].Shape)
		}
	}
}

// shapeOf returns the shape of argument i: a root may have another one with as many elements.
func (x *control) shapeOf(i int) shapes.Shape {
	if x.Kind == ir.If {
		return x.Args[i].Shape
	}
	return x.Bodies[0].Plan.Func.Params[i].Shape
}

// arrayAt returns the memory of v as an array of somebody else's.
func arrayAt(f *frame, v *ir.Value, shape shapes.Shape) Array {
	return Array{Shape: shape, bytes: f.raw[v.ID]}
}

// turn runs function k on the state. What it returns is the next state, but for the condition of a loop.
func (e *Executable) turn(x *control, k int, f *frame, team *par.Team, index int) bool {
	inner, p, memory := x.frames[k], x.Bodies[k].Plan, e.frames.memory
	isCondition := x.Kind == ir.While && k == 0
	if index == 0 {
		inner.begin()
		for i, v := range p.Func.Params {
			inner.set(v, x.state[i], x.owned && !isCondition)
		}
		for i, v := range p.Func.Captures {
			inner.set(v, &x.captures[k][i], false)
		}
		inner.results(p, memory)
		inner.shown = f.shown && x.turns < 2*shownTurns
		x.turns++
	}
	team.Barrier()
	ok := e.steps(p, nil, inner, team, index)
	if index != 0 {
		if isCondition {
			team.Barrier() // worker 0 reads the condition
		}
		return ok
	}
	switch {
	case !ok:
		f.err = inner.err
		x.owned = x.owned && isCondition // the state ends with the frame that took it
	case isCondition:
		v := p.Func.Results[0]
		x.again = inner.raw[v.ID][0] != 0
	default:
		x.state = x.state[:0]
		for _, v := range p.Func.Results {
			x.state = append(x.state, inner.leave(v, memory))
		}
		x.owned = true
	}
	inner.end(p, memory)
	if isCondition {
		team.Barrier()
	}
	return ok
}

// finish hands the state to the frame around the step.
func (x *control) finish(f *frame, memory *Memory) {
	for i, v := range x.Results {
		a := x.state[i]
		if !x.owned {
			a = memory.Copy(a)
		}
		f.set(v, a, true)
	}
}
