package plan

import (
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
	codeSum
	codeMax
	codeMin
)

// unaryOf returns the kernel of an op with one operand, nil if there is none.
func unaryOf(t *elem.Table, k ir.Kind) elem.Unary {
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
	}
	return nil
}

// binary is the three forms of an op with two operands: arrays, scalar right, scalar left.
type binary struct {
	arrays      elem.Binary
	right, left elem.Scalar // left has the scalar as its last operand too
}

// binaryOf returns the kernels of an op with two operands.
func binaryOf(t *elem.Table, k ir.Kind) binary {
	switch k {
	case ir.Add:
		return binary{t.Add, t.AddScalar, t.AddScalar}
	case ir.Sub:
		return binary{t.Sub, t.SubScalar, t.RSubScalar}
	case ir.Mul:
		return binary{t.Mul, t.MulScalar, t.MulScalar}
	case ir.Div:
		return binary{t.Div, t.DivScalar, t.RDivScalar}
	case ir.Max:
		return binary{t.Max, t.MaxScalar, t.MaxScalar}
	case ir.Min:
		return binary{t.Min, t.MinScalar, t.MinScalar}
	}
	return binary{}
}

// codeOf says how a cluster computes op, codeNone when it cannot.
func codeOf(t *elem.Table, op *ir.Op) code {
	for v := range op.Inputs {
		if v.Shape.DType != dtypes.Float32 || v.Shape.Size() == 0 {
			return codeNone
		}
	}
	switch op.Kind {
	case ir.ReduceSum:
		return codeSum
	case ir.ReduceMax:
		return codeMax
	case ir.ReduceMin:
		return codeMin
	}
	switch {
	case unaryOf(t, op.Kind) != nil:
		return codeUnary
	case binaryOf(t, op.Kind).arrays != nil:
		return codeBinary
	}
	return codeNone
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
		for axis := range op.Args[0].Shape.Rank() {
			axes = append(axes, axis)
		}
	}
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
