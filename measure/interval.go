package measure

import (
	"fmt"
	"math"
	"slices"

	"github.com/dyt-go/dyt/internal/stat"
)

// interval returns a 95 % confidence interval of the median that assumes nothing of the distribution: the k-th smallest and
// the k-th largest sample, for the largest k at which at most 2.5 % of all sets of samples have their k-th smallest above the
// true median. That number is binomial with p = 1/2. Fewer than six samples have no such k: 0, 0.
func interval(samples []float64) [2]float64 {
	n, k := len(samples), 0
	tail, term := 0.0, math.Exp2(-float64(n)) // of 0 samples below the median
	for ; k < n/2; k++ {
		if tail += term; tail > 0.025 {
			break
		}
		term *= float64(n-k) / float64(k+1)
	}
	if k == 0 {
		return [2]float64{}
	}
	sorted := slices.Sorted(slices.Values(samples))
	return [2]float64{sorted[k-1], sorted[n-k]}
}

// Restless lists what speaks against believing the rows, one sentence each: a machine that was busy when they began, and
// cases whose samples vary by more than 3 % (standard deviation over mean).
func Restless(rows []Row, load float64, threads int) []string {
	var list []string
	if load > float64(threads)/2 {
		list = append(list, fmt.Sprintf("the machine was busy: load %.1f on %d threads when the measurement began", load, threads))
	}
	worst, many := 0.0, 0
	for _, r := range rows {
		if v := stat.SD(r.Samples) / stat.Mean(r.Samples); v > 0.03 {
			many++
			worst = max(worst, v)
		}
	}
	if many > 0 {
		list = append(list, fmt.Sprintf("%d of %d rows vary by more than 3 %%, the worst by %.0f %%: compare ratios of one run, not times of two", many, len(rows), 100*worst))
	}
	return list
}

// Cut says what a limit left out of that many cases.
func Cut(rows []Row, cases int) []string {
	var list []string
	cold := 0
	for _, r := range rows {
		if r.Cold {
			cold++
		}
	}
	if cold > 0 {
		list = append(list, fmt.Sprintf("%d rows are of a first run, which is slower: the limit left no other", cold))
	}
	if left := cases - len(rows); left > 0 {
		list = append(list, fmt.Sprintf("%d of %d cases did not run: the limit left them no time", left, cases))
	}
	return list
}
