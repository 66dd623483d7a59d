package build

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapeinference"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// infer returns the shape of the result of the ops that graphs are mostly made of, by compute's own rules; false for other ops
// and where a rule is broken: the shadow answers then, in its own words. All lengths of args are known.
func infer(kind ir.Kind, attr ir.Attr, args []*value) (shapes.Shape, bool) {
	shape, err := shapes.Invalid(), error(nil)
	switch kind {
	case ir.Neg, ir.Abs, ir.Sign, ir.Sqrt, ir.Rsqrt, ir.Exp, ir.Expm1, ir.Log, ir.Log1p, ir.Tanh, ir.Erf, ir.Logistic, ir.Sin, ir.Cos,
		ir.Floor, ir.Ceil, ir.Round, ir.LogicalNot:
		shape, err = shapeinference.UnaryOp(kind.OpType(), args[0].ir.Shape)
	case ir.Add, ir.Sub, ir.Mul, ir.Div, ir.Max, ir.Min, ir.Pow, ir.LogicalAnd, ir.LogicalOr, ir.LogicalXor:
		shape, err = inferBinary(kind, args[0].ir.Shape, args[1].ir.Shape)
	case ir.Equal, ir.NotEqual, ir.LessThan, ir.LessOrEqual, ir.GreaterThan, ir.GreaterOrEqual:
		shape, err = shapeinference.ComparisonOp(kind.OpType(), args[0].ir.Shape, args[1].ir.Shape)
	case ir.Where:
		shape, err = shapeinference.Where(args[0].ir.Shape, args[1].ir.Shape, args[2].ir.Shape)
	case ir.Identity:
		shape = args[0].ir.Shape
	default:
		return inferMoved(kind, attr, args)
	}
	return shape, err == nil
}

// inferMoved is infer for ops whose attributes say where elements go.
func inferMoved(kind ir.Kind, attr ir.Attr, args []*value) (shapes.Shape, bool) {
	shape, err := shapes.Invalid(), error(nil)
	switch a := attr.(type) {
	case ir.ReshapeAttr:
		if !isNatural(a.Dimensions) {
			return shape, false
		}
		shape, err = shapeinference.Reshape(args[0].ir.Shape, a.Dimensions)
	case ir.TransposeAttr:
		shape, err = shapeinference.Transpose(args[0].ir.Shape, a.Permutation)
	case ir.BroadcastInDimAttr:
		if shape = unnamed(a.OutputShape); !isStatic(shape) || !isNatural(shape.Dimensions) || shape.DType != args[0].ir.Shape.DType {
			return shape, false
		}
		err = shapeinference.BroadcastInDim(args[0].ir.Shape, shape, a.BroadcastAxes, nil)
	case ir.ReduceSumAttr, ir.ReduceMaxAttr, ir.ReduceMinAttr:
		shape, err = shapeinference.Reduce(args[0].ir.Shape, reducedAxes(attr, args[0].ir.Shape.Rank()))
	case ir.DotGeneralAttr:
		isPlain := func(t dtypes.DType) bool { return t == dtypes.InvalidDType || t == dtypes.Float32 }
		if args[0].ir.Shape.DType != dtypes.Float32 || !isPlain(a.Config.AccumulatorDType) || !isPlain(a.Config.OutputDType) {
			return shape, false
		}
		shape, err = shapeinference.DotGeneral(args[0].ir.Shape, a.LhsContractingAxes, a.LhsBatchAxes, args[1].ir.Shape, a.RhsContractingAxes, a.RhsBatchAxes, a.Config)
	case ir.SliceAttr:
		shape, err = shapeinference.Slice(args[0].ir.Shape, a.Starts, a.Limits, stridesOf(a))
	case ir.ConcatenateAttr:
		list := make([]shapes.Shape, len(args))
		for i, v := range args {
			list[i] = v.ir.Shape
		}
		shape, err = shapeinference.Concatenate(list, a.Axis)
	case ir.PadAttr:
		shape, err = shapeinference.Pad(args[0].ir.Shape, a.AxesConfig...)
	default:
		return shape, false
	}
	return shape, err == nil
}

// inferBinary is for functions of two arrays; shapes of float32 that agree need no more than a look.
func inferBinary(kind ir.Kind, x, y shapes.Shape) (shapes.Shape, error) {
	if isArithmetic := kind != ir.LogicalAnd && kind != ir.LogicalOr && kind != ir.LogicalXor; isArithmetic && x.DType == dtypes.Float32 {
		switch {
		case y.DType != dtypes.Float32:
		case x.Rank() == 0, x.Equal(y):
			return y, nil
		case y.Rank() == 0:
			return x, nil
		}
	}
	return shapeinference.BinaryOp(kind.OpType(), x, y)
}

// settle returns the bounds of a slice of x as the Go backend reads them: negative ones count from the end, and those outside of x
// are moved to its border. What does not fit the axes of x is left for the shadow to refuse.
func settle(a ir.SliceAttr, x shapes.Shape) ir.SliceAttr {
	rank := x.Rank()
	if !isStatic(x) || len(a.Starts) != rank || len(a.Limits) != rank || len(a.Strides) != 0 && len(a.Strides) != rank {
		return a
	}
	for axis, d := range x.Dimensions { // the slices are our own
		for _, bound := range []*int{&a.Starts[axis], &a.Limits[axis]} {
			if *bound < 0 {
				*bound += d
			}
			*bound = min(max(*bound, 0), d)
		}
		if len(a.Strides) > 0 {
			a.Strides[axis] = max(a.Strides[axis], 1)
		}
	}
	return a
}

// stridesOf returns the strides of a slice; none are ones.
func stridesOf(a ir.SliceAttr) []int {
	if len(a.Strides) > 0 {
		return a.Strides
	}
	return ones(len(a.Starts))
}

func ones(n int) []int {
	list := make([]int, n)
	for i := range list {
		list[i] = 1
	}
	return list
}

// reducedAxes returns the axes of a reduction; none are all.
func reducedAxes(attr ir.Attr, rank int) []int {
	var axes []int
	switch a := attr.(type) {
	case ir.ReduceSumAttr:
		axes = a.Axes
	case ir.ReduceMaxAttr:
		axes = a.Axes
	case ir.ReduceMinAttr:
		axes = a.Axes
	}
	if len(axes) == 0 {
		for axis := range rank {
			axes = append(axes, axis)
		}
	}
	return axes
}

// isStatic reports whether all lengths are known and no axis has a name.
func isStatic(s shapes.Shape) bool { return s.AxisNames == nil && isNatural(s.Dimensions) }

// unnamed returns s without names of its axes when all of them are empty, which says the same.
func unnamed(s shapes.Shape) shapes.Shape {
	if !slices.ContainsFunc(s.AxisNames, func(name string) bool { return name != "" }) {
		s.AxisNames = nil
	}
	return s
}

// isNatural reports whether no number is negative.
func isNatural(list []int) bool {
	for _, n := range list {
		if n < 0 {
			return false
		}
	}
	return true
}
