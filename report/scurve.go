package report

import (
	"fmt"
	"math"
)

// viewsMost is the number of views that a page's switch knows (page.css).
const viewsMost = 8

// sCurveChart shows input against output of norm sites, one view a site: at most eight, evenly over those given.
func sCurveChart(curves []SCurve) Chart {
	chart := Chart{ID: "scurve", Title: "What a norm site does: output against input",
		Caption: "All recorded elements as a histogram, stronger ink for more, logarithmically; output before scale and offset. A fully linear site is a straight line.",
		Data:    Data{Columns: []string{"site", "input", "output", "count"}}}
	n := min(len(curves), viewsMost)
	for i := range n {
		c := curves[0]
		if n > 1 {
			c = curves[i*(len(curves)-1)/(n-1)]
		}
		plot := Density{X: Axis{Label: "input"}, Y: Axis{Label: "output"}, Xs: c.X, Ys: c.Y,
			About: fmt.Sprintf("Density of output against input at %s, %d elements.", c.Site, min(len(c.X), len(c.Y)))}
		if finite(c.Alpha) {
			plot.Name, plot.Curve = fmt.Sprintf("tanh(%s x)", brief(c.Alpha)), func(x float64) float64 { return math.Tanh(c.Alpha * x) }
		}
		chart.Views = append(chart.Views, View{c.Site, plot})
		plot.cells(func(x, y float64, count int) { chart.Data.add(c.Site, number(x), number(y), integer(int64(count))) })
	}
	return chart
}
