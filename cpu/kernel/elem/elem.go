// Package elem computes element-wise functions of float32 slices.
//
// A Table holds one flavour of every kernel. The reference (elem_ref.go) evaluates the formula in float64 and rounds; the
// assembly flavours (zz_*, written by _gen/elem) keep the error bounds stated at each field. A kernel reads and writes
// len(dst) elements, which every input must have; dst may be one of the inputs, but may not overlap one otherwise. A value
// does not depend on its position or on the length. NaN gives NaN and infinities follow the formula.
package elem

// Unary is dst[i] = f(x[i]).
type Unary func(dst, x []float32)

// Binary is dst[i] = f(x[i], y[i]).
type Binary func(dst, x, y []float32)

// Scalar is dst[i] = f(x[i], y).
type Scalar func(dst, x []float32, y float32)

// Table is one flavour. Errors are in ULP of the float32 nearest to the exact result, over all float32 inputs with a
// normal result; see KERNEL.md for how they were measured.
type Table struct {
	Name string

	Neg     Unary // -x, exact
	Abs     Unary // |x|, exact
	Sqrt    Unary // correctly rounded
	Rsqrt   Unary // 1/sqrt(x), at most 1.5 ULP
	Exp     Unary // e^x, at most 1.1 ULP
	Log     Unary // natural logarithm, at most 1 ULP
	Tanh    Unary // at most 5 ULP, never beyond +-1
	Erf     Unary // at most 5 ULP, never beyond +-1
	Sigmoid Unary // 1/(1+e^-x), at most 2.5 ULP

	Add, Sub, Mul, Div     Binary // correctly rounded
	RSub, RDiv             Binary // y-x, y/x
	Max, Min               Binary // NaN when either is; of 0 and -0 the second
	AddScalar, SubScalar   Scalar
	MulScalar, DivScalar   Scalar
	RSubScalar, RDivScalar Scalar
	MaxScalar, MinScalar   Scalar
	MulAdd                 func(dst, x, y, z []float32)         // x*y + z, rounded once
	MulAddScalar           func(dst, x, z []float32, y float32) // x*y + z, rounded once
}
