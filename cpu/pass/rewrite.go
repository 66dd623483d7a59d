package pass

import (
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// rewriter builds a function from another one, op by op.
type rewriter struct {
	from, to *ir.Func
	values   []*ir.Value               // by value of from: what stands for it
	uses     []int                     // by value of from
	body     func(f *ir.Func) *ir.Func // what stands for a function that an op runs
	args     []*ir.Value               // of the op that is copied
}

// rewrite returns f with every op that the results need either replaced, when replace returns true, or copied.
// Parameters, captures and results keep their places.
func rewrite(f *ir.Func, replace func(r *rewriter, op *ir.Op) bool) *ir.Func {
	return rewriteWith(f, replace, func(f *ir.Func) *ir.Func { return f })
}

// rewriteWith is rewrite, with what body returns for the functions that ops run.
func rewriteWith(f *ir.Func, replace func(r *rewriter, op *ir.Op) bool, body func(f *ir.Func) *ir.Func) *ir.Func {
	r := &rewriter{body: body, from: f, to: ir.NewFunc(f.Name), values: make([]*ir.Value, f.NumValues()), uses: make([]int, f.NumValues())}
	for i, p := range f.Params {
		r.values[p.ID] = r.to.Param(f.ParamNames[i], p.Shape)
	}
	for _, c := range f.Captures {
		r.values[c.ID] = r.to.Capture(c.Shape)
	}
	live := f.LiveOps()
	r.to.Grow(len(live))
	for _, op := range live {
		for v := range op.Inputs {
			r.uses[v.ID]++
		}
	}
	for _, v := range f.Results {
		r.uses[v.ID]++
	}
	for _, op := range live {
		if !replace(r, op) {
			r.keep(op)
		}
	}
	r.to.Return(r.all(f.Results)...)
	return r.to
}

// keep copies op.
func (r *rewriter) keep(op *ir.Op) {
	var bodies []ir.Body
	for _, b := range op.Bodies {
		bodies = append(bodies, ir.Body{Func: r.body(b.Func), Captures: r.all(b.Captures)})
	}
	results := make([]shapes.Shape, 0, 4)
	for _, v := range op.Results {
		results = append(results, v.Shape)
	}
	r.args = r.append(r.args[:0], op.Args)
	copied := r.to.Add(op.Kind, r.args, op.Attr, bodies, results...)
	for i, v := range op.Results {
		r.values[v.ID] = copied.Results[i]
	}
}

// add appends an op of one result to the new function.
func (r *rewriter) add(kind ir.Kind, attr ir.Attr, shape shapes.Shape, args ...*ir.Value) *ir.Value {
	return r.to.Add(kind, args, attr, nil, shape).Result()
}

// become says what stands for the result of op.
func (r *rewriter) become(op *ir.Op, v *ir.Value) bool {
	r.values[op.Result().ID] = v
	return true
}

// all maps values of the old function to the new one.
func (r *rewriter) all(list []*ir.Value) []*ir.Value {
	return r.append(make([]*ir.Value, 0, len(list)), list)
}

func (r *rewriter) append(out, list []*ir.Value) []*ir.Value {
	for _, v := range list {
		if v != nil {
			v = r.values[v.ID]
		}
		out = append(out, v)
	}
	return out
}

func (r *rewriter) of(v *ir.Value) *ir.Value { return r.values[v.ID] }
