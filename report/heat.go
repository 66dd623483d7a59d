package report

import "strconv"

// Heat is a plot of amounts in 0..Most: a row a site, a column a moment, darker for more.
type Heat struct {
	X      Axis
	Rows   []string    // from the top
	At     []float64   // [columns] rising
	Values [][]float64 // [rows][columns] in 0..Most; NaN is left blank
	Most   float64     // the top of the ramp
	Unit   string      // of the legend: "%"
	About  string
}

func (p Heat) alt() string { return p.About }

const heatRow = 15.0

// height gives each row a line of text while there are few, and less when there are many.
func (p Heat) height(float64) float64 {
	return max(60, min(float64(len(p.Rows))*heatRow, 480)) + 4*lineHeight + labelGap
}

func (p Heat) draw(s *scene, area rect) {
	if len(p.Rows) == 0 || len(p.At) == 0 {
		noData(s, area)
		return
	}
	p.legend(s, area)
	left := 0.0
	for _, name := range p.Rows {
		left = max(left, textWidth(name))
	}
	left = min(left, 0.45*(area.right-area.left))
	f := frame{rect: rect{area.left + left + 10, area.top + 2*lineHeight, area.right - 8, area.bottom - 2*lineHeight - labelGap}}
	low, high := widen(p.At[0], p.At[len(p.At)-1])
	f.x = scale{low: low, high: high, from: f.left, to: f.right}
	row := (f.bottom - f.top) / float64(len(p.Rows))
	every := int((heatRow-1)/row) + 1
	for i, name := range p.Rows {
		y := f.top + float64(i)*row
		if i%every == 0 {
			s.text(muted, end, f.left-8, y+row/2+halfX, name)
		}
		p.row(s, f, y, row, p.Values[i])
	}
	f.xAxis(s, p.X)
}

// row paints one site; neighbours of one ink become one box.
func (p Heat) row(s *scene, f frame, y, height float64, values []float64) {
	gap := min(1, height/6)
	from, current := 0.0, Ink("")
	for i := range len(p.At) + 1 {
		next := Ink("")
		if i < len(p.At) && finite(values[i]) {
			next = rampInk(values[i] / p.Most)
		}
		if i > 0 && next == current {
			continue
		}
		edge := p.edge(f, i)
		if current != "" {
			s.box(current, from, y, edge-from, height-gap)
		}
		from, current = edge, next
	}
}

// edge is the border between columns i-1 and i: half-way between their places.
func (p Heat) edge(f frame, i int) float64 {
	switch {
	case i == 0:
		return f.left
	case i == len(p.At):
		return f.right
	}
	return f.x.at((p.At[i-1] + p.At[i]) / 2)
}

func (p Heat) legend(s *scene, area rect) {
	const cell = 14.0
	high := tickLabels([]float64{p.Most})[0] + " " + p.Unit
	x := area.right - 8 - textWidth(high) - 6 - rampInks*cell
	s.text(muted, end, x-6, area.top+textSize, "0")
	for i := range rampInks {
		s.box(Ink("r"+strconv.Itoa(i)), x+float64(i)*cell, area.top+2, cell, textSize-1)
	}
	s.text(muted, start, x+rampInks*cell+6, area.top+textSize, high)
}
