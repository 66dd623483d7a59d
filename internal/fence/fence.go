// Package fence gives tests arrays beside which nothing may be touched, read or written: the next byte is on a page that the system
// protects. Values around an array show what was written there; this shows what was read as well.
//
// It is for tests only, of functions that leave the bounds of slices to their caller.
package fence

import (
	"runtime/debug"
	"testing"
	"unsafe"
)

// Place returns an array of x's elements that lies between protected pages, and touches one of them.
type Place func(x []float32) []float32

// Check runs f twice: with arrays that end where a protected page begins, and with arrays that begin where one ends. It fails where f
// touches such a page, and says how far from which array. What is placed is gone afterwards. On systems other than Linux arrays
// are copies without pages around them, and nothing is found.
func Check(t testing.TB, what string, f func(place Place)) {
	t.Helper()
	for _, atEnd := range []bool{true, false} {
		check(t, what, atEnd, f)
	}
}

func check(t testing.TB, what string, atEnd bool, f func(place Place)) {
	t.Helper()
	var placed [][]float32
	var regions []region
	defer func() {
		for _, r := range regions {
			r.release()
		}
	}()
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		t.Helper()
		fault := recover()
		if fault == nil {
			return
		}
		at, ok := fault.(interface{ Addr() uintptr })
		if !ok {
			panic(fault)
		}
		number, distance := nearest(placed, at.Addr())
		t.Fatalf("%s: touches memory %d floats from the beginning of array %d of %d, which has %d", what, distance, number, len(placed), len(placed[number]))
	}()
	f(func(x []float32) []float32 {
		r, y := newRegion(t, len(x), atEnd)
		copy(y, x)
		regions, placed = append(regions, r), append(placed, y)
		return y
	})
}

// nearest returns which array an address is nearest to, and where it is, in floats from its beginning.
func nearest(placed [][]float32, at uintptr) (number, distance int) {
	least := -1
	for i, x := range placed {
		from := int(at) - int(uintptr(unsafe.Pointer(unsafe.SliceData(x))))
		if away := max(-from, from-4*len(x)); least < 0 || away < least {
			least, number, distance = away, i, from>>2
		}
	}
	return number, distance
}
