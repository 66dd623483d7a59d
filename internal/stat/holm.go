package stat

import (
	"cmp"
	"math"
	"slices"
)

// Holm returns the step-down adjusted p-values, in the order given: with p sorted upwards, the i-th of m becomes
// max over j <= i of min(1, (m-j+1)·p_j). An adjusted value under 0.05 is a difference while the chance of any false one among all m
// stays under 5 %, whatever the dependence between them. NaN, the p-value of no test, stays NaN and is not counted in m.
// Source: S. Holm, A simple sequentially rejective multiple test procedure, Scand. J. Statist. 6 (1979).
func Holm(p []float64) []float64 {
	order := make([]int, 0, len(p))
	for i, v := range p {
		if !math.IsNaN(v) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(p[i], p[j]) })
	adjusted := slices.Clone(p)
	floor := 0.0
	for rank, i := range order {
		floor = max(floor, min(1, float64(len(order)-rank)*p[i]))
		adjusted[i] = floor
	}
	return adjusted
}

// Ranked is one row of a ranking: a candidate against the common baseline.
type Ranked struct {
	Name string
	Comparison
	Adjusted float64 // Holm's p-value, which decides the verdict; NaN where there is no test
}

// Candidate is a named side of a ranking, one value per seed in the order of the baseline's.
type Candidate struct {
	Name   string
	Values []float64
}

// Rank compares every candidate with the baseline and orders them, best mean difference first. The verdicts are those of
// Holm's correction over all candidates; the intervals stay those of the single comparisons.
func Rank(candidates []Candidate, baseline []float64, better Direction, seed uint64) ([]Ranked, error) {
	rows := make([]Ranked, len(candidates))
	p := make([]float64, len(candidates))
	for i, candidate := range candidates {
		c, err := Compare(candidate.Values, baseline, better, seed)
		if err != nil {
			return nil, err
		}
		rows[i], p[i] = Ranked{Name: candidate.Name, Comparison: c}, c.P
	}
	for i, adjusted := range Holm(p) {
		rows[i].Adjusted = adjusted
		if !math.IsNaN(adjusted) {
			rows[i].Verdict = verdict(adjusted, rows[i].Mean, better)
		}
	}
	slices.SortStableFunc(rows, func(a, b Ranked) int {
		if better == HigherIsBetter {
			a, b = b, a
		}
		return cmp.Compare(a.Mean, b.Mean)
	})
	return rows, nil
}
