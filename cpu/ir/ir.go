// Package ir holds a computation as data: functions of ops, ops of values.
//
// It knows no kernel, no layer and no backend: a Func can be printed, parsed back, verified and rewritten
// without running anything. Every op of the compute package has a Kind here, and what an op needs besides its
// operands is a small typed struct, its Attr. Kinds, attributes and their text are generated from compute's
// interfaces (cpu/_gen/ops).
//
// Read print.go for the text form, which is the quickest way to see what a Func is.
package ir

import (
	"slices"

	"github.com/gomlx/compute/shapes"
)

// Value is one array: a parameter, a capture or a result of an op. IDs are dense within a Func, so side tables
// are slices indexed by ID. A Value never changes once it exists.
type Value struct {
	ID    int
	Shape shapes.Shape
	Def   *Op // nil for parameters and captures
	Index int // which of Def's results
}

// Op computes its Results from Args. A nil in Args is an operand that was left out (FusedDense without bias).
type Op struct {
	Kind    Kind
	Args    []*Value
	Attr    Attr // nil when the kind has none
	Bodies  []Body
	Results []*Value
}

// Body is a function that an op runs: the branches of if, condition and body of while, the comparator of sort,
// the target of call. Captures are the values of the surrounding function that stand behind Func.Captures.
type Body struct {
	Func     *Func
	Captures []*Value
}

// Func is a list of ops in an order in which they can run.
type Func struct {
	Name       string
	Params     []*Value
	ParamNames []string
	Captures   []*Value // values of the surrounding functions, as seen in here; only closures have them
	Ops        []*Op
	Results    []*Value
	values     int
	room       []single // for ops that are to come
}

// NewFunc returns an empty function.
func NewFunc(name string) *Func { return &Func{Name: name} }

// NumValues returns the number of values of f; their IDs are 0 to NumValues()-1.
func (f *Func) NumValues() int { return f.values }

// Param adds a parameter.
func (f *Func) Param(name string, shape shapes.Shape) *Value {
	v := f.newValue(shape)
	f.Params = append(f.Params, v)
	f.ParamNames = append(f.ParamNames, name)
	return v
}

// Capture adds a value that the op running f passes in besides the parameters.
func (f *Func) Capture(shape shapes.Shape) *Value {
	v := f.newValue(shape)
	f.Captures = append(f.Captures, v)
	return v
}

// Add appends an op and gives it one result for each shape. It keeps a copy of args.
func (f *Func) Add(kind Kind, args []*Value, attr Attr, bodies []Body, results ...shapes.Shape) *Op {
	var op *Op
	if len(results) == 1 {
		op = f.single()
	} else {
		op = &Op{Results: make([]*Value, len(results))}
		for i := range results {
			op.Results[i] = new(Value)
		}
	}
	op.Kind, op.Attr, op.Bodies = kind, attr, bodies
	if len(args) > 0 {
		op.Args = append(op.Args, args...)
	}
	for i, v := range op.Results {
		*v = Value{ID: f.values, Shape: results[i], Def: op, Index: i}
		f.values++
	}
	f.Ops = append(f.Ops, op)
	return op
}

// single is an op with one result and one or two operands, as most are, in one piece of memory.
type single struct {
	op      Op
	value   Value
	results [1]*Value
	args    [2]*Value
}

// Grow makes room for n more ops.
func (f *Func) Grow(n int) {
	f.Ops = slices.Grow(f.Ops, n)
	f.room = make([]single, n)
}

func (f *Func) single() *Op {
	if len(f.room) == 0 {
		f.room = make([]single, min(8+len(f.Ops), 128))
	}
	s := &f.room[0]
	f.room = f.room[1:]
	s.results[0] = &s.value
	s.op.Results, s.op.Args = s.results[:], s.args[:0]
	return &s.op
}

// Return sets the results of f.
func (f *Func) Return(results ...*Value) { f.Results = results }

// Twin returns a new value for one who computes v a second time. No op has it as its result.
func (f *Func) Twin(v *Value) *Value {
	twin := f.newValue(v.Shape)
	twin.Def = v.Def
	return twin
}

// Extra returns a new value that op, no op of f, makes for one who plans f.
func (f *Func) Extra(op *Op, shape shapes.Shape) *Value {
	v := f.newValue(shape)
	v.Def, op.Results = op, []*Value{v}
	return v
}

func (f *Func) newValue(shape shapes.Shape) *Value {
	v := &Value{ID: f.values, Shape: shape}
	f.values++
	return v
}

// Result returns the only result of an op that has one.
func (op *Op) Result() *Value {
	if len(op.Results) != 1 {
		panic("BUG: ir: Result of an op with several results: " + op.String())
	}
	return op.Results[0]
}

// Inputs calls yield for every value that op reads: arguments that are present, then captures of its bodies.
func (op *Op) Inputs(yield func(*Value) bool) {
	for _, v := range op.Args {
		if v != nil && !yield(v) {
			return
		}
	}
	for _, body := range op.Bodies {
		for _, v := range body.Captures {
			if !yield(v) {
				return
			}
		}
	}
}

// Uses counts, for each value ID, how often ops and the results of f read it.
func (f *Func) Uses() []int {
	uses := make([]int, f.values)
	for _, op := range f.Ops {
		for v := range op.Inputs {
			uses[v.ID]++
		}
	}
	for _, v := range f.Results {
		uses[v.ID]++
	}
	return uses
}

// LiveOps returns the ops that the results of f depend on, in order.
func (f *Func) LiveOps() []*Op {
	needed := make([]bool, f.values)
	for _, v := range f.Results {
		needed[v.ID] = true
	}
	live := make([]*Op, 0, len(f.Ops))
	for _, op := range slices.Backward(f.Ops) {
		if !slices.ContainsFunc(op.Results, func(r *Value) bool { return needed[r.ID] }) {
			continue
		}
		live = append(live, op)
		for v := range op.Inputs {
			needed[v.ID] = true
		}
	}
	slices.Reverse(live)
	return live
}

// Prune drops the ops that the results of f do not need, and numbers the values anew. It is for who made f and has shown it to
// nobody yet.
func (f *Func) Prune() {
	f.Ops, f.values = f.LiveOps(), 0
	number := func(list []*Value) {
		for _, v := range list {
			v.ID = f.values
			f.values++
		}
	}
	number(f.Params)
	number(f.Captures)
	for _, op := range f.Ops {
		number(op.Results)
	}
}

// ConstantBytes is the size of the constants of f and of the functions that it runs.
func (f *Func) ConstantBytes() int {
	n := 0
	for _, op := range f.Ops {
		if op.Kind == Constant {
			shape := op.Result().Shape
			n += shape.DType.SizeForDimensions(shape.Dimensions...)
		}
		for _, body := range op.Bodies {
			n += body.Func.ConstantBytes()
		}
	}
	return n
}

// IsDynamic reports whether a value of f, or of a function it runs, has an axis whose length is known only at run time.
func (f *Func) IsDynamic() bool {
	for _, p := range f.Params {
		if p.Shape.IsDynamic() {
			return true
		}
	}
	for _, op := range f.Ops {
		for _, r := range op.Results {
			if r.Shape.IsDynamic() {
				return true
			}
		}
		for _, body := range op.Bodies {
			if body.Func.IsDynamic() {
				return true
			}
		}
	}
	return false
}
