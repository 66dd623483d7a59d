package plan

import (
	"math"
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/matvec"
)

// unmask returns what v is before a mask is added; v itself without one.
func (a *attention) unmask(v *ir.Value) *ir.Value {
	op := made(v, ir.Add)
	if op == nil {
		return v
	}
	dims := op.Result().Shape.Dimensions
	oneAxis := len(a.space) == 4
	isCausal := inOrder(a.space) && oneAxis && dims[len(dims)-1] == a.keys() && either(op, func(x, mask *ir.Value) bool {
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
		natural := inOrder(a.space) && oneAxis
		ok := a.isScaledProduct(x) && mask.Shape.Rank() == rank && (rank == len(a.space) || natural && rank == 5) && mask.Shape.Dimensions[rank-1] == dims[rank-1]
		if ok {
			a.mask, a.added, v = op, mask, x
		}
		if ok && natural {
			a.queries = dims[rank-2]
		}
		return ok
	})
	return v
}

// isScaledProduct reports whether v is a product of two matrices, multiplied by a number at most.
func (a *attention) isScaledProduct(v *ir.Value) bool {
	either(made(v, ir.Mul), func(x, y *ir.Value) bool {
		_, ok := number(y)
		if ok {
			v = x
		}
		return ok
	})
	_, _, ok := rolesOf(made(a.unturned(v), ir.DotGeneral))
	return ok
}

// fits reports whether the mask has a row for each query of each head, or one for several of them, and whether it is worth
// packing the keys for that many queries.
func (a *attention) fits() bool {
	hidden := a.truths != nil && !a.hides
	if a.added == nil && !hidden {
		return true
	}
	q := a.scores.Result().Shape.Dimensions
	last := len(q) - 1
	rows := product(q[2:last])
	if rows <= matvec.Most || a.mask != nil && hidden {
		return false
	}
	if hidden {
		return !math.IsInf(float64(a.instead), -1)
	}
	d := a.mask.Result().Shape.Dimensions
	return len(d) == len(q) && slices.Equal(permuted(d, a.space), q) || inOrder(a.space) && d[0] == q[0] && d[1] == q[1] && last == 3 && product(d[2:len(d)-1]) == rows
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

// bare returns what v is before it becomes 0 where a mask of truths hides keys, as GoMLX's MaskedSoftmax does after every op; v
// itself when it does not. The first such mask that forward meets is that of the attention.
func (a *attention) bare(v *ir.Value) *ir.Value {
	if a.instead != 0 { // a plain softmax: hidden keys have probabilities
		return v
	}
	return a.unhide(v, 0)
}

// unhide is bare for any number that v becomes.
func (a *attention) unhide(v *ir.Value, hidden float32) *ir.Value {
	op := made(v, ir.Where)
	if op == nil {
		return v
	}
	truths, dims := op.Args[0], op.Result().Shape.Dimensions
	if n, ok := number(op.Args[2]); !ok || n != hidden || !slices.Equal(truths.Shape.Dimensions, dims) || !slices.Equal(dims, a.dims()) {
		return v
	}
	if a.truths == nil && a.scores == nil {
		a.hide(truths, dims)
	}
	if a.truths != truths {
		return v
	}
	a.inside[op] = true
	return op.Args[1]
}

// hide notes a mask of truths for scores of shape dims.
func (a *attention) hide(truths *ir.Value, dims []int) {
	a.truths = truths
	for _, row := range a.space[2 : len(a.space)-1] {
		if causalTruths(truths, dims, row) {
			a.hides, a.stairs = true, row
		}
	}
}

// least is what hides a key for good: no score is as small, so that its probability is 0 beside any other.
const least = -1e30

// uncover returns what v is before a mask of truths puts a negative number where it does not hold, and the softmax runs over that:
// v itself without one. A query that sees nothing then sees all keys alike; with -Inf it would see NaN, so that only a causal
// mask may put it.
func (a *attention) uncover(v *ir.Value) *ir.Value {
	op := made(v, ir.Where)
	if op == nil || a.truths != nil {
		return v
	}
	truths, dims := op.Args[0], op.Result().Shape.Dimensions
	n, ok := number(op.Args[2])
	if !ok || !(n < 0) || !slices.Equal(truths.Shape.Dimensions, dims) || !slices.Equal(dims, a.dims()) {
		return v
	}
	a.hide(truths, dims)
	if a.hides = a.hides && n <= least; !a.hides {
		a.instead = n
	}
	a.inside[op] = true
	return op.Args[1]
}

// causalTruths is causal for a mask of truths, which hold for what a position along axis row sees.
func causalTruths(v *ir.Value, dims []int, row int) bool {
	v = unstretched(v)
	rank, def := v.Shape.Rank(), plain(v).Def
	if rank < 2 || rank != len(dims) || row >= rank-1 || def == nil || def.Kind != ir.Constant {
		return false
	}
	flat, ok := def.Attr.(ir.ConstantAttr).Flat.([]bool)
	t, s := dims[row], dims[rank-1]
	if !ok || len(flat) != t*s || v.Shape.Dimensions[row] != t || v.Shape.Dimensions[rank-1] != s {
		return false
	}
	for i, seen := range flat {
		if seen != (i%s <= i/s) {
			return false
		}
	}
	return true
}
