package train

import (
	"math"

	"github.com/dyt-go/dyt/internal/stat"
)

// Target is a level of the measure for the question which twin gets there on fewer tokens: the worse of the two mean final
// values, which both reach in the mean.
func (c *Comparison) Target() float64 {
	baseline, candidate := 0.0, 0.0
	for _, p := range c.Pairs {
		baseline += p.Baseline.Measure() / float64(len(c.Pairs))
		candidate += p.Candidate.Measure() / float64(len(c.Pairs))
	}
	return max(baseline, candidate)
}

// MeanToTarget returns the mean over seeds of the tokens that each twin needs to the target; NaN where a run never gets
// there or has fewer than two evaluations, which make no curve.
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
