//go:build amd64 && !purego

package elem

// AVX2 is the flavour for AVX2 and FMA.
var AVX2 = &Table{
	Name: "avx2",

	Neg: negY, Abs: absY, Sqrt: sqrtY, Rsqrt: rsqrtY,
	Exp: expY, Log: logY, Tanh: tanhY, Erf: erfY, Sigmoid: sigmoidY,

	Add: addY, AddScalar: addScalarY,
	Sub: subY, SubScalar: subScalarY,
	Mul: mulY, MulScalar: mulScalarY,
	Div: divY, DivScalar: divScalarY,
	RSub: rsubY, RSubScalar: rsubScalarY,
	RDiv: rdivY, RDivScalar: rdivScalarY,
	Max: maxY, MaxScalar: maxScalarY,
	Min: minY, MinScalar: minScalarY,
	MulAdd: mulAddY, MulAddScalar: mulAddScalarY,
}

// AVX512 is the flavour for AVX-512 F, BW, DQ, VL.
var AVX512 = &Table{
	Name: "avx512",

	Neg: negZ, Abs: absZ, Sqrt: sqrtZ, Rsqrt: rsqrtZ,
	Exp: expZ, Log: logZ, Tanh: tanhZ, Erf: erfZ, Sigmoid: sigmoidZ,

	Add: addZ, AddScalar: addScalarZ,
	Sub: subZ, SubScalar: subScalarZ,
	Mul: mulZ, MulScalar: mulScalarZ,
	Div: divZ, DivScalar: divScalarZ,
	RSub: rsubZ, RSubScalar: rsubScalarZ,
	RDiv: rdivZ, RDivScalar: rdivScalarZ,
	Max: maxZ, MaxScalar: maxScalarZ,
	Min: minZ, MinScalar: minScalarZ,
	MulAdd: mulAddZ, MulAddScalar: mulAddScalarZ,
}
