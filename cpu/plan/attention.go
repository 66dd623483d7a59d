package plan

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

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
	Mask           Rows      // what is added to scores, when Shape.Masked, or which of them are seen, when Shape.Hidden
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
	k, o := permuted(a.k.Shape.Dimensions, a.right.order()), a.output.Result().Shape.Dimensions
	last := len(o) - 1
	step.Batch, step.Groups = o[0], o[1]
	step.Shape = attn.Shape{Repeat: product(o[2:last]) / a.queries, Queries: a.queries, Keys: k[2], Depth: k[3], ValueDepth: o[last], Scale: a.scale * a.queryScale, Causal: a.hides || a.mask != nil && a.added == nil, Masked: a.added != nil, Hidden: a.truths != nil && !a.hides, Instead: a.instead}
	n := &node{op: a.output, index: index, outs: []*ir.Value{a.o, step.Max, step.Sum}}
	step.Q, step.K, step.V = p.queriesOf(n, a, step, a.query, a.left), p.rowsOf(n, a.k, a.right.order()), p.rowsOf(n, a.v, a.value.reverse())
	step.O = p.queryTokens(a, step, a.o)
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
	step.Q, step.K, step.V = p.queriesOf(n, a, &step, a.query, a.left), p.rowsOf(n, a.k, a.right.order()), p.rowsOf(n, a.v, a.value.reverse())
	step.DO, step.Mask = p.queriesOf(n, a, &step, a.do, a.gradient), p.maskOf(n, a)
	n.inner = p.inner(a, n.op, true)
	n.args = append(n.args, p.views[step.Max.ID], p.views[step.Sum.ID])
	p.placeGradients(n, &step, a)
	p.groups[p.newGroup(attentionGroup, n)].attention = &step
}

// placeGradients decides where the step writes the gradients: side by side where they are concatenated, else each by itself.
func (p *planner) placeGradients(n *node, step *Attention, a *attention) {
	list := []*ir.Value{a.dqResult, a.dk.Result(), a.dv.Result()}
	if j := p.joinGradients(list); j != nil && len(a.space) == 4 && step.liesAsQueries(j.parts[0]) && j.parts[1].Strides[3] == 1 && j.parts[2].Strides[2] == 1 {
		step.DQ, _ = step.queryRows(j.parts[0])
		step.DK, step.DV = rowsIn(j.parts[1], 2), rowsIn(j.parts[2], 3)
		n.outs = j.op.Results
		p.views[j.op.Result().ID] = j.layer
		for _, op := range ordered(j.ops) {
			p.absorbed[op] = true
			n.inner = append(n.inner, op)
		}
		return
	}
	step.DQ = p.queryTokens(a, step, list[0])
	step.DK = rowsIn(p.tokens(list[1], []int{0, 1, 2, 3}, true), 2)
	step.DV = rowsIn(p.tokens(list[2], []int{0, 1, 3, 2}, true), 2)
	n.outs = list
}

// rowsIn is v, [B, G, ...], as rows along an axis.
func rowsIn(v View, row int) Rows {
	return Rows{v.Root, v.Offset, [4]int{v.Strides[0], v.Strides[1], 0, v.Strides[row]}}
}

// queryRows is v, the elements of all queries in order, as rows; false when strides do not say so.
func (a *Attention) queryRows(v View) (Rows, bool) {
	channels := v.Size() / (a.Heads() * a.Shape.Repeat * a.Shape.Queries)
	v, ok := v.reshape([]int{a.Batch, a.Groups, a.Shape.Repeat, a.Shape.Queries, channels})
	if !ok || v.Strides[4] != 1 && channels > 1 {
		return Rows{}, false
	}
	return Rows{v.Root, v.Offset, [4]int(v.Strides)}, true
}

func (a *Attention) liesAsQueries(v View) bool { _, ok := a.queryRows(v); return ok }

// inner lists the ops of a that come before or after its output, but for the step's own.
func (p *planner) inner(a *attention, own *ir.Op, after bool) []*ir.Op {
	return slices.DeleteFunc(ordered(a.inside), func(op *ir.Op) bool {
		return op == own || op == a.output || (place(op) > place(a.output)) != after
	})
}

// rowsOf adds v, whose axes are those of batches, groups, rows and channels in this order, to what n reads, copied first when
// its channels are not contiguous.
func (p *planner) rowsOf(n *node, v *ir.Value, order []int) Rows {
	if view := p.views[v.ID].transpose(order); view.Strides[3] != 1 && view.Dims[3] > 1 {
		p.own(n.index, v)
	}
	view := p.views[v.ID]
	n.args, n.after = append(n.args, view), append(n.after, p.after[v.ID]...)
	return rowsIn(view.transpose(order), 2)
}

