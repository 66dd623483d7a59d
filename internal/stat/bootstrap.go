package stat

import (
	"math/rand/v2"
	"slices"
)

// resamples of one bootstrap: the ends of a 95 % interval are then the 50th value from either side.
const resamples = 2000

// bootstrap returns the percentile interval of the mean of x: the 2.5 % and 97.5 % points of the means of resamples drawn
// from x with replacement. The same seed gives the same interval.
func bootstrap(x []float64, seed uint64) Interval {
	random := rand.New(rand.NewPCG(seed, 0xb007))
	means := make([]float64, resamples)
	for i := range means {
		sum := 0.0
		for range x {
			sum += x[random.IntN(len(x))]
		}
		means[i] = sum / float64(len(x))
	}
	slices.Sort(means)
	tail := (1 - Level) / 2
	cut := int(tail * resamples)
	return Interval{means[cut], means[resamples-1-cut]}
}
