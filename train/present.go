package train

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/report"
)

// Title is how reports write a norm.
func Title(kind norm.Kind) string {
	known := map[norm.Kind]string{norm.LayerNorm: "LayerNorm", norm.RMSNorm: "RMSNorm", norm.DyT: "DyT", norm.Derf: "Derf"}
	if name := known[kind]; name != "" {
		return name
	}
	return string(kind)
}

// Study arranges a comparison for the report. The caller adds what it alone knows: title, command, references, identity.
func (c *Comparison) Study() report.Study {
	measure := report.Measure{Name: "validation", Unit: "bits per byte"}
	if !c.Baseline.Data.IsText() {
		measure.Unit = "share of wrong predictions"
	}
	s := report.Study{
		Title:    fmt.Sprintf("%s against %s", Title(c.Candidate.Norm.Kind), Title(c.Baseline.Norm.Kind)),
		Measure:  measure,
		Loss:     report.Measure{Name: "training loss", Unit: "nats"},
		Contract: c.contract(),
		Paired:   c.paired(),
		Verdict:  report.Verdict{Headline: c.Headline(), Detail: c.Detail()},
	}
	baseline, candidate := report.Twin{Name: Title(c.Baseline.Norm.Kind)}, report.Twin{Name: Title(c.Candidate.Norm.Kind)}
	s.Target = c.Target()
	side := func(t *report.Twin, name string, of Summary) {
		run := of.present(name)
		run.ToTarget = of.ToTarget(s.Target)
		t.Params, t.Runs = of.Params, append(t.Runs, run)
	}
	for _, p := range c.Pairs {
		name := fmt.Sprintf("seed %d", p.Seed)
		side(&baseline, name, p.Baseline)
		side(&candidate, name, p.Candidate)
	}
	s.Twins = []report.Twin{baseline, candidate}
	return s
}

// Headline is the verdict in a line: the candidate against the baseline.
func (c *Comparison) Headline() string {
	candidate, baseline := Title(c.Candidate.Norm.Kind), Title(c.Baseline.Norm.Kind)
	if c.Verdict.Different() {
		return fmt.Sprintf("%s: %s than %s", candidate, c.Verdict, baseline)
	}
	return fmt.Sprintf("%s against %s: %s", candidate, baseline, c.Verdict)
}

// Detail is the number behind the headline.
func (c *Comparison) Detail() string {
	text := fmt.Sprintf("mean difference %+.4f (%s minus %s) over %d paired seeds", c.Mean, Title(c.Candidate.Norm.Kind), Title(c.Baseline.Norm.Kind), c.N)
	if c.N == 1 {
		text = fmt.Sprintf("difference %+.4f (%s minus %s), one seed: it has no interval", c.Mean, Title(c.Candidate.Norm.Kind), Title(c.Baseline.Norm.Kind))
	}
	if c.Interval.Exists() {
		text += fmt.Sprintf(", 95 %% interval [%+.4f, %+.4f]", c.Interval.Low, c.Interval.High)
	}
	if c.Note != "" {
		text += "; " + c.Note
	}
	return text
}

func (c *Comparison) paired() *report.Paired {
	p := &report.Paired{Candidate: Title(c.Candidate.Norm.Kind), Baseline: Title(c.Baseline.Norm.Kind), Diffs: c.Diffs, Mean: c.Mean, Note: c.Note}
	for _, pair := range c.Pairs {
		p.Names = append(p.Names, fmt.Sprintf("seed %d", pair.Seed))
	}
	if c.Interval.Exists() {
		p.Interval = &report.Interval{Low: c.Interval.Low, High: c.Interval.High}
	}
	if c.Bootstrap.Exists() {
		p.Bootstrap = &report.Interval{Low: c.Bootstrap.Low, High: c.Bootstrap.High}
	}
	return p
}

