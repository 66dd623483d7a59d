package train

import (
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/host"
	"github.com/dyt-go/dyt/norm"
)

// Metrics is a line of metrics.jsonl, whose form docs/schema/metrics.json keeps. Fields that a line does not have are left
// out. What is measured (times, memory) differs from run to run; the rest of two runs of one recipe is equal to the bit.
type Metrics struct {
	Step      int      `json:"step"`
	Tokens    int64    `json:"tokens"`              // seen, or images
	Epoch     float64  `json:"epoch"`               // tokens, or images, seen for each one of the training part
	Wall      float64  `json:"wall_s"`              // since the run began, pauses left out
	Loss      float64  `json:"loss"`                // nats, mean over the update's batch
	BPB       *float64 `json:"bpb,omitempty"`       // the loss of text in bits per byte, at the bytes that a training token stands for in the mean
	LR        float64  `json:"lr"`                  // of this update
	GradNorm  float64  `json:"grad_norm"`           // before clipping
	PerSecond float64  `json:"tok_per_s"`           // of training alone, since the line before
	StepMS    float64  `json:"step_ms"`             // mean time of an update since the line before
	DataMS    float64  `json:"data_ms"`             // of it, waiting for batches
	Resident  uint64   `json:"rss_bytes,omitempty"` // memory of the process that is in RAM, where the system says
	EvalLoss  *float64 `json:"eval/loss,omitempty"` // nats per token, or per image
	EvalBPB   *float64 `json:"eval/bpb,omitempty"`  // bits per byte, of text
	EvalTop1  *float64 `json:"eval/top1,omitempty"` // share of correct predictions

	// The same of the moving average of the weights, where a recipe has one.
	EMALoss *float64 `json:"eval/ema_loss,omitempty"`
	EMABPB  *float64 `json:"eval/ema_bpb,omitempty"`
	EMATop1 *float64 `json:"eval/ema_top1,omitempty"`
}

// SiteMetrics is a line of inspect/sites.jsonl, whose form docs/schema/sites.json keeps: one norm site at one evaluation, on the
// first validation batch.
type SiteMetrics struct {
	Step      int       `json:"step"`
	Site      string    `json:"site"`
	Role      norm.Role `json:"role"`
	Alpha     *float64  `json:"alpha,omitempty"`      // mean over channels when there is one for each
	InvStd    *float64  `json:"inv_std,omitempty"`    // of a normalizing site: what it multiplies a row by, mean over rows
	RMSIn     float64   `json:"rms_in"`               // root mean square of the input
	MaxIn     float64   `json:"max_in"`               // largest magnitude of the input
	RMSOut    float64   `json:"rms_out"`              // root mean square of the output
	Saturated *float64  `json:"sat_frac,omitempty"`   // share of |alpha*x| > 2, where tanh' < 0.071
	Above1    *float64  `json:"sat_frac_1,omitempty"` // share of |alpha*x| > 1, where tanh' < 0.42
	Above3    *float64  `json:"sat_frac_3,omitempty"` // share of |alpha*x| > 3, where tanh' < 0.0099
}

// metrics describes the update that was just made; pace adds what is a mean over several.
func (r *Run) metrics(loss, lr, gradNorm float64) Metrics {
	m := Metrics{Step: r.step, Tokens: int64(r.step) * r.Recipe.step(), Wall: (r.wall + time.Since(r.began)).Seconds(), Loss: loss, LR: lr, GradNorm: gradNorm}
	m.Epoch = float64(m.Tokens) / float64(r.data.Len())
	if r.Recipe.Data.IsText() {
		text := r.data.Text.Train
		bpb := data.BitsPerByte(loss*float64(text.Tokens()-1), text.Bytes())
		m.BPB = &bpb
	}
	return m
}

// mark is a point from which pace measures.
type mark struct {
	step        int
	spent, idle time.Duration
}

func (r *Run) mark() mark { return mark{r.step, r.spent, r.idle} }

// pace adds to a line how fast the updates since a mark were, and the memory of the process now.
func (r *Run) pace(m *Metrics, since mark) {
	updates, spent := float64(r.step-since.step), (r.spent - since.spent).Seconds()
	m.PerSecond = updates * float64(r.Recipe.step()) / spent
	m.StepMS, m.DataMS = 1e3*spent/updates, 1e3*(r.idle-since.idle).Seconds()/updates
	m.Resident = host.Resident()
}
