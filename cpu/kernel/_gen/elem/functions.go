package main

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	"github.com/dyt-go/dyt/cpu/kernel/elem/coef"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// unary kernels, in the order of elem.Table.
var unary = []struct {
	name string
	body func(x reg.Register) reg.Register
}{
	{"neg", func(x reg.Register) reg.Register { return f.Xor(x, vec.Bits(0x80000000)) }},
	{"abs", func(x reg.Register) reg.Register { return f.Abs(x) }},
	{"sqrt", func(x reg.Register) reg.Register { return f.Sqrt(x) }},
	{"rsqrt", func(x reg.Register) reg.Register { return f.Div(f.Load(vec.F(1)), vec.R(f.Sqrt(x))) }},
	{"exp", func(x reg.Register) reg.Register { return f.Exp(x) }},
	{"log", log},
	{"tanh", func(x reg.Register) reg.Register { return rational(x, coef.Tanh) }},
	{"erf", func(x reg.Register) reg.Register { return rational(x, coef.Erf) }},
	{"sigmoid", sigmoid},
	{"geluSlope", geluSlope},
	{"sinNear", sinNear},
	{"cosNear", cosNear},
	{"expm1", expm1},
	{"log1p", log1p},
	{"floor", func(x reg.Register) reg.Register { return f.Rounded(x, 9) }},
	{"ceil", func(x reg.Register) reg.Register { return f.Rounded(x, 10) }},
	{"round", func(x reg.Register) reg.Register { return f.Round(x) }},
	{"sign", func(x reg.Register) reg.Register {
		zero := f.Load(vec.F(0))
		return f.Sub(f.Truth(zero, vec.R(x), 1), vec.R(f.Truth(x, vec.R(zero), 1)))
	}},
	{"isNaN", func(x reg.Register) reg.Register { return f.Truth(x, vec.R(x), 3) }},
	{"isZero", func(x reg.Register) reg.Register { return f.Truth(x, vec.F(0), 0) }},
	{"notZero", func(x reg.Register) reg.Register { return f.Truth(x, vec.F(0), 4) }},
	{"notZeroInt", func(x reg.Register) reg.Register { return f.SameInt(x, f.Load(vec.F(0)), false) }},
	{"square", func(x reg.Register) reg.Register { return f.Mul(x, vec.R(x)) }},
	{"isFinite", func(x reg.Register) reg.Register { return f.Truth(f.Abs(x), vec.F(math.Inf(1)), 1) }},
	{"negInt", func(x reg.Register) reg.Register { return ints(x, f.Load(vec.F(0)), VPSUBD) }},
	{"absInt", func(x reg.Register) reg.Register { return moved(x, VPABSD) }},
	{"fromInt", func(x reg.Register) reg.Register { return moved(x, VCVTDQ2PS) }},
	{"fromUint", fromUint},
	{"toInt", func(x reg.Register) reg.Register { return moved(x, VCVTTPS2DQ) }},
}

// two is a function of two numbers.
type two struct {
	name string
	body func(x, y reg.Register) reg.Register
}

