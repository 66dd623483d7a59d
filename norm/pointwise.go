package norm

import (
	"math"

	"github.com/dyt-go/dyt/internal/vjp"
	. "github.com/gomlx/gomlx/core/graph"
)

// This file holds the point-wise functions as graphs. They are differentiated by GoMLX, so each is written such that
// every branch has a finite derivative: what Where leaves out must not reach it as 0 * Inf.

// sign is 1 for z >= 0 and NaN, -1 for z < 0; a constant for the gradient. With it |z| = sign*z has the slope 1 at 0,
// where GoMLX's Abs has 0.
func sign(z *Node) *Node {
	one := ScalarOne(z.Graph(), z.DType())
	return Where(LessThan(z, ScalarZero(z.Graph(), z.DType())), BroadcastToShape(Neg(one), z.Shape()), BroadcastToShape(one, z.Shape()))
}

// oddly returns sign(z) * f(|z|).
func oddly(z *Node, f func(a *Node) *Node) *Node {
	s := sign(z)
	return Mul(s, f(Mul(s, z)))
}

// clipped is f inside (-limit, limit) and -1, 1 outside, with the derivative 0 there; f(limit) must be 1. NaN stays NaN.
func clipped(limit float64, f func(*Node) *Node) func(*Node) *Node {
	return func(z *Node) *Node {
		edge, one, zero := Scalar(z.Graph(), z.DType(), limit), OnesLike(z), ZerosLike(z)
		above, below := GreaterOrEqual(z, edge), LessOrEqual(z, Neg(edge))
		inside := f(Where(above, zero, Where(below, zero, z)))
		return Where(above, one, Where(below, Neg(one), inside))
	}
}

// awayFromZero returns sign(z)*f(|z|) with the value and the derivative 0 at 0, where the slope of f is infinite.
func awayFromZero(z *Node, f func(a *Node) *Node) *Node {
	zero := Equal(z, ScalarZero(z.Graph(), z.DType()))
	y := oddly(Where(zero, OnesLike(z), z), f)
	return Where(zero, ZerosLike(z), y)
}

func isru(z *Node) *Node { return Div(z, Sqrt(AddScalar(Square(z), 1.0))) }

func softsign(z *Node) *Node { return Div(z, AddScalar(Mul(sign(z), z), 1.0)) }

func smoothSign(z *Node) *Node { return Div(z, AddScalar(Sqrt(AddScalar(Square(z), 1.0)), 1.0)) }

func expSign(z *Node) *Node {
	return oddly(z, func(a *Node) *Node { return OneMinus(Exp(Neg(a))) })
}

func expRoot(z *Node) *Node {
	return awayFromZero(z, func(a *Node) *Node { return OneMinus(Exp(Neg(Sqrt(a)))) })
}

func logSign(z *Node) *Node { return oddly(z, Log1P) }

func logSquare(z *Node) *Node {
	return oddly(z, func(a *Node) *Node { return Log1P(Square(a)) })
}

func logRatio(z *Node) *Node {
	return oddly(z, func(a *Node) *Node { l := Log1P(a); return Div(l, AddScalar(l, 1.0)) })
}

// pow is sign(z) * |z|^(2/3).
func pow(z *Node) *Node {
	return awayFromZero(z, func(a *Node) *Node { return Exp(MulScalar(Log(a), 2.0/3)) })
}

func cubic(z *Node) *Node {
	return oddly(z, func(a *Node) *Node { c := Mul(a, Square(a)); return Div(c, AddScalar(c, 1.0)) })
}

func serpentine(z *Node) *Node { return Div(MulScalar(z, 2.0), AddScalar(Square(z), 1.0)) }

func xexp(z *Node) *Node {
	return Mul(MulScalar(z, math.E), Exp(Neg(Mul(sign(z), z))))
}

// arcsinh is sign(z) * log1p(a + a^2/(1+sqrt(1+a^2))) for a = |z| up to 1e4, and sign(z) * (ln(a) + ln(2)) beyond, where a^2
// would lose 1 and later overflow; at 1e4 the two differ by 1/(4a^2) = 2.5e-9.
func arcsinh(z *Node) *Node {
	return oddly(z, func(a *Node) *Node {
		large := GreaterThan(a, Scalar(a.Graph(), a.DType(), 1e4))
		small := Where(large, OnesLike(a), a)
		square := Square(small)
		near := Log1P(Add(small, Div(square, AddScalar(Sqrt(AddScalar(square, 1.0)), 1.0))))
		far := AddScalar(Log(Where(large, a, OnesLike(a))), math.Ln2)
		return Where(large, far, near)
	})
}

// arctan is 2/pi * arctan(z), with the exact derivative 2/pi / (1+z^2) beside the polynomial.
func arctan(z *Node) *Node {
	value := func(z *Node) *Node { return MulScalar(vjp.Atan(z), 2/math.Pi) }
	slope := func(z *Node) *Node {
		return Div(Scalar(z.Graph(), z.DType(), 2/math.Pi), AddScalar(Square(z), 1.0))
	}
	return vjp.Unary(z, value, slope)
}
