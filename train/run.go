package train

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
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

	Skipped []*DamagedCheckpoint // checkpoints that the run did not go on from, newest first; until it saves one

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
	idle  time.Duration // of it, waiting for batches; of this piece of the run
	wall  time.Duration // of earlier pieces of this run
	began time.Time     // of this piece
	last  Metrics
	folder
}

// Open prepares a run in folder dir: a fresh one, or when dir holds a complete checkpoint, the continuation from the
// newest. A folder whose recipe differs is refused with the differences named. An empty dir leaves no files.
//
// The first values depend on the seed, the names and the shapes alone, so twins share what both have.
func Open(backend compute.Backend, r Recipe, d *data.Dataset, dir string) (*Run, error) {
	return openRun(backend, r, d, dir, false)
}

// OpenChanged is Open for a run that may go on with another recipe: another budget, schedule, optimizer setting, other intervals.
// The folder's record then says what changed, and after which update. Another network, optimizer, batch, seed or other data are
// errors, and the folder stays as it was.
func OpenChanged(backend compute.Backend, r Recipe, d *data.Dataset, dir string) (*Run, error) {
	return openRun(backend, r, d, dir, true)
}

func openRun(backend compute.Backend, r Recipe, d *data.Dataset, dir string, mayChange bool) (*Run, error) {
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
	return run, run.openFolder(dir, d, mayChange)
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
	exec := func(e **model.Exec, name string, f func(s *model.Scope, in []*graph.Node) []*graph.Node) {
		if err != nil {
			return
		}
		if *e, err = model.NewExec(backend, store, f); err == nil {
			(*e).WithName(name) // by which errors and DYT_DEBUG call it
		}
	}
	exec(&r.add, "accumulate", func(s *model.Scope, in []*graph.Node) []*graph.Node {
		l, params := loss(s, in)
		optim.Accumulate(store, params)
		return []*graph.Node{l}
	})
	exec(&r.apply, "update", func(s *model.Scope, in []*graph.Node) []*graph.Node {
		l, params := loss(s, in[1:])
		if n := r.Recipe.Train.Accumulate; n > 1 {
			params = optim.Collect(store, params, n)
		}
		return []*graph.Node{l, cfg.Apply(store, params, l, in[0])}
	})
	exec(&r.score, "score", func(s *model.Scope, in []*graph.Node) []*graph.Node {
		nll, correct, count := r.Model.Score(s, in)
		return []*graph.Node{nll, correct, count}
	})
	exec(&r.sites, "norm sites", func(s *model.Scope, in []*graph.Node) []*graph.Node { return siteNodes(r.Model, store, s, in[0]) })
	return err
}

// Dir is the run folder; empty without one.
func (r *Run) Dir() string { return r.dir }

// Store holds the variables of the network and of its optimizer.
func (r *Run) Store() *model.Store { return r.store }

// Changed returns what OpenChanged found changed.
func (r *Run) Changed() []Difference { return r.changed }

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
	since := r.mark()
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
			r.pace(&m, since)
			since = r.mark()
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
		asked := time.Now()
		b, err := r.source.Next()
		if err != nil {
			return Metrics{}, err
		}
		r.idle += time.Since(asked)
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
	return r.metrics(loss, lr, gradNorm), nil
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
