package plan

import (
	"math"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/matvec"
)

// attention is softmax(scale * q k^T + mask) v as GoMLX graphs write it, and its gradient as automatic differentiation does.
// It is found before ops are placed: its ops then make one step each way.
type attention struct {
	q, k, v, o      *ir.Value // [B, G, M, D], [B, G, S, D], [B, G, S, E], [B, G, M, E]
	scores          *ir.Op    // q k^T
	mask            *ir.Op    // adds a mask, nil without
	added           *ir.Value // the mask, nil when it is the causal one
	exp, max, sum   *ir.Op
	probabilities   *ir.Op
	output          *ir.Op // probabilities v
	scale           float32
	scaled          *ir.Op    // multiplies the scores, nil when scale is 1
	queries         int       // M is a multiple: heads that share k and v
	query           *ir.Value // q, or what it was before queryScaled
	queryScaled     *ir.Op    // multiplies the queries, nil when steps do not do it
	queryScale      float32   // 1 without
	dqScaled        *ir.Op    // the gradient of queryScaled
	dScores         *ir.Op    // gradient of the softmax
	dScaled         *ir.Op
	do              *ir.Value
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
		if !a.forward() || !a.fits() || !p.gradient(a) {
			continue
		}
		p.unscaleQuery(a)
		if !p.isClosed(a) {
			continue
		}
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
	if !isProduct(a.output, 3, 2) {
		return false
	}
	a.v, a.o = a.output.Args[1], a.output.Result()
	if a.probabilities = made(a.output.Args[0], ir.Div); a.probabilities == nil {
		return false
	}
	a.exp = made(a.probabilities.Args[0], ir.Exp)
	if a.sum = made(perRow(a.probabilities.Args[1]), ir.ReduceSum); a.exp == nil || !overLast(a.sum) || !same(a.sum.Args[0], a.exp.Result()) {
		return false
	}
	shifted := made(a.exp.Args[0], ir.Sub)
	if shifted == nil {
		return false
	}
	if a.max = made(perRow(shifted.Args[1]), ir.ReduceMax); !overLast(a.max) || !same(a.max.Args[0], shifted.Args[0]) {
		return false
	}
	a.inside[shifted] = true
	masked := shifted.Args[0]
	a.queries = masked.Shape.Dimensions[masked.Shape.Rank()-2]
	x := a.unmask(masked)
	x = a.unscale(x)
	if a.scores = made(x, ir.DotGeneral); !isProduct(a.scores, 3, 3) || a.scale <= 0 {
		return false
	}
	a.q, a.k = a.scores.Args[0], a.scores.Args[1]
	want := a.scores.Result().Shape
	return a.output.Args[0].Shape.Equal(want) && a.exp.Result().Shape.Equal(want) && want.Dimensions[2]%a.queries == 0
}

// unmask returns what v is before a mask is added; v itself without one.
func (a *attention) unmask(v *ir.Value) *ir.Value {
	op := made(v, ir.Add)
	if op == nil {
		return v
	}
	dims := op.Result().Shape.Dimensions
	isCausal := either(op, func(x, mask *ir.Value) bool {
		t, ok := causal(mask, dims)
		if ok {
			a.mask, a.queries, v = op, t, x
		}
		return ok
	})
	if isCausal {
		return v
	}
	either(op, func(x, mask *ir.Value) bool {
		rank := len(dims)
		ok := isScaledProduct(x) && mask.Shape.Rank() == rank && (rank == 4 || rank == 5) && mask.Shape.Dimensions[rank-1] == dims[rank-1]
		if ok {
			a.mask, a.added, a.queries, v = op, mask, dims[rank-2], x
		}
		return ok
	})
	return v
}

// isScaledProduct reports whether v is a product of two matrices, multiplied by a number at most.
func isScaledProduct(v *ir.Value) bool {
	either(made(v, ir.Mul), func(x, y *ir.Value) bool {
		_, ok := number(y)
		if ok {
			v = x
		}
		return ok
	})
	return isProduct(made(v, ir.DotGeneral), 3, 3)
}

// fits reports whether the mask has a row for each query of each head, or one for several of them, and whether it is worth
// packing the keys for that many queries.
func (a *attention) fits() bool {
	if a.added == nil {
		return true
	}
	q, d := a.scores.Result().Shape.Dimensions, a.mask.Result().Shape.Dimensions
	return q[2] > matvec.Most && d[0] == q[0] && d[1] == q[1] && product(d[2:len(d)-1]) == q[2]
}

