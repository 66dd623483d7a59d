package stat

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/internal/near"
)

// TestHolmMatchesStatsmodels: statsmodels 0.15.0, multipletests(p, method="holm").
func TestHolmMatchesStatsmodels(t *testing.T) {
	for _, c := range []struct{ p, want []float64 }{
		{[]float64{.01, .04, .03, .005}, []float64{.03, .06, .06, .02}},
		{[]float64{.02, .02, .6}, []float64{.06, .06, .6}},
		{[]float64{.5, .9, .7}, []float64{1, 1, 1}},
		{[]float64{.001}, []float64{.001}},
		{[]float64{.01, math.NaN(), .04}, []float64{.02, math.NaN(), .04}}, // no test: not counted
		{nil, nil},
	} {
		near.Check(t, "adjusted", Holm(c.p), c.want, near.Bound{Rel: 1e-14})
	}
}

// TestRankCorrects: a candidate that alone would be "better" (p 0.023) is not when four were tried.
func TestRankCorrects(t *testing.T) {
	baseline := []float64{1, 1, 1, 1, 1}
	weak := []float64{0.90, 0.99, 0.93, 0.97, 0.92}
	strong := []float64{0.50, 0.52, 0.49, 0.51, 0.50}
	flat := []float64{1.1, 0.9, 1.05, 0.94, 1.02}
	other := []float64{0.98, 1.03, 0.99, 1.02, 1.01}
	alone, err := Compare(weak, baseline, LowerIsBetter, 1)
	if err != nil || alone.Verdict != Better {
		t.Fatalf("alone: %q, %v", alone.Verdict, err)
	}
	rows, err := Rank([]Candidate{{"flat", flat}, {"weak", weak}, {"other", other}, {"strong", strong}}, baseline, LowerIsBetter, 1)
	if err != nil {
		t.Fatal(err)
	}
	verdicts := map[string]Verdict{}
	for _, row := range rows {
		verdicts[row.Name] = row.Verdict
	}
	if rows[0].Name != "strong" || rows[1].Name != "weak" || verdicts["strong"] != Better || verdicts["weak"] != NoDifference {
		t.Errorf("order %s, %s; verdicts %v", rows[0].Name, rows[1].Name, verdicts)
	}
	up, _ := Rank([]Candidate{{"low", strong}, {"high", flat}}, baseline, HigherIsBetter, 1)
	if up[0].Name != "high" || up[1].Verdict != Worse {
		t.Errorf("higher is better: first %s, last %q", up[0].Name, up[1].Verdict)
	}
	if _, err := Rank([]Candidate{{"short", weak[:2]}}, baseline, LowerIsBetter, 1); err == nil {
		t.Error("a candidate with too few values was ranked")
	}
}
