package report

import "math"

// Bars is a plot of amounts from zero: one horizontal bar a row, every sample as a ring on it, and a whisker over the
// samples' range.
type Bars struct {
	Axis  Axis
	Rows  []Bar
	About string
}

// Bar is one row. Value is drawn as it is given, usually the samples' median.
type Bar struct {
	Name    string
	Ink     Ink
	Value   float64
	Samples []float64
}

func (p Bars) alt() string { return p.About }

const barRow = 40.0

func (p Bars) height(float64) float64 {
	return max(120, float64(len(p.Rows))*barRow+2*lineHeight+24)
}

func (p Bars) draw(s *scene, area rect) {
	left, right, high := 0.0, 0.0, 0.0
	for _, row := range p.Rows {
		left = max(left, textWidth(row.Name))
		right = max(right, textWidth(short(row.Value)))
		for _, v := range append([]float64{row.Value}, row.Samples...) {
			if finite(v) {
				high = max(high, v)
			}
		}
	}
	if high == 0 {
		noData(s, area)
		return
	}
	f := frame{rect: rect{area.left + left + 10, area.top + 8, area.right - right - 14, area.bottom - 2*lineHeight - labelGap}}
	f.x = scale{low: 0, high: high, from: f.left, to: f.right}
	f.xAxis(s, p.Axis)
	for i, row := range p.Rows {
		row.draw(s, f, f.top+(float64(i)+0.5)*(f.bottom-f.top)/float64(len(p.Rows)))
	}
}

func (b Bar) draw(s *scene, f frame, y float64) {
	const thick = 18.0
	s.text(ink, end, f.left-10, y+halfX, b.Name)
	if !finite(b.Value) {
		s.text(muted, start, f.left+labelGap, y+halfX, "no value yet")
		return
	}
	s.box(b.Ink, f.left, y-thick/2, max(0, f.x.at(b.Value)-f.left), thick)
	low, high := b.Value, b.Value
	for _, v := range b.Samples {
		if finite(v) {
			low, high = math.Min(low, v), math.Max(high, v)
		}
	}
	if low < high {
		s.line(ink, 1.2, point{f.x.at(low), y}, point{f.x.at(high), y})
		for _, v := range b.Samples {
			if finite(v) {
				s.shapes = append(s.shapes, dot{f.x.at(v), y, 3.2, ink, true})
			}
		}
	}
	s.text(ink, start, f.x.at(high)+8, y+halfX, short(b.Value))
}
