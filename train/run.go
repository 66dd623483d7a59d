package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/sample"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Run is a network under training.
type Run struct {
	Recipe Recipe
	Model  part.Model

	Skipped []*DamagedCheckpoint // checkpoints that the run did not go on from, newest first

	backend compute.Backend
	store   *model.Store
	data    *data.Dataset
	source  data.Source
	valid   data.Pass

	add   *model.Exec // a micro-batch that is not the last of its update
	apply *model.Exec // the last one: forward, backward, clip, update
	score *model.Exec
	sites *model.Exec
	text  *sample.Text // at the first sample

	rate  Schedule // of the learning rate
	decay Schedule // of the weight decay
	steps int
	step  int           // updates done
	saved int           // updates done at the newest checkpoint
	spent time.Duration // in training, evaluations and checkpoints left out
	wall  time.Duration // of earlier pieces of this run
	began time.Time     // of this piece
	last  Metrics
	folder
}

// Metrics is a line of metrics.jsonl. Fields that a line does not have are left out.
type Metrics struct {
	Step      int      `json:"step"`
	Tokens    int64    `json:"tokens"`              // seen, or images
	Wall      float64  `json:"wall_s"`              // since the run began, pauses left out
	Loss      float64  `json:"loss"`                // nats, mean over the update's batch
	LR        float64  `json:"lr"`                  // of this update
	GradNorm  float64  `json:"grad_norm"`           // before clipping
	PerSecond float64  `json:"tok_per_s"`           // of training alone, since the line before
	EvalLoss  *float64 `json:"eval/loss,omitempty"` // nats per token, or per image
	EvalBPB   *float64 `json:"eval/bpb,omitempty"`  // bits per byte, of text
	EvalTop1  *float64 `json:"eval/top1,omitempty"` // share of correct predictions

	// The same of the moving average of the weights, where a recipe has one.
	EMALoss *float64 `json:"eval/ema_loss,omitempty"`
	EMABPB  *float64 `json:"eval/ema_bpb,omitempty"`
	EMATop1 *float64 `json:"eval/ema_top1,omitempty"`
}

// SiteMetrics is a line of inspect/sites.jsonl: one norm site at one evaluation, on the first validation batch.
type SiteMetrics struct {
	Step      int       `json:"step"`
	Site      string    `json:"site"`
	Role      norm.Role `json:"role"`
	Alpha     *float64  `json:"alpha,omitempty"`    // mean over channels when there is one for each
	RMSIn     float64   `json:"rms_in"`             // root mean square of the input
	MaxIn     float64   `json:"max_in"`             // largest magnitude of the input
	Saturated *float64  `json:"sat_frac,omitempty"` // share of |alpha*x| > 2, where tanh' < 0.071
}

// Open prepares a run in folder dir: a fresh one, or when dir holds a complete checkpoint, the continuation from the
// newest. A folder whose recipe differs is refused with the first difference named. An empty dir leaves no files.
//
// The first values depend on the seed, the names and the shapes alone, so twins share what both have.
func Open(backend compute.Backend, r Recipe, d *data.Dataset, dir string) (*Run, error) {
	if err := r.Check(); err != nil {
		return nil, err
	}
	m, err := r.Open()
	if err != nil {
		return nil, err
	}
	run := &Run{Recipe: r, Model: m, backend: backend, store: model.NewStore(), data: d, rate: r.rate(), decay: r.decay(), steps: r.Steps()}
	if err := fits(m, d); err != nil {
		return nil, conf.WithCode(err, conf.ExitUsage)
	}
	if err := part.Initialize(backend, run.store, m, r.Train.Seed); err != nil {
		return nil, err
	}
	if err := run.store.SetRNGStateFromSeed(int64(r.Train.Seed)); err != nil {
		return nil, fmt.Errorf("train: seed: %w", err)
	}
	if err := r.Optim.Prepare(run.store, r.Train.Accumulate > 1); err != nil {
		return nil, err
	}
	if run.source, err = d.Train(r.Train.Batch, r.Train.Seed); err != nil {
		return nil, conf.WithCode(err, conf.ExitUsage)
	}
	if run.valid, err = d.Validation(r.Train.Batch); err != nil {
		return nil, conf.WithCode(err, conf.ExitUsage)
	}
	if err := run.compile(backend); err != nil {
		return nil, err
	}
	if dir == "" {
		return run, nil
	}
	return run, run.openFolder(dir, d)
}

// Close ends what the run holds beside its memory.
func (r *Run) Close() error {
	return errors.Join(data.Close(r.source), data.Close(r.valid), r.folder.close())
}

