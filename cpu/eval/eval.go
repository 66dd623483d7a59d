// Package eval runs ir the slow, obvious way: it is the oracle that everything fast is tested against.
//
// One op after the other, one element after the other, in float64: a result is rounded to its type once, and a sum of
// float32 is rounded when it is complete. No kernel, no plan and no other backend is involved. Integers are exact up to
// 2^53. It is for tests alone.
//
// Read Run first; each other file has the rules of one kind of op.
package eval

import (
	"fmt"
	"math"
	"reflect"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Array is a row-major array; truths are 1 and 0.
type Array struct {
	Shape shapes.Shape
	Elems []float64
}

// Of returns an array with the elements of flat, a slice of shape's element type.
func Of(shape shapes.Shape, flat any) Array {
	a := zeros(shape)
	v := reflect.ValueOf(flat)
	for i := range a.Elems {
		switch e := v.Index(i); {
		case e.Kind() == reflect.Bool:
			a.Elems[i] = truth(e.Bool())
		case e.CanFloat():
			a.Elems[i] = e.Float()
		case e.CanInt():
			a.Elems[i] = float64(e.Int())
		case e.CanUint():
			a.Elems[i] = float64(e.Uint())
		default:
			fail("elements of type %s", e.Type())
		}
	}
	return a
}

func zeros(shape shapes.Shape) Array {
	return Array{Shape: shape, Elems: make([]float64, shape.Size())}
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}

// call is one op with what it works on.
type call struct {
	op     *ir.Op
	args   []Array
	bodies []func(inputs ...Array) []Array
}

// out returns an array for the only result.
func (c *call) out() Array { return zeros(c.op.Result().Shape) }

// Has reports whether there is a rule for ops of kind k.
func Has(k ir.Kind) bool {
	_, one := rules[k]
	_, several := control[k]
	return one || several
}

// rules are those of the kinds that give one result and run no function.
var rules = func() map[ir.Kind]func(c *call) Array {
	all := make(map[ir.Kind]func(c *call) Array)
	for _, table := range []map[ir.Kind]func(c *call) Array{elementwise, moves, windows, reductions} {
		for kind, rule := range table {
			all[kind] = rule
		}
	}
	return all
}()

// Run evaluates f. It fails when f, or a function that f runs, has an op without a rule or a type that is not a number of
// at most 64 bits.
func Run(f *ir.Func, inputs []Array) (results []Array, err error) {
	defer func() {
		switch cause := recover().(type) {
		case nil:
		case fault:
			err = fmt.Errorf("eval: func @%s: %w", f.Name, cause.error)
		default:
			panic(cause)
		}
	}()
	return function(f, inputs, nil), nil
}

// fault carries an error through the rules.
type fault struct{ error }

func fail(format string, args ...any) { panic(fault{fmt.Errorf(format, args...)}) }

func function(f *ir.Func, inputs, captures []Array) []Array {
	if len(inputs) != len(f.Params) || len(captures) != len(f.Captures) {
		fail("@%s: got %d inputs and %d captures, expected %d and %d", f.Name, len(inputs), len(captures), len(f.Params), len(f.Captures))
	}
	values := make([]Array, f.NumValues())
	all := func(list []*ir.Value) []Array {
		out := make([]Array, len(list))
		for i, v := range list {
			if v != nil {
				out[i] = values[v.ID]
			}
		}
		return out
	}
	for i, p := range f.Params {
		values[p.ID] = inputs[i]
	}
	for i, c := range f.Captures {
		values[c.ID] = captures[i]
	}
	for _, op := range f.LiveOps() {
		c := &call{op: op, args: all(op.Args)}
		for _, b := range op.Bodies {
			captured := all(b.Captures)
			c.bodies = append(c.bodies, func(inputs ...Array) []Array { return function(b.Func, inputs, captured) })
		}
		for i, a := range results(c) {
			values[op.Results[i].ID] = rounded(a, op.Results[i].Shape)
		}
	}
	return all(f.Results)
}

func results(c *call) []Array {
	if rule, ok := rules[c.op.Kind]; ok {
		return []Array{rule(c)}
	}
	rule, ok := control[c.op.Kind]
	if !ok {
		fail("%s: no rule for this op", c.op)
	}
	return rule(c)
}

// rounded returns a in the type of shape: floats are rounded, integers wrap around.
func rounded(a Array, shape shapes.Shape) Array {
	if len(a.Elems) != shape.Size() {
		fail("%d elements for %s", len(a.Elems), ir.ShapeText(shape))
	}
	out := zeros(shape)
	for i, x := range a.Elems {
		out.Elems[i] = round(x, shape.DType)
	}
	return out
}

func round(x float64, t dtypes.DType) float64 {
	switch t {
	case dtypes.Float32:
		return float64(float32(x))
	case dtypes.Float64, dtypes.Bool:
		return x
	case dtypes.Int8:
		return float64(int8(int64(x)))
	case dtypes.Int16:
		return float64(int16(int64(x)))
	case dtypes.Int32:
		return float64(int32(int64(x)))
	case dtypes.Uint8:
		return float64(uint8(int64(x)))
	case dtypes.Uint16:
		return float64(uint16(int64(x)))
	case dtypes.Uint32:
		return float64(uint32(int64(x)))
	case dtypes.Int64, dtypes.Uint64:
		if math.Abs(x) > 1<<53 {
			fail("%g is not exact as %s", x, t)
		}
		return math.Trunc(x)
	}
	fail("values of type %s", t)
	return 0
}

// each calls f with every index of an array of the given lengths, in row-major order; f must not keep it.
func each(dims []int, f func(index []int)) {
	for _, d := range dims {
		if d == 0 {
			return
		}
	}
	index := make([]int, len(dims))
	for {
		f(index)
		axis := len(dims) - 1
		for ; axis >= 0; axis-- {
			if index[axis]++; index[axis] < dims[axis] {
				break
			}
			index[axis] = 0
		}
		if axis < 0 {
			return
		}
	}
}

// at returns the place of an index.
func at(dims, index []int) int {
	place := 0
	for axis, i := range index {
		place = place*dims[axis] + i
	}
	return place
}

func (a Array) dims() []int             { return a.Shape.Dimensions }
func (a Array) get(index []int) float64 { return a.Elems[at(a.dims(), index)] }
func (a Array) set(index []int, x float64) {
	a.Elems[at(a.dims(), index)] = x
}
