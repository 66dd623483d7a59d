package report

import "fmt"

// pairedCharts shows how far the twins lie apart and how sure that is, at the end and over training.
func (s Study) pairedCharts() []Chart {
	p := s.Paired
	if p == nil {
		return nil
	}
	label := fmt.Sprintf("%s − %s", p.Candidate, p.Baseline)
	if s.Measure.Unit != "" {
		label += fmt.Sprintf(" (%s)", s.Measure.Unit)
	}
	charts := []Chart{{
		ID: "difference", Title: "Difference at the end, pair by pair", Caption: p.caption(), Data: p.data(),
		Views: []View{{Plot: Forest{Paired: *p, Axis: Axis{Label: label}, HigherIsBetter: s.Measure.HigherIsBetter, Ink: SeriesInk(1), About: p.about(s.Measure)}}},
	}}
	if len(p.Curve) > 0 {
		charts = append(charts, p.curve(label, s.unit()))
	}
	return charts
}

func (p Paired) caption() string {
	text := "Rings: the difference within each pair, which shares its seed, its initial values and its batches. Disc: their mean."
	switch {
	case p.Interval != nil:
		text += " Thick line: the 95 % paired t interval, which decides."
	case len(p.Diffs) == 1:
		text += " One pair has no interval."
	}
	if p.Bootstrap != nil {
		text += " Thin line: the bootstrap interval, which does not decide."
	}
	if p.Note != "" {
		text += " " + p.Note
	}
	return text
}

func (p Paired) about(m Measure) string {
	text := fmt.Sprintf("Paired differences of %s, %s minus %s: mean %s of %d", m.axis(), p.Candidate, p.Baseline, signed(p.Mean), len(p.Diffs))
	if p.Interval != nil {
		text += fmt.Sprintf(", interval from %s to %s", signed(p.Interval.Low), signed(p.Interval.High))
	}
	return text + "."
}

func (p Paired) data() Data {
	d := Data{Columns: []string{"what", "difference", "low", "high"}}
	for i, v := range p.Diffs {
		name := fmt.Sprintf("pair %d", i+1)
		if i < len(p.Names) {
			name = p.Names[i]
		}
		d.add(name, number(v), "", "")
	}
	row := func(name string, i *Interval) {
		if i != nil {
			d.add(name, number(p.Mean), number(i.Low), number(i.High))
		}
	}
	row("mean, paired t interval", p.Interval)
	row("mean, bootstrap interval", p.Bootstrap)
	if p.Interval == nil {
		d.add("mean", number(p.Mean), "", "")
	}
	return d
}

// curve is the difference at equal steps. It has no wall-time view: at one moment the twins are at different steps.
func (p Paired) curve(label, unit string) Chart {
	chart := Chart{
		ID: "difference-curve", Title: "Difference over training",
		Caption: "At equal steps, so at equal " + unit + ". Line: mean of the pairs; band: its 95 % paired t interval, step by step, not corrected for looking at many steps.",
		Data:    Data{Columns: []string{"step", unit, "difference", "low", "high"}},
	}
	line := Line{Ink: SeriesInk(1)}
	var steps, tokens []float64
	for _, d := range p.thinned() {
		steps, tokens = append(steps, float64(d.Step)), append(tokens, float64(d.Tokens))
		line.Y, line.Low, line.High = append(line.Y, d.Mean), append(line.Low, d.Low), append(line.High, d.High)
		chart.Data.add(integer(d.Step), integer(d.Tokens), number(d.Mean), number(d.Low), number(d.High))
	}
	line.Dots = len(steps) <= 40
	for _, x := range []struct {
		name string
		at   []float64
	}{{"step", steps}, {unit, tokens}} {
		if x.name == unit && x.at[len(x.at)-1] == 0 {
			continue
		}
		line.X = x.at
		chart.Views = append(chart.Views, View{x.name, Lines{
			X: Axis{Label: x.name, Zero: true}, Y: Axis{Label: label, Zero: true}, Lines: []Line{line},
			Levels: []Reference{{"no difference", 0}}, Clip: true,
			About: fmt.Sprintf("Line chart of %s against %s, ending at %s.", label, x.name, signed(line.Y[len(line.Y)-1])),
		}})
	}
	return chart
}

// thinned keeps at most 240 points, evenly, and always the last.
func (p Paired) thinned() []DiffPoint {
	const most = 240
	n := len(p.Curve)
	if n <= most {
		return p.Curve
	}
	kept := make([]DiffPoint, most)
	for i := range kept {
		kept[i] = p.Curve[i*(n-1)/(most-1)]
	}
	return kept
}
