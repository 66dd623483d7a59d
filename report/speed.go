package report

import (
	"fmt"
	"slices"
	"strings"
)

// speedCharts shows training throughput, when any run knows it.
func (s Study) speedCharts() []Chart {
	plot := Bars{Axis: Axis{Label: s.unit() + " per second in training"}}
	data := Data{Columns: []string{"twin", "run", s.unit() + "_per_s"}}
	var says []string
	for i, twin := range s.Twins {
		samples := each(twin.Runs, Run.speed)
		plot.Rows = append(plot.Rows, Bar{twin.Name, SeriesInk(i), median(samples), samples})
		says = append(says, fmt.Sprintf("%s %s", twin.Name, short(median(samples))))
		for _, run := range twin.Runs {
			if v := run.speed(); finite(v) {
				data.add(twin.Name, run.Name, number(v))
			}
		}
	}
	if !slices.ContainsFunc(plot.Rows, func(b Bar) bool { return finite(b.Value) }) {
		return nil
	}
	plot.About = "Bar chart of training throughput in " + s.unit() + " per second: " + strings.Join(says, ", ") + "."
	return []Chart{{ID: "throughput", Title: "Training throughput", Views: []View{{Plot: plot}}, Data: data,
		Caption: "Bar: median of the runs; rings: each run; line: lowest to highest."}}
}
