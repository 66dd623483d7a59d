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
	own      *expressions             // of main: what is recorded without the shadow; nil for others
	captured map[*value]*ir.Value     // values of the functions around this one, as seen in here
	outer    []*value                 // the same, in the order of ir.Func.Captures
	closures int
	returned bool
	room     []value // for values that are to come
}

var _ compute.Function = (*Function)(nil)

// value is what compute.Value is for us.
type value struct {
	fn     *Function
	ir     *ir.Value
	shadow compute.Value    // nil until an op that goes to the shadow reads it
	hash   uint64           // in expressions
	next   *value           // likewise
	list   [1]compute.Value // the value itself, as the results of its op
}

func newFunction(b *Builder, parent *Function, name string, shadow compute.Function) *Function {
	f := &Function{
		builder: b, parent: parent, ir: ir.NewFunc(name), shadow: shadow,
		known: make(map[compute.Value]*value), captured: make(map[*value]*ir.Value),
	}
	if isMain := b.main == nil; isMain { // the shadow compiles closures and named functions when they return
		f.own = new(expressions)
	}
	return f
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
	shape = unnamed(shape.Clone())
	if f.own != nil && sharding == nil && f.isOrdinary(shape) {
		return f.newValue(f.ir.Param(name, shape)), nil
	}
	shadow, err := f.shadow.Parameter(name, shape, sharding)
	if err != nil {
		return nil, err
	}
	return f.enter(shadow, f.ir.Param(name, shape)), nil
}

// Constant adds a constant with a copy of flat, a slice of its elements.
func (f *Function) Constant(flat any, dims ...int) (compute.Value, error) {
	if err := f.open(); err != nil {
		return nil, err
	}
	if f.own != nil && f.isConstant(flat, dims) {
		v, hash := f.own.constant(flat, dims)
		if v == nil {
			v = f.newValue(f.constant(flat, dims))
			f.own.enter(hash, v)
		}
		return v, nil
	}
	shadow, err := f.shadow.Constant(flat, dims...)
	if err != nil {
		return nil, err
	}
	if v, ok := f.known[shadow]; ok {
		return v, nil
	}
	return f.enter(shadow, f.constant(flat, dims)), nil
}

// isConstant reports whether flat holds the elements of an array of these lengths; the shadow says why it does not.
func (f *Function) isConstant(flat any, dims []int) bool {
	t := reflect.TypeOf(flat)
	if t == nil || t.Kind() != reflect.Slice {
		return false
	}
	shape := shapes.Shape{DType: dtypes.FromGoType(t.Elem()), Dimensions: dims}
	return f.isOrdinary(shape) && reflect.ValueOf(flat).Len() == shape.Size()
}

// constant adds a constant with a copy of flat.
func (f *Function) constant(flat any, dims []int) *ir.Value {
	shape := shapes.Make(dtypes.FromGoType(reflect.TypeOf(flat).Elem()), dims...)
	own := dtypes.MakeAnySlice(shape.DType, shape.Size())
	copy(dtypes.UnsafeByteSliceFromAny(own), dtypes.UnsafeByteSliceFromAny(flat))
	return f.ir.Add(ir.Constant, nil, ir.ConstantAttr{Flat: own}, nil, shape).Result()
}

// Return sets the results and ends the function.
func (f *Function) Return(outputs []compute.Value, shardings []*compute.ShardingSpec) error {
	if err := f.open(); err != nil {
		return err
	}
	values, err := f.values(nil, outputs)
	if err != nil {
		return errors.WithMessage(err, "cpu: return")
	}
	if f.own == nil || len(outputs) == 0 || len(shardings) > 0 {
		list, err := shadows(values)
		if err != nil {
			return err
		}
		if err := f.shadow.Return(list, shardings); err != nil {
			return err
		}
	}
	f.ir.Return(f.use(nil, values)...)
	f.returned = true
	return nil
}

// record adds an op to f unless its results are known. What they are is inferred here for the ops that graphs are mostly made
// of; others, and all of closures and named functions, are issued to the shadow. The attribute and args must be the callee's own.
func (f *Function) record(kind ir.Kind, attr ir.Attr, fns []compute.Function, args []compute.Value) ([]compute.Value, error) {
	if err := f.open(); err != nil {
		return nil, err
	}
	if !f.builder.env.Fused && declined[kind] {
		return nil, errors.Wrapf(compute.ErrNotImplemented, "cpu: %s: the ops that it stands for are faster here", kind)
	}
	var room [4]*value // as many as most ops have operands
	values, err := f.values(room[:0], args)
	if err != nil {
		return nil, errors.WithMessagef(err, "cpu: %s", kind)
	}
	if a, ok := attr.(ir.SliceAttr); ok && values[0] != nil {
		attr = settle(a, values[0].ir.Shape)
	}
	if f.own != nil && len(fns) == 0 {
		if v := f.express(kind, attr, values); v != nil {
			return v.list[:], nil
		}
	}
	callees, err := f.callees(fns)
	if err != nil {
		return nil, errors.WithMessagef(err, "cpu: %s", kind)
	}
	operands, err := shadows(values)
	if err != nil {
		return nil, errors.WithMessagef(err, "cpu: %s", kind)
	}
	call := &ir.Op{Kind: kind, Attr: attr}
	shadowResults, err := delegate.Issue(f.shadow, call, operands, shadowFunctions(callees))
	if err != nil {
		return nil, errors.WithMessagef(err, "cpu: %s(%s)", kind, shapeTexts(values))
	}
	if results, ok := f.find(shadowResults); ok {
		return results, nil
	}
	return f.add(call, values, callees, shadowResults)
}

