package train

import (
	"errors"
	"fmt"
	"io"
)

// Interrupted says that a run stopped on request, after a checkpoint.
type Interrupted struct {
	Step  int
	Dir   string // the run folder
	Cause error
}

func (e *Interrupted) Error() string {
	text := fmt.Sprintf("train: stopped after step %d (%v)", e.Step, e.Cause)
	if e.Dir != "" {
		text += "; to go on: dyt train " + e.Dir + " --resume"
	}
	return text
}

func (e *Interrupted) Unwrap() error { return e.Cause }

// Diverged says that loss or gradient stopped being a number.
type Diverged struct {
	Step           int // the update that failed
	Loss, GradNorm float64
	Site           string // the first norm site whose input is not finite; empty when all are
}

func (e *Diverged) Error() string {
	text := fmt.Sprintf("train: step %d diverged: loss %g, gradient norm %g", e.Step, e.Loss, e.GradNorm)
	if e.Site != "" {
		text += "; the first input that is not finite is at " + e.Site
	}
	return text + "; try a lower optim.lr, a longer optim.warmup or a smaller alpha0"
}

// diverged looks for the site on the batch that failed: the update left the parameters as they were.
func (r *Run) diverged(loss, gradNorm float64, batch []any) error {
	e := &Diverged{Step: r.step + 1, Loss: loss, GradNorm: gradNorm}
	lines, err := r.siteMetrics(r.step, batch)
	if err != nil {
		return errors.Join(e, err)
	}
	for _, s := range lines {
		if !finite(s.RMSIn) {
			e.Site = s.Site
			break
		}
	}
	return e
}

func endOfPass(err error) bool { return errors.Is(err, io.EOF) }