// queriesOf adds v, the elements of all queries with axes as f says, to what n reads, copied first when it does not lie in rows.
func (p *planner) queriesOf(n *node, a *attention, step *Attention, v *ir.Value, f roles) Rows {
	order := a.heads(f.order())
	lies := func(view View) View {
		if inOrder(order) {
			return view
		}
		return view.transpose(order)
	}
	if !step.liesAsQueries(lies(p.views[v.ID])) {
		p.own(n.index, v)
	}
	view := p.views[v.ID]
	n.args, n.after = append(n.args, view), append(n.after, p.after[v.ID]...)
	rows, _ := step.queryRows(lies(view))
	return rows
}

// queryTokens is tokens for v, [B, G, Repeat*Queries, channels], [B, G*Repeat, Queries, channels] or [B, G, M, channels] with M
// two axes.
func (p *planner) queryTokens(a *attention, step *Attention, v *ir.Value) Rows {
	d := v.Shape.Dimensions
	order := a.heads(others(len(d), nil))
	rows, ok := step.queryRows(p.tokens(v, order, len(d) == 5 || len(d) == 4 && d[2] == step.Shape.Queries))
	if !ok {
		rows, _ = step.queryRows(p.tokens(v, order, false))
	}
	return rows
}

// maskOf adds the mask of a, if there is one, to what n reads, copied first when its rows are not contiguous.
func (p *planner) maskOf(n *node, a *attention) Rows {
	v, dims := a.added, a.exp.Result().Shape.Dimensions
	switch {
	case v != nil:
		dims = a.mask.Result().Shape.Dimensions
	case a.truths != nil && !a.hides:
		v = p.asNumbers(n.index, a.truths)
	default:
		return Rows{}
	}
	if view, last := p.views[v.ID], v.Shape.Rank()-1; view.Strides[last] != 1 && view.Dims[last] > 1 {
		p.own(n.index, v)
	}
	view := p.stretch(p.views[v.ID], dims)
	n.args, n.after = append(n.args, view), append(n.after, p.after[v.ID]...)
	if order := a.heads(a.space); !inOrder(order) {
		view = view.transpose(order)
	}
	s := view.Strides
	if len(s) == 4 {
		return Rows{view.Root, view.Offset, [4]int{s[0], s[1], a.queries * s[2], s[2]}}
	}
	return Rows{view.Root, view.Offset, [4]int(s)}
}

// asNumbers returns truths as numbers 1 and 0, without the axes along which they repeat. It adds the copy where it is first asked for.
func (p *planner) asNumbers(index int, truths *ir.Value) *ir.Value {
	if v := p.numbers[truths]; v != nil {
		return v
	}
	view := p.views[truths.ID]
	view.Dims = slices.Clone(view.Dims)
	for i := range len(view.Dims) - 1 { // rows stay whole
		if view.Strides[i] == 0 {
			view.Dims[i] = 1
		}
	}
	op := &ir.Op{Kind: ir.ConvertDType, Args: []*ir.Value{truths}, Attr: ir.ConvertDTypeAttr{Dtype: dtypes.Float32}}
	v := p.f.Extra(op, shapes.Make(dtypes.Float32, view.Dims...))
	p.room(-1, View{})
	p.copy(index, op, v, view, p.after[truths.ID])
	p.numbers[truths] = v
	return v
}

// tokens lets v, whose axes are those of batches, groups, rows and channels in this order, rows perhaps two axes, lie as [B,
// rows, G, channels], as projections read and write it, and returns it in the given order; row-major in that when this is not
// wanted or v is read by an op that moves no elements by strides.
func (p *planner) tokens(v *ir.Value, order []int, wanted bool) View {
	isRead := func(op *ir.Op) bool { return !isView(op.Kind) }
	memory := order
	if wanted && !slices.Contains(p.f.Results, v) && !slices.ContainsFunc(p.users[v.ID], isRead) {
		last := len(order) - 1
		memory = slices.Concat(order[:1], order[last-1:last], order[1:last-1], order[last:])
	}
	d := v.Shape.Dimensions
	strides, step := make([]int, len(d)), 1
	for _, axis := range slices.Backward(memory) {
		strides[axis], step = step, step*d[axis]
	}
	view := View{Root: v, Dims: d, Strides: strides}
	p.views[v.ID] = view
	return view.transpose(order)
}
