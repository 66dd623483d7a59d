// Package measure times pieces of networks on a backend: one norm layer, one matrix product, a model with and without its
// norms. It keeps every sample, puts each figure beside what the machine can do at best in the same minute, and says when
// the machine was too restless to be believed.
//
// What the machine can do is asked of a Roof, so that this room knows no engine. Printing is in format.go. Read this file
// first, then layers.go.
package measure

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/dyt-go/dyt/internal/stat"
)

// Roof measures what the machine can do at best, right now.
type Roof struct {
	GFLOPS func() float64          // 1e9 operations per second from registers, a multiply-add counted as two
	Copy   func(bytes int) float64 // 1e9 bytes per second, read and written, of a copy of that many bytes
}

// Case is one thing to time.
type Case struct {
	Op     string  // layer, gemm, model, growth, fma, copy
	Norm   string  // of a layer or model
	Fusion string  // how far ops run together, where cases differ in it
	Mode   string  // of a layer forward, both; of a model inference, training; of growth what grows; of a product how the operands lie
	Shape  []int   // of a layer [rows, width], of a product [M, K, N], of a model and of growth [layers, tokens, width]
	Rows   int     // 0, or what ns per row refers to
	Flops  float64 // arithmetic of one run, or 0
	Bytes  float64 // traffic of one run: what has to be read and written at least
	Roof   bool    // is itself what others are compared with
	Run    func() error
}

// Row is a timed Case.
type Row struct {
	Op      string     `json:"op"`
	Norm    string     `json:"norm,omitempty"`
	Fusion  string     `json:"fusion,omitempty"`
	Mode    string     `json:"mode,omitempty"`
	Shape   []int      `json:"shape"`
	DType   string     `json:"dtype"`
	Samples []float64  `json:"samples_ns"` // of one run each, in the order in which they were taken
	Median  float64    `json:"median_ns"`
	CI95    [2]float64 `json:"ci95_ns"`              // of the median; 0, 0 below six samples, which cannot give one
	Repeats int        `json:"repeats"`              // runs in a sample, whose mean it is
	PerRow  float64    `json:"ns_per_row,omitempty"` // median
	Flops   float64    `json:"flops,omitempty"`
	Bytes   float64    `json:"bytes_moved,omitempty"`
	GFLOPS  float64    `json:"gflops,omitempty"`
	GBPS    float64    `json:"gbps,omitempty"`
	OfRoof  float64    `json:"of_roof,omitempty"`         // share of the roof: of peak for arithmetic, of copy speed for traffic
	Ratio   float64    `json:"rel_to_identity,omitempty"` // median over identity's

	Norms     float64    `json:"norms_ns,omitempty"`     // of a model: what all its norms take, the median over rounds
	NormsCI95 [2]float64 `json:"norms_ci95_ns,omitzero"` // of that median
}

// Plan says how cases are timed.
type Plan struct {
	Count  int           // samples of each case, taken in turn: one round is one sample of every case
	WarmUp int           // rounds that do not count
	Limit  time.Duration // no round begins when it would end later than this, once three are done; 0: no limit

	now func() time.Time // nil: time.Now
}

// shortest is what a sample takes at least, as far as repeating helps: 25,000 times what reading the clock costs.
const shortest = time.Millisecond

// fewest is the number of rounds that a limit leaves.
const fewest = 3

// Check returns an error that names the first impossible value.
func (p Plan) Check() error {
	if p.Count < 1 || p.WarmUp < 0 || p.Limit < 0 {
		return fmt.Errorf("measure: count %d, warm-up %d, limit %v: expected at least one sample and nothing negative", p.Count, p.WarmUp, p.Limit)
	}
	return nil
}