// binary kernels; each has a second form whose y is one number.
var binary = []two{
	{"add", func(x, y reg.Register) reg.Register { return f.Add(x, vec.R(y)) }},
	{"sub", func(x, y reg.Register) reg.Register { return f.Sub(x, vec.R(y)) }},
	{"mul", func(x, y reg.Register) reg.Register { return f.Mul(x, vec.R(y)) }},
	{"div", func(x, y reg.Register) reg.Register { return f.Div(x, vec.R(y)) }},
	{"rsub", func(x, y reg.Register) reg.Register { return f.Sub(y, vec.R(x)) }},
	{"rdiv", func(x, y reg.Register) reg.Register { return f.Div(y, vec.R(x)) }},
	{"max", func(x, y reg.Register) reg.Register { return extreme(x, y, VMAXPS) }},
	{"min", func(x, y reg.Register) reg.Register { return extreme(x, y, VMINPS) }},
	{"pow", pow},
	{"equal", func(x, y reg.Register) reg.Register { return f.Truth(x, vec.R(y), 0) }},
	{"notEqual", func(x, y reg.Register) reg.Register { return f.Truth(x, vec.R(y), 4) }},
	{"less", func(x, y reg.Register) reg.Register { return f.Truth(x, vec.R(y), 1) }},
	{"lessEqual", func(x, y reg.Register) reg.Register { return f.Truth(x, vec.R(y), 2) }},
	{"greater", func(x, y reg.Register) reg.Register { return f.Truth(y, vec.R(x), 1) }},
	{"greaterEqual", func(x, y reg.Register) reg.Register { return f.Truth(y, vec.R(x), 2) }},
	{"addInt", func(x, y reg.Register) reg.Register { return ints(y, x, VPADDD) }},
	{"subInt", func(x, y reg.Register) reg.Register { return ints(y, x, VPSUBD) }},
	{"rsubInt", func(x, y reg.Register) reg.Register { return ints(x, y, VPSUBD) }},
	{"mulInt", func(x, y reg.Register) reg.Register { return ints(y, x, VPMULLD) }},
	{"maxInt", func(x, y reg.Register) reg.Register { return ints(y, x, VPMAXSD) }},
	{"minInt", func(x, y reg.Register) reg.Register { return ints(y, x, VPMINSD) }},
	{"equalInt", func(x, y reg.Register) reg.Register { return f.SameInt(x, y, true) }},
	{"notEqualInt", func(x, y reg.Register) reg.Register { return f.SameInt(x, y, false) }},
	{"lessInt", func(x, y reg.Register) reg.Register { return f.GreaterInt(y, x, true) }},
	{"lessEqualInt", func(x, y reg.Register) reg.Register { return f.GreaterInt(x, y, false) }},
	{"greaterInt", func(x, y reg.Register) reg.Register { return f.GreaterInt(x, y, true) }},
	{"greaterEqualInt", func(x, y reg.Register) reg.Register { return f.GreaterInt(y, x, false) }},
}

// swapped are binary ones with operands exchanged that only threaded code needs.
var swapped = []two{
	{"rmax", func(x, y reg.Register) reg.Register { return extreme(y, x, VMAXPS) }},
	{"rmin", func(x, y reg.Register) reg.Register { return extreme(y, x, VMINPS) }},
	{"rpow", func(x, y reg.Register) reg.Register { return pow(y, x) }},
}

// ints is op of y and x, in the order of Go's assembler.
func ints(y, x reg.Register, op func(...operand.Op)) reg.Register {
	dst := f.Reg()
	op(y, x, dst)
	return dst
}

// moved is op of x.
func moved(x reg.Register, op func(...operand.Op)) reg.Register {
	dst := f.Reg()
	op(x, dst)
	return dst
}

// fromUint is the float32 nearest to an unsigned integer: both halves are exact, their sum is rounded once.
func fromUint(x reg.Register) reg.Register {
	high := f.Reg()
	f.ShiftRight(x, 16, high)
	low := f.And(x, vec.Bits(0xffff))
	return f.MulAdd(moved(high, VCVTDQ2PS), vec.F(65536), vec.R(moved(low, VCVTDQ2PS)))
}

// choose is x where c is not 0, else y.
func choose(c, x, y reg.Register) reg.Register { return f.Compare(c, vec.F(0), 4, x, y) }

// log is the logarithm of x = 2^e (1+t).
func log(x reg.Register) reg.Register {
	e, m := split(x)
	y := logOf(e, f.Sub(m, vec.F(1)))
	nan := f.Load(vec.Bits(0x7fc00000))
	y = f.Compare(x, vec.F(0), 1, nan, y)                         // x < 0
	y = f.Compare(x, vec.F(0), 0, f.Load(vec.F(math.Inf(-1))), y) // x = 0
	y = f.Compare(x, vec.F(math.Inf(1)), 0, x, y)                 // x = +Inf
	return f.Compare(x, vec.R(x), 3, x, y)                        // NaN
}

