package measure

import (
	"cmp"
	"fmt"
	"math"
	"slices"

	"github.com/dyt-go/dyt/report"
)

// Page presents a report: the rows as a table, every sample as bars, models as they grow, layers over their width, and all that computes under the
// machine's roof.
func (r Report) Page(command string) report.Page {
	p := report.Page{
		Title:   "What the pieces cost on " + r.CPU,
		Lead:    fmt.Sprintf("%s kernels, %d threads, backend %s, float32; medians of %d samples taken in turn. %s", r.Flavour, r.Threads, cmp.Or(r.Backend, "none"), r.samples(), r.About),
		Command: command, Made: r.Time,
	}
	notes := slices.Concat(Verdicts(r.Rows), GrowthVerdicts(r.Rows), r.Warnings)
	tables := []report.Table{r.rowsTable()}
	if claim := ClaimTable(r.Rows); claim != nil {
		tables = append(tables, numbers(claim))
	}
	p.Sections = append(p.Sections, report.Section{Title: "Rows", Text: notes, Tables: tables})
	var charts []report.Chart
	for _, c := range []*report.Chart{r.growth(), r.overWidth(), r.roofline(), r.bars()} {
		if c != nil {
			c.Command = command
			charts = append(charts, *c)
		}
	}
	p.Sections = append(p.Sections, report.Section{Title: "Pictures", Charts: charts})
	return p
}

func (r Report) rowsTable() report.Table {
	cells := [][]string{{"what", "time", "±", "ns/row", "GB/s", "GFLOP/s", "of the roof", "to identity", "norms"}}
	for _, row := range r.Rows {
		gbps := figure(row.GBPS)
		if row.Flops > 0 {
			gbps = ""
		}
		cells = append(cells, []string{row.name(), duration(row.Median), row.spread(), figure(row.PerRow), gbps, figure(row.GFLOPS), percent(row.OfRoof), figure(row.Ratio), row.norms()})
	}
	return numbers(filled(cells))
}

// numbers is a table of a head and of rows that are a name and numbers.
func numbers(cells [][]string) report.Table {
	t := report.Table{Columns: cells[0], Rows: cells[1:], Right: slices.Repeat([]bool{true}, len(cells[0]))}
	t.Right[0] = false
	return t
}

// name is "dyt both 4096x256".
func (r Row) name() string {
	name := ""
	for _, word := range []string{r.Norm, r.Fusion, r.Mode, r.shape()} {
		if word != "" {
			name += word + " "
		}
	}
	if r.Norm == "" {
		return r.Op + " " + name[:max(0, len(name)-1)]
	}
	return name[:len(name)-1]
}

// bars shows every sample, cases of one size beside each other, in colours of their norms, or of how the operands of a product lie.
func (r Report) bars() *report.Chart {
	chart := report.Chart{ID: "samples", Title: "Time of each case", Data: report.Data{Columns: []string{"case", "sample", "ns"}},
		Caption: "Bar: median; rings: each sample; line: lowest to highest."}
	var series []string
	groups := map[string][]Row{}
	for _, row := range r.Rows {
		group := row.group()
		if groups[group] == nil {
			chart.Views = append(chart.Views, report.View{Name: group})
		}
		groups[group] = append(groups[group], row)
		if name := cmp.Or(row.Norm, row.Mode); !slices.Contains(series, name) {
			series = append(series, name)
		}
		for k, ns := range row.Samples {
			chart.Data.Rows = append(chart.Data.Rows, []string{row.name(), fmt.Sprint(k + 1), plain(ns)})
		}
	}
	for i, view := range chart.Views {
		chart.Views[i].Plot = samplesOf(groups[view.Name], series)
	}
	if len(chart.Views) == 1 {
		chart.Views[0].Name = ""
	}
	return &chart
}

// group names the rows whose times can be seen beside each other.
func (r Row) group() string {
	switch r.Op {
	case "layer":
		return fmt.Sprintf("width %d", r.Shape[1])
	case "gemm":
		return r.shape()
	case "model", "growth":
		return r.Mode
	}
	return r.Op
}

