package build

import (
	"sync"
	"testing"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
)

// Two that compile the same function at once run one plan, and it is kept once.
func TestEqualFunctionsCompiledAtOnceShareAPlan(t *testing.T) {
	var p plans
	var both, done sync.WaitGroup
	both.Add(2)
	var got [2]*plan.Plan
	for i := range got {
		done.Add(1)
		go func() {
			defer done.Done()
			got[i], _ = p.of(ir.NewFunc("f"), func(*ir.Func) (*plan.Plan, error) {
				both.Done()
				both.Wait() // neither keeps its plan before the other has begun
				return &plan.Plan{}, nil
			})
		}()
	}
	done.Wait()
	if got[0] == nil || got[0] != got[1] || len(p.kept) != 1 {
		t.Errorf("plans %p and %p, %d kept, expected one", got[0], got[1], len(p.kept))
	}
}
