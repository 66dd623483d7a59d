package train

import (
	"math"

	"github.com/dyt-go/dyt/internal/stat"
)

// Target is a level of the measure for the question which twin gets there on fewer tokens: the worst final value of any run,
// which therefore all reach.
func (c *Comparison) Target() float64 {
	worst := 0.0
	for _, p := range c.Pairs {
		worst = max(worst, p.Baseline.Measure(), p.Candidate.Measure())
	}
	return worst
}

// MeanToTarget returns the mean over seeds of the tokens that each twin needs to the target; NaN where a run has fewer
// than two evaluations, which make no curve.
func (c *Comparison) MeanToTarget() (baseline, candidate float64) {
	target, n := c.Target(), float64(len(c.Pairs))
	for _, p := range c.Pairs {
		if len(p.Baseline.evaluations()) < 2 || len(p.Candidate.evaluations()) < 2 {
			return math.NaN(), math.NaN()
		}
		baseline, candidate = baseline+p.Baseline.ToTarget(target)/n, candidate+p.Candidate.ToTarget(target)/n
	}
	return baseline, candidate
}

// ToTarget returns after how many tokens, or images, the run's evaluations first reach target, linear between two of them;
// NaN when none does.
func (s Summary) ToTarget(target float64) float64 {
	var tokens, values []float64
	for _, p := range s.evaluations() {
		tokens, values = append(tokens, float64(p.Tokens)), append(values, p.Value)
	}
	at, reached := stat.ToTarget(tokens, values, target, stat.LowerIsBetter)
	if !reached {
		return math.NaN()
	}
	return at
}
