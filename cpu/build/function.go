package build

import (
	"fmt"
	"reflect"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/pkg/errors"

	"github.com/dyt-go/dyt/cpu/delegate"
	"github.com/dyt-go/dyt/cpu/ir"
)

// Function records the ops of one function: compute.Function.
type Function struct {
	builder  *Builder
	parent   *Function // nil for main and named functions
	ir       *ir.Func
	shadow   compute.Function
	known    map[compute.Value]*value // by the shadow's value: equal expressions are one value
	captured map[*value]*ir.Value     // values of the functions around this one, as seen in here
	outer    []*value                 // the same, in the order of ir.Func.Captures
	closures int
	returned bool
}

var _ compute.Function = (*Function)(nil)

// value is what compute.Value is for us.
type value struct {
	fn     *Function
	ir     *ir.Value
	shadow compute.Value
}

func newFunction(b *Builder, parent *Function, name string, shadow compute.Function) *Function {
	return &Function{
		builder: b, parent: parent, ir: ir.NewFunc(name), shadow: shadow,
		known: make(map[compute.Value]*value), captured: make(map[*value]*ir.Value),
	}
}

// Name returns the name of the function, "" for a closure.
func (f *Function) Name() string {
	if f.parent != nil {
		return ""
	}
	return f.ir.Name
}

// IR returns what was recorded so far, for whoever looks inside; it must not be changed.
func (f *Function) IR() *ir.Func { return f.ir }

// Builder returns the builder that the function belongs to.
func (f *Function) Builder() compute.Builder { return f.builder }

// Parent returns the function that a closure was made in, nil for others.
func (f *Function) Parent() compute.Function {
	if f.parent == nil {
		return nil
	}
	return f.parent
}

// Closure returns a function that may use values of this one.
func (f *Function) Closure() (compute.Function, error) {
	if err := f.open(); err != nil {
		return nil, err
	}
	shadow, err := f.shadow.Closure()
	if err != nil {
		return nil, err
	}
	f.closures++
	return newFunction(f.builder, f, fmt.Sprintf("%s.%d", f.ir.Name, f.closures), shadow), nil
}

// Shape returns the shape of a value.
func (f *Function) Shape(v compute.Value) (shapes.Shape, error) {
	val, err := f.value(v)
	if err != nil {
		return shapes.Invalid(), err
	}
	return val.ir.Shape, nil
}

// Parameter adds a parameter. Sharding is refused: there is one device.
func (f *Function) Parameter(name string, shape shapes.Shape, sharding *compute.ShardingSpec) (compute.Value, error) {
	if err := f.open(); err != nil {
		return nil, err
	}
	shadow, err := f.shadow.Parameter(name, shape, sharding)
	if err != nil {
		return nil, err
	}
	return f.enter(shadow, f.ir.Param(name, shape.Clone())), nil
}

// Constant adds a constant with a copy of flat, a slice of its elements.
func (f *Function) Constant(flat any, dims ...int) (compute.Value, error) {
	if err := f.open(); err != nil {
		return nil, err
	}
	shadow, err := f.shadow.Constant(flat, dims...)
	if err != nil {
		return nil, err
	}
	if v, ok := f.known[shadow]; ok {
		return v, nil
	}
	shape := shapes.Make(dtypes.FromGoType(reflect.TypeOf(flat).Elem()), dims...)
	own := dtypes.MakeAnySlice(shape.DType, shape.Size())
	copy(dtypes.UnsafeByteSliceFromAny(own), dtypes.UnsafeByteSliceFromAny(flat))
	op := f.ir.Add(ir.Constant, nil, ir.ConstantAttr{Flat: own}, nil, shape)
	return f.enter(shadow, op.Result()), nil
}

// Return sets the results and ends the function.
func (f *Function) Return(outputs []compute.Value, shardings []*compute.ShardingSpec) error {
	if err := f.open(); err != nil {
		return err
	}
	values, err := f.values(outputs)
	if err != nil {
		return errors.WithMessage(err, "cpu: return")
	}
	if err := f.shadow.Return(shadows(values), shardings); err != nil {
		return err
	}
	f.ir.Return(f.use(values)...)
	f.returned = true
	return nil
}

