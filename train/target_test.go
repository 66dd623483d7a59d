package train

import (
	"math"
	"testing"
)

func TestTokensToTheTargetThatBothTwinsReach(t *testing.T) {
	run := func(values ...float64) Summary {
		var s Summary
		for i, v := range values {
			s.Metrics = append(s.Metrics, Metrics{Tokens: int64(1000 * (i + 1)), EvalBPB: &v})
		}
		s.ValBPB = values[len(values)-1]
		return s
	}
	c := Comparison{Pairs: []Pair{{Baseline: run(4, 3, 2), Candidate: run(4, 3.5, 2.5)}}}
	if got := c.Target(); got != 2.5 {
		t.Fatalf("target %v, want the worse end, 2.5", got)
	}
	// The baseline passes 2.5 halfway between its second and third evaluation, the candidate ends on it.
	if got := c.Pairs[0].Baseline.ToTarget(2.5); got != 2500 {
		t.Errorf("the baseline reached it after %v tokens, want 2500", got)
	}
	if got := c.Pairs[0].Candidate.ToTarget(2.5); got != 3000 {
		t.Errorf("the candidate reached it after %v tokens, want 3000", got)
	}
	if got := c.Pairs[0].Candidate.ToTarget(2.4); !math.IsNaN(got) {
		t.Errorf("2.4 was reached after %v tokens, want never", got)
	}
}
