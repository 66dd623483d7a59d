package stat

import (
	"fmt"
	"math"
	"slices"
)

// Direction says which values of a measure are good.
type Direction int

const (
	LowerIsBetter  Direction = iota // loss, bits per byte, time
	HigherIsBetter                  // accuracy, tokens per second
)

// Verdict is the word for what a comparison has shown about the candidate.
type Verdict string

const (
	Better       Verdict = "better"
	Worse        Verdict = "worse"
	NoDifference Verdict = "no difference shown"
	NoClaim      Verdict = "n=1: no claim"
	Identical    Verdict = "identical" // every pair is equal to the last bit
)

// Level is the confidence of every interval and 1 - Level the error rate of every verdict.
const Level = 0.95

// Interval is a confidence interval; both ends are NaN when there is none.
type Interval struct {
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// none is the interval of a comparison from which no spread can be estimated.
var none = Interval{math.NaN(), math.NaN()}

// Exists reports whether there is an interval.
func (i Interval) Exists() bool { return !math.IsNaN(i.Low) && !math.IsNaN(i.High) }

// Comparison is the result of Compare. Differences are candidate minus baseline, whatever the direction.
type Comparison struct {
	N         int
	Diffs     []float64 // [n] in the order of the pairs
	Mean      float64   // of Diffs
	SD        float64   // of Diffs, n-1 below; NaN at n = 1
	P         float64   // two-sided p-value of the paired t test; NaN where there is no test
	Interval  Interval  // the paired t interval of the mean difference: what decides
	Bootstrap Interval  // percentile bootstrap of the mean difference: drawn, never decides; from n = 10
	Verdict   Verdict
	Note      string // one sentence when the verdict needs it, else ""
}

// BootstrapFrom is the number of pairs from which a bootstrap interval is drawn: below, percentile intervals are too
// narrow (for n = 5 no resample can leave the range of five numbers).
const BootstrapFrom = 10

// Compare pairs candidate[i] with baseline[i], which share a seed, and decides by the paired t interval
// mean(d) ± t(0.95, n-1)·sd(d)/sqrt(n) of d = candidate - baseline: the candidate is better or worse when the interval
// leaves out zero, that is when P < 0.05.
//
// Where d does not spread there is no t test, and the verdict is
//   - "identical" when every difference is exactly 0: the twins computed the same numbers;
//   - "n=1: no claim" when all differences are one and the same number other than 0 (to the rounding of the values):
//     the seeds changed nothing, so n pairs are one measurement read n times, or the measure is too coarse to show a
//     spread. A zero-width interval would call this certain, which is the one thing that it is not.
//
// seed chooses the bootstrap's resamples. An error is returned for sides of unequal length, for no pair, and for values
// that are not finite: a diverged run has no difference to average and must be reported by itself.
func Compare(candidate, baseline []float64, better Direction, seed uint64) (Comparison, error) {
	if len(candidate) != len(baseline) || len(candidate) == 0 {
		return Comparison{}, fmt.Errorf("stat: compare: %d candidate and %d baseline values; expected pairs, at least one",
			len(candidate), len(baseline))
	}
	c := Comparison{N: len(candidate), P: math.NaN(), Interval: none, Bootstrap: none}
	scale := 0.0 // the largest value, which bounds the rounding of a difference
	for i := range candidate {
		a, b := candidate[i], baseline[i]
		if !finite(a) || !finite(b) {
			return Comparison{}, fmt.Errorf("stat: compare: pair %d is %v against %v, not finite; report the diverged run by itself", i, a, b)
		}
		c.Diffs = append(c.Diffs, a-b)
		scale = max(scale, math.Abs(a), math.Abs(b))
	}
	c.Mean, c.SD = Mean(c.Diffs), SD(c.Diffs)
	c.decide(better, 4*scale*epsilon)
	if c.N >= BootstrapFrom {
		c.Bootstrap = bootstrap(c.Diffs, seed)
	}
	return c, nil
}

// epsilon is the distance from 1 to the next float64.
const epsilon = 1.0 / (1 << 52)

// decide fills interval, p-value and verdict. Differences that lie within rounding of each other do not spread.
func (c *Comparison) decide(better Direction, rounding float64) {
	spread := slices.Max(c.Diffs) - slices.Min(c.Diffs)
	switch {
	case c.Mean == 0 && spread == 0:
		c.Verdict = Identical
		c.Note = "every pair is equal to the last bit"
	case c.N == 1:
		c.Verdict = NoClaim
	case spread <= rounding:
		c.Verdict = NoClaim
		c.Note = fmt.Sprintf("all %d differences are the same number: the seeds changed nothing, or the measure is too coarse, so this counts as one measurement", c.N)
	default:
		standardError := c.SD / math.Sqrt(float64(c.N))
		half := Quantile(Level, float64(c.N-1)) * standardError
		c.Interval = Interval{c.Mean - half, c.Mean + half}
		c.P = TwoSided(c.Mean/standardError, float64(c.N-1))
		c.Verdict = verdict(c.P, c.Mean, better)
	}
}

// verdict turns a p-value and the sign of the mean difference into a word.
func verdict(p, mean float64, better Direction) Verdict {
	switch {
	case !(p < 1-Level):
		return NoDifference
	case (mean < 0) == (better == LowerIsBetter):
		return Better
	}
	return Worse
}

// Different reports whether the verdict claims a difference.
func (v Verdict) Different() bool { return v == Better || v == Worse }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
