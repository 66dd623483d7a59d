package report

import (
	"fmt"
	"math"
	"slices"
	"strings"
)

// Page arranges a study for reading: what was found, how sure it is, how it came about, what it rests on.
func (s Study) Page() Page {
	s.Verdict.Detail = strings.ReplaceAll(s.Verdict.Detail, " %", "\u00a0%") // no line ends between them
	p := Page{Title: s.Title, Lead: s.Lead, State: s.State, Verdict: s.Verdict, Command: s.Command, Made: s.Made}
	result := Section{Title: "Result", Tables: []Table{s.result()}}
	if len(s.Ranking.Rows) > 0 {
		result.Tables = append(result.Tables, s.Ranking)
	}
	p.add(result)
	p.add(Section{Title: "Paired difference", Charts: s.pairedCharts()})
	p.add(Section{Title: "Learning curves", Charts: s.learningCharts()})
	p.add(Section{Title: "Inside the norm sites", Charts: s.siteCharts()})
	p.add(Section{Title: "Speed", Charts: s.speedCharts()})
	p.Sections = append(p.Sections, s.Extra...)
	p.add(Section{Title: "Samples", Quotes: s.Samples})
	if len(s.Contract) > 0 {
		p.add(Section{Title: "What the twins share, and what differs", Tables: []Table{facts("", s.Contract)}})
	}
	identity := Section{Title: "Identity"}
	for _, group := range s.Identity {
		identity.Tables = append(identity.Tables, facts(group.Title, group.Rows))
	}
	p.add(identity)
	for i := range p.Sections {
		for j := range p.Sections[i].Charts {
			if chart := &p.Sections[i].Charts[j]; chart.Command == "" {
				chart.Command = s.Command
			}
		}
	}
	return p
}

// unit is what the runs count.
func (s Study) unit() string {
	if s.Unit == "" {
		return "tokens"
	}
	return s.Unit
}

// add appends a section that has something to show.
func (p *Page) add(s Section) {
	if len(s.Tables)+len(s.Charts)+len(s.Quotes) > 0 {
		p.Sections = append(p.Sections, s)
	}
}

func facts(caption string, rows []Fact) Table {
	t := Table{Caption: caption, Facts: true}
	for _, row := range rows {
		t.Rows = append(t.Rows, []string{row.Name, row.Value})
	}
	return t
}

// column is one column of the result table: its heading and each twin's cell. One without any value is left out.
type column struct {
	name string
	cell func(Twin) string
}

func (s Study) result() Table {
	measure := s.Measure.axis()
	if s.State != "" {
		measure += ", so far"
	}
	columns := []column{
		{measure, func(t Twin) string { return meanSD(each(s.counted(t), Run.final)) }},
		{"final " + s.Loss.axis(), func(t Twin) string { return meanSD(each(s.counted(t), Run.trainLoss)) }},
		{s.unit() + "/s", func(t Twin) string { return short(median(each(t.Runs, Run.speed))) }},
		{s.unit() + " to " + short(s.Target), s.toTarget},
		{"saturated", func(t Twin) string { return percent(mean(each(t.Runs, Run.saturated))) }},
		{"mean alpha", func(t Twin) string { return brief(mean(each(t.Runs, Run.alpha))) }},
		{"parameters", func(t Twin) string { return Whole(t.Params) }},
		{"seeds", s.seeds},
		{s.unit(), func(t Twin) string { return Whole(t.tokens()) }},
	}
	columns = slices.DeleteFunc(columns, func(c column) bool {
		return !slices.ContainsFunc(s.Twins, func(t Twin) bool { return c.cell(t) != "–" })
	})
	table := Table{Columns: []string{"twin"}, Right: []bool{false}}
	columns, table.Caption = s.inCommon(columns)
	if len(s.Twins) == 1 {
		table.Columns[0] = "run"
	}
	for _, c := range columns {
		table.Columns, table.Right = append(table.Columns, c.name), append(table.Right, true)
	}
	for i, twin := range s.Twins {
		row := []string{twin.Name}
		for _, c := range columns {
			row = append(row, c.cell(twin))
		}
		table.Rows, table.Marks = append(table.Rows, row), append(table.Marks, SeriesInk(i))
	}
	for _, reference := range s.References {
		row := make([]string, len(table.Columns))
		row[0] = reference.Name
		for i, c := range columns {
			if c.name == measure {
				row[i+1] = short(reference.Value)
			}
		}
		table.Rows, table.Marks = append(table.Rows, row), append(table.Marks, "")
	}
	return table
}

// inCommon takes the columns of seeds and tokens out of a table of twins that have the same of each, and says what they are.
func (s Study) inCommon(columns []column) (rest []column, caption string) {
	if len(s.Twins) < 2 {
		return columns, ""
	}
	var same []string
	for _, c := range columns {
		cell := c.cell(s.Twins[0])
		differs := func(t Twin) bool { return c.cell(t) != cell }
		if (c.name == "seeds" || c.name == s.unit()) && !slices.ContainsFunc(s.Twins, differs) {
			name := c.name
			if cell == "1" {
				name = strings.TrimSuffix(name, "s")
			}
			same = append(same, cell+" "+name)
		} else {
			rest = append(rest, c)
		}
	}
	if same == nil {
		return rest, ""
	}
	return rest, "Each twin: " + strings.Join(same, ", ")
}

