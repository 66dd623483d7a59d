package elem

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/fma"
)

// Ref is the flavour in pure Go: every function in float64, rounded once to float32. It is the definition that the others
// are tested against, and what runs where there is no assembly.
var Ref = &Table{
	Name: "ref",

	Neg:       unary(func(x float64) float64 { return -x }),
	Abs:       unary(math.Abs),
	Sqrt:      unary(math.Sqrt),
	Rsqrt:     unary(func(x float64) float64 { return 1 / math.Sqrt(x) }),
	Exp:       unary(math.Exp),
	Log:       unary(math.Log),
	Tanh:      unary(math.Tanh),
	Erf:       unary(math.Erf),
	GeluSlope: unary(geluSlope),
	Sigmoid:   unary(func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }),

	Add: binary(add), AddScalar: scalar(add),
	Sub: binary(sub), SubScalar: scalar(sub),
	Mul: binary(mul), MulScalar: scalar(mul),
	Div: binary(div), DivScalar: scalar(div),
	RSub: binary(rsub), RSubScalar: scalar(rsub),
	RDiv: binary(rdiv), RDivScalar: scalar(rdiv),
	Max: binary(larger), MaxScalar: scalar(larger),
	Min: binary(smaller), MinScalar: scalar(smaller),

	MulAdd: func(dst, x, y, z []float32) {
		for i := range dst {
			dst[i] = fma.Float32(x[i], y[i], z[i])
		}
	},
	MulAddScalar: func(dst, x, z []float32, y float32) {
		for i := range dst {
			dst[i] = fma.Float32(x[i], y, z[i])
		}
	},

	Sin: unary(math.Sin), Cos: unary(math.Cos), Expm1: unary(math.Expm1), Log1p: unary(math.Log1p),
	Pow: binary(pow), PowScalar: scalar(pow), RPowScalar: scalar(rpow),
	Floor: unary(math.Floor), Ceil: unary(math.Ceil), Round: unary(math.RoundToEven), Sign: unary(sign),
	IsNaN:    unary(func(x float64) float64 { return truth[float64](x != x) }),
	IsFinite: unary(func(x float64) float64 { return truth[float64](x-x == 0) }),
	IsZero:   unary(func(x float64) float64 { return truth[float64](x == 0) }),
	NotZero:  unary(func(x float64) float64 { return truth[float64](x != 0) }),
	NotZeroInt: func(dst, x []float32) {
		for i := range dst {
			dst[i] = truth[float32](math.Float32bits(x[i]) != 0)
		}
	},
	Square: func(dst, x []float32) {
		for i := range dst {
			dst[i] = x[i] * x[i]
		}
	},

	Equal: binary(equal), EqualScalar: scalar(equal),
	NotEqual: binary(notEqual), NotEqualScalar: scalar(notEqual),
	Less: binary(less), LessScalar: scalar(less),
	LessEqual: binary(lessEqual), LessEqualScalar: scalar(lessEqual),
	Greater: binary(greater), GreaterScalar: scalar(greater),
	GreaterEqual: binary(greaterEqual), GreaterEqualScalar: scalar(greaterEqual),

	Select: func(dst, c, x, y []float32) {
		for i := range dst {
			dst[i] = selected(c[i], x[i], y[i])
		}
	},
	SelectScalar: func(dst, c, x []float32, y float32) {
		for i := range dst {
			dst[i] = selected(c[i], x[i], y)
		}
	},
	RSelectScalar: func(dst, c, y []float32, x float32) {
		for i := range dst {
			dst[i] = selected(c[i], x, y[i])
		}
	},

	FromInt: fromInt, FromUint: fromUint, ToInt: toInt,
	NegInt: intUnary(func(x int32) int32 { return -x }), AbsInt: intUnary(absInt),
	AddInt: intBinary(addInt), AddIntScalar: intScalar(addInt),
	SubInt: intBinary(subInt), SubIntScalar: intScalar(subInt),
	RSubInt: intBinary(rsubInt), RSubIntScalar: intScalar(rsubInt),
	MulInt: intBinary(mulInt), MulIntScalar: intScalar(mulInt),
	MaxInt: intBinary(maxInt), MaxIntScalar: intScalar(maxInt),
	MinInt: intBinary(minInt), MinIntScalar: intScalar(minInt),
	EqualInt: intTruths(equalInt), EqualIntScalar: intTruthsScalar(equalInt),
	NotEqualInt: intTruths(notEqualInt), NotEqualIntScalar: intTruthsScalar(notEqualInt),
	LessInt: intTruths(lessInt), LessIntScalar: intTruthsScalar(lessInt),
	LessEqualInt: intTruths(lessEqualInt), LessEqualIntScalar: intTruthsScalar(lessEqualInt),
	GreaterInt: intTruths(greaterInt), GreaterIntScalar: intTruthsScalar(greaterInt),
	GreaterEqualInt: intTruths(greaterEqualInt), GreaterEqualIntScalar: intTruthsScalar(greaterEqualInt),
}

func add(x, y float32) float32  { return x + y }
func sub(x, y float32) float32  { return x - y }
func mul(x, y float32) float32  { return x * y }
func div(x, y float32) float32  { return x / y }
func rsub(x, y float32) float32 { return y - x }
func rdiv(x, y float32) float32 { return y / x }

func larger(x, y float32) float32 {
	if x > y || x != x {
		return x
	}
	return y
}

func smaller(x, y float32) float32 {
	if x < y || x != x {
		return x
	}
	return y
}

func equal(x, y float32) float32        { return truth[float32](x == y) }
func notEqual(x, y float32) float32     { return truth[float32](x != y) }
func less(x, y float32) float32         { return truth[float32](x < y) }
func lessEqual(x, y float32) float32    { return truth[float32](x <= y) }
func greater(x, y float32) float32      { return truth[float32](x > y) }
func greaterEqual(x, y float32) float32 { return truth[float32](x >= y) }

func pow(x, y float32) float32  { return float32(math.Pow(float64(x), float64(y))) }
func rpow(x, y float32) float32 { return pow(y, x) }

func truth[T float32 | float64](b bool) (t T) {
	if b {
		t = 1
	}
	return t
}

// geluSlope is the derivative of x Phi(x), where Phi and phi are the normal distribution and its density.
func geluSlope(x float64) float64 {
	x = max(-40, min(40, x)) // where phi is 0, not Inf times 0
	return math.Erfc(-x/math.Sqrt2)/2 + x*math.Exp(-x*x/2)/math.Sqrt(2*math.Pi)
}

func sign(x float64) float64 { return truth[float64](x > 0) - truth[float64](x < 0) }

func selected(c, x, y float32) float32 {
	if c != 0 {
		return x
	}
	return y
}

func unary(f func(float64) float64) Unary {
	return func(dst, x []float32) {
		for i := range dst {
			dst[i] = float32(f(float64(x[i])))
		}
	}
}

func binary(f func(x, y float32) float32) Binary {
	return func(dst, x, y []float32) {
		for i := range dst {
			dst[i] = f(x[i], y[i])
		}
	}
}

func scalar(f func(x, y float32) float32) Scalar {
	return func(dst, x []float32, y float32) {
		for i := range dst {
			dst[i] = f(x[i], y)
		}
	}
}
