package plan

import (
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// plain returns what v is before ops that keep its elements in their order.
func plain(v *ir.Value) *ir.Value {
	for v.Def != nil && keepsOrder(v.Def) {
		v = v.Def.Args[0]
	}
	return v
}

func keepsOrder(op *ir.Op) bool {
	switch op.Kind {
	case ir.Reshape, ir.Identity:
		return true
	case ir.Transpose:
		return slices.IsSorted(op.Attr.(ir.TransposeAttr).Permutation)
	}
	return false
}

// same reports whether v has the elements of w in the same order.
func same(v, w *ir.Value) bool { return plain(v) == plain(w) }

// perRow returns the value that has one element for each row of x, to whose shape v is stretched: v has last axis 1, or repeats
// such a value along the last axis. nil when v is neither.
func perRow(v, x *ir.Value) *ir.Value {
	v = plainShape(v)
	if op := v.Def; op != nil && op.Kind == ir.BroadcastInDim && slices.IsSorted(op.Attr.(ir.BroadcastInDimAttr).BroadcastAxes) {
		v = op.Args[0]
	}
	rank := x.Shape.Rank()
	if rank == 0 || v.Shape.Rank() != rank || v.Shape.Dimensions[rank-1] != 1 || !slices.Equal(v.Shape.Dimensions[:rank-1], x.Shape.Dimensions[:rank-1]) {
		return nil
	}
	return plain(v)
}

// plainShape is plain for ops that keep the shape too.
func plainShape(v *ir.Value) *ir.Value {
	for v.Def != nil && keepsOrder(v.Def) && v.Shape.Equal(v.Def.Args[0].Shape) {
		v = v.Def.Args[0]
	}
	return v
}

// made returns the op of kind k that makes v, nil when another one does.
func made(v *ir.Value, k ir.Kind) *ir.Op {
	if v == nil {
		return nil
	}
	if op := plain(v).Def; op != nil && op.Kind == k {
		return op
	}
	return nil
}

// either calls try with the two operands of op, then the other way round, until it returns true.
func either(op *ir.Op, try func(x, y *ir.Value) bool) bool {
	return op != nil && (try(op.Args[0], op.Args[1]) || try(op.Args[1], op.Args[0]))
}

// reducesRows reports whether op reduces rows of n elements: the last axis alone.
func reducesRows(op *ir.Op, n int) bool {
	if op == nil {
		return false
	}
	d := op.Args[0].Shape.Dimensions
	return slices.Equal(reduceAxes(op), []int{len(d) - 1}) && d[len(d)-1] == n
}

// number returns the float32 that v repeats; false when that is not known.
func number(v *ir.Value) (float32, bool) {
	for v.Def != nil && (v.Def.Kind == ir.BroadcastInDim || v.Def.Kind == ir.Reshape) {
		v = v.Def.Args[0]
	}
	if v.Def == nil || v.Def.Kind != ir.Constant || v.Shape.Size() != 1 {
		return 0, false
	}
	flat, ok := v.Def.Attr.(ir.ConstantAttr).Flat.([]float32)
	return append(flat, 0)[0], ok
}

// roles is what the axes of one operand of a product of matrices mean: two of the batch, rows, and those that are summed over.
type roles struct{ batch, rows, over []int }

// order lists the axes as they lie in products: batch, rows, and what is summed over.
func (f roles) order() []int { return slices.Concat(f.batch, f.rows, f.over) }

// reverse is order with what is summed over before the rows.
func (f roles) reverse() []int { return slices.Concat(f.batch, f.over, f.rows) }

// rolesOf returns what the axes of the operands of op mean; false when op is no product of matrices of float32 for each of two
// batch axes, with rows of one or two axes.
func rolesOf(op *ir.Op) (left, right roles, ok bool) {
	if op == nil || op.Kind != ir.DotGeneral {
		return left, right, false
	}
	a := op.Attr.(ir.DotGeneralAttr)
	of := func(v *ir.Value, batch, over []int) roles {
		rank := v.Shape.Rank()
		ok = ok && (rank == 4 || rank == 5) && v.Shape.DType == dtypes.Float32 && v.Shape.Size() > 0 && len(batch) == 2
		return roles{batch, others(rank, slices.Concat(batch, over)), over}
	}
	ok = a.Config.AccumulatorDType == dtypes.InvalidDType || a.Config.AccumulatorDType == dtypes.Float32
	left = of(op.Args[0], a.LhsBatchAxes, a.LhsContractingAxes)
	right = of(op.Args[1], a.RhsBatchAxes, a.RhsContractingAxes)
	return left, right, ok && op.Result().Shape.DType == dtypes.Float32 && len(left.rows) > 0 && len(right.rows) > 0
}

// inOrder reports whether axes count from 0.
func inOrder(axes []int) bool { return slices.Equal(axes, others(len(axes), nil)) }

// place says where op is among those of its function: IDs follow their order.
func place(op *ir.Op) int { return op.Results[0].ID }

// ordered lists the ops of a set in the order of the function.
func ordered(set map[*ir.Op]bool) []*ir.Op {
	return slices.SortedFunc(maps.Keys(set), func(x, y *ir.Op) int { return place(x) - place(y) })
}

// root returns what v is a view of.
func root(v *ir.Value) *ir.Value {
	for v.Def != nil && isView(v.Def.Kind) {
		v = v.Def.Args[0]
	}
	return v
}

// closed adds to inside the renaming ops that follow v, and reports whether nothing outside reads v.
func (p *planner) closed(v *ir.Value, inside map[*ir.Op]bool) bool {
	if slices.Contains(p.f.Results, v) {
		return false
	}
	for _, user := range p.users[v.ID] {
		if inside[user] {
			continue
		}
		if !isView(user.Kind) || !p.closed(user.Result(), inside) {
			return false
		}
		inside[user] = true
	}
	return true
}
