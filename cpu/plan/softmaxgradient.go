package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

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
	if a.dp == nil || place(a.dp) < place(a.output) || place(a.dv) < place(a.output) || !slices.Equal(permuted(a.do.Shape.Dimensions, a.gradient.order()), a.o.Shape.Dimensions) {
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
	if a.truths == nil {
		return ds, true
	}
	users := p.usersOf(ds)
	if len(users) != 1 || !same(a.unhide(users[0].Results[0], 0), ds) {
		return nil, false
	}
	return users[0].Result(), true
}

// softmaxGradient matches op = (dp/sum - sum over the row of dp*exp/sum^2) * exp, and notes its ops.
func (a *attention) softmaxGradient(op *ir.Op) bool {
	exp := a.exp.Result()
	isDP := func(v *ir.Value) bool { return a.unturned(a.bare(v)) == plain(a.dp.Result()) }
	isSum := func(v, x *ir.Value) bool { return perRow(v, x) == a.sum.Result() }
	return either(op, func(x, e *ir.Value) bool {
		both := made(a.bare(x), ir.Add)
		return same(e, exp) && either(both, func(direct, through *ir.Value) bool {
			quotient, total := made(direct, ir.Div), made(perRow(through, direct), ir.ReduceSum)
			if quotient == nil || !isDP(quotient.Args[0]) || !isSum(quotient.Args[1], quotient.Args[0]) || !reducesRows(total, a.keys()) {
				return false
			}
			minus := made(total.Args[0], ir.Neg)
			if minus == nil {
				return false
			}
			term := made(minus.Args[0], ir.Mul)
			return either(term, func(x, y *ir.Value) bool {
				share := made(y, ir.Div)
				if !isDP(x) || share == nil || !same(share.Args[0], a.probabilities.Args[0]) {
					return false
				}
				square := plainShape(share.Args[1]).Def
				if square == nil || square.Kind != ir.Mul || !isSum(square.Args[0], share.Args[0]) || !isSum(square.Args[1], share.Args[0]) {
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
