package elem

import (
	"math"
	"unsafe"
)

// integers views words as the integers that they are.
func integers(x []float32) []int32 {
	return unsafe.Slice((*int32)(unsafe.Pointer(unsafe.SliceData(x))), len(x))
}

func integer(y float32) int32 { return int32(math.Float32bits(y)) }

func fromInt(dst, x []float32) {
	n := integers(x)
	for i := range dst {
		dst[i] = float32(n[i])
	}
}

func fromUint(dst, x []float32) {
	for i := range dst {
		dst[i] = float32(math.Float32bits(x[i]))
	}
}

func toInt(dst, x []float32) {
	n := integers(dst)
	for i := range n {
		v := x[i]
		n[i] = math.MinInt32
		if v >= -0x1p31 && v < 0x1p31 {
			n[i] = int32(v)
		}
	}
}

func intUnary(f func(x int32) int32) Unary {
	return func(dst, x []float32) {
		d, a := integers(dst), integers(x)
		for i := range d {
			d[i] = f(a[i])
		}
	}
}

func intBinary(f func(x, y int32) int32) Binary {
	return func(dst, x, y []float32) {
		d, a, b := integers(dst), integers(x), integers(y)
		for i := range d {
			d[i] = f(a[i], b[i])
		}
	}
}

func intScalar(f func(x, y int32) int32) Scalar {
	return func(dst, x []float32, y float32) {
		d, a, b := integers(dst), integers(x), integer(y)
		for i := range d {
			d[i] = f(a[i], b)
		}
	}
}

func intTruths(f func(x, y int32) bool) Binary {
	return func(dst, x, y []float32) {
		a, b := integers(x), integers(y)
		for i := range dst {
			dst[i] = truth[float32](f(a[i], b[i]))
		}
	}
}

func intTruthsScalar(f func(x, y int32) bool) Scalar {
	return func(dst, x []float32, y float32) {
		a, b := integers(x), integer(y)
		for i := range dst {
			dst[i] = truth[float32](f(a[i], b))
		}
	}
}

func absInt(x int32) int32 {
	if x < 0 {
		return -x
	}
	return x
}

func addInt(x, y int32) int32  { return x + y }
func subInt(x, y int32) int32  { return x - y }
func rsubInt(x, y int32) int32 { return y - x }
func mulInt(x, y int32) int32  { return x * y }
func maxInt(x, y int32) int32  { return max(x, y) }
func minInt(x, y int32) int32  { return min(x, y) }

func equalInt(x, y int32) bool        { return x == y }
func notEqualInt(x, y int32) bool     { return x != y }
func lessInt(x, y int32) bool         { return x < y }
func lessEqualInt(x, y int32) bool    { return x <= y }
func greaterInt(x, y int32) bool      { return x > y }
func greaterEqualInt(x, y int32) bool { return x >= y }
