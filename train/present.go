package train

import (
	"cmp"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dyt-go/dyt/internal/stat"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/report"
	"github.com/dyt-go/dyt/zoo/part"
)

// titles are the names that differ from how recipes write them.
var titles = map[string]string{
	string(norm.LayerNorm): "LayerNorm", string(norm.RMSNorm): "RMSNorm", string(norm.DyT): "DyT", string(norm.Derf): "Derf",
	string(part.Fixup): "Fixup", string(part.SkipInit): "SkipInit", string(part.SigmaReparam): "sigma-reparametrisation",
}

// Title is how reports write what stands in the norm's place.
func (r Recipe) Title() string { return cmp.Or(titles[r.NormName()], r.NormName()) }

// NormName is what stands in the norm's place, in a word: the kind of norm or, where there is none, the method that acts elsewhere.
func (r Recipe) NormName() string {
	kind, method := string(r.Norm.Kind), string(r.Model.Method)
	switch {
	case method == "":
		return kind
	case r.Norm.Kind == norm.None().Kind:
		return method
	}
	return kind + "+" + method
}

// Study arranges a comparison for the report. The caller adds what it alone knows: title, command, references, identity.
func (c *Comparison) Study() report.Study {
	s := report.Study{
		Title:    fmt.Sprintf("%s against %s", c.Candidate.Title(), c.Baseline.Title()),
		Measure:  c.Baseline.measure(),
		Loss:     report.Measure{Name: "training loss", Unit: "nats"},
		Unit:     c.Baseline.Unit(),
		Contract: c.contract(),
	}
	if len(c.Begun) > 0 {
		s.State = fmt.Sprintf("%d of %d pairs complete", len(c.Pairs), len(c.Pairs)+len(c.Begun))
	}
	if len(c.Pairs) > 0 {
		s.Paired, s.Verdict = c.paired(), report.Verdict{Headline: c.Headline(), Detail: c.Detail()}
	}
	baseline, candidate := report.Twin{Name: c.Baseline.Title()}, report.Twin{Name: c.Candidate.Title()}
	s.Target = c.Target()
	first := slices.Concat(c.Pairs, c.Begun)[0]
	s.Samples = samples(first.Baseline, first.Candidate)
	for _, p := range slices.Concat(c.Pairs, c.Begun) {
		name := fmt.Sprintf("seed %d", p.Seed)
		addRun(&baseline, p.Baseline, name, s.Target)
		addRun(&candidate, p.Candidate, name, s.Target)
	}
	s.Twins = []report.Twin{baseline, candidate}
	return s
}

// measure is what decides.
func (r Recipe) measure() report.Measure {
	if r.Data.IsText() {
		return report.Measure{Name: "validation", Unit: "bits per byte"}
	}
	return report.Measure{Name: "validation", Unit: "share of wrong predictions"}
}

// Headline is the verdict in a line: the candidate against the baseline.
func (c *Comparison) Headline() string {
	candidate, baseline := c.Candidate.Title(), c.Baseline.Title()
	if c.Verdict.Different() {
		return fmt.Sprintf("%s: %s than %s", candidate, c.Verdict, baseline)
	}
	return fmt.Sprintf("%s against %s: %s", candidate, baseline, c.Verdict)
}

