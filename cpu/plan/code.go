package plan

import (
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/elem"
)

// code says what a node of a cluster computes.
type code uint8

const (
	codeNone code = iota
	codeCopy
	codeUnary
	codeBinary
	codeTernary
	codeClamp
	codeSum
	codeMax
	codeMin
)

// binary is the three forms of an op with two operands: arrays, scalar right, scalar left.
type binary struct {
	arrays      elem.Binary
	right, left elem.Scalar // left has the scalar as its last operand too
}

// formula is how a node is computed: with one of the kernels, as its code says.
type formula struct {
	code  code
	unary elem.Unary
	binary
}

// isRegister reports whether registers hold values of this type: words, and truths as 1 and 0.
func isRegister(t dtypes.DType) bool {
	return t == dtypes.Float32 || t == dtypes.Int32 || t == dtypes.Bool
}

// formulaOf says how a cluster computes op; its code is codeNone when it cannot.
func formulaOf(t *elem.Table, op *ir.Op) formula {
	if len(op.Args) == 0 || len(op.Results) != 1 || !isRegister(op.Result().Shape.DType) {
		return formula{}
	}
	for v := range op.Inputs {
		if !isRegister(v.Shape.DType) || v.Shape.Size() == 0 {
			return formula{}
		}
	}
	switch op.Kind {
	case ir.Where:
		return formula{code: codeTernary}
	case ir.ConvertDType:
		return conversion(t, op.Args[0].Shape.DType, op.Result().Shape.DType)
	}
	switch op.Args[0].Shape.DType {
	case dtypes.Float32:
		return floatFormula(t, op.Kind)
	case dtypes.Int32:
		return intFormula(t, op.Kind)
	}
	return truthFormula(t, op.Kind)
}

func unaryFormula(k elem.Unary) formula { return formula{code: codeUnary, unary: k} }

func binaryFormula(arrays elem.Binary, right, left elem.Scalar) formula {
	return formula{code: codeBinary, binary: binary{arrays, right, left}}
}

// floatFormula is for operands of type float32.
func floatFormula(t *elem.Table, k ir.Kind) formula {
	switch k {
	case ir.ReduceSum:
		return formula{code: codeSum}
	case ir.ReduceMax:
		return formula{code: codeMax}
	case ir.ReduceMin:
		return formula{code: codeMin}
	case ir.Clamp:
		return formula{code: codeClamp}
	case ir.Add:
		return binaryFormula(t.Add, t.AddScalar, t.AddScalar)
	case ir.Sub:
		return binaryFormula(t.Sub, t.SubScalar, t.RSubScalar)
	case ir.Mul:
		return binaryFormula(t.Mul, t.MulScalar, t.MulScalar)
	case ir.Div:
		return binaryFormula(t.Div, t.DivScalar, t.RDivScalar)
	case ir.Max:
		return binaryFormula(t.Max, t.MaxScalar, t.MaxScalar)
	case ir.Min:
		return binaryFormula(t.Min, t.MinScalar, t.MinScalar)
	case ir.Pow:
		return binaryFormula(t.Pow, t.PowScalar, t.RPowScalar)
	case ir.Equal:
		return binaryFormula(t.Equal, t.EqualScalar, t.EqualScalar)
	case ir.NotEqual:
		return binaryFormula(t.NotEqual, t.NotEqualScalar, t.NotEqualScalar)
	case ir.LessThan:
		return binaryFormula(t.Less, t.LessScalar, t.GreaterScalar)
	case ir.LessOrEqual:
		return binaryFormula(t.LessEqual, t.LessEqualScalar, t.GreaterEqualScalar)
	case ir.GreaterThan:
		return binaryFormula(t.Greater, t.GreaterScalar, t.LessScalar)
	case ir.GreaterOrEqual:
		return binaryFormula(t.GreaterEqual, t.GreaterEqualScalar, t.LessEqualScalar)
	}
	if kernel := floatUnary(t, k); kernel != nil {
		return unaryFormula(kernel)
	}
	return formula{}
}

// floatUnary returns the kernel of an op with one operand, nil if there is none.
func floatUnary(t *elem.Table, k ir.Kind) elem.Unary {
	switch k {
	case ir.Neg:
		return t.Neg
	case ir.Abs:
		return t.Abs
	case ir.Sqrt:
		return t.Sqrt
	case ir.Rsqrt:
		return t.Rsqrt
	case ir.Exp:
		return t.Exp
	case ir.Log:
		return t.Log
	case ir.Tanh:
		return t.Tanh
	case ir.Erf:
		return t.Erf
	case ir.Logistic:
		return t.Sigmoid
	case ir.Sin:
		return t.Sin
	case ir.Cos:
		return t.Cos
	case ir.Expm1:
		return t.Expm1
	case ir.Log1p:
		return t.Log1p
	case ir.Floor:
		return t.Floor
	case ir.Ceil:
		return t.Ceil
	case ir.Round:
		return t.Round
	case ir.Sign:
		return t.Sign
	case ir.IsNaN:
		return t.IsNaN
	case ir.IsFinite:
		return t.IsFinite
	}
	return nil
}

