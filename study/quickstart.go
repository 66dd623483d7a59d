// Package study drives experiments of several runs. Read quickstart.go first: the smallest of them, twins that fit a budget
// of time.
package study

import (
	"context"
	"fmt"
	"time"

	"github.com/dyt-go/dyt/data"
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
	// fewest updates with which a model of the ladder is worth its time: below, a smaller one ends lower.
	fewest = 300
	// most tokens of a twin: from here on the quickstart would not be one.
	most = 20_000_000
	// baselineBytes of training text are counted for the baselines.
	baselineBytes = 6 << 20
	// shortValidation is the length of a validation pass in budgets under a minute, in tokens.
	shortValidation = 16384
	// patience is the share of the budget that the calibration of one twin may take.
	patience = 0.05
	// evaluations of each run, spread evenly: points of its validation curve.
	evaluations = 5
	// sampleTokens of text are drawn from each twin at its end.
	sampleTokens = 240
	// reserve is the share of the time left after calibration that evaluations, checkpoints, samples and the report get.
	reserve = 0.15
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
				return nil, err
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
		steps, err := q.calibrate(ctx, backend, r, result.Data)
		if err != nil {
			return nil, err
		}
		if steps < fewest && i < len(ladder)-1 {
			q.Say("%s: %d updates would fit; taking a smaller model", name, steps)
			continue
		}
		result.Recipe = r.WithSteps(max(steps, 1))
		result.Recipe.Train.Eval, result.Recipe.Train.Sample = max(steps/evaluations, 1), 0 // the samples are drawn at the end
		break
	}
	baseline, err := result.Recipe.WithNorm(norm.RMSNorm)
	if err != nil {
		return nil, err
	}
	q.Say("twins: %s each, seed %d", result.Recipe.Describe(), q.Seed)
	twins := train.Twins{Baseline: baseline, Candidate: result.Recipe, Seeds: []uint64{q.Seed}}
	result.Comparison, err = twins.Run(ctx, backend, result.Data, q.Dir, q.Watch, func(r *train.Run) error {
		result.Runs[r.Recipe.NormName()] = r.Dir()
		s, err := r.Sample(ctx, sampleTokens)
		result.Samples = append(result.Samples, s)
		return err
	})
	return result, err
}

// calibrate returns how many updates of each twin fit in what is left of the budget.
func (q Quickstart) calibrate(ctx context.Context, backend compute.Backend, r train.Recipe, d *data.Dataset) (int, error) {
	perUpdate := time.Duration(0) // of both twins together
	compiling := time.Duration(0) // and their first update, which a run pays again
	for _, kind := range []norm.Kind{norm.RMSNorm, r.Norm.Kind} {
		twin, err := r.WithNorm(kind)
		if err != nil {
			return 0, err
		}
		speed, err := train.Calibrate(ctx, backend, twin, d, time.Duration(patience*float64(q.Budget)))
		if err != nil {
			return 0, err
		}
		perUpdate += speed.Update
		compiling += speed.First + evaluations*speed.Evaluation
	}
	left := q.Budget - time.Since(q.Started) - compiling
	steps := int(float64(left) * (1 - reserve) / float64(perUpdate))
	return min(max(steps, 0), int(most/r.WithSteps(1).Train.Tokens)), nil
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
