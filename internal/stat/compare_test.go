package stat

import (
	"math"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/near"
)

// TestCompareMatchesScipy: scipy 1.17.1, ttest_rel(a, b) and its confidence_interval(0.95).
func TestCompareMatchesScipy(t *testing.T) {
	a := []float64{2.471, 2.466, 2.480, 2.475, 2.469}
	b := []float64{2.512, 2.498, 2.503, 2.521, 2.507}
	c, err := Compare(a, b, LowerIsBetter, 1)
	if err != nil {
		t.Fatal(err)
	}
	near.Check(t, "mean, sd, p, low, high",
		[]float64{c.Mean, c.SD, c.P, c.Interval.Low, c.Interval.High},
		[]float64{-0.036, 0.008860022573334576, 0.0008136840865665521, -0.047001171052582245, -0.02499882894741782},
		near.Bound{Rel: 1e-11})
	if c.Verdict != Better || c.Bootstrap.Exists() {
		t.Errorf("verdict %q, bootstrap %v; want better and no bootstrap at n = 5", c.Verdict, c.Bootstrap)
	}
}

func TestVerdicts(t *testing.T) {
	for _, c := range []struct {
		name      string
		candidate []float64
		baseline  []float64
		better    Direction
		want      Verdict
		test      bool // whether there is an interval
	}{
		{"one seed", []float64{1}, []float64{2}, LowerIsBetter, NoClaim, false},
		{"one seed, same number", []float64{2}, []float64{2}, LowerIsBetter, Identical, false},
		{"all the same", []float64{1, 2, 3}, []float64{1, 2, 3}, LowerIsBetter, Identical, false},
		{"seeds change nothing", []float64{1, 1, 1}, []float64{1.5, 1.5, 1.5}, LowerIsBetter, NoClaim, false},
		{"equal differences up to rounding", []float64{0.3, 0.4, 0.7}, []float64{0.2, 0.3, 0.6}, LowerIsBetter, NoClaim, false},
		{"mean zero, spread", []float64{1, 2}, []float64{2, 1}, LowerIsBetter, NoDifference, true},
		{"two seeds, wide", []float64{1, 1.1}, []float64{1.2, 1.5}, LowerIsBetter, NoDifference, true},
		{"lower wins", []float64{1, 2, 3, 4}, []float64{2, 3.1, 4.2, 5}, LowerIsBetter, Better, true},
		{"lower loses", []float64{2, 3.1, 4.2, 5}, []float64{1, 2, 3, 4}, LowerIsBetter, Worse, true},
		{"higher wins", []float64{2, 3.1, 4.2, 5}, []float64{1, 2, 3, 4}, HigherIsBetter, Better, true},
		{"higher loses", []float64{1, 2, 3, 4}, []float64{2, 3.1, 4.2, 5}, HigherIsBetter, Worse, true},
	} {
		got, err := Compare(c.candidate, c.baseline, c.better, 1)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if got.Verdict != c.want || got.Interval.Exists() != c.test || math.IsNaN(got.P) == c.test {
			t.Errorf("%s: got %q, interval %v, p %v; want %q, interval %v", c.name, got.Verdict, got.Interval, got.P, c.want, c.test)
		}
		decided := got.Interval.Exists() && (got.Interval.Low > 0 || got.Interval.High < 0)
		if got.Verdict.Different() != decided {
			t.Errorf("%s: verdict %q and interval %v disagree", c.name, got.Verdict, got.Interval)
		}
	}
}

func TestCompareRefuses(t *testing.T) {
	for _, c := range []struct {
		a, b []float64
		want string
	}{
		{nil, nil, "0 candidate and 0 baseline"},
		{[]float64{1, 2}, []float64{1}, "2 candidate and 1 baseline"},
		{[]float64{1, math.NaN()}, []float64{1, 2}, "pair 1 is NaN against 2"},
		{[]float64{1}, []float64{math.Inf(1)}, "pair 0 is 1 against +Inf"},
	} {
		if _, err := Compare(c.a, c.b, LowerIsBetter, 1); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("Compare(%v, %v): error %v, want %q in it", c.a, c.b, err, c.want)
		}
	}
}

// TestBootstrapMatchesScipy: scipy.stats.bootstrap of the mean, percentile, 200,000 resamples gives [0.0483, 0.1825]. The
// sampling error of an end with 2,000 resamples is about 0.002.
func TestBootstrapMatchesScipy(t *testing.T) {
	d := []float64{0.12, -0.05, 0.31, 0.08, 0.22, -0.11, 0.17, 0.02, 0.26, 0.14, 0.05, 0.19}
	c, err := Compare(d, make([]float64, len(d)), LowerIsBetter, 1)
	if err != nil {
		t.Fatal(err)
	}
	near.Check(t, "ends", []float64{c.Bootstrap.Low, c.Bootstrap.High}, []float64{0.0483, 0.1825}, near.Bound{Abs: 0.006})
	again, _ := Compare(d, make([]float64, len(d)), LowerIsBetter, 1)
	other, _ := Compare(d, make([]float64, len(d)), LowerIsBetter, 2)
	if again.Bootstrap != c.Bootstrap || other.Bootstrap == c.Bootstrap {
		t.Errorf("seed 1 twice: %v, %v; seed 2: %v", c.Bootstrap, again.Bootstrap, other.Bootstrap)
	}
}

func TestMoments(t *testing.T) {
	x := []float64{1e9 + 4, 1e9 + 7, 1e9 + 13, 1e9 + 16}
	near.Check(t, "mean, sd, median", []float64{Mean(x), SD(x), Median(x)}, []float64{1e9 + 10, math.Sqrt(30), 1e9 + 10}, near.Bound{Rel: 1e-15})
	if Median([]float64{3, 1, 2}) != 2 || !math.IsNaN(Median(nil)) || !math.IsNaN(Mean(nil)) || !math.IsNaN(SD([]float64{1})) {
		t.Error("median of three, or the empty cases")
	}
	if x[0] != 1e9+4 || x[3] != 1e9+16 {
		t.Error("Median changed its argument")
	}
}
