package report

import (
	"math"
	"slices"
)

// columns are the steps at which a chart shows runs: every logged step while there are few, else equal stretches of the
// steps, in each of which a run's values are averaged.
type columns struct {
	edges []int64 // column i holds the steps s with edges[i] <= s < edges[i+1]
}

// newColumns makes at most most columns for all steps of some series.
func newColumns(steps []int64, most int) columns {
	slices.Sort(steps)
	steps = slices.Compact(steps)
	if len(steps) == 0 {
		return columns{}
	}
	first, last := steps[0], steps[len(steps)-1]
	if len(steps) <= most {
		return columns{append(steps, last+1)}
	}
	edges := make([]int64, most+1)
	for i := range edges {
		edges[i] = first + int64(float64(last+1-first)*float64(i)/float64(most))
	}
	return columns{slices.Compact(edges)}
}

func (c columns) len() int { return max(0, len(c.edges)-1) }

// of returns the column of a step.
func (c columns) of(step int64) int {
	i, found := slices.BinarySearch(c.edges, step)
	if !found {
		i--
	}
	return i
}

// gather averages points column by column: step, tokens, wall and value are means over the column's points whose value is
// finite. A column without such a point is NaN in Value, and has no place either.
func (c columns) gather(points []Point) []Point {
	sums := make([]Point, c.len())
	counts := make([]int64, c.len())
	for _, p := range points {
		if !finite(p.Value) {
			continue
		}
		i := c.of(p.Step)
		sums[i].Step += p.Step
		sums[i].Tokens += p.Tokens
		sums[i].Wall += p.Wall
		sums[i].Value += p.Value
		counts[i]++
	}
	for i, n := range counts {
		if n == 0 {
			sums[i] = Point{Wall: math.NaN(), Value: math.NaN()}
			continue
		}
		sums[i].Step /= n
		sums[i].Tokens /= n
		sums[i].Wall /= float64(n)
		sums[i].Value /= float64(n)
	}
	return sums
}

// broken reports whether a series ended in a value that is not finite after one that was.
func broken(points []Point) bool {
	n := len(points)
	return n > 0 && !finite(points[n-1].Value) && slices.ContainsFunc(points, func(p Point) bool { return finite(p.Value) })
}

// pointsOf bounds the points of each curve of a chart: 120 are a point every 5 pixels, which also evens out the noise from batch to
// batch; with many runs there are fewer, so that no report grows beyond its size.
func pointsOf(runs int) int { return max(40, min(120, 2400/max(1, runs))) }
