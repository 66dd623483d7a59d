package build

import (
	"slices"
	"sync"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/plan"
)

// plans are the newest plans of a backend. A function that is recorded again, by a second network of the same sizes or by a
// program that builds its graph anew, runs the plan that there is: a plan is data, which executables share.
type plans struct {
	mutex sync.Mutex
	kept  []keptPlan // newest last
}

type keptPlan struct {
	recorded *ir.Func
	plan     *plan.Plan
}

const (
	keptPlans     = 8       // a training program has a handful of functions; more only hold memory
	keptConstants = 4 << 20 // bytes of constants beyond which a plan is not kept: it holds them
)

// of returns the plan of f, which it has or which planning makes.
func (p *plans) of(f *ir.Func, planning func(*ir.Func) (*plan.Plan, error)) (*plan.Plan, error) {
	if f.ConstantBytes() > keptConstants {
		return planning(f)
	}
	if known := p.find(f); known != nil {
		return known, nil
	}
	made, err := planning(f)
	if err != nil {
		return nil, err
	}
	return p.keep(keptPlan{f, made}), nil
}

// find returns the plan of a function equal to f, which then is the newest, or nil.
func (p *plans) find(f *ir.Func) *plan.Plan {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	return p.known(f)
}

// known is find for who holds the mutex.
func (p *plans) known(f *ir.Func) *plan.Plan {
	i := slices.IndexFunc(p.kept, func(k keptPlan) bool { return ir.Same(k.recorded, f) })
	if i < 0 {
		return nil
	}
	found := p.kept[i]
	p.kept = append(slices.Delete(p.kept, i, i+1), found)
	return found.plan
}

// keep returns the plan to run: k's, which it keeps, or the one that somebody else kept meanwhile for an equal function.
func (p *plans) keep(k keptPlan) *plan.Plan {
	p.mutex.Lock()
	defer p.mutex.Unlock()
	if first := p.known(k.recorded); first != nil {
		return first
	}
	if len(p.kept) == keptPlans {
		p.kept = slices.Delete(p.kept, 0, 1)
	}
	p.kept = append(p.kept, k)
	return k.plan
}
