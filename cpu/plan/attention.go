package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/attn"
)

// Attention is softmax attention for each of Batch x Groups heads, or its gradient.
type Attention struct {
	Shape         attn.Shape
	Batch, Groups int
	Backward      bool

	Q, K, V, O     Rows
	Max, Sum       *ir.Value // [Batch, Groups, Repeat*Queries]
	DO, DQ, DK, DV Rows      // of a backward pass
	Mask           Rows      // what is added to scores, when Shape.Masked
}

// Rows is a matrix for each head: row i of query head r of group g in batch b begins at Offset + b*Steps[0] + g*Steps[1] +
// r*Steps[2] + i*Steps[3], and its elements are contiguous. Keys and values are the same for all r.
type Rows struct {
	Root   *ir.Value
	Offset int
	Steps  [4]int
}

// Heads returns the number of heads.
func (a *Attention) Heads() int { return a.Batch * a.Groups }

// attend makes a step of the attention that op belongs to, and no step of its other ops; false when op belongs to none.
func (p *planner) attend(index int, op *ir.Op) bool {
	a, ok := p.attention[op]
	switch {
	case ok && op == a.output:
		p.attendForward(index, a)
	case ok:
		p.attendBackward(index, a)
	default:
		return p.absorbed[op]
	}
	return true
}

func (p *planner) attendForward(index int, a *attention) {
	step := &Attention{Max: a.max.Result(), Sum: a.sum.Result()}
	q, k, v := a.q.Shape.Dimensions, a.k.Shape.Dimensions, a.v.Shape.Dimensions
	step.Batch, step.Groups = q[0], q[1]
	step.Shape = attn.Shape{Repeat: q[2] / a.queries, Queries: a.queries, Keys: k[2], Depth: q[3], ValueDepth: v[3], Scale: a.scale * a.queryScale, Causal: a.hides || a.mask != nil && a.added == nil, Masked: a.added != nil}
	n := &node{op: a.output, index: index, outs: []*ir.Value{a.o, step.Max, step.Sum}}
	step.Q, step.K, step.V = p.queriesOf(n, step, a.query), p.rowsOf(n, a.k), p.rowsOf(n, a.v)
	step.O = p.queryTokens(step, a.o)
	step.Mask = p.maskOf(n, a)
	n.inner = p.inner(a, n.op, false)
	for _, v := range []*ir.Value{step.Max, step.Sum} {
		p.views[v.ID] = denseView(v)
	}
	p.groups[p.newGroup(attentionGroup, n)].attention = step
	a.step = step
}

// attendBackward makes the step of the gradient where the gradient of the output is first read.
func (p *planner) attendBackward(index int, a *attention) {
	step := *a.step
	step.Backward = true
	n := &node{op: a.firstOfBackward, index: index}
	step.Q, step.K, step.V = p.queriesOf(n, &step, a.query), p.rowsOf(n, a.k), p.rowsOf(n, a.v)
	step.DO, step.Mask = p.queriesOf(n, &step, a.do), p.maskOf(n, a)
	n.inner = p.inner(a, n.op, true)
	n.args = append(n.args, p.views[step.Max.ID], p.views[step.Sum.ID])
	p.placeGradients(n, &step, a)
	p.groups[p.newGroup(attentionGroup, n)].attention = &step
}

// placeGradients decides where the step writes the gradients: side by side where they are concatenated, else each by itself.
func (p *planner) placeGradients(n *node, step *Attention, a *attention) {
	list := []*ir.Value{a.dqResult, a.dk.Result(), a.dv.Result()}
	if j := p.joinGradients(list); j != nil && step.liesAsQueries(j.parts[0]) && j.parts[1].Strides[3] == 1 && j.parts[2].Strides[2] == 1 {
		step.DQ, _ = step.queryRows(j.parts[0])
		step.DK, step.DV = rowsIn(j.parts[1], 2), rowsIn(j.parts[2], 3)
		n.outs = j.op.Results
		p.views[j.op.Result().ID] = j.layer
		for _, op := range p.f.Ops {
			if j.ops[op] {
				p.absorbed[op] = true
				n.inner = append(n.inner, op)
			}
		}
		return
	}
	step.DQ = p.queryTokens(step, list[0])
	step.DK = p.tokens(list[1], 2, 3, true)
	step.DV = p.tokens(list[2], 3, 2, true)
	n.outs = list
}

// rowsIn is v, [B, G, ...], as rows along an axis.
func rowsIn(v View, row int) Rows {
	return Rows{v.Root, v.Offset, [4]int{v.Strides[0], v.Strides[1], 0, v.Strides[row]}}
}

