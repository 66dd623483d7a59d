package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Lines is a plot of values over an axis: curves, their bands, and levels across.
type Lines struct {
	X, Y   Axis
	Lines  []Line
	Levels []Reference
	Clip   bool // leave out the steep start and what blew up: see yRange
	About  string
}

// Line is one curve. NaN is a gap.
type Line struct {
	Name   string // written beside its end; empty for none
	Ink    Ink
	Dashed bool
	Thin   bool // one of many behind the curve that counts
	Dots   bool // mark each value
	Apart  bool // values that no curve joins
	X, Y   []float64
	Low    []float64 // with High, a band around the curve; nil for none
	High   []float64
	Broken bool // it ended with a value that is not finite: its end is crossed
}

func (p Lines) alt() string { return p.About }

func (p Lines) height(width float64) float64 {
	if width < wide {
		return 250
	}
	return 320
}

func (p Lines) draw(s *scene, area rect) {
	right := 8.0
	for _, l := range p.Lines {
		if l.Name != "" && l.last() >= 0 {
			right = max(right, textWidth(l.Name)+10)
		}
	}
	for _, level := range p.Levels {
		right = max(right, textWidth(level.Name)+10)
	}
	xRange, ok := p.xRange()
	if !ok {
		noData(s, area)
		return
	}
	yRange := p.yRange(xRange)
	f := newFrame(area, p.X, p.Y, xRange, yRange, min(right, (area.right-area.left)/3))
	f.axes(s, p.X, p.Y)
	var tags []tag
	for _, level := range p.Levels {
		if level.Value >= yRange[0] && level.Value <= yRange[1] {
			at := f.y.at(level.Value)
			s.shapes = append(s.shapes, polyline{[]point{{f.left, at}, {f.right, at}}, axis, 1, true, 1})
			tags = append(tags, tag{at, level.Name, muted})
		}
	}
	for _, l := range p.Lines {
		l.drawBand(s, f)
	}
	for _, l := range p.Lines {
		l.drawCurve(s, f)
		if i := l.last(); l.Name != "" && i >= 0 {
			tags = append(tags, tag{min(max(f.y.at(l.Y[i]), f.top), f.bottom), l.Name, l.Ink})
		}
	}
	s.tags(f.right+labelGap, f.top, f.bottom, tags)
}

func (l Line) drawBand(s *scene, f frame) {
	if l.Low == nil {
		return
	}
	xs, low, high := make([]float64, len(l.X)), make([]float64, len(l.X)), make([]float64, len(l.X))
	for i := range l.X {
		xs[i], low[i], high[i] = f.x.at(l.X[i]), f.y.at(l.Low[i]), f.y.at(l.High[i])
	}
	for _, area := range f.band(xs, low, high) {
		s.shapes = append(s.shapes, polygon{area, l.Ink, 0.16})
	}
}

func (l Line) drawCurve(s *scene, f frame) {
	points := make([]point, len(l.X))
	for i := range l.X {
		points[i] = point{f.x.at(l.X[i]), f.y.at(l.Y[i])}
	}
	width, alpha := 2.0, 1.0
	if l.Thin {
		width, alpha = 1.2, 0.6
	}
	if !l.Apart {
		for _, piece := range f.clipLine(points) {
			s.shapes = append(s.shapes, polyline{piece, l.Ink, width, l.Dashed && !l.Thin, alpha})
		}
	}
	for i, p := range points {
		alone := (i == 0 || !finite(points[i-1].y)) && (i == len(points)-1 || !finite(points[i+1].y))
		if finite(p.y) && f.holds(p) && (l.Dots || alone) && !l.Thin {
			s.shapes = append(s.shapes, dot{p.x, p.y, 3, l.Ink, l.Dashed})
		}
	}
	if i := l.last(); l.Broken && i >= 0 {
		s.cross(l.Ink, points[i].x, min(max(points[i].y, f.top), f.bottom))
	}
}

func (r rect) holds(p point) bool {
	return p.x >= r.left-0.5 && p.x <= r.right+0.5 && p.y >= r.top-0.5 && p.y <= r.bottom+0.5
}

