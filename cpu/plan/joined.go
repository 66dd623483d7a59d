package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// joined is a concatenation of the gradients of an attention's queries, keys and values: what one projection makes of all
// three, its gradient puts together again. The step then writes all of them where the concatenation would have put them.
type joined struct {
	op    *ir.Op
	layer View            // how the result of op lies
	parts []View          // of the gradients, as they were given
	ops   map[*ir.Op]bool // op and what leads to it
}

// joinGradients returns the concatenation of exactly the values of list, each reshaped and transposed at most, whose rows stay
// contiguous where row axes are given; nil when there is none.
func (p *planner) joinGradients(list []*ir.Value) *joined {
	j := &joined{ops: make(map[*ir.Op]bool)}
	chains := make([][]*ir.Op, len(list))
	for i, v := range list {
		op, chain := p.led(v)
		if op == nil || op.Kind != ir.Concatenate || j.op != nil && op != j.op {
			return nil
		}
		j.op, chains[i] = op, chain
	}
	if len(j.op.Args) != len(list) {
		return nil
	}
	j.ops[j.op] = true
	j.layer = p.layout(j.op.Result())
	axis, starts, at := j.op.Attr.(ir.ConcatenateAttr).Axis, make(map[*ir.Value]int), 0
	for _, v := range j.op.Args {
		starts[v] = at
		at += v.Shape.Dimensions[axis]
	}
	if len(starts) != len(list) {
		return nil
	}
	for i, v := range list {
		last := v
		if n := len(chains[i]); n > 0 {
			last = chains[i][n-1].Result()
		}
		start, found := starts[last]
		part := View{Root: j.op.Result(), Offset: start * j.layer.Strides[axis], Dims: last.Shape.Dimensions, Strides: j.layer.Strides}
		for _, op := range slices.Backward(chains[i]) {
			j.ops[op] = true
			part, found = before(op, part, found)
		}
		if !found {
			return nil
		}
		j.parts = append(j.parts, part)
	}
	return j
}

// led follows v through reshapes and transpositions, as long as nothing else reads it, and returns the op that ends there.
func (p *planner) led(v *ir.Value) (end *ir.Op, chain []*ir.Op) {
	for {
		users := p.users[v.ID]
		if len(users) != 1 || slices.Contains(p.f.Results, v) {
			return nil, nil
		}
		switch op := users[0]; op.Kind {
		case ir.Reshape, ir.Transpose, ir.Identity:
			chain, v = append(chain, op), op.Result()
		default:
			return op, chain
		}
	}
}

// before returns how the operand of op lies when its result lies as view; false when no strides say so.
func before(op *ir.Op, view View, ok bool) (View, bool) {
	dims := op.Args[0].Shape.Dimensions
	switch {
	case !ok:
		return view, false
	case op.Kind == ir.Transpose:
		strides := make([]int, len(dims))
		for i, axis := range op.Attr.(ir.TransposeAttr).Permutation {
			strides[axis] = view.Strides[i]
		}
		view.Dims, view.Strides = dims, strides
		return view, true
	}
	return view.reshape(dims)
}
