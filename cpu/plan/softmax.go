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
	truths          *ir.Value // instead of mask: it hides keys where it does not hold,
	hides           bool      // all that come later than the query and no other,
	stairs          int       // which counts along this axis of what the softmax runs over
	instead         float32   // what the scores of hidden keys are; 0 for -Inf
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
	for _, op := range ops {
		if op.Kind != ir.DotGeneral {
			continue
		}
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
			if place(a.dv) < place(a.dp) {
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
	if a.sum = made(perRow(a.probabilities.Args[1], numerator), ir.ReduceSum); a.exp == nil || !reducesRows(a.sum, a.keys()) || !same(a.sum.Args[0], numerator) {
		return false
	}
	shifted := made(a.bare(a.exp.Args[0]), ir.Sub)
	if shifted == nil {
		return false
	}
	x := shifted.Args[0]
	if a.max = made(perRow(shifted.Args[1], x), ir.ReduceMax); !reducesRows(a.max, a.keys()) || !same(a.max.Args[0], x) && !same(a.unhide(a.max.Args[0], float32(math.Inf(-1))), x) {
		return false
	}
	a.inside[shifted] = true
	if hidden := !same(numerator, a.exp.Result()); (a.truths != nil) != hidden { // what is added up must be hidden
		return false
	}
	if a.truths != nil && !a.hides && same(a.output.Args[0], a.probabilities.Result()) { // and 0/0 where a query sees nothing
		return false
	}
	if x = a.uncover(x); !a.split(x) {
		return false
	}
	x = a.unscale(a.unmask(x))
	if a.scores = made(a.unturned(x), ir.DotGeneral); !(a.scale > 0) || !a.multiplied() {
		return false
	}
	if a.hides && a.queries != a.dims()[a.stairs] {
		return false
	}
	want := a.scores.Result().Shape.Dimensions
	for _, d := range [][]int{a.dims(), a.exp.Result().Shape.Dimensions} {
		if !slices.Equal(permuted(d, a.space), want) {
			return false
		}
	}
	return product(want[2:len(want)-1])%a.queries == 0
}

// dims is the shape of the probabilities, its last axis that of keys.
func (a *attention) dims() []int { return a.output.Args[0].Shape.Dimensions }

func (a *attention) keys() int { return a.dims()[len(a.space)-1] }

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
		if !ok || !(s > 0) || root(a.k) == plain(a.q) || !x.Shape.Equal(scaled.Result().Shape) || !a.keepsShape(x, a.q, a.left) || !p.closed(plain(a.q), read) || !p.scalesQueryGradient(a, s) {
			return false
		}
		a.query, a.queryScaled, a.queryScale = x, scaled, s
		return true
	})
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

// isClosed adds all ops to inside and reports whether nothing outside reads what the steps do not store, nor do the steps themselves.
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
	return !slices.ContainsFunc([]*ir.Value{a.query, a.k, a.v, a.do, a.added, a.truths}, func(v *ir.Value) bool {
		return v != nil && a.inside[root(v).Def] && root(v).Def != a.output
	})
}