// Run times the cases in turn, each round all of them and, for every size that they have, the roof.
func (p Plan) Run(ctx context.Context, cases []Case, roof Roof) ([]Row, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if p.now == nil {
		p.now = time.Now
	}
	began := p.now()
	t := timer{now: p.now, cases: cases, rows: make([]Row, len(cases)), roof: roof, peaks: map[float64][]float64{}}
	for i, c := range cases {
		t.rows[i] = Row{Op: c.Op, Norm: c.Norm, Fusion: c.Fusion, Mode: c.Mode, Shape: c.Shape, DType: "float32", Flops: c.Flops, Bytes: c.Bytes, Repeats: 1}
	}
	for round := range p.WarmUp + p.Count {
		start := p.now()
		if err := t.round(ctx, round < p.WarmUp); err != nil {
			return nil, err
		}
		if took, all := p.now().Sub(start), p.now().Sub(began); p.Limit > 0 && round >= p.WarmUp+fewest-1 && all+took > p.Limit {
			break
		}
	}
	return t.finish(), nil
}

type timer struct {
	now   func() time.Time
	cases []Case
	rows  []Row
	roof  Roof
	peaks map[float64][]float64 // by bytes moved, 0 for arithmetic: one value a round
}

// round takes one sample of every case; a warm-up keeps none but how often a case must be repeated.
func (t *timer) round(ctx context.Context, warmUp bool) error {
	for i, c := range t.cases {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		took, err := t.repeat(c.Run, t.rows[i].Repeats)
		if err != nil {
			return fmt.Errorf("measure: %s %s %s %v: %w", c.Op, c.Norm, c.Mode, c.Shape, err)
		}
		one := float64(took.Nanoseconds()) / float64(t.rows[i].Repeats)
		if warmUp {
			t.rows[i].Repeats = max(1, int(math.Ceil(float64(shortest.Nanoseconds())/one)))
		} else {
			t.rows[i].Samples = append(t.rows[i].Samples, one)
		}
	}
	if warmUp {
		return nil
	}
	for _, bytes := range t.sizes() {
		if bytes == 0 {
			t.peaks[0] = append(t.peaks[0], t.roof.GFLOPS())
		} else {
			t.peaks[bytes] = append(t.peaks[bytes], t.roof.Copy(int(bytes/2)))
		}
	}
	return nil
}

// sizes lists the roofs that the cases need.
func (t *timer) sizes() []float64 {
	var list []float64
	for _, c := range t.cases {
		if c.Roof {
			continue
		}
		if c.Flops == 0 && c.Bytes > 0 {
			list = append(list, c.Bytes)
		} else if c.Flops > 0 {
			list = append(list, 0)
		}
	}
	slices.Sort(list)
	return slices.Compact(list)
}

func (t *timer) repeat(run func() error, n int) (time.Duration, error) {
	start := t.now()
	for range n {
		if err := run(); err != nil {
			return 0, err
		}
	}
	return t.now().Sub(start), nil
}

// finish derives the figures from the samples.
func (t *timer) finish() []Row {
	for i, c := range t.cases {
		r := &t.rows[i]
		r.Median, r.CI95 = stat.Median(r.Samples), interval(r.Samples)
		if c.Rows > 0 {
			r.PerRow = r.Median / float64(c.Rows)
		}
		r.GFLOPS, r.GBPS = c.Flops/r.Median, c.Bytes/r.Median
		if c.Roof {
			continue
		}
		if c.Flops > 0 {
			r.OfRoof = r.GFLOPS / stat.Median(t.peaks[0])
		} else if c.Bytes > 0 {
			r.OfRoof = r.GBPS / stat.Median(t.peaks[c.Bytes])
		}
	}
	for i := range t.rows {
		if base := identityOf(t.rows, t.rows[i]); base != nil {
			t.rows[i].Ratio = t.rows[i].Median / base.Median
			if t.rows[i].Op == "model" && base != &t.rows[i] {
				t.rows[i].above(base)
			}
		}
	}
	return t.rows
}

// identityOf returns the row of the identity in the place of r's norm, or nil.
func identityOf(rows []Row, r Row) *Row {
	for i, other := range rows {
		if r.Norm != "" && other.Norm == "identity" && other.Op == r.Op && other.Mode == r.Mode && other.Fusion == r.Fusion && slices.Equal(other.Shape, r.Shape) {
			return &rows[i]
		}
	}
	return nil
}
