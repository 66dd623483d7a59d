// Package study drives experiments of several runs. Read quickstart.go first: the smallest of them, twins that fit a budget
// of time.
package study

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/report"
	"github.com/dyt-go/dyt/train"
	"github.com/gomlx/compute"
)

// Quickstart is what a first evening asks for.
type Quickstart struct {
	Budget  time.Duration // of everything, from Started on
	Started time.Time
	Source  data.Config // where the text comes from: source and path; the rest is the recipe's
	Dir     string      // of the runs and the report
	Seed    uint64
	Say     func(format string, args ...any) // tells the person who waits
	Watch   train.Watch
	Clock   func() time.Time // nil: time.Now
}

// Quickstarted is what came of it.
type Quickstarted struct {
	*train.Comparison
	Data      *data.Dataset
	Baselines data.Baselines
	Recipe    train.Recipe
	Runs      map[string]string // folders, by Recipe.NormName
	Samples   []report.Sample   // what each twin writes
}

// ladder are the recipes to choose from, the largest first.
var ladder = []string{"llama-0.87M", "llama-0.1M"}

const (
	// fewest updates with which a model of the ladder is worth its time: below, a smaller one ends lower. On a Zen 3 thread 585 updates
	// of the 0.87M take 202 s and end at 2.49 bits per byte with RMSNorm, 2.55 with DyT; the 0.1M is at 2.40 and 2.52 after
	// 127 s. With 970 updates the 0.87M ends at 2.27 and 2.31.
	fewest = 750
	// most tokens of a twin: from here on the quickstart would not be one.
	most = 20_000_000
	// baselineBytes of training text are counted for the baselines.
	baselineBytes = 6 << 20
	// shortValidation is the length of a validation pass in budgets under a minute, in tokens.
	shortValidation = 16384
	// patience is the share of the budget that the timing of one network may take.
	patience = 0.015
	// sampleTokens of text are drawn from each twin at its end.
	sampleTokens = 240
)

// Run reads the text, finds out how fast this machine trains, and trains twins for as many tokens as both can see in the
// budget: RMSNorm and DyT, equal tokens, not equal time.
func (q Quickstart) Run(ctx context.Context, backend compute.Backend) (*Quickstarted, error) {
	result := &Quickstarted{Runs: map[string]string{}}
	for i, name := range ladder {
		r, err := train.Find(name)
		if err != nil {
			return nil, err
		}
		r.Data.Source, r.Data.Path, r.Train.Seed = q.Source.Source, q.Source.Path, q.Seed
		if q.Budget < time.Minute {
			r.Data.ValTokens = shortValidation
		}
		if i == 0 {
			if result.Data, err = data.Load(ctx, r.Data); err != nil {
				return nil, conf.WithCode(err, conf.ExitInput)
			}
			q.Say("%s", result.Data)
			if result.Baselines, err = result.Data.Baselines(baselineBytes); err != nil {
				return nil, err
			}
		} else {
			cut := *result.Data // the same text, in this recipe's windows
			cut.Config = r.Data
			result.Data = &cut
		}
		need := fewest
		if i == len(ladder)-1 {
			need = 0
		}
		p, err := q.calibrate(ctx, backend, r, result.Data, need)
		if err != nil {
			return nil, err
		}
		if steps, _ := p.plan(q.left()); steps < need {
			q.Say("%s: the budget pays for %d of the %d updates from which on it is worth its time; taking a smaller model", name, steps, need)
			continue
		}
		return result, q.train(ctx, backend, r, p, result)
	}
	panic("BUG: study: the ladder has no last model")
}

// train trains the twins. Once one of them has begun, its own pace shows whether the plan holds: if not, they begin again with
// another number of updates, since the schedule of both follows from it.
func (q Quickstart) train(ctx context.Context, backend compute.Backend, r train.Recipe, p pace, result *Quickstarted) error {
	for {
		steps, evaluations := p.plan(q.left())
		steps = min(max(steps, 1), int(most/r.WithSteps(1).Train.Tokens))
		result.Recipe = r.WithSteps(steps)
		result.Recipe.Train.Eval, result.Recipe.Train.Sample = max(steps/evaluations, 1), 0 // the samples are drawn at the end
		baseline, err := result.Recipe.WithNorm(norm.RMSNorm)
		if err != nil {
			return err
		}
		q.Say("twins: %s each, seed %d", result.Recipe.Describe(), q.Seed)
		twins := train.Twins{Baseline: baseline, Candidate: result.Recipe, Seeds: []uint64{q.Seed}}
		paced, stop := context.WithCancelCause(ctx)
		result.Comparison, err = twins.Run(paced, backend, result.Data, q.Dir, q.watch(&p, baseline, stop), func(r *train.Run) error {
			result.Runs[r.Recipe.NormName()] = r.Dir()
			s, err := r.Sample(ctx, sampleTokens)
			result.Samples = append(result.Samples, s)
			return err
		})
		stop(nil)
		if !errors.Is(err, errPace) || ctx.Err() != nil {
			return err
		}
		q.Say("this machine is at another pace than it was in the timing; beginning again")
		if err := twins.Remove(q.Dir); err != nil {
			return err
		}
	}
}

// References are the baselines as levels of the report.
func (q *Quickstarted) References() []report.Reference {
	b := q.Baselines
	return []report.Reference{{Name: "order 0", Value: b.Order[0]}, {Name: "order 1", Value: b.Order[1]}, {Name: "order 2", Value: b.Order[2]}, {Name: "order 3", Value: b.Order[3]}, {Name: "gzip -9", Value: b.Gzip}}
}

// Line is the baselines in a line.
func (q *Quickstarted) Line() string {
	b := q.Baselines
	return fmt.Sprintf("order-0 %.2f · order-1 %.2f · order-2 %.2f · order-3 %.2f · gzip -9 %.2f bits per byte", b.Order[0], b.Order[1], b.Order[2], b.Order[3], b.Gzip)
}
