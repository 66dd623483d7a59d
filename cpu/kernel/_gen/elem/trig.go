package main

import (
	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	"github.com/dyt-go/dyt/cpu/kernel/elem/coef"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/reg"
)

// sinNear and cosNear are sin and cos of |x| <= elem.nearby: with x = q pi/2 + r, |r| a little over pi/4 at most, +-sin r or
// +-cos r as q says.
func sinNear(x reg.Register) reg.Register {
	y := quarter(x, 0)
	return f.Less(f.Abs(x), vec.F(0x1p-12), x, y) // -0 stays what it is
}

func cosNear(x reg.Register) reg.Register { return quarter(x, 1) }

// quarter is sin(x + turns pi/2).
func quarter(x reg.Register, turns uint32) reg.Register {
	n := f.Round(f.Mul(x, vec.F(coef.TwoOverPi)))
	r := f.NegMulAdd(n, vec.F(coef.HalfPi1), vec.R(x)) // exact: r has no bits below the last one of HalfPi1
	r = f.NegMulAdd(n, vec.F(coef.HalfPi2), vec.R(r))
	r = f.NegMulAdd(n, vec.F(coef.HalfPi3), vec.R(r))
	q := f.Reg()
	f.IntAdd(moved(n, VCVTPS2DQ), turns, q)
	u := f.Mul(r, vec.R(r))
	sin := f.MulAdd(f.Mul(u, vec.R(r)), vec.R(f.Poly(u, coef.Sin)), vec.R(r))
	cos := f.NegMulAdd(u, vec.F(.5), vec.R(f.Load(vec.F(1))))
	cos = f.MulAdd(f.Mul(u, vec.R(u)), vec.R(f.Poly(u, coef.Cos)), vec.R(cos))
	odd := moved(f.And(q, vec.Bits(1)), VCVTDQ2PS)
	sign := f.Sub(f.Load(vec.F(1)), vec.R(moved(f.And(q, vec.Bits(2)), VCVTDQ2PS))) // 1 or -1
	return f.Mul(choose(odd, cos, sin), vec.R(sign))
}
