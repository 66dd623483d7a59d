package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// learningCharts shows the measure and the training loss of all twins.
func (s Study) learningCharts() []Chart {
	var charts []Chart
	for _, c := range []struct {
		id, title string
		measure   Measure
		points    func(Run) []Point
		levels    []Reference
		dots      bool
	}{
		{"measure", "Measured during training", s.Measure, func(r Run) []Point { return r.Eval }, s.References, true},
		{"loss", "Training loss", s.Loss, func(r Run) []Point { return r.Train }, nil, false},
	} {
		b := newCurves(s.Twins, s.unit(), c.points)
		if b.grid.len() == 0 && len(s.Twins) > 0 && c.dots {
			continue // nothing was measured; the training loss says "no data yet" for both
		}
		charts = append(charts, b.chart(c.id, c.title, c.measure, c.levels, c.dots))
	}
	return charts
}

// curves are the runs of all twins on one grid of steps.
type curves struct {
	twins []Twin
	unit  string      // of Point.Tokens
	raw   [][][]Point // [twin][run]
	runs  [][][]Point // [twin][run][column of grid]
	grid  columns
	every float64 // logged steps in a column, on average
}

func newCurves(twins []Twin, unit string, points func(Run) []Point) curves {
	c := curves{twins: twins, unit: unit}
	var steps []int64
	count := 0
	for _, twin := range twins {
		for _, run := range twin.Runs {
			for _, p := range points(run) {
				steps = append(steps, p.Step)
			}
			count++
		}
	}
	distinct := map[int64]bool{}
	for _, step := range steps {
		distinct[step] = true
	}
	c.grid = newColumns(steps, pointsOf(count))
	c.every = float64(len(distinct)) / float64(max(1, c.grid.len()))
	for _, twin := range twins {
		var raw, gathered [][]Point
		for _, run := range twin.Runs {
			raw, gathered = append(raw, points(run)), append(gathered, c.grid.gather(points(run)))
		}
		c.raw, c.runs = append(c.raw, raw), append(c.runs, gathered)
	}
	return c
}

func (c curves) chart(id, title string, m Measure, levels []Reference, dots bool) Chart {
	chart := Chart{ID: id, Title: title, Data: c.data(m)}
	var plot Lines
	for _, x := range c.xs() {
		plot = Lines{X: Axis{Label: x.label, Zero: true}, Y: Axis{Label: m.axis()}, Levels: levels, Clip: true, About: c.about(m, x.label)}
		for t := range c.twins {
			plot.Lines = append(plot.Lines, c.lines(t, x.of, dots)...)
		}
		chart.Views = append(chart.Views, View{Name: x.name, Plot: plot})
	}
	chart.Caption = c.caption(plot)
	return chart
}

// xAxis is one of the quantities that a curve can run over.
type xAxis struct {
	name, label string
	of          func(Point) float64
}

// xs are the axes for which there is data; step always.
func (c curves) xs() []xAxis {
	axes := []xAxis{{"step", "step", func(p Point) float64 { return float64(p.Step) }}}
	tokens, wall := int64(0), 0.0
	for _, twin := range c.runs {
		for _, run := range twin {
			for _, p := range run {
				tokens, wall = max(tokens, p.Tokens), math.Max(wall, zeroIfNaN(p.Wall))
			}
		}
	}
	if tokens > 0 {
		axes = append(axes, xAxis{c.unit, c.unit, func(p Point) float64 { return float64(p.Tokens) }})
	}
	if wall > 0 {
		unit, name := 1.0, "s"
		if wall >= 7200 {
			unit, name = 3600, "h"
		} else if wall >= 180 {
			unit, name = 60, "min"
		}
		axes = append(axes, xAxis{"wall time", fmt.Sprintf("wall time (%s)", name), func(p Point) float64 { return p.Wall / unit }})
	}
	return axes
}

func zeroIfNaN(v float64) float64 {
	if math.IsNaN(v) {
		return 0
	}
	return v
}

