// Package elem computes element-wise functions of float32 slices.
//
// A Table holds one flavour of every kernel. The reference (elem_ref.go) evaluates the formula in float64 and rounds; the
// assembly flavours (zz_*, written by _gen/elem) keep the error bounds stated at each field. A kernel reads and writes
// len(dst) elements, which every input must have; dst may be one of the inputs, but may not overlap one otherwise. A value
// does not depend on its position or on the length. NaN gives NaN and infinities follow the formula.
//
// Words of other meaning go through the same slices: a truth is 1 or 0, an integer (names that end in Int) is the bits of
// an int32, and integers wrap around.
package elem

// Unary is dst[i] = f(x[i]).
type Unary func(dst, x []float32)

// Binary is dst[i] = f(x[i], y[i]).
type Binary func(dst, x, y []float32)

// Scalar is dst[i] = f(x[i], y).
type Scalar func(dst, x []float32, y float32)

// Ternary is dst[i] = f(x[i], y[i], z[i]).
type Ternary func(dst, x, y, z []float32)

// TernaryScalar is dst[i] = f(x[i], y[i]), with a number for the operand that is missing.
type TernaryScalar func(dst, x, y []float32, number float32)

// Table is one flavour. Errors are in ULP of the float32 nearest to the exact result, over all float32 inputs with a
// normal result; see KERNEL.md for how they were measured.
type Table struct {
	Name   string
	Strips *Strips // nil where there is no assembly

	Neg     Unary // -x, exact
	Abs     Unary // |x|, exact
	Sqrt    Unary // correctly rounded
	Rsqrt   Unary // 1/sqrt(x), at most 1.5 ULP
	Exp     Unary // e^x, at most 1.1 ULP
	Log     Unary // natural logarithm, at most 1 ULP
	Tanh    Unary // at most 6 ULP, never beyond +-1
	Erf     Unary // at most 6 ULP, never beyond +-1
	Sigmoid Unary // 1/(1+e^-x), at most 2.5 ULP

	GeluSlope Unary // the derivative of GELU, Phi(x) + x phi(x) of the normal distribution, at most 3e-7 off; its limits, 1 and 0, beyond +-5.9

	Add, Sub, Mul, Div     Binary // correctly rounded
	RSub, RDiv             Binary // y-x, y/x
	Max, Min               Binary // NaN when either is; of 0 and -0 the second
	AddScalar, SubScalar   Scalar
	MulScalar, DivScalar   Scalar
	RSubScalar, RDivScalar Scalar
	MaxScalar, MinScalar   Scalar

	MulAdd       Ternary       // x*y + z, rounded once
	MulAddScalar TernaryScalar // the same with a number for y

	Sin, Cos              Unary  // at most 2 ULP
	Expm1                 Unary  // e^x - 1, at most 2 ULP; x itself where it is small
	Log1p                 Unary  // log(1+x), at most 1.5 ULP; x itself where it is small
	Pow                   Binary // x^y, at most 1.5 ULP, special values as math.Pow
	PowScalar, RPowScalar Scalar // x^y, y^x
	Floor, Ceil           Unary  // exact
	Round                 Unary  // to the nearest whole number, ties to even
	Sign                  Unary  // 1, 0 or -1; 0 for NaN
	IsNaN, IsFinite       Unary  // truths
	IsZero, NotZero       Unary  // truths
	NotZeroInt            Unary  // truths of integers
	Square                Unary  // x*x, correctly rounded

	Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual                                     Binary // truths
	EqualScalar, NotEqualScalar, LessScalar, LessEqualScalar, GreaterScalar, GreaterEqualScalar Scalar

	Select        Ternary       // y where x is not 0, else z
	SelectScalar  TernaryScalar // the same with a number for z
	RSelectScalar TernaryScalar // the same with a number for y; its second slice is z

	FromInt        Unary // the float32 nearest to an integer
	FromUint       Unary // the float32 nearest to the uint32 of the same bits
	ToInt          Unary // towards zero; -2^31 for what does not fit, and for NaN
	NegInt, AbsInt Unary

	AddInt, SubInt, RSubInt, MulInt, MaxInt, MinInt                                                               Binary
	EqualInt, NotEqualInt, LessInt, LessEqualInt, GreaterInt, GreaterEqualInt                                     Binary // truths
	AddIntScalar, SubIntScalar, RSubIntScalar, MulIntScalar, MaxIntScalar, MinIntScalar                           Scalar
	EqualIntScalar, NotEqualIntScalar, LessIntScalar, LessEqualIntScalar, GreaterIntScalar, GreaterEqualIntScalar Scalar
}
