package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// itemKind says what an item does.
type itemKind uint8

const (
	itemApply   itemKind = iota // dst = fn(args)
	itemMove                    // dst, which lies in memory, = args[0]
	itemRowSum                  // dst = args[0] reduced over its row
	itemSum                     // add args[0] to sum number index
	itemPack                    // write args[0] as truths to pack number index
	itemRowLoad                 // dst = its number for each row
)

// item is an instruction of the tape between registers, moves from one to the other left out.
type item struct {
	kind   itemKind
	fn     op.Op
	dst    int // -1 for none
	args   []int
	level  int  // the traversal in which it runs
	once   bool // before that traversal, one time for the row
	reduce Reduce
	index  int
	gone   bool // part of another one
}

// add makes an item of an instruction; false when there is no code for it.
func (th *threading) add(s *elem.Strips, i *Instr) bool {
	l := th.l
	it := item{kind: itemApply, fn: i.Func, dst: i.Dst, reduce: i.Reduce}
	if i.writes() && l.regs[i.Dst].shape == shapeOne {
		return true // a number
	}
	regs := i.reads()
	switch i.Op {
	case OpFill, OpSpread, OpCopy:
		if !l.regs[i.Dst].store {
			th.alias[i.Dst] = th.alias[i.A]
			return true
		}
		it.kind = itemMove
	case OpTernary, OpTernary1, OpChoose:
		it.fn = op.Select
		if i.Op == OpTernary1 && i.Left {
			regs = []int{i.A, i.C, i.B}
		}
	case OpRowSum:
		it.kind = itemRowSum
	case OpSum:
		it.kind, it.dst, it.index, it.reduce = itemSum, -1, i.Dst, l.tape.Sums[i.Dst].Code
	case OpPack:
		it.kind, it.dst, it.index = itemPack, -1, i.Dst
		it.once = l.tape.Packs[i.Dst].Rows
	}
	if it.kind == itemApply && !(s.Has(it.fn) && s.Has(it.fn.Reversed())) {
		return false
	}
	if it.kind == itemApply {
		it.fn, regs = th.contract(it.fn, regs)
	}
	for _, r := range regs {
		r = th.alias[r]
		it.args = append(it.args, r)
		if l.regs[r].load && l.regs[r].shape == shapeRow && th.maker[r] < 0 {
			th.append(item{kind: itemRowLoad, dst: r, once: true})
		}
		it.level = max(it.level, th.level[r])
	}
	if it.dst >= 0 && l.regs[it.dst].shape == shapeRow && it.kind != itemRowSum {
		it.once = true
	}
	th.append(it)
	return true
}

// contract makes one function of a sum or difference and a product that nobody else reads.
func (th *threading) contract(fn op.Op, regs []int) (op.Op, []int) {
	for k, r := range regs {
		how := op.None
		switch {
		case fn == op.Add:
			how = op.MulAdd
		case fn == op.Sub && k == 1, fn == op.RSub && k == 0:
			how = op.NegMulAdd
		}
		if how == op.None || !th.isFull(r) || th.alias[r] != r || th.maker[r] < 0 || th.reads[r] != 1 || th.l.regs[r].store {
			continue
		}
		if product := &th.items[th.maker[r]]; product.kind == itemApply && product.fn == op.Mul {
			product.gone = true
			return how, append(slices.Clone(product.args), regs[1-k])
		}
	}
	return fn, regs
}

func (th *threading) append(it item) {
	if it.dst >= 0 {
		th.maker[it.dst] = len(th.items)
		th.level[it.dst] = it.level
		if it.kind == itemRowSum {
			th.level[it.dst]++
		}
	}
	th.items = append(th.items, it)
}

// again is how many instructions may be repeated in a later traversal rather than kept in a row of memory.
const again = 2

// remember gives rows to what later traversals need and cannot compute again in a few instructions.
func (th *threading) remember() {
	for k := range th.items {
		it := &th.items[k]
		if it.gone {
			continue
		}
		for _, r := range it.args {
			m := th.maker[r]
			if th.isFull(r) && m >= 0 && !th.l.regs[r].store && th.level[r] < it.level && th.cost(r) > again {
				th.keep(r)
			}
		}
	}
}

func (th *threading) isFull(r int) bool { return th.l.regs[r].shape == shapeFull }

// keep gives r a row.
func (th *threading) keep(r int) {
	if th.place[r] < 0 {
		th.place[r] = th.slot(StripSlot{Kind: SlotRow})
	}
}

// cost is the number of instructions that compute r of what lies in memory.
func (th *threading) cost(r int) int {
	if !th.isFull(r) || th.maker[r] < 0 || th.l.regs[r].store || th.place[r] >= 0 {
		return 0
	}
	it := th.items[th.maker[r]]
	n := 1
	switch it.fn {
	case op.Add, op.Sub, op.RSub, op.Mul, op.MulAdd, op.NegMulAdd, op.Neg, op.Square, op.Max, op.Min, op.RMax, op.RMin:
	default:
		return again + 1
	}
	for _, a := range it.args {
		n += th.cost(a)
	}
	return n
}
