// Package vjp holds the gradients that GoMLX v0.28.8 lacks or has wrong, and ways to give a graph function a gradient of
// its own. Each is tested against finite differences. It knows no layer.
package vjp

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// Unary returns f(x) whose derivative is slope(x), whatever the derivative of the nodes that f is made of. f and slope
// work element by element.
//
// The value is StopGradient(f(x)); the gradient enters through a term x' - StopGradient(x') that is 0. Where x is not
// finite that term is taken from 0, so that Inf - Inf does not spoil the value; the gradient there is 0.
func Unary(x *Node, f, slope func(x *Node) *Node) *Node {
	finite := Where(IsFinite(x), x, ZerosLike(x))
	through := IdentityWithCustomGradient(finite, func(x, v *Node) *Node { return Mul(v, slope(x)) })
	return Add(StopGradient(f(x)), Sub(through, StopGradient(through)))
}

// Atan returns arctan(x), with an error of at most 3 ULP in float32 (TestAtan measures it). It has no exact gradient: see
// Unary.
//
// The argument is reduced to |x| <= tan(pi/8): above tan(3 pi/8) by arctan(x) = pi/2 - arctan(1/x), between by arctan(x) =
// pi/4 + arctan((x-1)/(x+1)). The polynomial's coefficients are those of atanf in the Cephes library (S. Moshier).
func Atan(x *Node) *Node {
	g, dtype := x.Graph(), x.DType()
	number := func(v float64) *Node { return BroadcastToShape(Scalar(g, dtype, v), x.Shape()) }
	a := Abs(x)
	large, middle := GreaterThan(a, number(math.Tan(3*math.Pi/8))), GreaterThan(a, number(math.Tan(math.Pi/8)))
	reduced := Where(large, Neg(Inverse(a)), Where(middle, Div(AddScalar(a, -1.0), AddScalar(a, 1.0)), a))
	base := Where(large, number(math.Pi/2), Where(middle, number(math.Pi/4), number(0)))
	z := Square(reduced)
	p := number(8.05374449538e-2)
	for _, c := range []float64{-1.38776856032e-1, 1.99777106478e-1, -3.33329491539e-1} {
		p = AddScalar(Mul(p, z), c)
	}
	y := Add(base, Add(Mul(Mul(p, z), reduced), reduced))
	return Where(LessThan(x, number(0)), Neg(y), y)
}
