package plan

import (
	"math"
	"slices"

	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// form is what a register holds, as a sum of terms in the order of their factors.
type form []monomial

// monomial is a number times factors in order: registers, and functions of registers.
type monomial struct {
	number  float64
	factors []int
}

// Functions of register z have numbers below those of registers.
func erfOf(z int) int   { return -2*z - 1 } // erf(z / sqrt 2)
func gaussOf(z int) int { return -2*z - 2 } // e^(-z^2/2)

// mostTerms is how many terms a form may have; the derivative of GELU has three. What is longer counts as a register.
const mostTerms = 8

// slopes finds products with the derivative of GELU, d (1/2 + erf(z / sqrt 2)/2 + z e^(-z^2/2) / sqrt(2 pi)), however they are
// written, and computes the derivative in one instruction (measured: elem/KERNEL.md).
func (th *threading) slopes() {
	has := func(fn op.Op) bool {
		return slices.ContainsFunc(th.items, func(it item) bool { return it.kind == itemApply && it.fn == fn })
	}
	if !has(op.Erf) || !has(op.Exp) {
		return
	}
	forms := make(map[int]form)
	for k := range len(th.items) {
		it := &th.items[k]
		if it.kind != itemApply || it.gone || !th.isFull(it.dst) {
			continue
		}
		f := th.formOf(it, forms)
		if z, d, ok := f.slope(); ok && th.isFull(z) {
			if d := th.holder(d, th.items[:k], forms); d >= 0 {
				slope := th.slopeOf(z)
				th.items[k].fn, th.items[k].args = op.Mul, []int{slope, d}
			}
		}
		forms[it.dst] = f
	}
	th.drop()
}

// slopeOf appends what computes the derivative at z.
func (th *threading) slopeOf(z int) int {
	r := th.l.newReg(reg{shape: shapeFull})
	th.alias = append(th.alias, r)
	for _, side := range []*[]int{&th.level, &th.reads} {
		*side = append(*side, 0)
	}
	for _, side := range []*[]int{&th.maker, &th.place, &th.reducing} {
		*side = append(*side, -1)
	}
	th.append(item{kind: itemApply, fn: op.GeluSlope, dst: r, args: []int{z}, level: th.level[z]})
	return r
}

// holder returns the register that holds d, one that items compute or read; -1 for none.
func (th *threading) holder(d monomial, items []item, forms map[int]form) int {
	if len(d.factors) == 1 && near(d.number, 1) && d.factors[0] >= 0 {
		return d.factors[0]
	}
	for _, it := range items {
		if it.kind == itemApply && !it.gone && forms[it.dst].same(form{d}) {
			return it.dst
		}
	}
	return -1
}

// drop drops items whose results nobody reads.
func (th *threading) drop() {
	read := make([]bool, len(th.maker))
	for k := len(th.items) - 1; k >= 0; k-- {
		it := &th.items[k]
		if it.kind == itemApply && it.fn != op.GeluSlope && th.isFull(it.dst) && !th.l.regs[it.dst].store && !read[it.dst] {
			it.gone = true
		}
		if !it.gone {
			for _, r := range it.args {
				read[r] = true
			}
		}
	}
}

// formOf returns what an item computes.
func (th *threading) formOf(it *item, forms map[int]form) form {
	args := make([]form, len(it.args))
	for i, r := range it.args {
		switch f := forms[r]; {
		case f != nil:
			args[i] = f
		case th.isNumber(r):
			args[i] = form{{float64(th.l.regs[r].value), nil}}
		default:
			args[i] = form{{1, []int{r}}}
		}
	}
	var f form
	switch it.fn {
	case op.Mul:
		return args[0].times(args[1]).or(it.dst)
	case op.Neg:
		return args[0].scaled(-1)
	case op.Erf, op.Exp:
		f = args[0].function(it.fn)
	case op.Add:
		f = args[0].plus(args[1])
	case op.Sub:
		f = args[0].plus(args[1].scaled(-1))
	case op.RSub:
		f = args[1].plus(args[0].scaled(-1))
	case op.MulAdd:
		f = args[0].times(args[1]).plus(args[2])
	case op.NegMulAdd:
		f = args[0].times(args[1]).scaled(-1).plus(args[2])
	}
	if !slices.ContainsFunc(f, func(t monomial) bool { return len(t.factors) > 0 && t.factors[0] < 0 }) {
		f = nil // a sum of registers is as good as one
	}
	return f.or(it.dst)
}

// isNumber reports whether register r is a constant.
func (th *threading) isNumber(r int) bool {
	return th.l.regs[r].shape == shapeOne && th.l.isConstant(r, th.l.regs[r].value)
}

// or returns f, or the register itself where f is none, or too long.
func (f form) or(r int) form {
	if len(f) == 0 || len(f) > mostTerms {
		return form{{1, []int{r}}}
	}
	return f
}

// function is erf or exp of f where that is a function of a register.
func (f form) function(fn op.Op) form {
	if len(f) != 1 || len(f[0].factors) == 0 || f[0].factors[0] < 0 {
		return nil
	}
	z := f[0].factors[0]
	switch {
	case fn == op.Erf && f.same(form{{1 / math.Sqrt2, []int{z}}}):
		return form{{1, []int{erfOf(z)}}}
	case fn == op.Exp && f.same(form{{-.5, []int{z, z}}}):
		return form{{1, []int{gaussOf(z)}}}
	}
	return nil
}

// slope returns z and d where f is d times the derivative of GELU at z.
func (f form) slope() (z int, d monomial, ok bool) {
	for _, t := range f {
		for i, x := range t.factors {
			if x >= 0 || x%2 == 0 {
				continue
			}
			z, d = -(x+1)/2, monomial{2 * t.number, slices.Delete(slices.Clone(t.factors), i, i+1)}
			slope := form{{.5, nil}}.plus(form{{.5, []int{erfOf(z)}}}).plus(form{{1 / math.Sqrt(2*math.Pi), []int{z}}}.times(form{{1, []int{gaussOf(z)}}}))
			return z, d, f.same(form{d}.times(slope))
		}
	}
	return 0, monomial{}, false
}

func (f form) times(g form) form {
	var product form
	for _, s := range f {
		for _, t := range g {
			factors := slices.Concat(s.factors, t.factors)
			slices.Sort(factors)
			product = product.plus(form{{s.number * t.number, factors}})
		}
	}
	return product
}

func (f form) scaled(number float64) form { return f.times(form{{number, nil}}) }

func (f form) plus(g form) form {
	sum := slices.Clone(f)
	for _, t := range g {
		at, found := slices.BinarySearchFunc(sum, t.factors, func(s monomial, factors []int) int { return slices.Compare(s.factors, factors) })
		if !found {
			sum = slices.Insert(sum, at, monomial{0, t.factors})
		}
		sum[at].number += t.number
	}
	return sum
}

// same reports whether f and g have the same terms, up to what float32 constants leave of their numbers.
func (f form) same(g form) bool {
	return slices.EqualFunc(f, g, func(s, t monomial) bool { return near(s.number, t.number) && slices.Equal(s.factors, t.factors) })
}

func near(x, y float64) bool { return math.Abs(x-y) <= 1e-6*math.Abs(y) }
