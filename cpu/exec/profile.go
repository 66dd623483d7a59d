package exec

import (
	"time"

	"github.com/dyt-go/dyt/cpu/plan"
)

// StepTime is what one step of a plan took, over all executions so far.
type StepTime struct {
	Line  string // as the plan prints it
	Name  string // who runs it: gemm, cluster, move, region
	Flops float64
	Heads bool // a multiplication of many pairs of matrices, as attention has them
	Runs  int64
	Total time.Duration
}

// Times returns a row for each step of the plan, in order. Flops are those of multiplications alone, one execution's.
func (e *Executable) Times() []StepTime {
	list := make([]StepTime, len(e.plan.Steps))
	for i := range e.plan.Steps {
		s := &e.plan.Steps[i]
		list[i] = StepTime{Line: e.plan.Line(i), Name: s.Name(), Runs: e.clock.runs[i].Load(), Total: time.Duration(e.clock.nanos[i].Load())}
		if g := s.Gemm; g != nil {
			list[i].Flops = 2 * float64(g.M) * float64(g.K) * float64(g.N) * float64(g.Batches())
			list[i].Heads = g.Batches() > 1
		}
	}
	return list
}

// Plan returns what the executable runs.
func (e *Executable) Plan() *plan.Plan { return e.plan }
