package main

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	"github.com/dyt-go/dyt/cpu/kernel/elem/coef"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// pow is |x|^y = 2^(y log2 |x|) with the sign and the special values of math.Pow. y log2 |x| is the sum of two floats: the exponent's
// error is the relative error of the power, and of an exponent near 128 one float has no bits behind the 17th.
func pow(x, y reg.Register) reg.Register {
	const huge = 0x1p32 // |log2 x| >= 2^-24 where it is not 0: beyond it the power is 0, 1 or +Inf
	held := f.MaxKeep(f.MinKeep(y, vec.F(huge)), vec.F(-huge))
	high, low := log2(f.Abs(x))
	high, rest := product(held, high)
	power := exp2(high, f.MulAdd(held, vec.R(low), vec.R(rest)))

	none, one := f.Load(vec.F(0)), vec.F(1)
	zero := vec.R(none)
	ofNegative := f.Less(x, zero, f.Load(vec.Bits(0x7fc00000)), power)
	power = f.Compare(f.Round(y), vec.R(y), 4, ofNegative, power)
	// What is 0 or +Inf becomes the other one where y < 0.
	size := f.Abs(x)
	edge := f.Less(y, zero, f.Xor(size, vec.F(math.Inf(1))), size)
	power = f.Compare(size, zero, 0, edge, power)
	power = f.Compare(size, vec.F(math.Inf(1)), 0, edge, power)
	// y is odd where it is 1 from the nearest even number.
	odd := f.Abs(f.NegMulAdd(f.Round(f.Mul(held, vec.F(.5))), vec.F(2), vec.R(held)))
	power = f.Xor(power, vec.R(f.Compare(odd, one, 0, f.SignOf(x), none)))
	power = f.Compare(x, vec.R(y), 3, f.Add(x, vec.R(y)), power) // NaN, but for what follows
	power = f.Compare(x, one, 0, f.Load(one), power)
	return f.Compare(y, zero, 0, f.Load(one), power)
}

// log2 is log2(x) as high + low, some 2^-34 of it off, for positive finite x: e + s (C + C/3 s^2 + s^4 ...) with x = 2^e m,
// s = (m-1)/(m+1) and C = 2/ln 2. s and the two first terms are sums of two floats.
func log2(x reg.Register) (high, low reg.Register) {
	e, m := split(x)
	t, d := f.Sub(m, vec.F(1)), f.Add(m, vec.F(1))
	dLow := f.Sub(m, vec.R(f.Sub(d, vec.F(1))))
	inverse := f.Div(f.Load(vec.F(1)), vec.R(d))
	s := f.Mul(t, vec.R(inverse))
	left := f.NegMulAdd(s, vec.R(dLow), vec.R(f.NegMulAdd(s, vec.R(d), vec.R(t)))) // t - s (m+1)
	sLow := f.Mul(left, vec.R(inverse))

	u, uLow := product(s, s)
	uLow = f.MulAdd(f.Add(s, vec.R(s)), vec.R(sLow), vec.R(uLow))
	third := f.Load(vec.F(coef.TwoLog2EThird))
	a, aLow := product(u, third)
	aLow = f.MulAdd(third, vec.R(uLow), vec.R(aLow))
	aLow = f.MulAdd(u, vec.R(f.Poly(u, coef.Log2)), vec.R(aLow))

	g, gLow := sum(f.Load(vec.F(coef.TwoLog2E)), a)
	gLow = f.Add(gLow, vec.R(f.Add(aLow, vec.F(coef.TwoLog2ELow))))
	l, lLow := product(s, g)
	lLow = f.MulAdd(s, vec.R(gLow), vec.R(lLow))
	lLow = f.MulAdd(sLow, vec.R(g), vec.R(lLow))
	high, low = sum(e, l)
	return high, f.Add(low, vec.R(lLow))
}

// exp2 is 2^(high+low), 0 below the denormals and +Inf beyond the largest float: high is held where that is so already, and
// what is then left of it too.
func exp2(high, low reg.Register) reg.Register {
	n := f.Round(f.MaxKeep(f.MinKeep(high, vec.F(150)), vec.F(-200)))
	r := f.Add(f.Sub(high, vec.R(n)), vec.R(low))
	r = f.MaxKeep(f.MinKeep(r, vec.F(1)), vec.F(-1))
	return f.Scale(f.Poly(r, append([]float64{1}, coef.Exp2...)), n)
}

// product is x*y without error, as the float nearest to it and the rest.
func product(x, y reg.Register) (high, low reg.Register) {
	high = f.Mul(x, vec.R(y))
	return high, f.MulSub(x, vec.R(y), vec.R(high))
}

// sum is the same of large + small, for large = 0 or |large| >= |small|.
func sum(large, small reg.Register) (high, low reg.Register) {
	high = f.Add(large, vec.R(small))
	return high, f.Sub(small, vec.R(f.Sub(high, vec.R(large))))
}

// small is below what log1p and expm1 return x itself: x^2/2 is an eighth of its last place then, and -0 and denormals stay
// what they are.
const small = 0x1p-26

// log1p is log's formula for 1+x = 2^e (1+t). t = x/2^e + (1/2^e - 1) has no error below x = 2^24, whatever 1+x was rounded
// to; 4/2^e is a normal number for the largest x too.
func log1p(x reg.Register) reg.Register {
	one := vec.F(1)
	e, up := exponent(f.Add(x, one))
	scale := f.Reg()
	VPSUBD(f.And(up, vec.Bits(0xff800000)), f.Load(vec.Bits(0x80000000)), scale)
	t := f.MulAdd(f.Mul(x, vec.F(.25)), vec.R(scale), vec.R(f.Sub(f.Mul(scale, vec.F(.25)), one)))
	y := logOf(e, t)
	y = f.Less(x, vec.F(-1), f.Load(vec.Bits(0x7fc00000)), y)
	y = f.Compare(x, vec.F(-1), 0, f.Load(vec.F(math.Inf(-1))), y)
	y = f.Compare(x, vec.F(math.Inf(1)), 0, x, y)
	y = f.Less(f.Abs(x), vec.F(small), x, y)
	return f.Compare(x, vec.R(x), 3, x, y) // NaN
}

// expm1 is 2^n p + (2^n - 1) with x = n ln 2 + r and p = e^r - 1, in halves, because 2^128 is no float. Below -18 it is -1.
func expm1(x reg.Register) reg.Register {
	n, r := f.Ln2s(f.MaxKeep(f.MinKeep(x, vec.F(89)), vec.F(-18)))
	p := f.MulAdd(f.Mul(r, vec.R(r)), vec.R(f.Poly(r, coef.Exp)), vec.R(r))
	half := f.Reg()
	f.IntAdd(moved(n, VCVTPS2DQ), 126, half)
	f.ShiftLeft(half, 23, half)
	y := f.MulAdd(p, vec.R(half), vec.R(f.Sub(half, vec.F(.5))))
	return f.Less(f.Abs(x), vec.F(small), x, f.Add(y, vec.R(y)))
}
