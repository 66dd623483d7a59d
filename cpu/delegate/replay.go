package delegate

import (
	"fmt"

	"github.com/gomlx/compute"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Issue calls on f, a function of any backend, the method that op was recorded from. args stand for op.Args, nil
// for an operand left out, and fns for the functions of op.Bodies.
func Issue(f compute.Function, op *ir.Op, args []compute.Value, fns []compute.Function) ([]compute.Value, error) {
	if op.Kind == ir.Constant {
		return one(f.Constant(op.Attr.(ir.ConstantAttr).Flat, op.Result().Shape.Dimensions...))
	}
	return issue(f, op, args, fns)
}

// replay rebuilds functions in another builder. Named functions, the targets of call, are rebuilt once.
type replay struct {
	builder compute.Builder
	named   map[*ir.Func]compute.Function
}

// scope holds, by value ID, what stands for the values of one ir function.
type scope []compute.Value

func (s scope) all(values []*ir.Value) []compute.Value {
	out := make([]compute.Value, len(values))
	for i, v := range values {
		if v != nil {
			out[i] = s[v.ID]
		}
	}
	return out
}

// ops issues ops to target in order and enters their results into s.
func (r *replay) ops(target compute.Function, ops []*ir.Op, s scope) error {
	for _, op := range ops {
		fns := make([]compute.Function, len(op.Bodies))
		for i, body := range op.Bodies {
			var err error
			if fns[i], err = r.body(target, op, body, s); err != nil {
				return err
			}
		}
		results, err := Issue(target, op, s.all(op.Args), fns)
		if err != nil {
			return fmt.Errorf("delegate: %s: %w", op, err)
		}
		if len(results) < len(op.Results) {
			return fmt.Errorf("BUG: delegate: %s: the Go backend gives %d results", op, len(results))
		}
		for i, v := range op.Results {
			s[v.ID] = results[i]
		}
	}
	return nil
}

// body rebuilds a function that op runs: a named one for call, else a closure of target.
func (r *replay) body(target compute.Function, op *ir.Op, body ir.Body, s scope) (compute.Function, error) {
	if op.Kind != ir.Call {
		closure, err := target.Closure()
		if err != nil {
			return nil, err
		}
		return closure, r.function(closure, body.Func, s.all(body.Captures))
	}
	if f, ok := r.named[body.Func]; ok {
		return f, nil
	}
	f, err := r.builder.NewFunction(fmt.Sprintf("%s.%d", body.Func.Name, len(r.named)))
	if err != nil {
		return nil, err
	}
	r.named[body.Func] = f
	return f, r.function(f, body.Func, nil)
}

// function rebuilds f in target. captures are values of the surrounding scope; the Go backend captures them itself.
func (r *replay) function(target compute.Function, f *ir.Func, captures []compute.Value) error {
	s := make(scope, f.NumValues())
	for i, v := range f.Captures {
		s[v.ID] = captures[i]
	}
	if err := params(target, f.Params, f.ParamNames, s); err != nil {
		return err
	}
	if err := r.ops(target, f.LiveOps(), s); err != nil {
		return err
	}
	return results(target, f.Results, s)
}

// params declares all parameters before the first op: the Go backend crashes on one that was created after the last
// value that the results need.
func params(target compute.Function, values []*ir.Value, names []string, s scope) error {
	for i, v := range values {
		p, err := target.Parameter(names[i], v.Shape, nil)
		if err != nil {
			return err
		}
		s[v.ID] = p
	}
	return nil
}

// results returns values. A result that no op made becomes a copy, for the same crash: where every result is a
// parameter, other parameters would come after the last of them.
func results(target compute.Function, values []*ir.Value, s scope) error {
	out := s.all(values)
	for i, v := range values {
		if v.Def != nil {
			continue
		}
		var err error
		if out[i], err = target.Identity(out[i]); err != nil {
			return err
		}
	}
	return target.Return(out, nil)
}

func joinPointer[T any](config *T, values []compute.Value, join func(T, []compute.Value) T) *T {
	if config == nil {
		return nil
	}
	joined := join(*config, values)
	return &joined
}

func joinList[T any](configs []T, values []compute.Value, join func(T, []compute.Value) T) []T {
	if len(configs) == 0 {
		return nil
	}
	each := len(values) / len(configs)
	joined := make([]T, len(configs))
	for i, c := range configs {
		joined[i] = join(c, values[i*each:(i+1)*each])
	}
	return joined
}

func one(v compute.Value, err error) ([]compute.Value, error) {
	return []compute.Value{v}, err
}

func two(v, w compute.Value, err error) ([]compute.Value, error) {
	return []compute.Value{v, w}, err
}

func three(v, w, x compute.Value, err error) ([]compute.Value, error) {
	return []compute.Value{v, w, x}, err
}

func oneAndMore(v compute.Value, more []compute.Value, err error) ([]compute.Value, error) {
	return append([]compute.Value{v}, more...), err
}
