package near

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

var (
	nan   = math.NaN()
	inf   = math.Inf(1)
	next  = func(x float32) float32 { return math.Nextafter32(x, float32(inf)) }
	minus = math.Copysign(0, -1)
)

func TestULPCountsRepresentableNumbers(t *testing.T) {
	tiny := float32(math.SmallestNonzeroFloat32)
	for _, c := range []struct {
		a, b float32
		want uint64
	}{
		{1, 1, 0},
		{0, float32(minus), 0},
		{1, next(1), 1},
		{next(1), 1, 1},
		{0, tiny, 1},
		{-tiny, tiny, 2},
		{float32(minus), -tiny, 1},
		{1, 2, 1 << 23},
		{-1, 1, 2 * 127 << 23},
		{math.MaxFloat32, float32(inf), 1},
		{float32(nan), float32(nan), 0},
		{float32(nan), 1, math.MaxUint64},
		{float32(inf), float32(nan), math.MaxUint64},
	} {
		if got := ULP(c.a, c.b); got != c.want {
			t.Errorf("ULP(%g, %g) = %d, want %d", c.a, c.b, got, c.want)
		}
	}
	if got := ULP(1.0, math.Nextafter(1, 0)); got != 1 {
		t.Errorf("ULP of float64 neighbours = %d, want 1", got)
	}
	if got := ULP(-math.MaxFloat64, math.MaxFloat64); got != 2*(0x7fefffffffffffff) {
		t.Errorf("ULP from end to end of float64 = %d", got)
	}
}

func TestNearAtTheEdgeOfTheBound(t *testing.T) {
	for _, c := range []struct {
		name  string
		a, b  float64
		bound Bound
		want  bool
	}{
		{"nothing allowed, equal", 1, 1, Bound{}, true},
		{"nothing allowed, neighbours", 1, math.Nextafter(1, 2), Bound{}, false},
		{"both zeros", 0, minus, Bound{}, true},
		{"absolute, at it", 1, 1.5, Bound{Abs: 0.5}, true},
		{"absolute, beyond it", 1, 1.5 + 1e-15, Bound{Abs: 0.5}, false},
		{"relative to the larger", 100, 75, Bound{Rel: 0.25}, true},
		{"relative, beyond it", 100, 74.9, Bound{Rel: 0.25}, false},
		{"relative near zero allows nothing", 0, 1e-300, Bound{Rel: 0.5}, false},
		{"absolute and relative add up", 100, 74, Bound{Abs: 1, Rel: 0.25}, true},
		{"one ULP", 1, math.Nextafter(1, 2), Bound{ULP: 1}, true},
		{"two ULP", 1, math.Nextafter(math.Nextafter(1, 2), 2), Bound{ULP: 1}, false},
		{"NaN with NaN", nan, nan, Bound{}, true},
		{"NaN with a number", nan, 1, Bound{Abs: 1e300, Rel: 1, ULP: math.MaxInt}, false},
		{"infinity with itself", inf, inf, Bound{}, true},
		{"infinity with minus infinity", inf, -inf, Bound{Abs: math.MaxFloat64, Rel: 1, ULP: math.MaxInt}, false},
		{"infinity with the largest number", inf, math.MaxFloat64, Bound{Abs: math.MaxFloat64, Rel: 1, ULP: 5}, false},
		{"a difference that overflows", math.MaxFloat64, -math.MaxFloat64, Bound{Rel: 1}, false},
	} {
		for _, order := range [][2]float64{{c.a, c.b}, {c.b, c.a}, {-c.a, -c.b}} {
			if got := Near(order[0], order[1], c.bound); got != c.want {
				t.Errorf("%s: Near(%g, %g, %v) = %v", c.name, order[0], order[1], c.bound, got)
			}
		}
	}
}

// TestNearAgreesWithItsDefinition writes the contract down a second time, without the ULP part.
func TestNearAgreesWithItsDefinition(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 1))
	accepted := 0
	for range 100_000 {
		a := random.NormFloat64() * math.Pow(10, float64(random.IntN(9)-4))
		b := a * (1 + random.NormFloat64()*1e-3)
		bound := Bound{Abs: math.Abs(random.NormFloat64()) * 1e-4, Rel: math.Abs(random.NormFloat64()) * 1e-3}
		room := bound.Abs + bound.Rel*max(math.Abs(a), math.Abs(b))
		want := math.Abs(a-b) <= room
		if Near(a, b, bound) != want && math.Abs(math.Abs(a-b)/room-1) > 1e-12 {
			t.Fatalf("Near(%g, %g, %v) = %v", a, b, bound, !want)
		}
		if want {
			accepted++
		}
	}
	if accepted < 20_000 || accepted > 80_000 {
		t.Errorf("%d of 100,000 pairs were near: the test looks at one side only", accepted)
	}
}

func TestImpossibleBoundsPanic(t *testing.T) {
	for _, bound := range []Bound{{Rel: -1}, {Abs: nan}, {Abs: inf}, {ULP: -1}, {Rel: nan}} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%+v was accepted", bound)
				}
			}()
			Near(1.0, 1.0, bound)
		}()
	}
}

func TestCompareReportsTheWorstElement(t *testing.T) {
	want := make([]float32, 20)
	got := make([]float32, 20)
	for i := range want {
		want[i] = float32(i)
		got[i] = float32(i)
	}
	for _, i := range []int{3, 5, 7, 9, 11, 13} {
		got[i] += 0.25
	}
	got[8] = want[8] + 2
	r := Compare(got, want, Bound{Abs: 0.125})
	if r.OK() || r.Far != 7 || r.Worst.Index != 8 || r.Worst.Got != 10 || r.Worst.Want != 8 || r.MaxAbs != 2 || len(r.FirstFar) != 5 || r.FirstFar[4].Index != 9 {
		t.Errorf("%+v", r)
	}
	if text := r.String(); !strings.Contains(text, "7 of 20 values differ") || !strings.Contains(text, "worst [8] got 10, want 8") {
		t.Error(text)
	}
	if r := Compare(got[:8], got[:8], Bound{}); !r.OK() || r.MaxAbs != 0 || r.MaxULP != 0 {
		t.Errorf("equal slices: %s", r)
	}
}

func TestCompareSeesNaNAndLength(t *testing.T) {
	wide := Bound{Abs: 1e300, Rel: 1, ULP: math.MaxInt}
	if r := Compare([]float64{1, nan}, []float64{1, 2}, wide); r.OK() || r.Worst.Index != 1 {
		t.Errorf("a NaN where a number should be: %s", r)
	}
	if r := Compare([]float64{nan, inf}, []float64{nan, inf}, Bound{}); !r.OK() {
		t.Errorf("NaN and infinity where they should be: %s", r)
	}
	if r := Compare([]float64{1}, []float64{1, 2}, wide); r.OK() || r.String() != "1 values, want 2" {
		t.Errorf("a value is missing: %s", r)
	}
	if r := Compare([]float64{}, []float64{}, Bound{}); !r.OK() {
		t.Errorf("nothing against nothing: %s", r)
	}
}