// compile makes the graphs of a run; each is built at its first use.
func (r *Run) compile(backend compute.Backend) error {
	cfg, store := r.Recipe.Optim.Config, r.store
	loss := func(s *model.Scope, batch []*graph.Node) (*graph.Node, []optim.Param) {
		store.SetTraining(batch[0].Graph(), true)
		l := r.Model.Loss(s, batch)
		return l, cfg.Gradients(store, l)
	}
	var err error
	exec := func(e **model.Exec, f func(s *model.Scope, in []*graph.Node) []*graph.Node) {
		if err == nil {
			*e, err = model.NewExec(backend, store, f)
		}
	}
	exec(&r.add, func(s *model.Scope, in []*graph.Node) []*graph.Node {
		l, params := loss(s, in)
		optim.Accumulate(store, params)
		return []*graph.Node{l}
	})
	exec(&r.apply, func(s *model.Scope, in []*graph.Node) []*graph.Node {
		l, params := loss(s, in[1:])
		if n := r.Recipe.Train.Accumulate; n > 1 {
			params = optim.Collect(store, params, n)
		}
		return []*graph.Node{l, cfg.Apply(store, params, l, in[0])}
	})
	exec(&r.score, func(s *model.Scope, in []*graph.Node) []*graph.Node {
		nll, correct, count := r.Model.Score(s, in)
		return []*graph.Node{nll, correct, count}
	})
	exec(&r.sites, func(s *model.Scope, in []*graph.Node) []*graph.Node { return siteNodes(r.Model, store, s, in[0]) })
	return err
}

// Dir is the run folder; empty without one.
func (r *Run) Dir() string { return r.dir }

// Store holds the variables of the network and of its optimizer.
func (r *Run) Store() *model.Store { return r.store }

// Steps returns the updates done and those of the whole run.
func (r *Run) Steps() (done, all int) { return r.step, r.steps }

// Progress is called after every update with the newest metrics.
type Progress func(m Metrics)

// Train goes on to the end of the recipe's budget and leaves a checkpoint. When ctx ends, the update under way is
// finished, a checkpoint written, and the error is an *Interrupted. A loss or gradient that is not finite ends the run with
// a *Diverged; the last checkpoint stays.
func (r *Run) Train(ctx context.Context, progress Progress) (err error) {
	r.began = time.Now()
	defer func() {
		r.wall += time.Since(r.began)
		err = errors.Join(err, r.finish(err))
	}()
	if _, err := r.Start(); err != nil {
		return err
	}
	mark, markStep := r.spent, r.step
	for r.step < r.steps {
		if ctx.Err() != nil {
			if err := r.save(); err != nil {
				return err
			}
			return &Interrupted{Step: r.step, Dir: r.dir, Cause: context.Cause(ctx)}
		}
		m, err := r.update()
		if err != nil {
			return err
		}
		evaluate := r.step == r.steps || r.Recipe.Train.Eval > 0 && r.step%r.Recipe.Train.Eval == 0
		if evaluate || r.step%r.Recipe.Train.Log == 0 {
			m.PerSecond = float64(int64(r.step-markStep)*r.Recipe.step()) / (r.spent - mark).Seconds()
			mark, markStep = r.spent, r.step
			if evaluate {
				if err := r.evaluate(&m); err != nil {
					return err
				}
			}
			if err := r.record(m); err != nil {
				return err
			}
		}
		r.last = m
		if progress != nil {
			progress(m)
		}
		if r.step == r.steps || r.Recipe.Save.Every > 0 && r.step%r.Recipe.Save.Every == 0 {
			if err := r.save(); err != nil {
				return err
			}
		}
	}
	return nil
}

// update is one step of the optimizer.
func (r *Run) update() (Metrics, error) {
	start := time.Now()
	n, lr := r.Recipe.Train.Accumulate, r.rate.At(r.step)
	loss, gradNorm := 0.0, 0.0
	for i := range n {
		b, err := r.source.Next()
		if err != nil {
			return Metrics{}, err
		}
		args := inputs(b)
		if i < n-1 {
			out, err := r.add.Call(args...)
			if err != nil {
				return Metrics{}, err
			}
			loss += scalar(out[0])
			continue
		}
		controls := r.Recipe.Optim.Tensor(optim.Controls{LR: lr, Decay: r.decay.At(r.step), Step: r.step + 1})
		out, err := r.apply.Call(append([]any{controls}, args...)...)
		if err != nil {
			return Metrics{}, err
		}
		loss, gradNorm = (loss+scalar(out[0]))/float64(n), scalar(out[1])
		if !finite(loss) || !finite(gradNorm) {
			return Metrics{}, r.diverged(loss, gradNorm, args)
		}
	}
	r.step++
	r.spent += time.Since(start)
	return Metrics{Step: r.step, Tokens: int64(r.step) * r.Recipe.step(), Wall: (r.wall + time.Since(r.began)).Seconds(), Loss: loss, LR: lr, GradNorm: gradNorm}, nil
}

func inputs(b data.Batch) []any {
	args := make([]any, len(b.Inputs))
	for i, a := range b.Inputs {
		if a.F32 != nil {
			args[i] = tensors.FromFlatDataAndDimensions(a.F32, a.Shape...)
		} else {
			args[i] = tensors.FromFlatDataAndDimensions(a.I32, a.Shape...)
		}
	}
	return args
}

func scalar(t *tensors.Tensor) float64 { return float64(tensors.ToScalar[float32](t)) }

func finite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
