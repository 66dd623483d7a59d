// Package coef holds the numbers in the formulas of the element-wise kernels. The generator writes them into the
// assembly, and elem's documentation quotes the errors that they give.
package coef

import "math"

// Tanh and Erf are x P(u) / Q(u) with u = x^2, at most Hi^2, and the result clamped to +-1. The coefficients minimise the largest
// relative error over [0, Hi] (linear least squares, reweighted by Lawson's rule 200 times), then are rounded to float32.
var Tanh = Rational{
	Hi: 9.01,
	P:  []float64{1, 0.13380372524261475, 0.003494812874123454, 2.0596304239006713e-05, 1.3336884485681821e-08},
	Q:  []float64{1, 0.4671368896961212, 0.025874033570289612, 0.0003284366393927485, 7.769298804305436e-07},
}

var Erf = Rational{
	Hi: 3.925,
	P:  []float64{1.1283791065216064, 0.19059543311595917, 0.05276951938867569, 0.0037726203445345163, 0.00028484471840783954, 2.0460101950448006e-06},
	Q:  []float64{1, 0.5022435188293457, 0.11418341100215912, 0.014983341097831726, 0.0011638739379122853, 3.8047655834816396e-05},
}

// GeluSlope is 1/2 + x P(u)/Q(u) with u = x^2 and |x| held at Hi, where it is 1 or 0 in float32: the derivative of GELU. The
// coefficients minimise the largest absolute error over [0, Hi], found as those above; before they are rounded it is 3e-9.
var GeluSlope = Rational{
	Hi: 5.9,
	P: []float64{0.7978845238685608, -0.024241767823696136, 0.013930439949035645, 0.00016895454609766603, 3.407570329727605e-05, 8.330549121637887e-07,
		1.6384536394298266e-08},
	Q: []float64{1, 0.30295050144195557, 0.04344356805086136, 0.0038752704858779907, 0.00023686264466959983, 9.865090760285966e-06, 3.145119933378737e-07,
		1.2967223961268814e-09},
}

// Rational is an odd function by two polynomials in x^2.
type Rational struct {
	Hi   float64
	P, Q []float64
}

// Ln2Hi + Ln2Lo is ln 2; the first has so few bits that n*Ln2Hi is exact for |n| < 2^12.
const (
	Ln2Hi = 0x1.62ep-1
	Ln2Lo = math.Ln2 - Ln2Hi
)

// HalfPi1 + HalfPi2 + HalfPi3 is pi/2, each but the last a float32.
const (
	TwoOverPi = 2 / math.Pi
	HalfPi1   = 0x1.921fb6p0
	HalfPi2   = -0x1.777a5cp-25
	HalfPi3   = math.Pi/2 - HalfPi1 - HalfPi2
)

// Sin approximates (sin(r) - r) / r^3 and Cos (cos(r) - 1 + r^2/2) / r^4, by r^2, for |r| <= 0.8.
var (
	Sin = chebyshev(func(u float64) float64 {
		if u < 1e-2 {
			return -1./6 + u/120 - u*u/5040 + u*u*u/362880
		}
		r := math.Sqrt(u)
		return (math.Sin(r) - r) / (r * u)
	}, 0, .64, 3)
	Cos = chebyshev(func(u float64) float64 {
		if u < 1e-2 {
			return 1./24 - u/720 + u*u/40320 - u*u*u/3628800
		}
		return (math.Cos(math.Sqrt(u)) - 1 + u/2) / (u * u)
	}, 0, .64, 3)
)

// Exp approximates (e^r - 1 - r) / r^2 for |r| <= ln(2)/2.
var Exp = chebyshev(func(r float64) float64 {
	if math.Abs(r) < 1e-3 {
		return 1./2 + r/6 + r*r/24
	}
	return (math.Expm1(r) - r) / (r * r)
}, -math.Ln2/2, math.Ln2/2, 4)

// Exp2 approximates (2^f - 1) / f for |f| <= 1/2, f times which is 4e-9 of 2^f off at most.
var Exp2 = chebyshev(func(f float64) float64 {
	if math.Abs(f) < 1e-3 {
		x := f * math.Ln2
		return math.Ln2 * (1 + x/2 + x*x/6)
	}
	return math.Expm1(f*math.Ln2) / f
}, -.5, .5, 5)

// Log approximates (log(1+t) - t + t^2/2) / t^3 for 1+t in [sqrt(1/2), sqrt(2)].
var Log = chebyshev(func(t float64) float64 {
	if math.Abs(t) < 1e-2 {
		return 1./3 - t/4 + t*t/5 - t*t*t/6 + t*t*t*t/7
	}
	return (math.Log1p(t) - t + t*t/2) / (t * t * t)
}, math.Sqrt(.5)-1, math.Sqrt(2)-1, 8)

// log2((1+s)/(1-s)) is s (TwoLog2E + TwoLog2ELow + s^2 (TwoLog2EThird + Log2(s^2))) for (1+s)/(1-s) in [sqrt(1/2), sqrt(2)]: the
// first number and the third are floats, the second and the first coefficient what they leave of 2/ln 2 and of a third of it.
const (
	TwoLog2E      = 0x1.715476p1
	TwoLog2ELow   = 2*math.Log2E - TwoLog2E
	TwoLog2EThird = 0x1.ec709ep-1
)

var Log2 = append([]float64{2*math.Log2E/3 - TwoLog2EThird}, chebyshev(func(u float64) float64 {
	series := 0.0
	for k := 25.; k >= 5; k -= 2 {
		series = series*u + 2*math.Log2E/k
	}
	return series
}, 0, (3-2*math.Sqrt2)*(3-2*math.Sqrt2), 3)...)

// chebyshev interpolates g at the Chebyshev points of [lo, hi] by a polynomial of the given degree and returns its
// coefficients, lowest first.
func chebyshev(g func(float64) float64, lo, hi float64, degree int) []float64 {
	n := degree + 1
	x, d := make([]float64, n), make([]float64, n)
	for i := range n {
		x[i] = (lo+hi)/2 + (hi-lo)/2*math.Cos(math.Pi*(float64(i)+.5)/float64(n))
		d[i] = g(x[i])
	}
	for k := 1; k < n; k++ { // Newton's divided differences
		for i := n - 1; i >= k; i-- {
			d[i] = (d[i] - d[i-1]) / (x[i] - x[i-k])
		}
	}
	c := make([]float64, n)
	for i := n - 1; i >= 0; i-- { // c = c*(t - x[i]) + d[i]
		for j := n - 1; j > 0; j-- {
			c[j] = c[j-1] - x[i]*c[j]
		}
		c[0] = d[i] - x[i]*c[0]
	}
	return c
}