// express returns the value of an op of main that needs no shadow: one that is known, or a new one; nil for other ops.
func (f *Function) express(kind ir.Kind, attr ir.Attr, values []*value) *value {
	for _, v := range values {
		if v == nil || !f.isOrdinary(v.ir.Shape) {
			return nil
		}
	}
	if a, ok := attr.(ir.ConvertDTypeAttr); ok {
		return f.convert(a, values[0])
	}
	shape, ok := infer(kind, attr, values)
	if !ok {
		return nil
	}
	return f.expressAs(kind, attr, values, shape)
}

// convert is express for conversions; one to the same type is no op.
func (f *Function) convert(a ir.ConvertDTypeAttr, x *value) *value {
	shape := x.ir.Shape
	if shape.DType == a.Dtype {
		return x
	}
	if shape.DType = a.Dtype; !f.isOrdinary(shape) {
		return nil
	}
	return f.expressAs(ir.ConvertDType, a, []*value{x}, shape)
}

func (f *Function) expressAs(kind ir.Kind, attr ir.Attr, values []*value, shape shapes.Shape) *value {
	f.own.args = f.use(f.own.args[:0], values)
	args := f.own.args
	if kind == ir.Identity { // each is one of its own
		return f.newValue(f.ir.Add(kind, args, attr, nil, shape).Result())
	}
	v, hash := f.own.find(kind, attr, args)
	if v == nil {
		v = f.newValue(f.ir.Add(kind, args, attr, nil, shape).Result())
		f.own.enter(hash, v)
	}
	return v
}

// isOrdinary reports whether the shadow has parameters of this shape and all its lengths are known.
func (f *Function) isOrdinary(s shapes.Shape) bool {
	return isStatic(s) && f.builder.env.Engine.Supports(s.DType)
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
		resultShapes[i] = unnamed(resultShapes[i])
	}
	bodies := make([]ir.Body, len(callees))
	for i, c := range callees {
		bodies[i] = ir.Body{Func: c.ir, Captures: f.use(nil, c.outer)}
	}
	op := f.ir.Add(call.Kind, f.use(nil, values), call.Attr, bodies, resultShapes...)
	results := make([]compute.Value, len(op.Results))
	for i, v := range op.Results {
		results[i] = f.enter(shadowResults[i], v)
	}
	return results, nil
}

func (f *Function) newValue(v *ir.Value) *value {
	if len(f.room) == 0 {
		f.room = make([]value, min(8+f.ir.NumValues(), 128))
	}
	val := &f.room[0]
	f.room = f.room[1:]
	val.fn, val.ir, val.list[0] = f, v, val
	return val
}

func (f *Function) enter(shadow compute.Value, v *ir.Value) *value {
	val := f.newValue(v)
	val.shadow = shadow
	f.known[shadow] = val
	return val
}

// toShadow returns what stands for v in the shadow: for a value that the shadow did not make, a parameter of its shape.
func (v *value) toShadow() (compute.Value, error) {
	if v.shadow == nil {
		shadow, err := v.fn.shadow.Parameter(v.ir.String(), v.ir.Shape, nil)
		if err != nil {
			return nil, err
		}
		v.shadow = shadow
		v.fn.known[shadow] = v
	}
	return v.shadow, nil
}

// use appends what stands for values inside f to out; values of the functions around it become captures.
func (f *Function) use(out []*ir.Value, values []*value) []*ir.Value {
	for _, v := range values {
		switch {
		case v == nil:
			out = append(out, nil)
		case v.fn == f:
			out = append(out, v.ir)
		default:
			out = append(out, f.capture(v))
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

// values appends the values of a list, checked, to out; a nil operand stays nil.
func (f *Function) values(out []*value, list []compute.Value) ([]*value, error) {
	for i, v := range list {
		if v == nil {
			out = append(out, nil)
			continue
		}
		val, err := f.value(v)
		if err != nil {
			return nil, errors.WithMessagef(err, "operand %d", i)
		}
		out = append(out, val)
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
