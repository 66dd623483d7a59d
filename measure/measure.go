// Package measure times pieces of networks on a backend: one norm layer, one matrix product, a model with and without its
// norms. It keeps every sample, puts each figure beside what the machine can do at best in the same minute, and says when
// the machine was too restless to be believed.
//
// What the machine can do is asked of a Roof, so that this room knows no engine. Read this file first, then
// rounds.go for the clock and layers.go for what is timed; printing is in format.go.
package measure

import (
	"context"
	"fmt"
	"slices"
	"time"
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
	Cold    bool       `json:"cold,omitempty"`       // the sample is of the first run, which is slower
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
	Limit  time.Duration // no case begins later than this after Began, and no round that would end later; 0: no limit
	Began  time.Time     // zero: the call of Run

	Tell func(Progress) // before each case; nil: nobody is told

	now func() time.Time // nil: time.Now
}

// Progress is where a run stands.
type Progress struct {
	Round, Rounds int // from 1 on, warm-ups included
	Case, Cases   int // from 1 on
	Next          string
	Since         time.Duration // Began
}

// Check returns an error that names the first impossible value.
func (p Plan) Check() error {
	if p.Count < 1 || p.WarmUp < 0 || p.Limit < 0 {
		return fmt.Errorf("measure: count %d, warm-up %d, limit %v: expected at least one sample and nothing negative", p.Count, p.WarmUp, p.Limit)
	}
	return nil
}

// Run times the cases in turn, each round all of them and, for every size that they have, the roof. Every second round goes
// through them backwards, so that a machine that slows down favours none. A case that the limit leaves no sample has its first
// time, and Cold is set; one that did not run at all has no row.
func (p Plan) Run(ctx context.Context, cases []Case, roof Roof) ([]Row, error) {
	if err := p.Check(); err != nil {
		return nil, err
	}
	if p.now == nil {
		p.now = time.Now
	}
	if p.Began.IsZero() {
		p.Began = p.now()
	}
	t := timer{plan: p, cases: cases, rows: make([]Row, len(cases)), roof: roof, peaks: map[float64][]float64{}}
	for i, c := range cases {
		t.rows[i] = Row{Op: c.Op, Norm: c.Norm, Fusion: c.Fusion, Mode: c.Mode, Shape: c.Shape, DType: "float32", Flops: c.Flops, Bytes: c.Bytes, Repeats: 1}
	}
	if err := t.run(ctx); err != nil {
		return nil, err
	}
	return t.finish(), nil
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