// contract lists what the twins share and what is also different.
func (c *Comparison) contract() []report.Fact {
	r, first := c.Baseline, c.Pairs[0]
	rows := []report.Fact{
		{Name: "tokens", Value: fmt.Sprintf("%d for each run, in %d updates", first.Baseline.Tokens, r.Steps())},
		{Name: "batches", Value: "sha256 " + first.Baseline.Seen[:16] + ", the same for both twins of a seed"},
		{Name: "initial values", Value: fmt.Sprintf("sha256 %s, of %d shared tensors", first.InitHash[:16], first.Shared)},
		{Name: "optimizer", Value: fmt.Sprintf("%s, lr %g, betas %g %g, decay %g on %s, clip %g", r.Optim.Name, r.Optim.LR, r.Optim.Beta1, r.Optim.Beta2, r.Optim.Decay, r.Optim.DecayRule, r.Optim.Clip)},
		{Name: "schedule", Value: fmt.Sprintf("%s warm-up over %g of the run, then %s to %g of lr", r.Optim.WarmupShape, r.Optim.Warmup, r.Optim.Schedule, r.Optim.End)},
		{Name: "parameters", Value: fmt.Sprintf("%d and %d: %+d", first.Baseline.Params, first.Candidate.Params, first.Candidate.Params-first.Baseline.Params)},
	}
	a := c.Candidate.Norm.Alpha0
	if !c.Candidate.Norm.Kind.Normalizes() {
		rows = append(rows, report.Fact{Name: "alpha0", Value: fmt.Sprintf("attn %g, ffn %g, final %g", a.Attn, a.FFN, a.Final)})
	}
	for _, extra := range c.Extras {
		rows = append(rows, report.Fact{Name: "also different", Value: extra})
	}
	return rows
}

// evaluations is the measure over training.
func (s Summary) evaluations() []report.Point {
	var points []report.Point
	for _, m := range s.Metrics {
		switch {
		case m.EvalBPB != nil:
			points = append(points, m.point(*m.EvalBPB))
		case m.EvalTop1 != nil:
			points = append(points, m.point(1-*m.EvalTop1))
		}
	}
	return points
}

func (m Metrics) point(value float64) report.Point {
	return report.Point{Step: int64(m.Step), Tokens: m.Tokens, Wall: m.Wall, Value: value}
}

func (s Summary) present(name string) report.Run {
	run := report.Run{Name: name, Final: s.Measure(), TokensPerSecond: s.PerSec}
	for _, m := range s.Metrics {
		run.Train = append(run.Train, m.point(m.Loss))
	}
	run.Eval = s.evaluations()
	at := map[string]int{}
	for _, m := range s.AllSites {
		if m.Alpha == nil {
			continue
		}
		i, known := at[m.Site]
		if !known {
			i = len(run.Sites)
			at[m.Site] = i
			run.Sites = append(run.Sites, report.SiteSeries{ID: m.Site, Role: string(m.Role), Layer: layerOf(m.Site)})
		}
		run.Sites[i].Points = append(run.Sites[i].Points, report.SitePoint{Step: int64(m.Step), Alpha: *m.Alpha, Saturated: *m.Saturated})
	}
	return run
}

var firstNumber = regexp.MustCompile(`\.(\d+)\.`)

// layerOf returns the number in a site's path, -1 where there is none.
func layerOf(site string) int {
	if m := firstNumber.FindStringSubmatch(site); m != nil {
		n, _ := strconv.Atoi(m[1])
		return n
	}
	return -1
}

// MeanAlpha and MeanSaturated average the sites of the last evaluation; NaN without any.
func (s Summary) MeanAlpha() float64 {
	return s.meanSite(func(m SiteMetrics) *float64 { return m.Alpha })
}

func (s Summary) MeanSaturated() float64 {
	return s.meanSite(func(m SiteMetrics) *float64 { return m.Saturated })
}

func (s Summary) meanSite(value func(SiteMetrics) *float64) float64 {
	sum, n := 0.0, 0
	for _, m := range s.Sites {
		if v := value(m); v != nil {
			sum, n = sum+*v, n+1
		}
	}
	if n == 0 {
		return math.NaN()
	}
	return sum / float64(n)
}

// Describe is a recipe in a line: "llama 0.87M on goroot, 1,500,000 tokens".
func (r Recipe) Describe() string {
	unit := "tokens"
	if !r.Data.IsText() {
		unit = "images"
	}
	return strings.Join([]string{r.Model.Arch, r.Model.Variant, "on", r.Data.Source + ",", strconv.FormatInt(int64(r.Steps())*r.step(), 10), unit}, " ")
}
