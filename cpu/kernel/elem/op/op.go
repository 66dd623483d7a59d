// Package op names the functions that element-wise kernels compute, so that a plan, a table of kernels and the generator
// of the assembly speak of the same ones. It computes nothing.
package op

// Op is a function of one, two or three numbers.
type Op uint8

const (
	None Op = iota

	Neg
	Abs
	Sqrt
	Rsqrt
	Exp
	Log
	Tanh
	Erf
	Sigmoid
	GeluSlope
	Sin
	Cos
	Expm1
	Log1p
	Floor
	Ceil
	Round
	Sign
	IsNaN
	IsFinite
	IsZero
	NotZero
	NotZeroInt
	NegInt
	AbsInt
	FromInt
	FromUint
	ToInt
	Square

	Add
	Sub
	RSub
	Mul
	Div
	RDiv
	Max
	RMax
	Min
	RMin
	Pow
	RPow
	Equal
	NotEqual
	Less
	LessEqual
	Greater
	GreaterEqual
	AddInt
	SubInt
	RSubInt
	MulInt
	MaxInt
	MinInt
	EqualInt
	NotEqualInt
	LessInt
	LessEqualInt
	GreaterInt
	GreaterEqualInt

	Select
	MulAdd      // x*y + z, rounded once
	NegMulAdd   // z - x*y, rounded once
	MulAddTo    // of threaded code: MulAdd(y, z, x)
	NegMulAddTo // of threaded code: NegMulAdd(y, z, x)

	Count
)

// Names has the name of each op, as the fields of a table of kernels have it.
var Names = [Count]string{"", "Neg", "Abs", "Sqrt", "Rsqrt", "Exp", "Log", "Tanh", "Erf", "Sigmoid", "GeluSlope", "Sin", "Cos", "Expm1", "Log1p", "Floor", "Ceil",
	"Round", "Sign", "IsNaN", "IsFinite", "IsZero", "NotZero", "NotZeroInt", "NegInt", "AbsInt", "FromInt", "FromUint", "ToInt", "Square",
	"Add", "Sub", "RSub", "Mul", "Div", "RDiv", "Max", "RMax", "Min", "RMin", "Pow", "RPow",
	"Equal", "NotEqual", "Less", "LessEqual", "Greater", "GreaterEqual",
	"AddInt", "SubInt", "RSubInt", "MulInt", "MaxInt", "MinInt", "EqualInt", "NotEqualInt", "LessInt", "LessEqualInt", "GreaterInt", "GreaterEqualInt",
	"Select", "MulAdd", "NegMulAdd", "MulAddTo", "NegMulAddTo"}

func (o Op) String() string { return Names[o] }

var reversed = map[Op]Op{
	Sub: RSub, Div: RDiv, Max: RMax, Min: RMin, Pow: RPow, SubInt: RSubInt,
	Less: Greater, LessEqual: GreaterEqual, LessInt: GreaterInt, LessEqualInt: GreaterEqualInt,
}

func init() {
	for o, r := range reversed {
		reversed[r] = o
	}
}

// Reversed returns the op r with r(y, x) = o(x, y).
func (o Op) Reversed() Op {
	if r, ok := reversed[o]; ok {
		return r
	}
	return o
}
