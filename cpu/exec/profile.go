package exec

import (
	"time"

	"github.com/dyt-go/dyt/cpu/kernel/attn"
	"github.com/dyt-go/dyt/cpu/plan"
)

// StepTime is what one step of a plan took, over all executions so far.
type StepTime struct {
	Line  string // as the plan prints it
	Name  string // who runs it, as Step.Name says
	Flops float64
	Heads bool // a multiplication of many pairs of matrices, as attention has them
	Runs  int64
	Total time.Duration
}

// Times returns a row for each step of the plan, in order. Flops are those of multiplications alone, one execution's. An
// attention has two products, its gradient four; that the latter computes one of the former again does not count.
func (e *Executable) Times() []StepTime {
	list := make([]StepTime, len(e.plan.Steps))
	for i := range e.plan.Steps {
		s := &e.plan.Steps[i]
		list[i] = StepTime{Line: e.plan.Line(i), Name: s.Name(), Runs: e.clock.runs[i].Load(), Total: time.Duration(e.clock.nanos[i].Load())}
		if g := s.Gemm; g != nil {
			list[i].Flops = 2 * float64(g.M) * float64(g.K) * float64(g.N) * float64(g.Batches())
			list[i].Heads = g.Batches() > 1
		}
		if a := s.Attention; a != nil {
			products := 2
			if a.Backward {
				products = 4
			}
			list[i].Flops, list[i].Heads = float64(products*a.Heads())*headFlops(a.Shape), true
		}
	}
	return list
}

// Plan returns what the executable runs.
func (e *Executable) Plan() *plan.Plan { return e.plan }

// headFlops is the arithmetic of one product of a head, of which a causal one needs half.
func headFlops(s attn.Shape) float64 {
	flops := float64(s.Repeat) * float64(s.Queries) * float64(s.Keys) * float64(s.Depth+s.ValueDepth)
	if s.Causal {
		return flops / 2
	}
	return flops
}
