package report

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

var demo = flag.String("demo", "", "write the demo reports into this folder, for scripts/browser")

// The demos are invented numbers in the shape of real runs, so that a page can be looked at and recorded.
var demos = []struct {
	name  string
	study func() Study
}{
	{"twins", func() Study { return demoTwins(5, 400) }},
	{"one-seed", func() Study { return demoTwins(1, 150) }},
	{"single", demoSingle},
	{"running", demoRunning},
	{"empty", func() Study { return Study{Title: "A run that has just started", State: "no step yet"} }},
	{"hostile", demoHostile},
}

// TestDemosAreWritten writes every demo with its figures. Without -demo they go to a temporary folder.
func TestDemosAreWritten(t *testing.T) {
	folder := *demo
	if folder == "" {
		folder = t.TempDir()
	}
	for _, d := range demos {
		t.Run(d.name, func(t *testing.T) {
			if testing.Short() && d.name != "hostile" {
				t.Skip("drawing every figure takes a second")
			}
			dir := filepath.Join(folder, d.name)
			if err := os.MkdirAll(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			path, err := d.study().Page().Write(dir, true)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := os.Stat(path); err != nil || info.Size() == 0 || info.Size() > MaxSize {
				t.Errorf("%s: %v, %v", path, info, err)
			}
		})
	}
}

// demoTwins is a comparison of n seeds and steps logged steps, which the candidate loses by a little.
func demoTwins(n, steps int) Study {
	s := Study{
		Title:   "DyT against RMSNorm on Go source",
		Lead:    "Two LLaMAs of 0.87 M parameters from one start, on the same batches in the same order. Only the norm differs. The numbers of this demonstration are invented.",
		Command: "dyt compare runs/demo --seeds 5",
		Measure: Measure{Name: "validation", Unit: "bits per byte"},
		Loss:    Measure{Name: "training loss", Unit: "nats per byte"},
		Target:  2.3,
		References: []Reference{
			{"order 0", 5.35}, {"order 2", 2.76}, {"gzip -9", 1.88},
		},
		Contract: []Fact{
			{"tokens", "1,024,000 for each run"}, {"batches", "sha256 8f3c0a6f2a17"}, {"initial values", "sha256 51be90d7c442, of 29 shared tensors"},
			{"optimiser", "AdamW, lr 0.001, betas 0.9 0.95, decay 0.1, clip 1"}, {"precision", "f32"},
			{"also different", "DyT brings one learnable scalar after the embedding (model.embed_scale)"},
		},
		Identity: []Facts{
			{"Programs", []Fact{{"dyt", "v0.1.0 (fc7e78d)"}, {"gomlx", "v0.28.8"}, {"go", "go1.26.8 linux/amd64"}, {"backend", "go:ops_sequential"}}},
			{"Machine", []Fact{{"CPU", "Example CPU @ 2.50GHz, 2 cores, AVX2, AVX-512"}, {"memory", "24 GiB"}}},
			{"Data", []Fact{{"text", "Go 1.26.8 standard library, 17,482,119 bytes"}, {"sha256", "b1946ac92492d2347c6235b4d2611184b1946ac92492d2347c6235b4d2611184"}}},
		},
		Samples: []Sample{{"DyT, seed 1, temperature 0.8, after “func (r *Reader)”", "func (r *Reader) Read(p []byte) (n int, err error) {\n\tif r.err != nil {\n\t\treturn 0, r.err\n\t}\n"}},
	}
	s.Twins = []Twin{demoTwin("RMSNorm", 869504, n, steps, 0, 100), demoTwin("DyT", 869514, n, steps, 0.03, 200)}
	s.Paired = demoPaired(s.Twins)
	s.Verdict = Verdict{Headline: "DyT: worse than RMSNorm", Detail: fmt.Sprintf("Mean difference %s bits per byte, 95 %% interval [%s, %s], n = %d paired seeds.",
		signed(s.Paired.Mean), signed(s.Paired.Mean-0.012), signed(s.Paired.Mean+0.012), n)}
	if n == 1 {
		s.Verdict = Verdict{Headline: "n=1: no claim", Detail: "One seed has no interval. For one: dyt compare runs/demo --seeds 5"}
		s.Paired.Interval = nil
	}
	s.SCurves = demoSCurves()
	return s
}

func demoTwin(name string, params int64, n, steps int, offset float64, seed uint64) Twin {
	twin := Twin{Name: name, Params: params}
	for i := range n {
		random := rand.New(rand.NewPCG(seed, uint64(i)))
		run := Run{Name: fmt.Sprintf("seed %d", i+1), TokensPerSecond: 9100 + 300*random.Float64() + 20000*offset}
		shift := 0.01 * random.NormFloat64()
		for step := 1; step <= steps; step++ {
			progress := float64(step) / float64(steps)
			loss := 1.45 + offset + shift + 4.1*math.Exp(-40*progress) + 0.55*(1-progress)*(1-progress) + (0.25*math.Exp(-6*progress)+0.04)*random.NormFloat64()*0.6
			p := Point{Step: int64(step * 10), Tokens: int64(step) * 2560, Wall: float64(step) * 2560 / run.TokensPerSecond, Value: loss}
			run.Train = append(run.Train, p)
			if step%(steps/10) == 0 {
				p.Value = 1.44*(1.5+offset+shift+0.7*(1-progress)*(1-progress)) + 0.004*random.NormFloat64()
				run.Eval = append(run.Eval, p)
			}
		}
		run.Final, run.ToTarget = run.Eval[len(run.Eval)-1].Value, float64(steps)*2560*(0.8+offset)
		if offset != 0 {
			run.Sites = demoSites(random, steps)
		}
		twin.Runs = append(twin.Runs, run)
	}
	return twin
}

// demoSites are the nine sites of a LLaMA with four layers.
func demoSites(random *rand.Rand, steps int) []SiteSeries {
	var sites []SiteSeries
	add := func(id, role string, layer int, alpha, saturated float64) {
		site := SiteSeries{ID: id, Role: role, Layer: layer}
		for step := 10; step <= steps*10; step += max(10, steps/4) {
			progress := float64(step) / float64(steps*10)
			site.Points = append(site.Points, SitePoint{Step: int64(step),
				Alpha:     alpha * (1 - 0.35*progress + 0.01*random.NormFloat64()),
				Saturated: saturated * (1 - math.Exp(-5*progress)) * (1 + 0.03*random.NormFloat64())})
		}
		sites = append(sites, site)
	}
	for layer := range 4 {
		depth := float64(layer)
		add(fmt.Sprintf("model.layers.%d.input_layernorm", layer), "attn", layer, 1+0.12*depth, 0.16-0.03*depth)
		add(fmt.Sprintf("model.layers.%d.post_attention_layernorm", layer), "ffn", layer, 0.8-0.09*depth, 0.03+0.05*depth)
	}
	add("model.norm", "final", 4, 0.5, 0.02)
	return sites
}

func demoPaired(twins []Twin) *Paired {
	p := &Paired{Candidate: twins[1].Name, Baseline: twins[0].Name}
	for i := range twins[0].Runs {
		p.Names = append(p.Names, twins[0].Runs[i].Name)
		p.Diffs = append(p.Diffs, twins[1].Runs[i].Final-twins[0].Runs[i].Final)
	}
	p.Mean = mean(p.Diffs)
	p.Interval = &Interval{p.Mean - 0.012, p.Mean + 0.012}
	for i, e := range twins[0].Runs[0].Eval {
		var at []float64
		for run := range twins[0].Runs {
			at = append(at, twins[1].Runs[run].Eval[i].Value-twins[0].Runs[run].Eval[i].Value)
		}
		p.Curve = append(p.Curve, DiffPoint{e.Step, e.Tokens, mean(at), mean(at) - 0.018, mean(at) + 0.018})
	}
	return p
}

func demoSCurves() []SCurve {
	var curves []SCurve
	for i, site := range []string{"model.layers.0.input_layernorm", "model.layers.3.post_attention_layernorm", "model.norm"} {
		random := rand.New(rand.NewPCG(7, uint64(i)))
		c := SCurve{Site: site, Alpha: 0.6}
		for range 6000 {
			x := random.NormFloat64() * (1 + 2*math.Abs(random.NormFloat64()))
			c.X = append(c.X, x)
			c.Y = append(c.Y, math.Tanh(0.6*x)+0.03*random.NormFloat64())
		}
		curves = append(curves, c)
	}
	return curves
}

func demoSingle() Study {
	s := demoTwins(1, 200)
	s.Title, s.Lead, s.Command = "DyT on Go source", "One run of 0.87 M parameters. The numbers of this demonstration are invented.", "dyt report runs/demo"
	s.Twins, s.Paired, s.Verdict, s.Contract = s.Twins[1:], nil, Verdict{}, nil
	return s
}

// demoRunning is a comparison that still goes on: one seed has diverged, one is behind, one has a single point, one none.
func demoRunning() Study {
	s := demoTwins(5, 400)
	s.State = "3 of 10 runs, step 1,200 of 4,000"
	s.Verdict, s.Paired = Verdict{Headline: "no verdict yet", Detail: "2 of 5 pairs are complete."}, nil
	for t := range s.Twins {
		for r := range s.Twins[t].Runs {
			run := &s.Twins[t].Runs[r]
			run.Final, run.Sites = math.NaN(), run.Sites[:min(len(run.Sites), 9)]
			keep := []int{400, 250, 120, 1, 0}[r]
			run.Train, run.Eval = run.Train[:keep], run.Eval[:keep/40]
		}
	}
	diverged := s.Twins[1].Runs[1].Train
	diverged[len(diverged)-2].Value = 900
	diverged[len(diverged)-1].Value = math.NaN()
	return s
}

// hostile is text that would break out of HTML, an attribute, a script, CSS, CSV or XML if anything were not escaped.
const hostile = `<script>alert("1")</script>'"><img src=x onerror=alert(2)>]]>--></style></pre>&amp;{{.}}` + "\x00\x1b[31m=1+1\r\n"

func demoHostile() Study {
	s := demoTwins(2, 40)
	s.Title, s.Lead, s.State, s.Command, s.Made = hostile, hostile, hostile, hostile, hostile
	s.Verdict = Verdict{hostile, hostile}
	s.Measure.Name, s.Measure.Unit, s.Loss.Name = hostile, hostile, hostile
	for t := range s.Twins {
		s.Twins[t].Name = hostile
		for r := range s.Twins[t].Runs {
			s.Twins[t].Runs[r].Name = hostile
			for i := range s.Twins[t].Runs[r].Sites {
				site := &s.Twins[t].Runs[r].Sites[i]
				site.ID, site.Role = fmt.Sprint(hostile, i), hostile
			}
		}
	}
	s.References[0].Name = hostile
	s.Paired.Candidate, s.Paired.Baseline, s.Paired.Note, s.Paired.Names = hostile, hostile, hostile, []string{hostile, hostile}
	s.Contract = []Fact{{hostile, hostile}}
	s.Identity = []Facts{{hostile, []Fact{{hostile, hostile}}}}
	s.Samples = []Sample{{hostile, hostile}}
	s.SCurves[0].Site = hostile
	s.Extra = []Section{{Title: hostile, Text: []string{hostile}, Tables: []Table{{Columns: []string{hostile}, Rows: [][]string{{hostile}}, Caption: hostile}},
		Charts: []Chart{{ID: hostile, Title: hostile, Caption: hostile, Views: []View{{hostile, Lines{About: hostile}}, {hostile, Bars{About: hostile}}}}}}}
	return s
}
