package plan

import (
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
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

// formula is how a node is computed: as its code says, with a function of one or two operands.
type formula struct {
	code code
	fn   op.Op
}

// isRegister reports whether registers hold values of this type: words, and truths as 1 and 0.
func isRegister(t dtypes.DType) bool {
	return t == dtypes.Float32 || t == dtypes.Int32 || t == dtypes.Bool
}

// isDraw reports whether op makes random bits numbers. No other op of clusters takes unsigned integers.
func isDraw(op *ir.Op) bool {
	return op.Kind == ir.ConvertDType && op.Args[0].Shape.DType == dtypes.Uint32 && op.Result().Shape.DType == dtypes.Float32
}

// formulaOf says how a cluster computes op; its code is codeNone when it cannot.
func formulaOf(op *ir.Op) formula {
	if len(op.Args) == 0 || len(op.Results) != 1 || !isRegister(op.Result().Shape.DType) {
		return formula{}
	}
	for v := range op.Inputs {
		if !isRegister(v.Shape.DType) && !isDraw(op) || v.Shape.Size() == 0 {
			return formula{}
		}
	}
	switch op.Kind {
	case ir.Where:
		return formula{code: codeTernary}
	case ir.ConvertDType:
		return conversion(op.Args[0].Shape.DType, op.Result().Shape.DType)
	}
	switch op.Args[0].Shape.DType {
	case dtypes.Float32:
		return floatFormula(op.Kind)
	case dtypes.Int32:
		return intFormula(op.Kind)
	}
	return truthFormula(op.Kind)
}

func unaryFormula(o op.Op) formula { return formula{codeUnary, o} }

func binaryFormula(o op.Op) formula { return formula{codeBinary, o} }

// floatFormula is for operands of type float32.
func floatFormula(k ir.Kind) formula {
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
		return binaryFormula(op.Add)
	case ir.Sub:
		return binaryFormula(op.Sub)
	case ir.Mul:
		return binaryFormula(op.Mul)
	case ir.Div:
		return binaryFormula(op.Div)
	case ir.Max:
		return binaryFormula(op.Max)
	case ir.Min:
		return binaryFormula(op.Min)
	case ir.Pow:
		return binaryFormula(op.Pow)
	case ir.Equal:
		return binaryFormula(op.Equal)
	case ir.NotEqual:
		return binaryFormula(op.NotEqual)
	case ir.LessThan:
		return binaryFormula(op.Less)
	case ir.LessOrEqual:
		return binaryFormula(op.LessEqual)
	case ir.GreaterThan:
		return binaryFormula(op.Greater)
	case ir.GreaterOrEqual:
		return binaryFormula(op.GreaterEqual)
	}
	if o := floatUnary(k); o != op.None {
		return unaryFormula(o)
	}
	return formula{}
}

// floatUnary returns the function of an op with one operand, None if there is none.
func floatUnary(k ir.Kind) op.Op {
	switch k {
	case ir.Neg:
		return op.Neg
	case ir.Abs:
		return op.Abs
	case ir.Sqrt:
		return op.Sqrt
	case ir.Rsqrt:
		return op.Rsqrt
	case ir.Exp:
		return op.Exp
	case ir.Log:
		return op.Log
	case ir.Tanh:
		return op.Tanh
	case ir.Erf:
		return op.Erf
	case ir.Logistic:
		return op.Sigmoid
	case ir.Sin:
		return op.Sin
	case ir.Cos:
		return op.Cos
	case ir.Expm1:
		return op.Expm1
	case ir.Log1p:
		return op.Log1p
	case ir.Floor:
		return op.Floor
	case ir.Ceil:
		return op.Ceil
	case ir.Round:
		return op.Round
	case ir.Sign:
		return op.Sign
	case ir.IsNaN:
		return op.IsNaN
	case ir.IsFinite:
		return op.IsFinite
	}
	return op.None
}

// intFormula is for operands of type int32.
func intFormula(k ir.Kind) formula {
	switch k {
	case ir.Neg:
		return unaryFormula(op.NegInt)
	case ir.Abs:
		return unaryFormula(op.AbsInt)
	case ir.Add:
		return binaryFormula(op.AddInt)
	case ir.Sub:
		return binaryFormula(op.SubInt)
	case ir.Mul:
		return binaryFormula(op.MulInt)
	case ir.Max:
		return binaryFormula(op.MaxInt)
	case ir.Min:
		return binaryFormula(op.MinInt)
	case ir.Equal:
		return binaryFormula(op.EqualInt)
	case ir.NotEqual:
		return binaryFormula(op.NotEqualInt)
	case ir.LessThan:
		return binaryFormula(op.LessInt)
	case ir.LessOrEqual:
		return binaryFormula(op.LessEqualInt)
	case ir.GreaterThan:
		return binaryFormula(op.GreaterInt)
	case ir.GreaterOrEqual:
		return binaryFormula(op.GreaterEqualInt)
	}
	return formula{}
}

// truthFormula is for operands of type bool, whose values are 1 and 0.
func truthFormula(k ir.Kind) formula {
	switch k {
	case ir.LogicalAnd:
		return binaryFormula(op.Min)
	case ir.LogicalOr:
		return binaryFormula(op.Max)
	case ir.LogicalXor, ir.NotEqual:
		return binaryFormula(op.NotEqual)
	case ir.Equal:
		return binaryFormula(op.Equal)
	case ir.LogicalNot:
		return unaryFormula(op.IsZero)
	}
	return formula{}
}

// conversion is how values of one type become another's.
func conversion(from, to dtypes.DType) formula {
	switch {
	case from == to, from == dtypes.Bool && to == dtypes.Float32:
		return formula{code: codeCopy}
	case from == dtypes.Uint32:
		return unaryFormula(op.FromUint)
	case to == dtypes.Bool && from == dtypes.Float32:
		return unaryFormula(op.NotZero)
	case to == dtypes.Bool:
		return unaryFormula(op.NotZeroInt)
	case to == dtypes.Int32:
		return unaryFormula(op.ToInt)
	}
	return unaryFormula(op.FromInt)
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
