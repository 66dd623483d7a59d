// Package near compares floating-point numbers and slices of them, in tests.
//
// A Bound gives the room between two numbers in absolute, relative and ULP terms. The comparison is symmetric. Zero equals
// zero whatever the signs, NaN is near NaN and nothing else, an infinity is near itself and nothing else, whatever the
// bound. The package knows no tensors and no files: a failure names a flat index. Read this file first, then report.go.
package near

import "math"

// Float is what can be compared.
type Float interface{ float32 | float64 }

// Bound says how far apart two numbers may be: |a-b| <= Abs + Rel*max(|a|, |b|), or at most ULP representable numbers of
// their type apart; either suffices. The zero Bound demands equal numbers.
type Bound struct {
	Rel float64
	Abs float64
	ULP int
}

// Near says whether a and b are within the bound. It panics if a field of the bound is negative, infinite or NaN.
func Near[T Float](a, b T, bound Bound) bool {
	return bound.share(float64(a), float64(b), ULP(a, b)) <= 1
}

// ULP returns how many representable numbers of type T lie from a to b, b included: 0 for equal numbers, both zeros and
// two NaN; math.MaxUint64 for NaN against a number. Largest finite and infinity are neighbours here.
func ULP[T Float](a, b T) uint64 {
	x, y := float64(a), float64(b)
	switch {
	case x == y || math.IsNaN(x) && math.IsNaN(y):
		return 0
	case math.IsNaN(x) || math.IsNaN(y):
		return math.MaxUint64
	}
	p, q := rank(a), rank(b)
	if p < q {
		p, q = q, p
	}
	return uint64(p) - uint64(q)
}

// rank numbers the representable values of T in their order; both zeros have rank 0.
func rank[T Float](a T) int64 {
	var magnitude int64
	switch v := any(a).(type) {
	case float32:
		magnitude = int64(math.Float32bits(v) &^ (1 << 31))
	case float64:
		magnitude = int64(math.Float64bits(v) &^ (1 << 63))
	}
	if a < 0 {
		return -magnitude
	}
	return magnitude
}

// share returns the part of the bound that the difference of a and b uses: at most 1 when they are near, 0 when they are
// equal, +Inf when no bound would do.
func (b Bound) share(x, y float64, ulp uint64) float64 {
	b.check()
	if ulp == 0 {
		return 0
	}
	difference := math.Abs(x - y)
	if math.IsNaN(difference) || math.IsInf(x, 0) || math.IsInf(y, 0) {
		return math.Inf(1)
	}
	// Divided before they are subtracted where the difference itself would overflow.
	room := b.Abs + b.Rel*max(math.Abs(x), math.Abs(y))
	byValue := difference / room
	if math.IsInf(difference, 0) || math.IsInf(room, 0) {
		byValue = math.Abs(x/2-y/2) / (b.Abs/2 + b.Rel*max(math.Abs(x/2), math.Abs(y/2)))
	}
	return min(byValue, float64(ulp)/float64(b.ULP))
}

func (b Bound) check() {
	for _, f := range []float64{b.Rel, b.Abs, float64(b.ULP)} {
		if !(f >= 0) || math.IsInf(f, 1) {
			panic("BUG: near: a bound is negative, infinite or NaN")
		}
	}
}