// toTarget is the median of the runs that got there, and how many those are when not all did.
func (s Study) toTarget(t Twin) string {
	if s.Target == 0 {
		return "–"
	}
	reached := each(t.Runs, func(r Run) float64 { return r.ToTarget })
	switch len(reached) {
	case 0:
		return "not reached"
	case len(t.Runs):
		return Whole(int64(median(reached)))
	}
	return fmt.Sprintf("%s (%d of %d)", Whole(int64(median(reached))), len(reached), len(t.Runs))
}

// axis writes a measure with its unit as an axis does.
func (m Measure) axis() string {
	if m.Unit == "" {
		return m.Name
	}
	return fmt.Sprintf("%s (%s)", m.Name, m.Unit)
}

func (t Twin) tokens() int64 {
	most := int64(0)
	for _, run := range t.Runs {
		for _, p := range run.Train {
			most = max(most, p.Tokens)
		}
	}
	return most
}

// counted are the runs whose ends may be averaged: none that diverged, and while a study of several runs goes on only
// complete ones, since the others are at different steps.
func (s Study) counted(t Twin) []Run {
	return slices.DeleteFunc(slices.Clone(t.Runs), func(r Run) bool {
		return r.diverged() || s.State != "" && len(t.Runs) > 1 && !r.complete()
	})
}

// seeds says how many runs the end values of a twin rest on, when that is not all of them.
func (s Study) seeds(t Twin) string {
	text := Whole(int64(len(t.Runs)))
	if n := len(s.counted(t)); n != len(t.Runs) {
		text = fmt.Sprintf("%d of %d", n, len(t.Runs))
	}
	diverged := 0
	for _, run := range t.Runs {
		if run.diverged() {
			diverged++
		}
	}
	if diverged > 0 {
		text += fmt.Sprintf(", %d diverged", diverged)
	}
	return text
}

func (r Run) complete() bool { return finite(r.Final) && r.Final != 0 }

func (r Run) diverged() bool { return broken(r.Train) || broken(r.Eval) }

// each collects a value of every run that has one.
func each(runs []Run, value func(Run) float64) []float64 {
	var values []float64
	for _, run := range runs {
		if v := value(run); finite(v) {
			values = append(values, v)
		}
	}
	return values
}

// final is the measure at the end, or while the run goes on the last one taken.
func (r Run) final() float64 {
	if r.complete() {
		return r.Final
	}
	return lastFinite(r.Eval)
}

func (r Run) trainLoss() float64 { return lastFinite(r.Train) }

func lastFinite(points []Point) float64 {
	for _, p := range slices.Backward(points) {
		if finite(p.Value) {
			return p.Value
		}
	}
	return math.NaN()
}

func (r Run) speed() float64 {
	if r.TokensPerSecond == 0 {
		return math.NaN()
	}
	return r.TokensPerSecond
}

func (r Run) alpha() float64 { return r.atEnd(func(p SitePoint) float64 { return p.Alpha }) }

func (r Run) saturated() float64 { return r.atEnd(func(p SitePoint) float64 { return p.Saturated }) }

// atEnd is the mean over the sites of a value of their last point.
func (r Run) atEnd(value func(SitePoint) float64) float64 {
	var values []float64
	for _, site := range r.Sites {
		if n := len(site.Points); n > 0 {
			values = append(values, value(site.Points[n-1]))
		}
	}
	return mean(slices.DeleteFunc(values, func(v float64) bool { return !finite(v) }))
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / float64(len(values)) // NaN for none
}

func median(values []float64) float64 {
	if len(values) == 0 {
		return math.NaN()
	}
	sorted := slices.Sorted(slices.Values(values))
	return (sorted[(len(sorted)-1)/2] + sorted[len(sorted)/2]) / 2
}

// meanSD writes mean ± sample standard deviation, the latter from two values on.
func meanSD(values []float64) string {
	if len(values) < 2 {
		return short(mean(values))
	}
	m, sum := mean(values), 0.0
	for _, v := range values {
		sum += (v - m) * (v - m)
	}
	text := short(m)
	_, decimals, _ := strings.Cut(text, ".") // the spread gets as many
	return fmt.Sprintf("%s ± %.*f", text, len(decimals), math.Sqrt(sum/float64(len(values)-1)))
}

func percent(share float64) string {
	if !finite(share) {
		return "–"
	}
	return fmt.Sprintf("%.1f %%", 100*share)
}

// slug makes a file name of a text: lower-case letters, digits and single hyphens.
func slug(text string) string {
	words := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9') })
	return strings.Join(words, "-")
}