// record issues an op to the shadow and, unless the shadow answers with values that are known, adds it to f.
// The attribute and args must be the callee's own.
func (f *Function) record(kind ir.Kind, attr ir.Attr, fns []compute.Function, args []compute.Value) ([]compute.Value, error) {
	if err := f.open(); err != nil {
		return nil, err
	}
	if !f.builder.env.Fused && declined[kind] {
		return nil, errors.Wrapf(compute.ErrNotImplemented, "cpu: %s: the ops that it stands for are faster here", kind)
	}
	values, err := f.values(args)
	if err != nil {
		return nil, errors.WithMessagef(err, "cpu: %s", kind)
	}
	callees, err := f.callees(fns)
	if err != nil {
		return nil, errors.WithMessagef(err, "cpu: %s", kind)
	}
	call := &ir.Op{Kind: kind, Attr: attr}
	shadowResults, err := delegate.Issue(f.shadow, call, shadows(values), shadowFunctions(callees))
	if err != nil {
		return nil, errors.WithMessagef(err, "cpu: %s(%s)", kind, shapeTexts(values))
	}
	if results, ok := f.find(shadowResults); ok {
		return results, nil
	}
	return f.add(call, values, callees, shadowResults)
}

// find returns the known values behind the shadow's results, if all of them are known.
func (f *Function) find(shadowResults []compute.Value) ([]compute.Value, bool) {
	results := make([]compute.Value, len(shadowResults))
	for i, s := range shadowResults {
		v, ok := f.known[s]
		if !ok {
			return nil, false
		}
		results[i] = v
	}
	return results, true
}

func (f *Function) add(call *ir.Op, values []*value, callees []*Function, shadowResults []compute.Value) ([]compute.Value, error) {
	resultShapes := make([]shapes.Shape, len(shadowResults))
	for i, s := range shadowResults {
		var err error
		if resultShapes[i], err = f.shadow.Shape(s); err != nil {
			return nil, errors.WithMessagef(err, "cpu: %s: shape of result %d", call.Kind, i)
		}
	}
	bodies := make([]ir.Body, len(callees))
	for i, c := range callees {
		bodies[i] = ir.Body{Func: c.ir, Captures: f.use(c.outer)}
	}
	op := f.ir.Add(call.Kind, f.use(values), call.Attr, bodies, resultShapes...)
	results := make([]compute.Value, len(op.Results))
	for i, v := range op.Results {
		results[i] = f.enter(shadowResults[i], v)
	}
	return results, nil
}

func (f *Function) enter(shadow compute.Value, v *ir.Value) *value {
	val := &value{fn: f, ir: v, shadow: shadow}
	f.known[shadow] = val
	return val
}

// use returns what stands for values inside f; values of the functions around it become captures.
func (f *Function) use(values []*value) []*ir.Value {
	out := make([]*ir.Value, len(values))
	for i, v := range values {
		switch {
		case v == nil:
		case v.fn == f:
			out[i] = v.ir
		default:
			out[i] = f.capture(v)
		}
	}
	return out
}

func (f *Function) capture(v *value) *ir.Value {
	inner, ok := f.captured[v]
	if !ok {
		inner = f.ir.Capture(v.ir.Shape)
		f.captured[v] = inner
		f.outer = append(f.outer, v)
	}
	return inner
}

func (f *Function) open() error {
	if f.returned {
		return errors.Errorf("cpu: function %q: nothing can be added after Return", f.ir.Name)
	}
	return f.builder.open()
}

// value checks that v was made by this builder, in f or in a function around it.
func (f *Function) value(v compute.Value) (*value, error) {
	val, ok := v.(*value)
	if !ok || val == nil {
		return nil, errors.Errorf("value of type %T is not of this backend", v)
	}
	if val.fn.builder != f.builder {
		return nil, errors.Errorf("value %s is of another builder, %q", val.ir, val.fn.builder.name)
	}
	for scope := f; scope != nil; scope = scope.parent {
		if scope == val.fn {
			return val, nil
		}
	}
	return nil, errors.Errorf("value %s is of function %q, which does not surround %q", val.ir, val.fn.ir.Name, f.ir.Name)
}

// values checks a list; a nil operand stays nil.
func (f *Function) values(list []compute.Value) ([]*value, error) {
	out := make([]*value, len(list))
	for i, v := range list {
		if v == nil {
			continue
		}
		var err error
		if out[i], err = f.value(v); err != nil {
			return nil, errors.WithMessagef(err, "operand %d", i)
		}
	}
	return out, nil
}

// callees checks that functions are finished and of this builder; the shadow checks their places and parameters.
func (f *Function) callees(fns []compute.Function) ([]*Function, error) {
	out := make([]*Function, len(fns))
	for i, fn := range fns {
		callee, ok := fn.(*Function)
		switch {
		case !ok || callee == nil || callee.builder != f.builder:
			return nil, errors.Errorf("function %d is not of this builder", i)
		case !callee.returned:
			return nil, errors.Errorf("function %q has not returned", callee.ir.Name)
		}
		out[i] = callee
	}
	return out, nil
}
