//go:build amd64 && !purego

package elem

import "math"

// AVX2 is the flavour for AVX2 and FMA.
var AVX2 = &Table{
	Name: "avx2", Strips: newStrips(8, stripCodeY, stripsY),

	Neg: negY, Abs: absY, Sqrt: sqrtY, Rsqrt: rsqrtY,
	Exp: expY, Log: logY, Tanh: tanhY, Erf: erfY, Sigmoid: sigmoidY, GeluSlope: geluSlopeY,

	Add: addY, AddScalar: addScalarY,
	Sub: subY, SubScalar: subScalarY,
	Mul: mulY, MulScalar: mulScalarY,
	Div: divY, DivScalar: divScalarY,
	RSub: rsubY, RSubScalar: rsubScalarY,
	RDiv: rdivY, RDivScalar: rdivScalarY,
	Max: maxY, MaxScalar: maxScalarY,
	Min: minY, MinScalar: minScalarY,
	MulAdd: mulAddY, MulAddScalar: mulAddScalarY,

	Sin: reduced(sinNearY, math.Sin), Cos: reduced(cosNearY, math.Cos), Expm1: expm1Y, Log1p: log1pY,
	Pow: powY, PowScalar: powScalarY, RPowScalar: rpowScalarY,
	Floor: floorY, Ceil: ceilY, Round: roundY, Sign: signY, IsNaN: isNaNY, IsFinite: isFiniteY,
	IsZero: isZeroY, NotZero: notZeroY, NotZeroInt: notZeroIntY, Square: squareY,

	Equal: equalY, EqualScalar: equalScalarY,
	NotEqual: notEqualY, NotEqualScalar: notEqualScalarY,
	Less: lessY, LessScalar: lessScalarY,
	LessEqual: lessEqualY, LessEqualScalar: lessEqualScalarY,
	Greater: greaterY, GreaterScalar: greaterScalarY,
	GreaterEqual: greaterEqualY, GreaterEqualScalar: greaterEqualScalarY,
	Select: selectOfY, SelectScalar: selectOfScalarY, RSelectScalar: rselectOfScalarY,

	FromInt: fromIntY, FromUint: fromUintY, ToInt: toIntY, NegInt: negIntY, AbsInt: absIntY,
	AddInt: addIntY, AddIntScalar: addIntScalarY,
	SubInt: subIntY, SubIntScalar: subIntScalarY,
	RSubInt: rsubIntY, RSubIntScalar: rsubIntScalarY,
	MulInt: mulIntY, MulIntScalar: mulIntScalarY,
	MaxInt: maxIntY, MaxIntScalar: maxIntScalarY,
	MinInt: minIntY, MinIntScalar: minIntScalarY,
	EqualInt: equalIntY, EqualIntScalar: equalIntScalarY,
	NotEqualInt: notEqualIntY, NotEqualIntScalar: notEqualIntScalarY,
	LessInt: lessIntY, LessIntScalar: lessIntScalarY,
	LessEqualInt: lessEqualIntY, LessEqualIntScalar: lessEqualIntScalarY,
	GreaterInt: greaterIntY, GreaterIntScalar: greaterIntScalarY,
	GreaterEqualInt: greaterEqualIntY, GreaterEqualIntScalar: greaterEqualIntScalarY,
}

// AVX512 is the flavour for AVX-512 F, BW, DQ, VL.
var AVX512 = &Table{
	Name: "avx512", Strips: newStrips(16, stripCodeZ, stripsZ),

	Neg: negZ, Abs: absZ, Sqrt: sqrtZ, Rsqrt: rsqrtZ,
	Exp: expZ, Log: logZ, Tanh: tanhZ, Erf: erfZ, Sigmoid: sigmoidZ, GeluSlope: geluSlopeZ,

	Add: addZ, AddScalar: addScalarZ,
	Sub: subZ, SubScalar: subScalarZ,
	Mul: mulZ, MulScalar: mulScalarZ,
	Div: divZ, DivScalar: divScalarZ,
	RSub: rsubZ, RSubScalar: rsubScalarZ,
	RDiv: rdivZ, RDivScalar: rdivScalarZ,
	Max: maxZ, MaxScalar: maxScalarZ,
	Min: minZ, MinScalar: minScalarZ,
	MulAdd: mulAddZ, MulAddScalar: mulAddScalarZ,

	Sin: reduced(sinNearZ, math.Sin), Cos: reduced(cosNearZ, math.Cos), Expm1: expm1Z, Log1p: log1pZ,
	Pow: powZ, PowScalar: powScalarZ, RPowScalar: rpowScalarZ,
	Floor: floorZ, Ceil: ceilZ, Round: roundZ, Sign: signZ, IsNaN: isNaNZ, IsFinite: isFiniteZ,
	IsZero: isZeroZ, NotZero: notZeroZ, NotZeroInt: notZeroIntZ, Square: squareZ,

	Equal: equalZ, EqualScalar: equalScalarZ,
	NotEqual: notEqualZ, NotEqualScalar: notEqualScalarZ,
	Less: lessZ, LessScalar: lessScalarZ,
	LessEqual: lessEqualZ, LessEqualScalar: lessEqualScalarZ,
	Greater: greaterZ, GreaterScalar: greaterScalarZ,
	GreaterEqual: greaterEqualZ, GreaterEqualScalar: greaterEqualScalarZ,
	Select: selectOfZ, SelectScalar: selectOfScalarZ, RSelectScalar: rselectOfScalarZ,

	FromInt: fromIntZ, FromUint: fromUintZ, ToInt: toIntZ, NegInt: negIntZ, AbsInt: absIntZ,
	AddInt: addIntZ, AddIntScalar: addIntScalarZ,
	SubInt: subIntZ, SubIntScalar: subIntScalarZ,
	RSubInt: rsubIntZ, RSubIntScalar: rsubIntScalarZ,
	MulInt: mulIntZ, MulIntScalar: mulIntScalarZ,
	MaxInt: maxIntZ, MaxIntScalar: maxIntScalarZ,
	MinInt: minIntZ, MinIntScalar: minIntScalarZ,
	EqualInt: equalIntZ, EqualIntScalar: equalIntScalarZ,
	NotEqualInt: notEqualIntZ, NotEqualIntScalar: notEqualIntScalarZ,
	LessInt: lessIntZ, LessIntScalar: lessIntScalarZ,
	LessEqualInt: lessEqualIntZ, LessEqualIntScalar: lessEqualIntScalarZ,
	GreaterInt: greaterIntZ, GreaterIntScalar: greaterIntScalarZ,
	GreaterEqualInt: greaterEqualIntZ, GreaterEqualIntScalar: greaterEqualIntScalarZ,
}
