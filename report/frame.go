package report

import (
	"cmp"
	"slices"
)

// Axis describes one axis of a plot.
type Axis struct {
	Label string // with its unit: "tokens", "wall time (min)"
	Log   bool
	Zero  bool // the range includes zero
}

// frame is the inside of one panel: where data goes, and the scales that put it there.
type frame struct {
	rect
	x, y scale
}

// gaps of a frame in pixels
const (
	tickGapX   = 52.0 // between ticks on the x axis
	tickGapY   = 36.0
	labelGap   = 6.0  // between a tick label and the axis
	lineHeight = 16.0 // of text
)

// newFrame lays a panel into the area, with room on the left for the widest y label, below for tick labels and the axis
// label, and above for the y axis' label if it has one, which is set upright: nobody turns the head to read it. right is
// what labels of lines need.
func newFrame(area rect, x, y Axis, xRange, yRange [2]float64, right float64) frame {
	f := frame{rect: area}
	f.top += halfX
	if y.Label != "" {
		f.top += 2*lineHeight - halfX
	}
	f.bottom -= 2*lineHeight + labelGap
	f.y = scale{yRange[0], yRange[1], f.bottom, f.top, y.Log}
	widest := 0.0
	for _, text := range tickLabels(f.y.ticks(tickGapY)) {
		widest = max(widest, textWidth(text))
	}
	f.left += widest + labelGap
	f.right -= right
	f.x = scale{xRange[0], xRange[1], f.left, f.right, x.Log}
	return f
}

// axes draws grid lines, ticks and labels: no box, no tick marks on y, where the grid lines do their work.
func (f frame) axes(s *scene, x, y Axis) {
	values := f.y.ticks(tickGapY)
	for i, text := range tickLabels(values) {
		at := f.y.at(values[i])
		s.line(grid, 1, point{f.left, at}, point{f.right, at})
		s.text(muted, end, f.left-labelGap, at+halfX, text)
	}
	s.text(muted, start, f.left-labelGap-f.widestY(), f.top-lineHeight+2, y.Label)
	f.xAxis(s, x)
}

func (f frame) widestY() float64 {
	widest := 0.0
	for _, text := range tickLabels(f.y.ticks(tickGapY)) {
		widest = max(widest, textWidth(text))
	}
	return widest
}

func (f frame) xAxis(s *scene, x Axis) {
	s.line(axis, 1, point{f.left, f.bottom}, point{f.right, f.bottom})
	values := f.x.ticks(tickGapX)
	for i, text := range tickLabels(values) {
		at := f.x.at(values[i])
		s.line(axis, 1, point{at, f.bottom}, point{at, f.bottom + 4})
		s.text(muted, middle, at, f.bottom+4+lineHeight-2, text)
	}
	s.text(muted, middle, (f.left+f.right)/2, f.bottom+4+2*lineHeight, x.Label)
}

// tag is a label that belongs at the height y beside the end of a line.
type tag struct {
	y    float64
	text string
	ink  Ink
}

// tags writes labels at x, moved apart where they would touch and kept between top and bottom, each as near to its own
// height as the others allow.
func (s *scene) tags(x, top, bottom float64, tags []tag) {
	slices.SortStableFunc(tags, func(a, b tag) int { return cmp.Compare(a.y, b.y) })
	ys := make([]float64, len(tags))
	for i, t := range tags {
		ys[i] = t.y
	}
	for i, y := range apart(ys, lineHeight-1, top, bottom) {
		s.text(tags[i].ink, start, x, y+halfX, tags[i].text)
	}
}

// apart moves sorted heights until they are gap apart and inside low..high: groups that touch are merged and centred on the
// mean of their members, until no two groups touch.
func apart(ys []float64, gap, low, high float64) []float64 {
	type group struct {
		sum   float64
		count int
	}
	top := func(g group) float64 {
		height := float64(g.count-1) * gap
		return max(low, min(g.sum/float64(g.count)-height/2, high-height))
	}
	var groups []group
	for _, y := range ys {
		groups = append(groups, group{y, 1})
		for n := len(groups); n > 1 && top(groups[n-1]) < top(groups[n-2])+float64(groups[n-2].count)*gap; n-- {
			groups[n-2].sum += groups[n-1].sum
			groups[n-2].count += groups[n-1].count
			groups = groups[:n-1]
		}
	}
	var moved []float64
	for _, g := range groups {
		for i := range g.count {
			moved = append(moved, top(g)+float64(i)*gap)
		}
	}
	return moved
}
