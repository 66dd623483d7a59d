package report

import "fmt"

// Forest is the picture of a paired comparison: each pair's difference, their mean with the interval that decides, and
// zero. The sides of zero say in words which twin they favour.
type Forest struct {
	Paired
	Axis           Axis
	HigherIsBetter bool
	Ink            Ink
	About          string
}

// rowsMost is the number of pairs that get a row each; more of them share one.
const rowsMost = 12

func (p Forest) alt() string { return p.About }

func (p Forest) rows() int {
	if len(p.Diffs) > rowsMost {
		return 2
	}
	return len(p.Diffs) + 1
}

func (p Forest) height(float64) float64 { return float64(p.rows())*24 + 5*lineHeight }

func (p Forest) draw(s *scene, area rect) {
	low, high, any := 0.0, 0.0, false
	for _, v := range p.values() {
		if finite(v) {
			low, high, any = min(low, v), max(high, v), true
		}
	}
	if !any {
		noData(s, area)
		return
	}
	low, high = widen(low, high)
	margin := 0.08 * (high - low)
	left := boldWidth(p.meanName())
	for _, name := range p.Names[:min(len(p.Names), rowsMost)] {
		left = max(left, textWidth(name))
	}
	f := frame{rect: rect{area.left + left + 12, area.top + 2*lineHeight, area.right - 8, area.bottom - 2*lineHeight - labelGap}}
	f.x = scale{low: low - margin, high: high + margin, from: f.left, to: f.right}
	for _, v := range f.x.ticks(tickGapX) {
		s.line(grid, 1, point{f.x.at(v), f.top}, point{f.x.at(v), f.bottom})
	}
	f.xAxis(s, p.Axis)
	zero := f.x.at(0)
	s.line(ink, 1, point{zero, f.top - 4}, point{zero, f.bottom})
	p.sides(s, f, zero)
	step := (f.bottom - f.top) / float64(p.rows())
	for i, v := range p.Diffs {
		p.pair(s, f, f.top+(float64(min(i, p.rows()-2))+0.5)*step, i, v)
	}
	p.mean(s, f, f.bottom-step/2)
}

func (p Forest) meanName() string { return fmt.Sprintf("mean of %d", len(p.Diffs)) }

func (p Forest) values() []float64 {
	values := append([]float64{p.Mean}, p.Diffs...)
	for _, interval := range []*Interval{p.Interval, p.Bootstrap} {
		if interval != nil {
			values = append(values, interval.Low, interval.High)
		}
	}
	return values
}

// sides writes on each side of zero whom a difference there favours, where there is room for it.
func (p Forest) sides(s *scene, f frame, zero float64) {
	left, right := p.Candidate, p.Baseline
	if p.HigherIsBetter {
		left, right = right, left
	}
	y := f.top - lineHeight + 2
	if text := "← " + left + " better"; zero-f.left > textWidth(text)+8 {
		s.text(muted, end, zero-8, y, text)
	}
	if text := right + " better →"; f.right-zero > textWidth(text)+8 {
		s.text(muted, start, zero+8, y, text)
	}
}

func (p Forest) pair(s *scene, f frame, y float64, i int, v float64) {
	if len(p.Diffs) > rowsMost {
		y += float64(i%5-2) * 3 // a little apart where they share a row
		if i == 0 {
			s.text(muted, end, f.left-10, y+6+halfX, fmt.Sprintf("%d pairs", len(p.Diffs)))
		}
	} else if i < len(p.Names) {
		s.text(muted, end, f.left-10, y+halfX, p.Names[i])
	}
	if finite(v) {
		s.shapes = append(s.shapes, dot{f.x.at(v), y, 4, p.Ink, true})
	}
}

// mean draws the interval that decides thick, the bootstrap's thin under it, and the mean as a disc.
func (p Forest) mean(s *scene, f frame, y float64) {
	s.bold(ink, end, f.left-10, y+halfX, p.meanName())
	if !finite(p.Mean) {
		return
	}
	if b := p.Bootstrap; b != nil {
		s.line(muted, 1.2, point{f.x.at(b.Low), y + 9}, point{f.x.at(b.High), y + 9})
	}
	if i := p.Interval; i != nil {
		low, high := f.x.at(i.Low), f.x.at(i.High)
		s.line(p.Ink, 3, point{low, y}, point{high, y})
		s.line(p.Ink, 1.5, point{low, y - 5}, point{low, y + 5})
		s.line(p.Ink, 1.5, point{high, y - 5}, point{high, y + 5})
	}
	s.shapes = append(s.shapes, dot{f.x.at(p.Mean), y, 5, p.Ink, false})
}
