package report

import "math"

// Density is a scatter of many points as a two-dimensional histogram, darker for more by the logarithm of the count, with
// a curve over it: a norm site's input against its output, and the tanh that it follows.
type Density struct {
	X, Y   Axis
	Xs, Ys []float64
	Curve  func(x float64) float64 // nil for none
	Name   string                  // of the curve
	About  string
}

func (p Density) alt() string { return p.About }

func (p Density) height(width float64) float64 { return min(width, 420)*0.62 + 3*lineHeight }

// cells of the histogram across and up.
const cellsX, cellsY = 80, 56

func (p Density) draw(s *scene, area rect) {
	xLow, xHigh, okX := span(p.Xs)
	yLow, yHigh, okY := span(p.Ys)
	if !okX || !okY {
		noData(s, area)
		return
	}
	area.right = min(area.right, area.left+520)
	f := newFrame(area, p.X, p.Y, [2]float64{xLow, xHigh}, [2]float64{yLow, yHigh}, 8)
	f.axes(s, p.X, p.Y)
	counts, most := p.count(xLow, xHigh, yLow, yHigh)
	width, height := (f.right-f.left)/cellsX, (f.bottom-f.top)/cellsY
	for row := range cellsY {
		for column := 0; column < cellsX; column++ {
			n := counts[row][column]
			if n == 0 {
				continue
			}
			first, ink := column, p.ink(n, most)
			for column+1 < cellsX && counts[row][column+1] > 0 && p.ink(counts[row][column+1], most) == ink {
				column++
			}
			s.box(ink, f.left+float64(first)*width, f.bottom-float64(row+1)*height, float64(column+1-first)*width, height)
		}
	}
	p.curve(s, f)
}

// ink leaves out the palest steps, which would not show on paper.
func (p Density) ink(n, most int) Ink {
	return rampInk(0.25 + 0.74*math.Log(float64(n))/math.Max(math.Log(float64(most)), 1e-9))
}

// count returns the histogram, rows from the bottom, and its fullest cell.
func (p Density) count(xLow, xHigh, yLow, yHigh float64) (counts [cellsY][cellsX]int, most int) {
	for i := range min(len(p.Xs), len(p.Ys)) {
		x, y := p.Xs[i], p.Ys[i]
		if !finite(x) || !finite(y) {
			continue
		}
		column := min(cellsX-1, int((x-xLow)/(xHigh-xLow)*cellsX))
		row := min(cellsY-1, int((y-yLow)/(yHigh-yLow)*cellsY))
		counts[row][column]++
		most = max(most, counts[row][column])
	}
	return counts, most
}

func (p Density) curve(s *scene, f frame) {
	if p.Curve == nil {
		return
	}
	points := make([]point, 121)
	for i := range points {
		x := f.x.low + (f.x.high-f.x.low)*float64(i)/120
		points[i] = point{f.x.at(x), f.y.at(p.Curve(x))}
	}
	for _, piece := range f.clipLine(points) {
		s.line("s1", 2, piece...)
	}
	s.text("s1", start, f.left+8, f.top+textSize, p.Name)
}

// span is the range of the finite values.
func span(values []float64) (low, high float64, ok bool) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, v := range values {
		if finite(v) {
			low, high, ok = min(low, v), max(high, v), true
		}
	}
	low, high = widen(low, high)
	return low, high, ok
}

// cells calls f with the centre and count of every cell that is not empty, rows from the bottom.
func (p Density) cells(f func(x, y float64, count int)) {
	xLow, xHigh, okX := span(p.Xs)
	yLow, yHigh, okY := span(p.Ys)
	if !okX || !okY {
		return
	}
	counts, _ := p.count(xLow, xHigh, yLow, yHigh)
	for row := range counts {
		for column, n := range counts[row] {
			if n > 0 {
				f(xLow+(xHigh-xLow)*(float64(column)+0.5)/cellsX, yLow+(yHigh-yLow)*(float64(row)+0.5)/cellsY, n)
			}
		}
	}
}
