package measure

import (
	"fmt"
	"slices"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/report"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/ml/model"
)

// factors are how much larger than the first the sizes of Growth are.
var factors = []int{1, 2, 4, 8}

// growths are the ways in which a model grows, one at a time.
var growths = []struct {
	name string
	by   func(l *Llama, factor int)
}{
	{"tokens", func(l *Llama, factor int) { l.Tokens *= factor }},
	{"layers", func(l *Llama, factor int) { l.Layers *= factor }},
	{"width", func(l *Llama, factor int) { l.Width *= factor }},
}

// GrowthSizes lists the models of Growth.
func GrowthSizes(base Llama) []Llama {
	var sizes []Llama
	for _, g := range growths {
		for _, factor := range factors {
			size := base
			g.by(&size, factor)
			sizes = append(sizes, size)
		}
	}
	return sizes
}

// Growth returns the training cases of a model that has more and more tokens, layers, width: base, then 2, 4 and 8 times as
// many. An engine's overheads and its cliffs show as time that grows otherwise than the arithmetic does.
func Growth(backend compute.Backend, kind norm.Kind, base Llama) ([]Case, error) {
	var cases []Case
	for i, size := range GrowthSizes(base) {
		both, err := Models(backend, model.NewStore(), []norm.Kind{kind}, size)
		if err != nil {
			return nil, err
		}
		c := both[slices.IndexFunc(both, func(c Case) bool { return c.Mode == Training })]
		c.Op, c.Mode = "growth", growths[i/len(factors)].name
		cases = append(cases, c)
	}
	return cases, nil
}

// grown returns, for each way of growing, its rows in order of size.
func grown(rows []Row, name string) []Row {
	var list []Row
	for _, row := range rows {
		if row.Op == "growth" && row.Mode == name {
			list = append(list, row)
		}
	}
	slices.SortStableFunc(list, func(a, b Row) int { return int(a.Flops - b.Flops) })
	return list
}

// GrowthVerdicts says for each way of growing what the largest size takes of the arithmetic and of the time of the smallest.
func GrowthVerdicts(rows []Row) []string {
	var list []string
	for _, g := range growths {
		if sizes := grown(rows, g.name); len(sizes) > 1 {
			first, last := sizes[0], sizes[len(sizes)-1]
			list = append(list, fmt.Sprintf("%s: %.1f times the arithmetic takes %.1f times as long (%s to %s)",
				g.name, last.Flops/first.Flops, last.Median/first.Median, duration(first.Median), duration(last.Median)))
		}
	}
	return list
}

// growth draws time over arithmetic, as a multiple of the smallest size's, for each way of growing; nil without such rows.
func (r Report) growth() *report.Chart {
	plot := report.Lines{X: report.Axis{Label: "times as many", Log: true}, Y: report.Axis{Label: "time for each operation, times the smallest model's", Zero: true},
		Levels: []report.Reference{{Name: "linear", Value: 1}},
		About:  "Line chart of the time of a training step by its arithmetic, as the model gets more tokens, layers and width."}
	chart := report.Chart{ID: "growth", Title: "A training step as the model grows", Data: report.Data{Columns: []string{"grows", "layers", "tokens", "width", "arithmetic", "time"}},
		Caption: "Medians, over a step's arithmetic. At the level \"linear\" time grows as the arithmetic does; below it larger sizes are computed faster, above it something grows beside the arithmetic."}
	for i, g := range growths {
		line := report.Line{Name: g.name, Ink: report.SeriesInk(i), Dots: true}
		sizes := grown(r.Rows, g.name)
		for _, row := range sizes {
			arithmetic, time := row.Flops/sizes[0].Flops, row.Median/sizes[0].Median
			line.X, line.Y = append(line.X, row.size()/sizes[0].size()), append(line.Y, time/arithmetic)
			chart.Data.Rows = append(chart.Data.Rows, []string{g.name, fmt.Sprint(row.Shape[0]), fmt.Sprint(row.Shape[1]), fmt.Sprint(row.Shape[2]), plain(arithmetic), plain(time)})
		}
		if len(sizes) > 1 {
			plot.Lines = append(plot.Lines, line)
		}
	}
	if len(plot.Lines) == 0 {
		return nil
	}
	chart.Views = []report.View{{Plot: plot}}
	return &chart
}

// size is proportional to the dimension that grows; the others stay.
func (r Row) size() float64 {
	product := 1.0
	for _, d := range r.Shape {
		product *= float64(d)
	}
	return product
}