// last is the index of the last finite value, or -1.
func (l Line) last() int {
	for i := len(l.Y) - 1; i >= 0; i-- {
		if finite(l.Y[i]) {
			return i
		}
	}
	return -1
}

// xRange spans the finite values' places; ok is false when there is none.
func (p Lines) xRange() (r [2]float64, ok bool) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, l := range p.Lines {
		for i, x := range l.X {
			if finite(x) && finite(l.Y[i]) && (!p.X.Log || x > 0) {
				low, high, ok = min(low, x), max(high, x), true
			}
		}
	}
	if p.X.Zero {
		low = min(low, 0)
	}
	low, high = widen(low, high)
	return [2]float64{low, high}, ok
}

// yRange spans the values, with Clip only those that decide: see clip.
func (p Lines) yRange(xRange [2]float64) [2]float64 {
	var all, late, ends []float64
	from := xRange[0] + 0.04*(xRange[1]-xRange[0])
	for _, l := range p.Lines {
		for i, x := range l.X {
			for _, v := range append([]float64{l.Y[i]}, l.edges(i)...) {
				if !finite(v) || p.Y.Log && v <= 0 {
					continue
				}
				if all = append(all, v); x >= from && !l.Broken {
					late = append(late, v)
				}
			}
		}
		if i := l.last(); i >= 0 && !l.Broken {
			ends = append(ends, l.Y[i])
		}
	}
	low, high := slices.Min(all), slices.Max(all)
	if p.Clip && len(late) > 20 {
		low, high = clip(low, high, late, ends)
	}
	if p.Y.Zero {
		low, high = min(low, 0), max(high, 0)
	}
	low, high = p.reach(low, high)
	low, high = widen(low, high)
	margin := 0.03 * (high - low)
	if p.Y.Log {
		return [2]float64{low / 1.1, high * 1.1}
	}
	if low != 0 || !p.Y.Zero {
		low -= margin
	}
	return [2]float64{low, high + margin}
}

// clip narrows low..high to the 2nd to 98th percentile of the values after the first 4 % of the x axis, when that halves the
// range or better: the fall from the initial loss, and the spike of a run that diverges, would otherwise press the part that decides
// into a few pixels. The ends of all curves stay inside.
func clip(low, high float64, late, ends []float64) (float64, float64) {
	slices.Sort(late)
	bottom, top := late[len(late)*2/100], late[len(late)*98/100]
	margin := 0.1 * (top - bottom)
	bottom, top = bottom-margin, top+margin
	for _, v := range ends {
		bottom, top = min(bottom, v), max(top, v)
	}
	if high-low > 2*(top-bottom) {
		return max(low, bottom), min(high, top)
	}
	return low, high
}

// reach stretches the range to the levels that are near enough to be seen beside the curves.
func (p Lines) reach(low, high float64) (float64, float64) {
	span := high - low
	for _, level := range p.Levels {
		if level.Value < low && low-level.Value < span/2 {
			low = level.Value
		}
	}
	return low, high
}

func (l Line) edges(i int) []float64 {
	if l.Low == nil {
		return nil
	}
	return []float64{l.Low[i], l.High[i]}
}

// clipped says what Clip left out, in words for the caption, or nothing.
func (p Lines) clipped() string {
	xRange, ok := p.xRange()
	if !ok || !p.Clip {
		return ""
	}
	shown := p.yRange(xRange)
	var says []string
	for _, l := range p.Lines {
		for _, v := range l.Y {
			if above := fmt.Sprintf("Values above %s are cut off.", short(shown[1])); finite(v) && v > shown[1] && !slices.Contains(says, above) {
				says = append(says, above)
			}
			if below := fmt.Sprintf("Values below %s are cut off.", short(shown[0])); finite(v) && v < shown[0] && !slices.Contains(says, below) {
				says = append(says, below)
			}
		}
	}
	return strings.Join(says, " ")
}

func noData(s *scene, area rect) {
	s.text(muted, middle, (area.left+area.right)/2, (area.top+area.bottom)/2, "no data yet")
}
