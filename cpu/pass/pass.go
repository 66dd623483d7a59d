// Package pass rewrites a function into one that computes the same with less work.
//
// The first pass makes a new function of the one that was recorded, which nobody changes; the others change the new one. All in
// this file is the list of them in the order in which they run. The package knows no kernel and runs nothing itself: constants are computed by Env.Fold. What depends on
// memory, such as which ops run together, is for plan to decide.
//
// Read All first, then rewrite.go.
package pass

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Env is what passes need from outside.
type Env struct {
	// Fold runs a function without parameters and returns the elements of each result.
	Fold func(f *ir.Func) ([]any, error)
	// Watch, when not nil, is shown each function as recorded and after each pass; what it runs comes before it.
	Watch func(Stage)
}

// Stage is a function at one point of its way through the passes.
type Stage struct {
	Pass string // its name; "recorded" before the first one
	Why  string
	Text string // of the function
	Ops  int    // how many it has
}

// Pass is one rewrite.
type Pass struct {
	Name string
	Why  string // why it stands where it stands
	Run  func(f *ir.Func, env Env) (*ir.Func, error)
}

// All lists the passes in order.
var All = []Pass{
	{"simplify", "first: it copies what somebody reads; and before constants are computed, since it makes some", simplify},
	{"fold constants", "after simplify, which leaves fewer of them", fold},
	{"drop dead ops", "last: the others leave ops that nobody reads", dead},
}

// Run applies all passes to f and to the functions that it runs. A function of dynamic shape is returned as it is.
func Run(f *ir.Func, env Env) (*ir.Func, error) {
	if f.IsDynamic() {
		return f, nil
	}
	return env.all(f, make(map[*ir.Func]*ir.Func))
}

// all rewrites f once, however often it is run; done remembers.
func (env Env) all(f *ir.Func, done map[*ir.Func]*ir.Func) (*ir.Func, error) {
	if done[f] != nil {
		return done[f], nil
	}
	from := f
	if slices.ContainsFunc(f.Ops, func(op *ir.Op) bool { return len(op.Bodies) > 0 }) {
		var failed error
		f = rewriteWith(f, func(*rewriter, *ir.Op) bool { return false }, func(inner *ir.Func) *ir.Func {
			inner, err := env.all(inner, done)
			failed = cmp.Or(failed, err)
			return inner
		})
		if failed != nil {
			return nil, failed
		}
	}
	env.watch("recorded", "the calls of compute.Function, equal ones merged", from)
	for _, p := range All {
		next, err := p.Run(f, env)
		if err != nil {
			return nil, fmt.Errorf("pass: %s: func @%s: %w", p.Name, f.Name, err)
		}
		f = next
		env.watch(p.Name, p.Why, f)
	}
	done[from] = f
	return f, nil
}

func (env Env) watch(pass, why string, f *ir.Func) {
	if env.Watch != nil {
		env.Watch(Stage{pass, why, f.String(), len(f.Ops)})
	}
}

func dead(f *ir.Func, _ Env) (*ir.Func, error) {
	f.Prune()
	return f, nil
}
