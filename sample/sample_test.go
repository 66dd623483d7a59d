package sample

import (
	"math"
	"math/rand/v2"
	"testing"
)

var logits = []float32{1, 3, 2, 3, -1}

func check(t *testing.T, o Options, ids []int, weights []float64) {
	t.Helper()
	got := o.Candidates(logits)
	if len(got) != len(ids) {
		t.Fatalf("%+v: %v, expected the tokens %v", o, got, ids)
	}
	sum := 0.0
	for _, w := range weights {
		sum += w
	}
	for i, c := range got {
		if c.ID != ids[i] || math.Abs(c.P-weights[i]/sum) > 1e-15 { // a few roundings of numbers below 1
			t.Errorf("%+v: candidate %d is %v, expected token %d at %v", o, i, c, ids[i], weights[i]/sum)
		}
	}
}

func TestCandidatesFollowTheFormula(t *testing.T) {
	e := math.Exp
	check(t, Options{}, []int{1}, []float64{1})
	check(t, Options{Temperature: 1}, []int{1, 3, 2, 0, 4}, []float64{e(3), e(3), e(2), e(1), e(-1)})
	check(t, Options{Temperature: 0.5}, []int{1, 3, 2, 0, 4}, []float64{e(6), e(6), e(4), e(2), e(-2)})
	check(t, Options{Temperature: 2, TopK: 3}, []int{1, 3, 2}, []float64{e(1.5), e(1.5), e(1)})
	check(t, Options{Temperature: 1, TopK: 9}, []int{1, 3, 2, 0, 4}, []float64{e(3), e(3), e(2), e(1), e(-1)})
	// The probabilities at temperature 1 are 0.394, 0.394, 0.145, ...
	check(t, Options{Temperature: 1, TopP: 0.3}, []int{1}, []float64{1})
	check(t, Options{Temperature: 1, TopP: 0.5}, []int{1, 3}, []float64{1, 1})
	check(t, Options{Temperature: 1, TopP: 0.8}, []int{1, 3, 2}, []float64{e(3), e(3), e(2)})
	check(t, Options{Temperature: 1, TopP: 1}, []int{1, 3, 2, 0, 4}, []float64{e(3), e(3), e(2), e(1), e(-1)})
}

func TestDrawsHaveTheirProbabilities(t *testing.T) {
	o := Options{Temperature: 1, TopK: 4}
	random, n, counts := rand.New(rand.NewPCG(1, 2)), 20000, map[int]int{}
	for range n {
		counts[o.Draw(logits, random)]++
	}
	for _, c := range o.Candidates(logits) {
		got, deviation := float64(counts[c.ID])/float64(n), math.Sqrt(c.P*(1-c.P)/float64(n))
		if math.Abs(got-c.P) > 4*deviation {
			t.Errorf("token %d: drawn with frequency %v, expected %v within four standard deviations of %v", c.ID, got, c.P, deviation)
		}
	}
	if counts[4] != 0 {
		t.Errorf("token 4 was drawn %d times, it is not among the top 4", counts[4])
	}
}

func TestOptionsOutOfRangeAreRefused(t *testing.T) {
	for _, o := range []Options{{Temperature: -1}, {Temperature: math.NaN()}, {Temperature: math.Inf(1)}, {TopK: -1}, {TopP: 1.5}, {TopP: -0.1}, {TopP: math.NaN()}} {
		if o.Check() == nil {
			t.Errorf("%+v: accepted", o)
		}
	}
	if err := (Options{Temperature: 0.8, TopK: 40, TopP: 0.95}).Check(); err != nil {
		t.Error(err)
	}
}