// Detail is the number behind the headline.
func (c *Comparison) Detail() string {
	text := fmt.Sprintf("mean difference %+.4f (%s minus %s) over %d paired seeds", c.Mean, c.Candidate.Title(), c.Baseline.Title(), c.N)
	if c.N == 1 {
		text = fmt.Sprintf("difference %+.4f (%s minus %s), one seed: it has no interval", c.Mean, c.Candidate.Title(), c.Baseline.Title())
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
	p := &report.Paired{Candidate: c.Candidate.Title(), Baseline: c.Baseline.Title(), Diffs: c.Diffs, Mean: c.Mean, Note: c.Note}
	for _, pair := range c.Pairs {
		p.Names = append(p.Names, fmt.Sprintf("seed %d", pair.Seed))
	}
	if c.Interval.Exists() {
		p.Interval = &report.Interval{Low: c.Interval.Low, High: c.Interval.High}
	}
	if c.Bootstrap.Exists() {
		p.Bootstrap = &report.Interval{Low: c.Bootstrap.Low, High: c.Bootstrap.High}
	}
	p.Curve = c.curve()
	return p
}

// curve is the paired difference at each evaluation that all complete pairs have, with its interval.
func (c *Comparison) curve() []report.DiffPoint {
	candidates, baselines := map[report.Point][]float64{}, map[report.Point][]float64{} // by step and tokens
	collect := func(into map[report.Point][]float64, s Summary) {
		for _, p := range s.evaluations() {
			at := report.Point{Step: p.Step, Tokens: p.Tokens}
			into[at] = append(into[at], p.Value)
		}
	}
	for _, p := range c.Pairs {
		collect(candidates, p.Candidate)
		collect(baselines, p.Baseline)
	}
	var points []report.DiffPoint
	for at, values := range candidates {
		if d, err := stat.Compare(values, baselines[at], stat.LowerIsBetter, 1); err == nil && d.N == len(c.Pairs) {
			points = append(points, report.DiffPoint{Step: at.Step, Tokens: at.Tokens, Mean: d.Mean, Low: d.Interval.Low, High: d.Interval.High})
		}
	}
	slices.SortFunc(points, func(a, b report.DiffPoint) int { return cmp.Compare(a.Step, b.Step) })
	return points
}

// contract lists what the twins share and what is also different.
func (c *Comparison) contract() []report.Fact {
	first := slices.Concat(c.Pairs, c.Begun)[0]
	rows := []report.Fact{{Name: c.Baseline.Unit(), Value: fmt.Sprintf("%s for each run; updates: %s", report.Whole(int64(c.Baseline.Steps())*c.Baseline.step()), report.Whole(int64(c.Baseline.Steps())))}}
	if first.complete() {
		rows = append(rows,
			report.Fact{Name: "batches", Value: "sha256 " + first.Baseline.Seen[:16] + ", the same for both twins of a seed"},
			report.Fact{Name: "parameters", Value: fmt.Sprintf("%s and %s: %+d", report.Whole(first.Baseline.Params), report.Whole(first.Candidate.Params), first.Candidate.Params-first.Baseline.Params)})
	}
	rows = append(rows, report.Fact{Name: "initial values", Value: fmt.Sprintf("sha256 %s, of %d shared tensors", first.InitHash[:16], first.Shared)})
	rows = append(rows, c.Candidate.facts()...)
	for _, extra := range c.Extras {
		rows = append(rows, report.Fact{Name: "also different", Value: extra})
	}
	return rows
}

// evaluations is the measure over training.
func (s Summary) evaluations() []report.Point {
	var points []report.Point
	for _, m := range s.Metrics {
		if value, ok := m.measure(); ok {
			points = append(points, m.point(value))
		}
	}
	return points
}

// measure of an evaluation, as Summary.Measure.
func (m Metrics) measure() (value float64, ok bool) {
	switch {
	case m.EvalBPB != nil:
		return *m.EvalBPB, true
	case m.EvalTop1 != nil:
		return 1 - *m.EvalTop1, true
	}
	return 0, false
}

func (m Metrics) point(value float64) report.Point {
	return report.Point{Step: int64(m.Step), Tokens: m.Tokens, Wall: m.Wall, Value: value}
}

// facts are the settings that readers ask for first.
func (r Recipe) facts() []report.Fact {
	rows := []report.Fact{
		{Name: "optimizer", Value: fmt.Sprintf("%s, lr %g, betas %g %g, decay %g on %s, clip %g", r.Optim.Name, r.Optim.LR, r.Optim.Beta1, r.Optim.Beta2, r.Optim.Decay, r.Optim.DecayRule, r.Optim.Clip)},
		{Name: "schedule", Value: fmt.Sprintf("%s warm-up over %g of the run, then %s to %g of lr", r.Optim.WarmupShape, r.Optim.Warmup, r.Optim.Schedule, r.Optim.End)},
	}
	if a := r.Norm.Alpha0; !r.Norm.Kind.Normalizes() {
		rows = append(rows, report.Fact{Name: "alpha0", Value: fmt.Sprintf("attn %g, ffn %g, final %g", a.Attn, a.FFN, a.Final)})
	}
	return rows
}

// Study arranges one run for the report.
func (r *Record) Study() report.Study {
	s := report.Study{
		Title:   fmt.Sprintf("%s %s with %s", r.Recipe.Model.Arch, r.Recipe.Model.Variant, r.Recipe.Title()),
		Lead:    r.Recipe.Describe() + fmt.Sprintf(", seed %d.", r.Recipe.Train.Seed),
		Measure: r.Recipe.measure(),
		Loss:    report.Measure{Name: "training loss", Unit: "nats"},
		Unit:    r.Recipe.Unit(),
	}
	if !r.Summary.Done {
		s.State = fmt.Sprintf("%s, step %d of %d", r.Status.State, r.Status.Step, r.Recipe.Steps())
	}
	rows := append(r.Recipe.facts(), report.Fact{Name: "batches", Value: "sha256 " + r.Summary.Seen})
	for _, c := range r.Changes {
		rows = append(rows, report.Fact{Name: "changed", Value: c.String()})
	}
	s.Identity = []report.Facts{{Title: "Recipe", Rows: rows}}
	twin := report.Twin{Name: r.Recipe.Title()}
	addRun(&twin, r.Summary, fmt.Sprintf("seed %d", r.Recipe.Train.Seed), math.NaN())
	s.Twins, s.Samples = []report.Twin{twin}, samples(r.Summary)
	return s
}

// samples are those that the runs have left.
func samples(runs ...Summary) (all []report.Sample) {
	for _, s := range runs {
		if s.Sample.Text != "" {
			all = append(all, s.Sample)
		}
	}
	return all
}

// addRun adds a run that has begun to its twin.
func addRun(t *report.Twin, s Summary, name string, target float64) {
	if len(s.Metrics) == 0 {
		return
	}
	run := s.present(name)
	run.ToTarget = s.ToTarget(target)
	t.Params, t.Runs = s.Params, append(t.Runs, run)
}

func (s Summary) present(name string) report.Run {
	run := report.Run{Name: name, TokensPerSecond: s.PerSec}
	if s.Done {
		run.Final = s.Measure()
	}
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
	return strings.Join([]string{r.Model.Arch, r.Model.Variant, "on", r.Data.Source + ",", report.Whole(int64(r.Steps()) * r.step()), r.Unit()}, " ")
}

// Unit is what a budget counts.
func (r Recipe) Unit() string {
	if r.Data.IsText() {
		return "tokens"
	}
	return "images"
}
