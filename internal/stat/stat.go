// Package stat says what a comparison of two recipes over several seeds has shown, and with what uncertainty: the paired
// t interval and its verdict word, the bootstrap interval that pictures draw, Holm's correction when many candidates are
// ranked, tokens-to-target, and the harness that lets the statistics fail on runs of one and the same recipe.
//
// It is no statistics library: only what a verdict rests on is here. Read compare.go first.
package stat

import (
	"math"
	"slices"
)

// Mean returns sum(x)/n, and NaN for no values.
func Mean(x []float64) float64 {
	sum := 0.0
	for _, v := range x {
		sum += v
	}
	return sum / float64(len(x))
}

// SD returns the sample standard deviation sqrt(sum((x-mean)^2)/(n-1)), in two passes so that a small spread around a
// large mean keeps its digits. It is NaN below two values.
func SD(x []float64) float64 {
	if len(x) < 2 {
		return math.NaN()
	}
	mean, sum := Mean(x), 0.0
	for _, v := range x {
		sum += (v - mean) * (v - mean)
	}
	return math.Sqrt(sum / float64(len(x)-1))
}

// Median returns the middle value, for an even count the mean of the two middle ones, and NaN for no values.
func Median(x []float64) float64 {
	if len(x) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(x))
	middle := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[middle]
	}
	return (sorted[middle-1] + sorted[middle]) / 2
}
