// Package report turns finished or running experiments, given as plain structs, into one self-contained HTML file that
// opens without a network and reads without a script, and its figures into SVG, PNG and CSV files beside it.
//
// It decides nothing, reads no run folder and knows no other package of this module: whoever calls it has done
// that. Read this file first (what goes in), then study.go (how it becomes a page) and chart.go (how a page is made).
// One layout, a scene of shapes in CSS pixels, is painted by svg.go and by png.go, so that the picture in the page and the
// file for a paper are the same picture.
package report

// Study is what one report shows: a single run, or twins over seeds. Every field may be empty and every number NaN: what
// is missing is left out, and a run that still goes on draws as far as it has come.
type Study struct {
	Title   string // "DyT against RMSNorm on Go source"
	Lead    string // one or two sentences under it
	State   string // of a run that still goes on, "step 120 of 400"; empty when finished
	Command string // the command that makes this report again
	Made    string // when, if the caller wants that said; the package itself never asks the clock

	Verdict Verdict
	Measure Measure // of Run.Eval and Run.Final: what decides
	Loss    Measure // of Run.Train
	Unit    string  // of Point.Tokens: tokens (also when empty), images
	Twins   []Twin  // the baseline first; one for a single run
	Paired  *Paired // nil without twins
	Ranking Table   // of several candidates, beside the result

	Target     float64     // level of the measure for Run.ToTarget; 0 for none
	References []Reference // levels to compare with, in the measure's unit
	Contract   []Fact      // what the twins share, and what is also different
	Identity   []Facts     // config, hashes, versions, CPU
	Samples    []Sample
	SCurves    []SCurve
	Extra      []Section // anything else, after the figures
}

// Verdict is set in the same large type and ink whatever it says.
type Verdict struct {
	Headline string // "DyT: worse than RMSNorm"
	Detail   string // the interval in a sentence
}

// Measure names a quantity and its unit: {"validation", "bits per byte"}.
type Measure struct {
	Name, Unit     string
	HigherIsBetter bool
}

// Twin is one recipe under all its seeds.
type Twin struct {
	Name   string
	Params int64 // trainable; 0 when unknown
	Runs   []Run
}

// Run is one training run.
type Run struct {
	Name            string       // "seed 1"
	Train, Eval     []Point      // rising in Step; a value that is not finite is a gap, and at the end a divergence
	Sites           []SiteSeries // in the order of the network
	Final           float64      // the measure at the end; NaN or 0 while there is none
	TokensPerSecond float64      // in training; NaN or 0 when unknown
	ToTarget        float64      // tokens until the measure first reached Study.Target; NaN when it never did
}

// Point is one logged value.
type Point struct {
	Step, Tokens int64
	Wall         float64 // seconds since the start
	Value        float64
}

// SiteSeries is what was recorded at one norm site over a run.
type SiteSeries struct {
	ID     string // model.layers.3.input_layernorm
	Role   string // attn, ffn, final
	Layer  int
	Points []SitePoint
}

// SitePoint is the state of a site after a step. Saturated is the share of inputs with |alpha·x| > 2, in 0..1.
type SitePoint struct {
	Step             int64
	Alpha, Saturated float64
}

// Paired is the comparison candidate - baseline over seeds, decided elsewhere.
type Paired struct {
	Candidate, Baseline string
	Names               []string  // of the pairs, "seed 1"
	Diffs               []float64 // [pairs]
	Mean                float64
	Interval            *Interval // that decides; nil when there is none
	Bootstrap           *Interval // drawn thin beside it; nil when there is none
	Note                string
	Curve               []DiffPoint // the difference over training; may be empty
}

// Interval is a 95 % confidence interval.
type Interval struct{ Low, High float64 }

// DiffPoint is the paired difference after a step, with its interval; NaN ends where there is none.
type DiffPoint struct {
	Step, Tokens    int64
	Mean, Low, High float64
}

// Reference is a level drawn as a line: the order-2 entropy of the text, say.
type Reference struct {
	Name  string  `json:"name"`
	Value float64 `json:"value"`
}

// Fact is a name and its value; Facts are such rows under a heading.
type (
	Fact struct {
		Name  string `json:"name"`
		Value string `json:"value"`
	}
	Facts struct {
		Title string `json:"title"`
		Rows  []Fact `json:"rows"`
	}
)

// Sample is a piece of text that a twin wrote.
type Sample struct {
	Title string `json:"title"`
	Text  string `json:"text"`
}

// SCurve is one norm site's input against its output before the affine part: [values] each, in any order.
type SCurve struct {
	Site  string
	Alpha float64 // draws tanh(alpha·x) over it; NaN for none
	X, Y  []float64
}
