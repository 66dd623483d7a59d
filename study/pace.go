package study

import (
	"context"
	"errors"
	"time"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train"
	"github.com/gomlx/compute"
)

// pace is how long twins take.
type pace struct {
	update     [2]time.Duration // of the baseline, of the candidate
	compile    time.Duration    // both networks, with their first updates
	evaluation time.Duration    // of both networks, once
	tries      int              // plans that did not hold
}

const (
	// margin is the share of the time left that a plan leaves free.
	margin = 0.04
	// most evaluations of a run, spread evenly: points of its validation curve; fewer where they cost more than the share
	// evaluating of the time.
	mostEvaluations = 5
	evaluating      = 0.15
	// slack is how far, as a share of the budget, the end may be from it before a plan is given up.
	slack = 0.08
	// probation is the share of the first run after which its pace is compared with the plan.
	probation = 0.1
	// mostTries bounds the time that given-up plans cost on a machine of changing speed.
	mostTries = 3
)

var errPace = errors.New("study: the plan does not fit this machine's pace")

// now is the time by the quickstart's clock.
func (q Quickstart) now() time.Time {
	if q.Clock != nil {
		return q.Clock()
	}
	return time.Now()
}

// left is what is left of the budget.
func (q Quickstart) left() time.Duration { return q.Budget - q.now().Sub(q.Started) }

// plan returns how many updates of each twin fit, and how many evaluations.
func (p pace) plan(left time.Duration) (steps, evaluations int) {
	evaluations = min(max(1, int(evaluating*float64(left)/float64(p.evaluation))), mostEvaluations)
	free := float64(left)*(1-margin) - float64(p.rest(evaluations))
	return max(0, int(free/float64(p.update[0]+p.update[1]))), evaluations
}

// rest is the time of all but the updates.
func (p pace) rest(evaluations int) time.Duration {
	return p.compile + time.Duration(evaluations)*p.evaluation
}

// calibrate times both twins of a recipe; where the first leaves no room for the fewest updates that both should have, it alone
// speaks for both.
func (q Quickstart) calibrate(ctx context.Context, backend compute.Backend, r train.Recipe, d *data.Dataset, fewest int) (p pace, err error) {
	for i, kind := range []norm.Kind{norm.RMSNorm, r.Norm.Kind} {
		twin, err := r.WithNorm(kind)
		if err != nil {
			return p, err
		}
		speed, err := train.Calibrate(ctx, backend, twin, d, time.Duration(patience*float64(q.Budget)))
		if err != nil {
			return p, err
		}
		p.update[i] = speed.Update
		p.compile += speed.First
		p.evaluation += speed.Evaluation
		if i == 0 && time.Duration(2*fewest)*speed.Update > q.left() {
			return pace{[2]time.Duration{speed.Update, speed.Update}, 2 * p.compile, 2 * p.evaluation, 0}, nil
		}
	}
	return p, nil
}

// watch passes on what the runs say and, when the first of them is through its probation, gives the plan up with errPace if the
// twins would end too far from the budget; p then holds the pace of the run.
func (q Quickstart) watch(p *pace, first train.Recipe, giveUp context.CancelCauseFunc) train.Watch {
	var began time.Time
	return func(r train.Recipe, m train.Metrics, steps int) {
		if q.Watch != nil {
			q.Watch(r, m, steps)
		}
		if m.Step == 1 {
			began = q.now() // the first update compiles
		}
		if r.NormName() != first.NormName() || m.Step != max(2, int(probation*float64(steps))) || p.tries == mostTries {
			return
		}
		update := q.now().Sub(began) / time.Duration(m.Step-1)
		ratio := float64(p.update[1]) / float64(p.update[0])
		ahead := float64(update)*(float64(steps-m.Step)+ratio*float64(steps)) + float64(p.rest(steps/r.Train.Eval))
		late := (ahead - float64(q.left())) / float64(q.Budget) // below 0: early
		if late > 0 || late < -slack && !atMost(r, steps) {
			p.update = [2]time.Duration{update, time.Duration(ratio * float64(update))}
			p.tries++
			giveUp(errPace)
		}
	}
}

// atMost says whether a run is as long as a quickstart may be.
func atMost(r train.Recipe, steps int) bool { return int64(steps+1)*r.WithSteps(1).Train.Tokens > most }