// lines are a twin's curves: the mean over its seeds with the band from the lowest to the highest, and thin those seeds
// that the mean does not stand for, because they diverged or are further than others.
func (c curves) lines(t int, x func(Point) float64, dots bool) []Line {
	main := Line{Name: c.twins[t].Name, Ink: SeriesInk(t), Dashed: t == 0 && len(c.twins) > 1, Dots: dots && c.grid.len() <= 40}
	if len(c.runs[t]) == 1 {
		single := c.thin(t, 0, x)
		main.X, main.Y, main.Broken = single.X, single.Y, single.Broken
		return []Line{main}
	}
	for column := range c.grid.len() {
		at, value, low, high := c.across(t, column, x)
		main.X, main.Y = append(main.X, at), append(main.Y, value)
		main.Low, main.High = append(main.Low, low), append(main.High, high)
	}
	var lines []Line
	for r, run := range c.runs[t] {
		ahead := false
		for column, p := range run {
			ahead = ahead || finite(p.Value) && !finite(main.Y[column])
		}
		if ahead || broken(c.raw[t][r]) {
			lines = append(lines, c.thin(t, r, x))
		}
	}
	return nameFurthest(append(lines, main))
}

// nameFurthest moves the name from the last line, the mean, to the line that reaches furthest.
func nameFurthest(lines []Line) []Line {
	mean := len(lines) - 1
	furthest, at := mean, math.Inf(-1)
	for i, l := range lines {
		if last := l.last(); last >= 0 && l.X[last] >= at {
			furthest, at = i, l.X[last]
		}
	}
	lines[mean].Name, lines[furthest].Name = "", lines[mean].Name
	return lines
}

func (c curves) thin(t, r int, x func(Point) float64) Line {
	line := Line{Ink: SeriesInk(t), Thin: true, Broken: broken(c.raw[t][r])}
	for _, p := range c.runs[t][r] {
		line.X, line.Y = append(line.X, x(p)), append(line.Y, p.Value)
	}
	return line
}

// across is the mean, lowest and highest value of a twin's runs in a column. While a run that has not diverged has no
// value there, neither has the mean: it would jump when a slower seed ends.
func (c curves) across(t, column int, x func(Point) float64) (at, value, low, high float64) {
	nan := math.NaN()
	var places, values []float64
	for r, run := range c.runs[t] {
		p := run[column]
		switch {
		case finite(p.Value):
			places, values = append(places, x(p)), append(values, p.Value)
		case len(c.raw[t][r]) > 0 && !broken(c.raw[t][r]):
			return nan, nan, nan, nan
		}
	}
	if len(values) == 0 {
		return nan, nan, nan, nan
	}
	low, high, _ = minMax(values)
	return mean(places), mean(values), low, high
}

func minMax(values []float64) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) {
			low, high, ok = min(low, v), max(high, v), true
		}
	}
	return low, high, ok
}

func (c curves) caption(plot Lines) string {
	var says []string
	seeds, diverged := 0, false
	for t := range c.raw {
		seeds = max(seeds, len(c.raw[t]))
		for _, run := range c.raw[t] {
			diverged = diverged || broken(run)
		}
	}
	if seeds > 1 {
		says = append(says, fmt.Sprintf("Line: mean of %d seeds; band: lowest to highest seed.", seeds))
	}
	if slices.ContainsFunc(plot.Lines, func(l Line) bool { return l.Thin }) {
		says = append(says, "Thin: a seed that diverged or is ahead of the others.")
	}
	if c.every > 1.5 {
		says = append(says, fmt.Sprintf("Each point is the mean of about %.0f logged steps.", c.every))
	}
	if diverged {
		says = append(says, "A cross marks where a run stopped being finite.")
	}
	if clipped := plot.clipped(); clipped != "" {
		says = append(says, clipped)
	}
	return strings.Join(says, " ")
}

func (c curves) about(m Measure, x string) string {
	var ends []string
	for t, twin := range c.twins {
		var last []float64
		for _, run := range c.raw[t] {
			if v := lastFinite(run); finite(v) {
				last = append(last, v)
			}
		}
		ends = append(ends, fmt.Sprintf("%s ends at %s", twin.Name, short(mean(last))))
	}
	return fmt.Sprintf("Line chart of %s against %s: %s.", m.axis(), x, strings.Join(ends, ", "))
}

func (c curves) data(m Measure) Data {
	d := Data{Columns: []string{"twin", "run", "step", c.unit, "wall_s", slug(m.axis())}}
	for t, twin := range c.twins {
		for r, run := range c.runs[t] {
			for _, p := range run {
				if finite(p.Value) {
					d.add(twin.Name, twin.Runs[r].Name, integer(p.Step), integer(p.Tokens), number(p.Wall), number(p.Value))
				}
			}
		}
	}
	return d
}
