package report

// Panels are small plots side by side, each with its title: stacked where the page is narrow. They share the y range when
// Shared is set, so that heights can be compared across them.
type Panels struct {
	Titles []string
	Plots  []Lines
	Shared bool
	About  string
}

func (p Panels) alt() string { return p.About }

const panelGap = 18.0

func (p Panels) columns(width float64) int {
	if width < wide {
		return 1
	}
	return min(3, max(1, len(p.Plots)))
}

func (p Panels) height(width float64) float64 {
	columns := p.columns(width)
	rows := (len(p.Plots) + columns - 1) / columns
	if columns == 1 {
		return max(1, float64(rows)) * 230
	}
	return max(1, float64(rows)) * 290
}

func (p Panels) draw(s *scene, area rect) {
	if len(p.Plots) == 0 {
		noData(s, area)
		return
	}
	columns := p.columns(area.right - area.left)
	rows := (len(p.Plots) + columns - 1) / columns
	width := (area.right - area.left + panelGap) / float64(columns)
	height := (area.bottom - area.top) / float64(rows)
	plots := p.Plots
	if p.Shared {
		plots = shareY(plots)
	}
	for i, plot := range plots {
		cell := rect{left: area.left + float64(i%columns)*width, top: area.top + float64(i/columns)*height}
		cell.right, cell.bottom = cell.left+width-panelGap, cell.top+height
		s.bold(ink, start, cell.left, cell.top+textSize, p.Titles[i])
		cell.top += lineHeight + halfX
		plot.draw(s, cell)
	}
}

// shareY adds to each plot an unseen line that reaches as far as the values of all of them.
func shareY(plots []Lines) []Lines {
	var reach []float64
	for _, plot := range plots {
		if xRange, ok := plot.xRange(); ok {
			r := plot.yRange(xRange)
			margin := 0.03 / 1.06 * (r[1] - r[0]) // what yRange added and would add again
			reach = append(reach, r[0]+margin, r[1]-margin)
		}
	}
	shared := make([]Lines, len(plots))
	for i, plot := range plots {
		shared[i] = plot
		if xRange, ok := plot.xRange(); ok {
			for _, y := range reach {
				shared[i].Lines = append(shared[i].Lines[:len(shared[i].Lines):len(shared[i].Lines)],
					Line{Ink: grid, Thin: true, X: []float64{xRange[0]}, Y: []float64{y}})
			}
		}
	}
	return shared
}