// intFormula is for operands of type int32.
func intFormula(t *elem.Table, k ir.Kind) formula {
	switch k {
	case ir.Neg:
		return unaryFormula(t.NegInt)
	case ir.Abs:
		return unaryFormula(t.AbsInt)
	case ir.Add:
		return binaryFormula(t.AddInt, t.AddIntScalar, t.AddIntScalar)
	case ir.Sub:
		return binaryFormula(t.SubInt, t.SubIntScalar, t.RSubIntScalar)
	case ir.Mul:
		return binaryFormula(t.MulInt, t.MulIntScalar, t.MulIntScalar)
	case ir.Max:
		return binaryFormula(t.MaxInt, t.MaxIntScalar, t.MaxIntScalar)
	case ir.Min:
		return binaryFormula(t.MinInt, t.MinIntScalar, t.MinIntScalar)
	case ir.Equal:
		return binaryFormula(t.EqualInt, t.EqualIntScalar, t.EqualIntScalar)
	case ir.NotEqual:
		return binaryFormula(t.NotEqualInt, t.NotEqualIntScalar, t.NotEqualIntScalar)
	case ir.LessThan:
		return binaryFormula(t.LessInt, t.LessIntScalar, t.GreaterIntScalar)
	case ir.LessOrEqual:
		return binaryFormula(t.LessEqualInt, t.LessEqualIntScalar, t.GreaterEqualIntScalar)
	case ir.GreaterThan:
		return binaryFormula(t.GreaterInt, t.GreaterIntScalar, t.LessIntScalar)
	case ir.GreaterOrEqual:
		return binaryFormula(t.GreaterEqualInt, t.GreaterEqualIntScalar, t.LessEqualIntScalar)
	}
	return formula{}
}

// truthFormula is for operands of type bool, whose values are 1 and 0.
func truthFormula(t *elem.Table, k ir.Kind) formula {
	switch k {
	case ir.LogicalAnd:
		return binaryFormula(t.Min, t.MinScalar, t.MinScalar)
	case ir.LogicalOr:
		return binaryFormula(t.Max, t.MaxScalar, t.MaxScalar)
	case ir.LogicalXor, ir.NotEqual:
		return binaryFormula(t.NotEqual, t.NotEqualScalar, t.NotEqualScalar)
	case ir.Equal:
		return binaryFormula(t.Equal, t.EqualScalar, t.EqualScalar)
	case ir.LogicalNot:
		return unaryFormula(func(dst, x []float32) { t.EqualScalar(dst, x, 0) })
	}
	return formula{}
}

// conversion is how values of one type become another's.
func conversion(t *elem.Table, from, to dtypes.DType) formula {
	switch {
	case from == to, from == dtypes.Bool && to == dtypes.Float32:
		return formula{code: codeCopy}
	case to == dtypes.Bool && from == dtypes.Float32:
		return unaryFormula(func(dst, x []float32) { t.NotEqualScalar(dst, x, 0) })
	case to == dtypes.Bool:
		return unaryFormula(func(dst, x []float32) { t.NotEqualIntScalar(dst, x, 0) })
	case to == dtypes.Int32:
		return unaryFormula(t.ToInt)
	}
	return unaryFormula(t.FromInt)
}

// reduceAxes returns the axes of a reduction.
func reduceAxes(op *ir.Op) []int {
	var axes []int
	switch a := op.Attr.(type) {
	case ir.ReduceSumAttr:
		axes = a.Axes
	case ir.ReduceMaxAttr:
		axes = a.Axes
	case ir.ReduceMinAttr:
		axes = a.Axes
	}
	if len(axes) == 0 { // compute's convention for "all"
		return others(op.Args[0].Shape.Rank(), nil)
	}
	axes = slices.Clone(axes)
	slices.Sort(axes)
	return axes
}

// longestRow is the longest row that is reduced within a cluster, 256 KB: a quarter of a second-level cache.
const longestRow = 1 << 16

// reduction says which part of the space a reduction of dims over axes keeps: classRow keeps one element for each row of
// length row, classColumn one for each of row columns. False when it is none of them: kept axes surround reduced ones.
func reduction(dims, axes []int) (c class, row int, ok bool) {
	reduced := make([]bool, len(dims))
	for _, axis := range axes {
		reduced[axis] = true
	}
	var kept, gone int // borders: axes before the last kept one, after the first reduced one
	nKept, nGone := 1, 1
	kept, gone = -1, len(dims)
	firstKept, lastGone := len(dims), -1
	for i, d := range dims {
		switch {
		case d == 1:
		case reduced[i]:
			nGone *= d
			gone, lastGone = min(gone, i), i
		default:
			nKept *= d
			kept, firstKept = i, min(firstKept, i)
		}
	}
	switch {
	case nKept == 1:
		return classTotal, 0, true
	case nGone == 1:
		return classFull, 0, true
	case kept < gone:
		return classRow, nGone, nGone <= longestRow
	case lastGone < firstKept:
		return classColumn, nKept, true
	}
	return 0, 0, false
}
