package study

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train"
)

// twinsPace is 10 ms an update of the first twin and 15 of the second, 1 s to compile and 2 s to evaluate.
var twinsPace = pace{update: [2]time.Duration{10 * time.Millisecond, 15 * time.Millisecond}, compile: time.Second, evaluation: 2 * time.Second}

// TestPlansFillTheBudget: what a plan takes at the pace it was made for ends between 90 % of the time and all of it.
func TestPlansFillTheBudget(t *testing.T) {
	for left, wantEvaluations := range map[time.Duration]int{10 * time.Second: 1, 30 * time.Second: 2, 180 * time.Second: 5} {
		steps, evaluations := twinsPace.plan(left)
		takes := twinsPace.rest(evaluations) + time.Duration(steps)*25*time.Millisecond
		if takes > left || takes < left*9/10 || evaluations != wantEvaluations {
			t.Errorf("%v: %d updates and %d evaluations take %v, expected %d evaluations", left, steps, evaluations, takes, wantEvaluations)
		}
	}
	if steps, _ := twinsPace.plan(2 * time.Second); steps != 0 {
		t.Errorf("%d updates in no time", steps)
	}
}

// TestAPlanThatDoesNotHoldIsGivenUp: the first run is as fast as planned, three times as slow, three times as fast.
func TestAPlanThatDoesNotHoldIsGivenUp(t *testing.T) {
	for speed, givenUp := range map[float64]bool{1: false, 1. / 3: true, 3: true} {
		p := twinsPace
		var now time.Time
		q := Quickstart{Budget: time.Minute, Started: now, Clock: func() time.Time { return now }}
		steps, evaluations := p.plan(q.left())
		r, err := train.Find("llama-0.1M")
		if err != nil {
			t.Fatal(err)
		}
		if r, err = r.WithSteps(steps).WithNorm(norm.RMSNorm); err != nil {
			t.Fatal(err)
		}
		r.Train.Eval = steps / evaluations
		ctx, cancel := context.WithCancelCause(context.Background())
		watch := q.watch(&p, r, cancel)
		update := time.Duration(float64(p.update[0]) / speed)
		for step := 1; step <= steps && ctx.Err() == nil; step++ {
			watch(r, train.Metrics{Step: step}, steps)
			now = now.Add(update)
		}
		if got := errors.Is(context.Cause(ctx), errPace); got != givenUp {
			t.Errorf("%g times as fast as planned: given up %v, expected %v", speed, got, givenUp)
		}
		if givenUp && (p.update[0] != update || p.update[1] != update*3/2) {
			t.Errorf("%g times as fast as planned: the new pace is %v, the run's %v", speed, p.update, update)
		}
		cancel(nil)
	}
}
