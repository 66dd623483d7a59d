package near

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// Pair is one element of a comparison.
type Pair struct {
	Index     int // flat
	Got, Want float64
	ULP       uint64 // distance in the type that was compared
}

func (p Pair) String() string {
	return fmt.Sprintf("[%d] got %.9g, want %.9g, difference %.3g, %s ULP", p.Index, p.Got, p.Want, math.Abs(p.Got-p.Want), ulpText(p.ULP))
}

func ulpText(n uint64) string {
	if n == math.MaxUint64 {
		return "no"
	}
	return fmt.Sprint(n)
}

// Report is the outcome of comparing two slices.
type Report struct {
	Bound    Bound
	Got      int // length of what was compared
	Want     int
	Far      int     // pairs beyond the bound
	Worst    Pair    // the pair that uses the largest share of the bound; among equals the first with the largest ULP
	Share    float64 // the share of the bound that Worst uses
	FirstFar []Pair  // the first five pairs beyond the bound
	First    []Pair  // the first five pairs

	// Maxima over the pairs of finite numbers.
	MaxAbs float64
	MaxRel float64 // |a-b| / max(|a|, |b|)
	MaxULP uint64
}

const shown = 5

// Compare compares got with want, element by element. It panics as Near does.
func Compare[T Float](got, want []T, bound Bound) Report {
	r := Report{Bound: bound, Got: len(got), Want: len(want), Share: -1}
	for i := range min(len(got), len(want)) {
		r.add(Pair{Index: i, Got: float64(got[i]), Want: float64(want[i]), ULP: ULP(got[i], want[i])})
	}
	return r
}

func (r *Report) add(p Pair) {
	share := r.Bound.share(p.Got, p.Want, p.ULP)
	if share > r.Share || share == r.Share && p.ULP > r.Worst.ULP {
		r.Share, r.Worst = share, p
	}
	if len(r.First) < shown {
		r.First = append(r.First, p)
	}
	if share > 1 {
		r.Far++
		if len(r.FirstFar) < shown {
			r.FirstFar = append(r.FirstFar, p)
		}
	}
	if difference := math.Abs(p.Got - p.Want); !math.IsNaN(difference) && !math.IsInf(difference, 0) && difference > 0 {
		r.MaxAbs = max(r.MaxAbs, difference)
		r.MaxRel = max(r.MaxRel, difference/max(math.Abs(p.Got), math.Abs(p.Want)))
		r.MaxULP = max(r.MaxULP, p.ULP)
	}
}

// OK says whether the lengths are equal and every pair is within the bound.
func (r Report) OK() bool { return r.Got == r.Want && r.Far == 0 }

// String tells in one line how near a good comparison was, and in several where a bad one failed.
func (r Report) String() string {
	if r.Got != r.Want {
		return fmt.Sprintf("%d values, want %d", r.Got, r.Want)
	}
	if r.OK() {
		return fmt.Sprintf("%d values near: largest difference %.3g, relative %.3g, %d ULP", r.Got, r.MaxAbs, r.MaxRel, r.MaxULP)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d of %d values differ by more than %s\n worst %s", r.Far, r.Got, r.Bound, r.Worst)
	for _, p := range r.FirstFar {
		fmt.Fprintf(&b, "\n   far %s", p)
	}
	for _, p := range r.First {
		fmt.Fprintf(&b, "\n first %s", p)
	}
	return b.String()
}

func (b Bound) String() string {
	return fmt.Sprintf("abs %g + rel %g, or %d ULP", b.Abs, b.Rel, b.ULP)
}

// Check compares got with want and fails the test, with the whole report, when they are not near.
func Check[T Float](t testing.TB, what string, got, want []T, bound Bound) Report {
	t.Helper()
	r := Compare(got, want, bound)
	if !r.OK() {
		t.Errorf("%s: %s", what, r)
	}
	return r
}
