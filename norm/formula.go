package norm

import "math"

// This file holds the float64 formulas that are longer than a table row. Odd functions are written for |z| and get the
// sign back, so that they are exactly odd.

func odd(f func(a float64) float64) func(float64) float64 {
	return func(z float64) float64 { return math.Copysign(f(math.Abs(z)), z) }
}

func even(d func(a float64) float64) func(float64) float64 {
	return func(z float64) float64 { return d(math.Abs(z)) }
}

// clippedF is f inside (-limit, limit) and -1, 1 outside; f(limit) must be 1.
func clippedF(limit float64, f func(float64) float64) func(float64) float64 {
	return func(z float64) float64 {
		switch {
		case z >= limit:
			return 1
		case z <= -limit:
			return -1
		}
		return f(z)
	}
}

// clippedD is the derivative d inside (-limit, limit) and 0 outside and on the edge.
func clippedD(limit float64, d func(float64) float64) func(float64) float64 {
	return func(z float64) float64 {
		if math.Abs(z) >= limit {
			return 0
		}
		return d(z)
	}
}

func sigmoidF(z float64) float64 { return 1 / (1 + math.Exp(-z)) }

func smoothSignF(z float64) float64 { return z / (math.Sqrt(z*z+1) + 1) }

func smoothSignD(z float64) float64 { r := math.Sqrt(z*z + 1); return 1 / (r * (r + 1)) }

var (
	expSignF   = odd(func(a float64) float64 { return -math.Expm1(-a) })
	expRootF   = odd(func(a float64) float64 { return -math.Expm1(-math.Sqrt(a)) })
	logSignF   = odd(math.Log1p)
	logSquareF = odd(func(a float64) float64 { return math.Log1p(a * a) })
	logRatioF  = odd(func(a float64) float64 { l := math.Log1p(a); return l / (l + 1) })
	powF       = odd(func(a float64) float64 { return math.Pow(a, 2.0/3) })
	cubicF     = odd(func(a float64) float64 { c := a * a * a; return c / (c + 1) })
	xexpF      = odd(func(a float64) float64 { return math.E * a * math.Exp(-a) })

	logSignD   = even(func(a float64) float64 { return 1 / (1 + a) })
	logSquareD = even(func(a float64) float64 { return 2 * a / (1 + a*a) })
	logRatioD  = even(func(a float64) float64 { l := math.Log1p(a) + 1; return 1 / ((1 + a) * l * l) })
	cubicD     = even(func(a float64) float64 { c := a*a*a + 1; return 3 * a * a / (c * c) })
)

// expRootD and powD have an infinite slope at 0, where they are 0 by definition: the gradient of a single element must
// not make the whole step infinite.
func expRootD(z float64) float64 {
	if z == 0 {
		return 0
	}
	r := math.Sqrt(math.Abs(z))
	return math.Exp(-r) / (2 * r)
}

func powD(z float64) float64 {
	if z == 0 {
		return 0
	}
	return 2.0 / 3 * math.Pow(math.Abs(z), -1.0/3)
}

func arcsinhD(z float64) float64 { return 1 / math.Sqrt(z*z+1) }

func serpentineF(z float64) float64 { return 2 * z / (1 + z*z) }

func serpentineD(z float64) float64 { q := 1 + z*z; return 2 * (1 - z*z) / (q * q) }