// queryRows is v, the elements of all queries in order, as rows; false when strides do not say so.
func (a *Attention) queryRows(v View) (Rows, bool) {
	channels := v.Dims[len(v.Dims)-1]
	v, ok := v.reshape([]int{a.Batch, a.Groups, a.Shape.Repeat, a.Shape.Queries, channels})
	if !ok || v.Strides[4] != 1 && channels > 1 {
		return Rows{}, false
	}
	return Rows{v.Root, v.Offset, [4]int(v.Strides)}, true
}

func (a *Attention) liesAsQueries(v View) bool { _, ok := a.queryRows(v); return ok }

// inner lists the ops of a that come before or after its output, but for the step's own.
func (p *planner) inner(a *attention, own *ir.Op, after bool) []*ir.Op {
	var list []*ir.Op
	place := func(op *ir.Op) int { return op.Results[0].ID } // IDs follow the order of ops
	for op := range a.inside {
		if op != own && op != a.output && (place(op) > place(a.output)) == after {
			list = append(list, op)
		}
	}
	slices.SortFunc(list, func(x, y *ir.Op) int { return place(x) - place(y) })
	return list
}

// rowsOf adds v [B, G, rows, channels] to what n reads, copied first when its channels are not contiguous.
func (p *planner) rowsOf(n *node, v *ir.Value) Rows {
	if view := p.views[v.ID]; view.Strides[3] != 1 && view.Dims[3] > 1 {
		p.own(n.index, v)
	}
	view := p.views[v.ID]
	n.args, n.after = append(n.args, view), append(n.after, p.after[v.ID]...)
	return rowsIn(view, 2)
}

// queriesOf adds v, the elements of all queries in order, to what n reads, copied first when it does not lie in rows.
func (p *planner) queriesOf(n *node, a *Attention, v *ir.Value) Rows {
	if !a.liesAsQueries(p.views[v.ID]) {
		p.own(n.index, v)
	}
	view := p.views[v.ID]
	n.args, n.after = append(n.args, view), append(n.after, p.after[v.ID]...)
	rows, _ := a.queryRows(view)
	return rows
}

// queryTokens is tokens for v, [B, G, Repeat*Queries, channels] or [B, G*Repeat, Queries, channels].
func (p *planner) queryTokens(a *Attention, v *ir.Value) Rows {
	p.tokens(v, 2, 3, v.Shape.Dimensions[2] == a.Shape.Queries)
	rows, _ := a.queryRows(p.views[v.ID])
	return rows
}

// maskOf adds the mask of a, if there is one, to what n reads, copied first when its rows are not contiguous.
func (p *planner) maskOf(n *node, a *attention) Rows {
	v := a.added
	if v == nil {
		return Rows{}
	}
	if view, last := p.views[v.ID], v.Shape.Rank()-1; view.Strides[last] != 1 && view.Dims[last] > 1 {
		p.own(n.index, v)
	}
	view := stretch(p.views[v.ID], a.mask.Result().Shape.Dimensions)
	n.args, n.after = append(n.args, view), append(n.after, p.after[v.ID]...)
	s := view.Strides
	if len(s) == 4 { // each row of a group is a query of its own
		return Rows{view.Root, view.Offset, [4]int{s[0], s[1], 0, s[2]}}
	}
	return Rows{view.Root, view.Offset, [4]int(s)}
}

// tokens lets v, [B, G, ...] with the given axes of rows and channels, lie as [B, rows, G, channels], as projections read and
// write it; row-major by its axes when that is not wanted or v is read by an op that moves no elements by strides.
func (p *planner) tokens(v *ir.Value, row, channel int, wanted bool) Rows {
	d := v.Shape.Dimensions
	groups, rows, channels := d[1], d[row], d[channel]
	isRead := func(op *ir.Op) bool { return !isView(op.Kind) }
	steps := [4]int{groups * rows * channels, channels, 0, groups * channels}
	if !wanted || slices.Contains(p.f.Results, v) || slices.ContainsFunc(p.users[v.ID], isRead) {
		steps = [4]int{groups * rows * channels, rows * channels, 0, channels}
	}
	strides := make([]int, 4)
	strides[0], strides[1], strides[row], strides[channel] = steps[0], steps[1], steps[3], 1
	p.views[v.ID] = View{Root: v, Dims: d, Strides: strides}
	return Rows{Root: v, Steps: steps}
}
