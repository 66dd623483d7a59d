package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// endsWith reports whether the last axis is the only one of axes.
func (f roles) endsWith(axes []int) bool { return slices.Equal(axes, []int{len(f.order()) - 1}) }

// permuted returns list[order[0]], list[order[1]], ...
func permuted(list, order []int) []int {
	if len(list) != len(order) {
		return nil
	}
	out := make([]int, len(order))
	for i, axis := range order {
		out[i] = list[axis]
	}
	return out
}

// split decides what the rows are that the softmax of x runs over: queries of one head, of several, or of as many as a mask has
// rows for. Of two axes the longer one is that of queries, unless a causal mask says which it is. False when x lies otherwise.
func (a *attention) split(x *ir.Value) bool {
	d, rows := x.Shape.Dimensions, a.space[2:len(a.space)-1]
	switch {
	case len(rows) == 1 && inOrder(a.space):
		a.queries = d[len(d)-2]
		return true
	case len(d) != len(a.space):
		return false
	case len(rows) == 1:
		a.queries = d[rows[0]]
		return true
	}
	a.queriesFirst = d[rows[0]] > d[rows[1]]
	if a.hides {
		a.queriesFirst = a.stairs == rows[0]
	}
	if a.queries = d[rows[1]]; a.queriesFirst {
		a.queries = d[rows[0]]
	}
	return true
}

// heads is the order of axes that begins with those of batches and ends with that of channels or keys, with heads before queries.
func (a *attention) heads(order []int) []int {
	if a.queriesFirst {
		order = slices.Clone(order)
		order[2], order[3] = order[3], order[2]
	}
	return order
}

// unturned returns what v is before its axes are moved from the order of products to that of the softmax; nil when it was not.
func (a *attention) unturned(v *ir.Value) *ir.Value {
	if v = plain(v); inOrder(a.space) {
		return v
	}
	if v.Def == nil || v.Def.Kind != ir.Transpose || !inOrder(permuted(v.Def.Attr.(ir.TransposeAttr).Permutation, a.space)) {
		return nil
	}
	return plain(v.Def.Args[0])
}

// keepsShape reports whether x, made of the elements of v in order, can be read as v is: as it is, or in v's order of axes.
func (a *attention) keepsShape(x, v *ir.Value, f roles) bool {
	return x.Shape.Equal(v.Shape) || inOrder(a.heads(f.order()))
}

// ungroup lets the steps read and write queries, and what has their shape, as [B, H, T, D] when several heads share keys and
// values: in [B, G, H/G*T, D] they would have to lie in another order than projections leave them.
func (p *planner) ungroup(a *attention) {
	if a.dq != nil {
		a.dqResult = a.dq.Result()
	}
	if a.dqScaled != nil {
		a.dqResult = a.dqScaled.Result()
	}
	if len(a.space) != 4 || !inOrder(a.left.order()) {
		return
	}
	a.query, a.o = p.shapedBefore(a, a.query), p.shapedAfter(a, a.o)
	if a.do != nil && inOrder(a.gradient.order()) {
		a.do, a.dqResult = p.shapedBefore(a, a.do), p.shapedAfter(a, a.dqResult)
	}
}

// shapedBefore returns what v is before it is reshaped for the ops of a alone.
func (p *planner) shapedBefore(a *attention, v *ir.Value) *ir.Value {
	for v.Shape.Rank() == 4 && v.Shape.Dimensions[2] != a.queries && v.Def != nil && v.Def.Kind == ir.Reshape && v.Def.Args[0].Shape.Rank() == 4 && p.closed(v, a.inside) {
		a.inside[v.Def] = true
		v = v.Def.Args[0]
	}
	return v
}

// shapedAfter returns what v is after the only op that reads it reshaped it to [B, H, T, D].
func (p *planner) shapedAfter(a *attention, v *ir.Value) *ir.Value {
	users, d := p.users[v.ID], v.Shape.Dimensions
	if len(users) != 1 || users[0].Kind != ir.Reshape || slices.Contains(p.f.Results, v) || len(d) != 4 || d[2] == a.queries ||
		!slices.Equal(users[0].Result().Shape.Dimensions, []int{d[0], d[1] * (d[2] / a.queries), a.queries, d[3]}) {
		return v
	}
	a.inside[users[0]] = true
	return users[0].Result()
}