// logOf is log(2^e (1+t)) = e ln 2 + t - t^2/2 + t^3 L(t), for 1+t in [sqrt(1/2), sqrt(2)).
func logOf(e, t reg.Register) reg.Register {
	t2 := f.Mul(t, vec.R(t))
	y := f.Mul(f.Mul(t2, vec.R(t)), vec.R(f.Poly(t, coef.Log)))
	y = f.MulAdd(e, vec.F(coef.Ln2Lo), vec.R(y))
	y = f.NegMulAdd(t2, vec.F(.5), vec.R(y))
	y = f.Add(t, vec.R(y))
	return f.MulAdd(e, vec.F(coef.Ln2Hi), vec.R(y))
}

// split returns e and m with x = 2^e m, m in [sqrt(1/2), sqrt(2)), for positive finite x, denormals too.
func split(x reg.Register) (e, m reg.Register) {
	small := f.Mul(x, vec.F(0x1p24))
	tiny := vec.F(0x1p-126)
	scaled := f.Less(x, tiny, small, x)
	bias := f.Less(x, tiny, f.Load(vec.F(24)), f.Load(vec.F(0)))
	e, up := exponent(scaled)
	m = f.And(up, vec.Bits(0x007fffff))
	sum := f.Reg()
	f.IntAdd(m, 0x3f3504f3, sum)
	return f.Sub(e, vec.R(bias)), sum
}

// exponent returns split's e of a normal number, and the number's bits moved up by the distance of sqrt(1/2) to 1, so that their
// exponent field is e + 127.
func exponent(x reg.Register) (e, up reg.Register) {
	moved := f.Reg()
	f.IntAdd(x, 0x3f800000-0x3f3504f3, moved)
	field := f.Reg()
	f.ShiftRight(moved, 23, field)
	f.IntAdd(field, ^uint32(126), field) // - 127
	whole := f.Reg()
	VCVTDQ2PS(field, whole)
	return whole, moved
}

// rational is the odd function x P(u)/Q(u) with u = x^2, bounded by 1. With u held at Hi^2 it grows beyond 1 for larger x,
// so that one more clamp is enough. The clamps keep NaN.
func rational(x reg.Register, c coef.Rational) reg.Register {
	u := f.MinKeep(f.Mul(x, vec.R(x)), vec.F(c.Hi*c.Hi))
	p := f.Mul(x, vec.R(f.Poly(u, c.P)))
	y := f.Div(p, vec.R(f.Poly(u, c.Q)))
	return f.MaxKeep(f.MinKeep(y, vec.F(1)), vec.F(-1))
}

// geluSlope is the derivative of GELU, 1/2 + x P(u)/Q(u) with u = x^2. The clamps keep NaN.
func geluSlope(x reg.Register) reg.Register {
	c := coef.GeluSlope
	x = f.MaxKeep(f.MinKeep(x, vec.F(c.Hi)), vec.F(-c.Hi))
	u := f.Mul(x, vec.R(x))
	p := f.Mul(x, vec.R(f.Poly(u, c.P)))
	return f.Add(f.Div(p, vec.R(f.Poly(u, c.Q))), vec.F(.5))
}

// sigmoid is 1/(1+e^-x) where x >= 0 and e^x/(1+e^x) elsewhere, so that nothing overflows.
func sigmoid(x reg.Register) reg.Register {
	e := f.Exp(f.Or(x, vec.Bits(0x80000000)))
	one := f.Load(vec.F(1))
	return f.Div(f.Less(x, vec.F(0), e, one), vec.R(f.Add(e, vec.R(one))))
}

// extreme is the larger or smaller of x and y, NaN when either is NaN. The instruction returns the operand written first
// when one is NaN, so y's NaN survives; x's is put back. Of 0 and -0 it returns y.
func extreme(x, y reg.Register, op func(...operand.Op)) reg.Register {
	dst := f.Reg()
	op(y, x, dst)
	return f.Compare(x, vec.R(x), 3, x, dst)
}