// samplesOf draws rows in the unit that suits the longest.
func samplesOf(rows []Row, series []string) report.Bars {
	most := 0.0
	for _, row := range rows {
		most = max(most, row.Median)
	}
	label, unit := "nanoseconds", 1.0
	switch {
	case most >= 1e6:
		label, unit = "milliseconds", 1e6
	case most >= 1e3:
		label, unit = "microseconds", 1e3
	}
	plot := report.Bars{Axis: report.Axis{Label: label}, About: fmt.Sprintf("Bar chart of the time of %d cases.", len(rows))}
	for _, row := range rows {
		bar := report.Bar{Name: row.name(), Ink: report.SeriesInk(slices.Index(series, cmp.Or(row.Norm, row.Mode))), Value: row.Median / unit}
		for _, ns := range row.Samples {
			bar.Samples = append(bar.Samples, ns/unit)
		}
		plot.Rows = append(plot.Rows, bar)
	}
	return plot
}

// overWidth draws nanoseconds a row over the width, one line for each kind; nil with fewer than two widths.
func (r Report) overWidth() *report.Chart {
	chart := report.Chart{ID: "width", Title: "Norm layers over their width", Caption: "Medians. Both axes are logarithmic: on a straight line of slope 1 time is proportional to width.",
		Data: report.Data{Columns: []string{"norm", "mode", "width", "ns_per_row"}}}
	for _, mode := range []string{Forward, Both} {
		plot := report.Lines{X: report.Axis{Label: "width", Log: true}, Y: report.Axis{Label: "ns per row", Log: true}, About: "Line chart of the time of norm layers, " + mode + ", over their width."}
		for _, row := range r.Rows {
			if row.Op != "layer" || row.Mode != mode {
				continue
			}
			name := row.Norm
			if row.Fusion != "" {
				name += " " + row.Fusion
			}
			i := slices.IndexFunc(plot.Lines, func(l report.Line) bool { return l.Name == name })
			if i < 0 {
				i = len(plot.Lines)
				plot.Lines = append(plot.Lines, report.Line{Name: name, Ink: report.SeriesInk(i), Dots: true})
			}
			plot.Lines[i].X, plot.Lines[i].Y = append(plot.Lines[i].X, float64(row.Shape[1])), append(plot.Lines[i].Y, row.PerRow)
			chart.Data.Rows = append(chart.Data.Rows, []string{name, mode, fmt.Sprint(row.Shape[1]), plain(row.PerRow)})
		}
		if len(plot.Lines) > 0 && len(plot.Lines[0].X) > 1 {
			chart.Views = append(chart.Views, report.View{Name: mode, Plot: plot})
		}
	}
	if len(chart.Views) == 0 {
		return nil
	}
	return &chart
}

// roofline draws what computes, by its operations per byte that has to be moved, under the machine's roof: copy speed times that
// intensity up to the peak. nil without products.
func (r Report) roofline() *report.Chart {
	chart := report.Chart{ID: "roofline", Title: "Products under the roof", Data: report.Data{Columns: []string{"case", "operations_per_byte", "gflops"}},
		Caption: "A product can be no faster than the roof over its operations per byte, operands and result counted once; in the caches it may pass the slanted part, which is the speed of memory. NN, NT, TN: which operands are transposed."}
	plot := report.Lines{X: report.Axis{Label: "operations per byte", Log: true}, Y: report.Axis{Label: "GFLOP/s", Log: true}}
	low, high, products := math.Inf(1), 0.0, 0
	for i, mode := range []string{NN, NT, TN} {
		line := report.Line{Name: mode, Ink: report.SeriesInk(i), Dots: true, Apart: true}
		for _, row := range r.Rows {
			if row.Op != "gemm" || row.Mode != mode {
				continue
			}
			x := row.Flops / row.Bytes
			low, high, products = min(low, x), max(high, x), products+1
			line.X, line.Y = append(line.X, x), append(line.Y, row.GFLOPS)
			chart.Data.Rows = append(chart.Data.Rows, []string{row.name(), plain(x), plain(row.GFLOPS)})
		}
		if len(line.X) > 0 {
			plot.Lines = append(plot.Lines, line)
		}
	}
	if products == 0 || r.PeakGFLOPS == 0 || r.CopyGBPS == 0 {
		return nil
	}
	ridge := r.PeakGFLOPS / r.CopyGBPS
	low, high = min(low, ridge/4), max(high, ridge*4)
	roof := report.Line{Name: "roof", Ink: report.SeriesInk(5), X: []float64{low, ridge, high}, Y: []float64{low * r.CopyGBPS, r.PeakGFLOPS, r.PeakGFLOPS}}
	plot.Lines = append([]report.Line{roof}, plot.Lines...)
	plot.About = fmt.Sprintf("Roofline: peak %s GFLOP/s, copy %s GB/s, and %d products under it.", figure(r.PeakGFLOPS), figure(r.CopyGBPS), products)
	chart.Views = []report.View{{Plot: plot}}
	return &chart
}
