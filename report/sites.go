package report

import (
	"fmt"
	"math"
	"strings"
)

// siteCharts shows what happened inside the norm sites of each twin that recorded them.
func (s Study) siteCharts() []Chart {
	var charts []Chart
	for i, twin := range s.Twins {
		t := newTraces(twin)
		suffix, of := "", ""
		if len(s.Twins) > 1 {
			suffix, of = fmt.Sprintf("-%d-%s", i, slug(twin.Name)), ", "+twin.Name
		}
		if len(t.sites) > 0 && t.any(t.alpha) {
			charts = append(charts, t.alphaChart("alpha"+suffix, "Alpha at each site"+of))
		}
		if len(t.sites) > 0 && t.any(t.saturated) {
			charts = append(charts, t.saturationChart("saturation"+suffix, "Saturation at each site"+of))
		}
	}
	if len(s.SCurves) > 0 {
		charts = append(charts, sCurveChart(s.SCurves))
	}
	return charts
}

// traces are a twin's sites over the steps, each value the mean over its runs.
type traces struct {
	sites            []SiteSeries // identity and order; of the first run that has sites
	runs             int
	grid             columns
	at               []float64   // [columns] the steps
	alpha, saturated [][]float64 // [sites][columns]
}

func newTraces(twin Twin) traces {
	var t traces
	var steps []int64
	for _, run := range twin.Runs {
		if len(run.Sites) == 0 {
			continue
		}
		if t.runs++; t.runs == 1 {
			t.sites = run.Sites
		}
		for _, site := range run.Sites {
			for _, p := range site.Points {
				steps = append(steps, p.Step)
			}
		}
	}
	t.grid = newColumns(steps, min(96, 9600/max(1, len(t.sites))))
	t.at = make([]float64, t.grid.len())
	for i := range t.at {
		t.at[i] = float64(t.grid.edges[i]+t.grid.edges[i+1]-1) / 2
	}
	for _, site := range t.sites {
		t.alpha = append(t.alpha, t.over(twin, site.ID, func(p SitePoint) float64 { return p.Alpha }))
		t.saturated = append(t.saturated, t.over(twin, site.ID, func(p SitePoint) float64 { return p.Saturated }))
	}
	return t
}

// over averages a site's value over the runs, column by column.
func (t traces) over(twin Twin, id string, value func(SitePoint) float64) []float64 {
	var points []Point
	for _, run := range twin.Runs {
		for _, site := range run.Sites {
			if site.ID == id {
				for _, p := range site.Points {
					points = append(points, Point{Step: p.Step, Value: value(p)})
				}
			}
		}
	}
	values := make([]float64, t.grid.len())
	for i, p := range t.grid.gather(points) {
		values[i] = p.Value
	}
	return values
}

func (t traces) any(values [][]float64) bool {
	for _, row := range values {
		if _, _, ok := minMax(row); ok {
			return true
		}
	}
	return false
}

// roleNames are the roles as a reader says them.
var roleNames = map[string]string{"attn": "attention", "ffn": "feed-forward", "final": "final"}

func roleName(role string) string {
	if name := roleNames[role]; name != "" {
		return name
	}
	return role
}

func (t traces) seeds() string {
	if t.runs > 1 {
		return fmt.Sprintf(" Mean of %d seeds.", t.runs)
	}
	return ""
}

// alphaChart has a panel for each role; colour is depth.
func (t traces) alphaChart(id, title string) Chart {
	panels := Panels{Shared: true}
	of := map[string][]int{}
	var roles []string
	for i, site := range t.sites {
		if of[site.Role] == nil {
			roles = append(roles, site.Role)
		}
		of[site.Role] = append(of[site.Role], i)
	}
	for _, role := range roles {
		plot := Lines{X: Axis{Label: "step", Zero: true}, Y: Axis{}}
		for n, i := range of[role] {
			line := Line{Ink: depthInk(n, len(of[role])), X: t.at, Y: t.alpha[i]}
			if named(n, len(of[role])) {
				line.Name = fmt.Sprintf("layer %d", t.sites[i].Layer)
			}
			plot.Lines = append(plot.Lines, line)
		}
		panels.Titles = append(panels.Titles, roleName(role))
		panels.Plots = append(panels.Plots, plot)
	}
	low, high, _ := minMax(t.last(t.alpha))
	panels.About = fmt.Sprintf("Alpha of %d norm sites against step; at the end from %s to %s.", len(t.sites), short(low), short(high))
	return Chart{ID: id, Title: title, Caption: "Colour is depth, from light, the first layer, to dark, the last." + t.seeds(),
		Views: []View{{Plot: panels}}, Data: t.data("alpha", t.alpha)}
}

// named picks the lines that get a label: all when they are few and their colours differ, else the first, middle and last.
// A lone line is named by its panel.
func named(n, of int) bool {
	return of > 1 && (of <= 4 || n == 0 || n == of-1 || n == of/2)
}

func (t traces) last(values [][]float64) []float64 {
	var ends []float64
	for _, row := range values {
		for i := len(row) - 1; i >= 0; i-- {
			if finite(row[i]) {
				ends = append(ends, row[i])
				break
			}
		}
	}
	return ends
}

func (t traces) saturationChart(id, title string) Chart {
	plot := Heat{X: Axis{Label: "step"}, At: t.at, Unit: "%"}
	most := 0.0
	for i, site := range t.sites {
		plot.Rows = append(plot.Rows, site.label())
		row := make([]float64, len(t.at))
		for j, v := range t.saturated[i] {
			row[j] = 100 * v
			if finite(v) {
				most = max(most, 100*v)
			}
		}
		plot.Values = append(plot.Values, row)
	}
	plot.Most = min(100, roundStep(math.Max(most, 1)))
	low, high, _ := minMax(t.last(t.saturated))
	plot.About = fmt.Sprintf("Heat map of the saturated share at %d norm sites against step; at the end from %s to %s.", len(t.sites), percent(low), percent(high))
	return Chart{ID: id, Title: title, Views: []View{{Plot: plot}}, Data: t.data("saturated", t.saturated),
		Caption: "Share of a site's inputs x with |alpha·x| > 2, where the slope of tanh is under 7 % of its slope at 0. Rows in the order of the network." + t.seeds()}
}

func (s SiteSeries) label() string {
	if s.Role == "final" {
		return roleName(s.Role)
	}
	return strings.TrimSpace(fmt.Sprintf("%d %s", s.Layer, roleName(s.Role)))
}

func (t traces) data(name string, values [][]float64) Data {
	d := Data{Columns: []string{"site", "step", name}}
	for i, site := range t.sites {
		for j, v := range values[i] {
			if finite(v) {
				d.add(site.ID, number(t.at[j]), number(v))
			}
		}
	}
	return d
}
