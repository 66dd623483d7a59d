package plan

import (
	"math"
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// attention is softmax(scale * q k^T + mask) v as GoMLX graphs write it, and its gradient as automatic differentiation does.
// It is found before ops are placed: its ops then make one step each way.
type attention struct {
	q, k, v, o      *ir.Value // [B, G, M, D], [B, G, S, D], [B, G, S, E] when their axes are so ordered, [B, G, M, E]
	left, right     roles     // what the axes of q and k mean
	value           roles     // and those of v
	space           []int     // the axes of what the softmax runs over in the order of products: B, G, M, S
	scores          *ir.Op    // q k^T
	mask            *ir.Op    // adds a mask, nil without
	added           *ir.Value // the mask, nil when it is the causal one
	hides           bool      // a causal mask of truths hides keys instead,
	stairs          int       // along this axis of what the softmax runs over
	exp, max, sum   *ir.Op
	probabilities   *ir.Op
	output          *ir.Op // probabilities v
	scale           float32
	scaled          *ir.Op    // multiplies the scores, nil when scale is 1
	queries         int       // M is a multiple: heads that share k and v
	queriesFirst    bool      // M is two axes, queries and heads, in this order
	query           *ir.Value // q, or what it was before queryScaled
	queryScaled     *ir.Op    // multiplies the queries, nil when steps do not do it
	queryScale      float32   // 1 without
	dqScaled        *ir.Op    // the gradient of queryScaled
	dqResult        *ir.Value // the gradient of query as the step writes it
	dScores         *ir.Op    // gradient of the softmax
	dScaled         *ir.Op
	do              *ir.Value
	gradient        roles // what the axes of do mean
	dp, dq, dk, dv  *ir.Op
	firstOfBackward *ir.Op
	step            *Attention      // forward
	inside          map[*ir.Op]bool // all ops that the steps stand for
}

// findAttention notes every attention of the function.
func (p *planner) findAttention(ops []*ir.Op) {
	p.attention = make(map[*ir.Op]*attention)
	p.absorbed = make(map[*ir.Op]bool)
	place := make(map[*ir.Op]int, len(ops))
	for i, op := range ops {
		place[op] = i
	}
	for _, op := range ops {
		a := &attention{output: op, inside: make(map[*ir.Op]bool), scale: 1}
		if !a.forward() || !a.fits() || !p.backward(a) {
			continue
		}
		p.unscaleQuery(a)
		if !p.isClosed(a) {
			continue
		}
		p.ungroup(a)
		p.attention[a.output] = a
		if a.dScores != nil {
			a.firstOfBackward = a.dp
			if place[a.dv] < place[a.dp] {
				a.firstOfBackward = a.dv
			}
			p.attention[a.firstOfBackward] = a
		}
		for op := range a.inside {
			p.absorbed[op] = true
		}
	}
}

// forward matches from the last product backwards.
func (a *attention) forward() bool {
	probabilities, value, ok := rolesOf(a.output)
	if !ok || len(value.rows) != 1 || !slices.Equal(probabilities.over, []int{a.output.Args[0].Shape.Rank() - 1}) || !value.endsWith(value.rows) {
		return false
	}
	a.v, a.o, a.value, a.space = a.output.Args[1], a.output.Result(), value, probabilities.order()
	if a.probabilities = made(a.bare(a.output.Args[0]), ir.Div); a.probabilities == nil {
		return false
	}
	numerator := a.probabilities.Args[0]
	a.exp = made(a.bare(numerator), ir.Exp)
	if a.sum = made(perRow(a.probabilities.Args[1]), ir.ReduceSum); a.exp == nil || !overLast(a.sum) || !same(a.sum.Args[0], numerator) {
		return false
	}
	shifted := made(a.bare(a.exp.Args[0]), ir.Sub)
	if shifted == nil {
		return false
	}
	if a.max = made(perRow(shifted.Args[1]), ir.ReduceMax); !overLast(a.max) || !same(a.unhide(a.max.Args[0], float32(math.Inf(-1))), shifted.Args[0]) {
		return false
	}
	a.inside[shifted] = true
	x := shifted.Args[0]
	if hidden := !same(numerator, a.exp.Result()); a.hides != hidden { // what is added up must be hidden
		return false
	}
	if !a.split(x) {
		return false
	}
	x = a.unscale(a.unmask(x))
	if a.scores = made(a.unturned(x), ir.DotGeneral); a.scale <= 0 || !a.multiplied() {
		return false
	}
	want := a.scores.Result().Shape.Dimensions
	for _, v := range []*ir.Value{a.output.Args[0], a.exp.Result()} {
		if d := v.Shape.Dimensions; !slices.Equal(permuted(d, a.space), want) {
			return false
		}
	}
	return product(want[2:len(want)-1])%a.queries == 0
}

// multiplied reports whether the scores are products of queries with keys, whose channels are contiguous axes.
func (a *attention) multiplied() bool {
	var ok bool
	a.left, a.right, ok = rolesOf(a.scores)
	if !ok || len(a.right.rows) != 1 || !a.left.endsWith(a.left.over) || !a.right.endsWith(a.right.over) {
		return false
	}
	a.q, a.k = a.scores.Args[0], a.scores.Args[1]
	return true
}

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

// unscale returns what v is before it is multiplied by a number; v itself when it is not.
func (a *attention) unscale(v *ir.Value) *ir.Value {
	either(made(v, ir.Mul), func(x, y *ir.Value) bool {
		s, ok := number(y)
		if ok {
			a.scaled, a.scale, v = plain(v).Def, s, x
		}
		return ok
	})
	return v
}

// backward matches the backward pass; true as well when there is none.
func (p *planner) backward(a *attention) bool {
	probabilities, exp := a.output.Args[0], a.exp.Result()
	for _, op := range p.usersOf(plain(probabilities)) {
		if left, right, ok := rolesOf(op); ok && same(op.Args[1], probabilities) && slices.Equal(right.reverse(), a.reversed()) && left.endsWith(left.rows) {
			a.dv, a.do, a.gradient = op, op.Args[0], roles{batch: left.batch, rows: left.over, over: left.rows}
		}
	}
	if a.dv == nil {
		return true
	}
	for _, op := range p.usersOf(a.do) {
		if left, right, ok := rolesOf(op); ok && op.Args[0] == a.do && op.Args[1] == a.v && slices.Equal(left.order(), a.gradient.order()) && slices.Equal(right.order(), a.value.reverse()) {
			a.dp = op
		}
	}
	if a.dp == nil || !slices.Equal(permuted(a.do.Shape.Dimensions, a.gradient.order()), a.o.Shape.Dimensions) {
		return false
	}
	for _, op := range p.usersOf(exp) {
		if op.Kind == ir.Mul && a.softmaxGradient(op) {
			a.dScores = op
		}
	}
	if a.dScores == nil {
		return false
	}
	ds, ok := p.hiddenGradient(a)
	if !ok {
		return false
	}
	if a.scaled != nil {
		for _, op := range p.usersOf(ds) {
			if op.Kind == ir.Mul && either(op, func(x, y *ir.Value) bool { s, ok := number(y); return ok && s == a.scale && same(x, ds) }) {
				a.dScaled, ds = op, op.Result()
			}
		}
		if a.dScaled == nil {
			return false
		}
	}
	return p.scoreGradients(a, ds)
}

// reversed is the order of the axes of probabilities as the gradient of values sums over them.
func (a *attention) reversed() []int {
	last := len(a.space) - 1
	return roles{batch: a.space[:2], rows: a.space[last:], over: a.space[2:last]}.reverse()
}

// scoreGradients matches the gradients of queries and keys, given that of their products.
func (p *planner) scoreGradients(a *attention, ds *ir.Value) bool {
	users := p.usersOf(ds)
	if !inOrder(a.space) {
		users = nil
		for _, op := range p.usersOf(ds) {
			if op.Kind == ir.Transpose && same(op.Args[0], ds) && slices.Equal(op.Attr.(ir.TransposeAttr).Permutation, a.space) {
				users = append(users, p.usersOf(op.Result())...)
				ds = op.Result()
			}
		}
	}
	for _, op := range users {
		left, right, ok := rolesOf(op)
		if !ok || !same(op.Args[0], ds) {
			continue
		}
		switch {
		case inOrder(left.order()) && op.Args[1] == a.k && slices.Equal(right.order(), a.right.reverse()):
			a.dq = op
		case inOrder(left.reverse()) && op.Args[1] == a.q && slices.Equal(right.order(), a.left.reverse()):
			a.dk = op
		}
	}
	return a.dq != nil && a.dk != nil
}

// hiddenGradient returns the gradient of the scores, which is 0 where keys are hidden; false when it is not.
func (p *planner) hiddenGradient(a *attention) (*ir.Value, bool) {
	ds := a.dScores.Result()
	if !a.hides {
		return ds, true
	}
	users := p.usersOf(ds)
	if len(users) != 1 || !same(a.bare(users[0].Results[0]), ds) {
		return nil, false
	}
	return users[0].Result(), true
}

// softmaxGradient matches op = (dp/sum - sum over the row of dp*exp/sum^2) * exp, and notes its ops.
func (a *attention) softmaxGradient(op *ir.Op) bool {
	exp := a.exp.Result()
	isDP := func(v *ir.Value) bool { return a.unturned(a.bare(v)) == plain(a.dp.Result()) }
	isSum := func(v *ir.Value) bool { row := perRow(v); return row != nil && row == a.sum.Result() }
	return either(op, func(x, e *ir.Value) bool {
		both := made(a.bare(x), ir.Add)
		return same(e, exp) && either(both, func(direct, through *ir.Value) bool {
			quotient, total := made(direct, ir.Div), made(perRow(through), ir.ReduceSum)
			if quotient == nil || !isDP(quotient.Args[0]) || !isSum(quotient.Args[1]) || !overLast(total) {
				return false
			}
			minus := made(total.Args[0], ir.Neg)
			if minus == nil {
				return false
			}
			term := made(minus.Args[0], ir.Mul)
			return either(term, func(x, y *ir.Value) bool {
				share := made(y, ir.Div)
				if !isDP(x) || share == nil || !same(a.bare(share.Args[0]), exp) {
					return false
				}
				square := made(share.Args[1], ir.Mul)
				if square == nil || !isSum(square.Args[0]) || !isSum(square.Args[1]) {
					return false
				}
				for _, op := range []*ir.Op{both, quotient, total, minus, term, share, square} {
					a.inside[op] = true
				}
				return true
			})
		})
	})
}

// unscaleQuery lets the steps multiply the queries by a number, where the graph does and nothing else reads the product.
func (p *planner) unscaleQuery(a *attention) {
	a.query, a.queryScale = a.q, 1
	scaled := made(a.q, ir.Mul)
	if scaled == nil {
		return
	}
	either(scaled, func(x, y *ir.Value) bool {
		s, ok := number(y)
		read := map[*ir.Op]bool{a.scores: true, a.dk: true}
		if !ok || !(s > 0) || !x.Shape.Equal(scaled.Result().Shape) || !a.keepsShape(x, a.q, a.left) || !p.closed(plain(a.q), read) || !p.scalesQueryGradient(a, s) {
			return false
		}
		a.query, a.queryScaled, a.queryScale = x, scaled, s
		return true
	})
}

// scalesQueryGradient reports whether the gradient of the queries, if there is one, is multiplied by s before anything else
// reads it, and notes the op.
func (p *planner) scalesQueryGradient(a *attention, s float32) bool {
	if a.dq == nil {
		return true
	}
	dq := a.dq.Result()
	users := p.usersOf(dq)
	if len(users) != 1 || users[0].Kind != ir.Mul || users[0].Result().Shape.Size() != dq.Shape.Size() || !p.closed(dq, map[*ir.Op]bool{users[0]: true}) {
		return false
	}
	ok := !a.queriesFirst && either(users[0], func(x, y *ir.Value) bool { n, ok := number(y); return ok && n == s && same(x, dq) })
	if ok {
		a.dqScaled = users[0]
	}
	return ok
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
	for v.Shape.Dimensions[2] != a.queries && v.Def != nil && v.Def.Kind == ir.Reshape && v.Def.Args[0].Shape.Rank() == 4 && p.closed(v, a.inside) {
		a.inside[v.Def] = true
		v = v.Def.Args[0]
	}
	return v
}

// shapedAfter returns what v is after the only op that reads it reshaped it to [B, H, T, D].
func (p *planner) shapedAfter(a *attention, v *ir.Value) *ir.Value {
	users, d := p.users[v.ID], v.Shape.Dimensions
	if len(users) != 1 || users[0].Kind != ir.Reshape || slices.Contains(p.f.Results, v) || d[2] == a.queries ||
		!slices.Equal(users[0].Result().Shape.Dimensions, []int{d[0], d[1] * (d[2] / a.queries), a.queries, d[3]}) {
		return v
	}
	a.inside[users[0]] = true
	return users[0].Result()
}

// usersOf returns the ops that read v or what keeps its elements in order.
func (p *planner) usersOf(v *ir.Value) []*ir.Op {
	var list []*ir.Op
	for _, op := range p.users[v.ID] {
		if keepsOrder(op) || op.Kind == ir.BroadcastInDim {
			list = append(list, p.usersOf(op.Result())...)
		} else {
			list = append(list, op)
		}
	}
	return list
}

// isClosed adds all ops to inside and reports whether nothing outside reads what the steps do not store.
func (p *planner) isClosed(a *attention) bool {
	var inner []*ir.Op
	for op := range a.inside {
		inner = append(inner, op)
	}
	for _, op := range []*ir.Op{a.scores, a.mask, a.scaled, a.exp, a.max, a.sum, a.probabilities, a.dScores, a.dScaled, a.dp, a.queryScaled} {
		if op != nil {
			inner = append(inner, op)
			a.inside[op] = true
		}
	}
	if a.dqScaled != nil {
		a.inside[a.dqScaled] = true
		inner = append(inner, a.dq)
	}
	a.inside[a.output] = true
	for _, op := range []*ir.Op{a.dq, a.dk, a.dv} {
		if op != nil {
			a.inside[op] = true
		}
	}
	for _, op := range inner {
		if !p.closed(op.Result(), a.inside) {
			return false
		}
	}
	return true
}