// causal reports whether v, added to scores of shape dims, hides from position t all keys after it and nothing else, and
// returns the number of positions.
func causal(v *ir.Value, dims []int) (queries int, ok bool) {
	rank := len(dims)
	if v.Def == nil || v.Def.Kind != ir.Constant || v.Shape.Rank() != rank || rank < 2 {
		return 0, false
	}
	flat, ok := v.Def.Attr.(ir.ConstantAttr).Flat.([]float32)
	t, s := dims[rank-2], dims[rank-1]
	if !ok || len(flat) != t*s || v.Shape.Dimensions[rank-2] != t || v.Shape.Dimensions[rank-1] != s {
		return 0, false
	}
	for i := range t {
		for j, m := range flat[i*s : (i+1)*s] {
			want := float32(0)
			if j > i {
				want = float32(math.Inf(-1))
			}
			if m != want {
				return 0, false
			}
		}
	}
	return t, true
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

// gradient matches the backward pass; true as well when there is none.
func (p *planner) gradient(a *attention) bool {
	probabilities, exp := a.probabilities.Result(), a.exp.Result()
	for _, op := range p.usersOf(probabilities) {
		if isProduct(op, 2, 2) && same(op.Args[1], probabilities) {
			a.dv, a.do = op, op.Args[0]
		}
	}
	if a.dv == nil {
		return true
	}
	for _, op := range p.usersOf(a.do) {
		if isProduct(op, 3, 3) && op.Args[0] == a.do && op.Args[1] == a.v {
			a.dp = op
		}
	}
	if a.dp == nil || !a.do.Shape.Equal(a.o.Shape) {
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
	ds := a.dScores.Result()
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
	for _, op := range p.usersOf(ds) {
		switch {
		case isProduct(op, 3, 2) && op.Args[1] == a.k && same(op.Args[0], ds):
			a.dq = op
		case isProduct(op, 2, 2) && op.Args[1] == a.q && same(op.Args[0], ds):
			a.dk = op
		}
	}
	return a.dq != nil && a.dk != nil
}

// softmaxGradient matches op = (dp/sum - sum over the row of dp*exp/sum^2) * exp, and notes its ops.
func (a *attention) softmaxGradient(op *ir.Op) bool {
	exp, dp := a.exp.Result(), a.dp.Result()
	isSum := func(v *ir.Value) bool { row := perRow(v); return row != nil && row == a.sum.Result() }
	return either(op, func(x, e *ir.Value) bool {
		both := made(x, ir.Add)
		return same(e, exp) && either(both, func(direct, through *ir.Value) bool {
			quotient, total := made(direct, ir.Div), made(perRow(through), ir.ReduceSum)
			if quotient == nil || !same(quotient.Args[0], dp) || !isSum(quotient.Args[1]) || !overLast(total) {
				return false
			}
			minus := made(total.Args[0], ir.Neg)
			if minus == nil {
				return false
			}
			term := made(minus.Args[0], ir.Mul)
			return either(term, func(x, y *ir.Value) bool {
				share := made(y, ir.Div)
				if !same(x, dp) || share == nil || !same(share.Args[0], exp) {
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
	if scaled == nil || !scaled.Result().Shape.Equal(a.q.Shape) {
		return
	}
	either(scaled, func(x, y *ir.Value) bool {
		s, ok := number(y)
		read := map[*ir.Op]bool{a.scores: true, a.dk: true}
		if !ok || !(s > 0) || !x.Shape.Equal(a.q.Shape) || !p.closed(plain(a.q), read) || !p.scalesQueryGradient(a, s) {
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
	if len(users) != 1 || users[0].Kind != ir.Mul || !users[0].Result().Shape.Equal(dq.Shape) || !p.closed(dq, map[*ir.Op]bool{users[0]: true}) {
		return false
	}
	ok := either(users[0], func(x, y *ir.Value) bool { n, ok := number(y); return ok && n == s && same(x, dq) })
	if ok {
		a.dqScaled = users[0]
	}
	return ok
}

// queryGradient is the gradient of what the steps read as queries.
func (a *attention) queryGradient() *ir.Value {
	if a.dqScaled != nil {
		return a.dqScaled.Result()
	}
	return a.dq.Result()
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
