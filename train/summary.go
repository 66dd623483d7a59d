package train

import (
	"slices"

	"github.com/dyt-go/dyt/report"
	"github.com/dyt-go/dyt/train/optim"
)

// Summary is what a run comes down to.
type Summary struct {
	Norm     string        `json:"norm"` // or the method in its place
	Params   int64         `json:"params"`
	Tokens   int64         `json:"tokens"`
	Loss     float64       `json:"final_loss"` // of training, the mean of the last tenth of metrics
	ValLoss  float64       `json:"val_loss"`
	ValBPB   float64       `json:"val_bpb"` // 0 for images
	ValTop1  float64       `json:"val_top1"`
	PerSec   float64       `json:"train_tok_per_s"`
	Seen     string        `json:"seen"` // hash of the batches
	Done     bool          `json:"-"`    // the whole budget was spent
	Sites    []SiteMetrics `json:"-"`    // of the last evaluation
	Metrics  []Metrics     `json:"-"`
	AllSites []SiteMetrics `json:"-"`
	Sample   report.Sample `json:"-"` // the last one in the run folder; empty without any
}

// Summary describes the run so far.
func (r *Run) Summary() Summary {
	s := Summary{Norm: r.Recipe.NormName(), Seen: r.source.Seen(), Done: r.step == r.steps, Metrics: r.lines, AllSites: r.siteLines}
	for _, v := range optim.Trainable(r.store) {
		s.Params += int64(v.Shape().Size())
	}
	s.read()
	return s
}

// read fills in what follows from the lines.
func (s *Summary) read() {
	var seconds float64 // of training
	for _, m := range s.Metrics {
		seconds += float64(m.Tokens-s.Tokens) / m.PerSecond
		s.Tokens = m.Tokens
	}
	if seconds > 0 {
		s.PerSec = float64(s.Tokens) / seconds
	}
	for _, m := range slices.Backward(s.Metrics) {
		if m.EvalLoss != nil {
			s.ValLoss, s.ValTop1 = *m.EvalLoss, *m.EvalTop1
			if m.EvalBPB != nil {
				s.ValBPB = *m.EvalBPB
			}
			break
		}
	}
	tail := s.Metrics[len(s.Metrics)-(len(s.Metrics)+9)/10:]
	for _, m := range tail {
		s.Loss += m.Loss / float64(len(tail))
	}
	for _, m := range s.AllSites {
		if m.Step == s.AllSites[len(s.AllSites)-1].Step {
			s.Sites = append(s.Sites, m)
		}
	}
}
