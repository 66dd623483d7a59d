package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// Strips is a tape as a program over strips of rows: what the tape's Code does, with what one instruction hands to the next
// in registers of the processor. A row is traversed once, and once more for each time that something computed of the whole
// row is needed.
type Strips struct {
	Program *elem.Program
	Near    *elem.Program // the same, for arrays that are not aligned as stores past the caches want them
	Slots   []StripSlot
	Numbers []int // places in Code of what is computed of single numbers, before everything else
	Width   int   // elements of a strip
}

// StripSlot says what a slot of the program is.
type StripSlot struct {
	Kind  SlotKind
	Index int // of the load, store, pack, sum; the register of a number
	At    int // where in the worker's memory, in floats

	Past bool // a store past the caches, of rows that begin where registers do
}

// SlotKind says where the memory of a slot is.
type SlotKind uint8

const (
	SlotStrip   SlotKind = iota // a strip at At
	SlotNumber                  // a strip at At filled with a number
	SlotSum                     // elem.Partials strips at At in which a row is added up
	SlotTotal                   // the same of a tile of a sum over everything
	SlotRow                     // a row at At
	SlotLoad                    // an array that is read
	SlotStore                   // an array that is written
	SlotPack                    // a tile at At of truths, to be written as bytes
	SlotColumns                 // the partial results of a sum over rows
)

// steps reports whether the slot moves on from row to row.
func (s StripSlot) steps() bool {
	return s.Kind == SlotLoad || s.Kind == SlotStore || s.Kind == SlotPack
}

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

// threading turns the instructions of a lowering into a program.
type threading struct {
	l        *lowering
	alias    []int // by register: the one that holds the same
	level    []int // by register: the traversal in which, or before which, it exists
	maker    []int // by register: the item that computes it, -1 for none
	place    []int // by register: the slot where it lies, -1 for none
	reducing []int // by register: where its row is added up
	reads    []int // by register: how often instructions read it
	items    []item
	slots    []StripSlot
	segments []elem.Segment
	code     []elem.Instr // of the segment that is being written
	last     int          // the last traversal
	past     bool         // some store goes past the caches
	touches  touches
}

const (
	shortestRow  = 16       // rows below it are left to kernels over tiles: a strip would hardly be filled
	farBytes     = 32 << 20 // results from this size on are in no cache when somebody reads them
	distantBytes = 1 << 20  // arrays from this size on come from far enough to be asked for ahead
)

// thread makes the program of the tape; nil where it stays with kernels over tiles.
func (l *lowering) thread() *Strips {
	s := l.p.table.Elem.Strips
	if s == nil || l.tape.Row < shortestRow {
		return nil
	}
	n := len(l.regs)
	th := &threading{l: l, touches: newTouches(l.tape), items: make([]item, 0, len(l.tape.Code)), slots: make([]StripSlot, 0, 2*n), code: make([]elem.Instr, 0, 2*len(l.tape.Code))}
	for _, side := range []*[]int{&th.alias, &th.level, &th.maker, &th.place, &th.reducing, &th.reads} {
		*side = make([]int, n)
	}
	for r := range n {
		th.alias[r], th.maker[r], th.place[r], th.reducing[r] = r, -1, -1, -1
	}
	for _, i := range l.tape.Code {
		for _, r := range i.reads() {
			th.reads[r]++
		}
	}
	for i := range l.tape.Code {
		if !th.add(s, &l.tape.Code[i]) {
			return nil
		}
	}
	th.remember()
	for _, it := range th.items {
		if !it.once && !it.gone {
			th.last = max(th.last, it.level)
		}
	}
	for level := range slices.Max(th.level) + 1 {
		th.once(level)
		th.traverse(level)
	}
	l.touched = th.touches
	return th.assemble(s)
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

func (th *threading) slot(s StripSlot) int {
	th.slots = append(th.slots, s)
	return len(th.slots) - 1
}

// emit adds an instruction to the segment.
func (th *threading) emit(i elem.Instr) {
	th.code = append(th.code, i)
	th.touches.clock++
}

func (th *threading) move(code elem.Code, slot int) {
	if !code.Asks() {
		th.touch(slot)
	}
	th.emit(elem.Instr{Code: code, A: slot})
}

// touch notes that the next instruction reads or writes a slot.
func (th *threading) touch(slot int) {
	switch s := th.slots[slot]; s.Kind {
	case SlotLoad:
		th.touches.load(s.Index)
	case SlotStore:
		th.touches.store(s.Index)
	}
}

// end ends the segment.
func (th *threading) end(once bool) {
	if len(th.code) > 0 {
		th.segments = append(th.segments, elem.Segment{Once: once, Code: th.code})
	}
	th.code = nil
}

// once writes what is computed of rows before the given traversal, and prepares the strips that are added up in it.
func (th *threading) once(level int) {
	for k := range th.items {
		it := &th.items[k]
		if it.kind == itemRowSum && th.level[it.dst] == level {
			th.move(foldOf[it.reduce], th.reducing[it.dst])
			th.rowResult(it.dst)
		}
		if it.level != level || !it.once {
			continue
		}
		switch it.kind {
		case itemRowLoad:
			th.move(elem.LoadOne, th.slotOf(it.dst, true))
			th.place[it.dst] = th.slot(StripSlot{Kind: SlotStrip})
			th.move(elem.Spread, th.place[it.dst])
			continue
		case itemPack:
			th.move(elem.Load, th.slotOf(it.args[0], false))
			th.move(elem.StoreOne, th.slot(StripSlot{Kind: SlotPack, Index: it.index}))
			continue
		}
		th.move(elem.Load, th.slotOf(it.args[0], false))
		if it.kind == itemApply {
			th.apply(it, it.args[1:])
		}
		th.rowResult(it.dst)
	}
	for k := range th.items {
		if it := &th.items[k]; it.kind == itemRowSum && it.level == level {
			th.reducing[it.dst] = th.slot(StripSlot{Kind: SlotSum})
			th.move(elem.Load, th.number(identityOf[it.reduce]))
			th.move(elem.Start, th.reducing[it.dst])
		}
	}
	th.end(true)
}

// rowResult spreads the accumulator over the strip of row register r, and stores it when r lies in memory.
func (th *threading) rowResult(r int) {
	if th.l.regs[r].store {
		th.move(elem.StoreOne, th.slot(StripSlot{Kind: SlotStore, Index: th.store(r)}))
	}
	th.place[r] = th.slot(StripSlot{Kind: SlotStrip})
	th.move(elem.Spread, th.place[r])
}

// apply writes acc = fn(acc, operands).
func (th *threading) apply(it *item, operands []int) {
	i := elem.Instr{Code: elem.Apply, Op: it.fn}
	for k, r := range operands {
		slot := th.slotOf(r, false)
		th.touch(slot)
		*[]*int{&i.A, &i.B}[k] = slot
	}
	th.emit(i)
}

// store returns the number of the store whose register is r.
func (th *threading) store(r int) int {
	return slices.IndexFunc(th.l.tape.Stores, func(s Store) bool { return s.Reg == r })
}

// number returns a slot of a constant.
func (th *threading) number(x float32) int {
	for i, s := range th.slots {
		if s.Kind == SlotNumber && th.l.isConstant(s.Index, x) {
			return i
		}
	}
	r := th.l.newReg(reg{shape: shapeOne, value: x})
	return th.slot(StripSlot{Kind: SlotNumber, Index: r})
}

func (l *lowering) isConstant(r int, x float32) bool {
	return !l.regs[r].load && l.regs[r].value == x && !slices.ContainsFunc(l.tape.Code, func(i Instr) bool { return i.writes() && i.Dst == r })
}

// slotOf returns where register r lies. Each number of rows lies in memory and, once loaded, in a strip.
func (th *threading) slotOf(r int, memory bool) int {
	if th.place[r] >= 0 && !memory {
		return th.place[r]
	}
	kind, index := SlotNumber, r
	if th.l.regs[r].load && th.l.regs[r].shape != shapeOne {
		kind, index = SlotLoad, slices.IndexFunc(th.l.tape.Loads, func(d Load) bool { return d.Reg == r })
	} else if th.l.regs[r].shape != shapeOne {
		panic("BUG: plan: a strip is read that was not kept")
	}
	s := th.slot(StripSlot{Kind: kind, Index: index})
	if !memory {
		th.place[r] = s
	}
	return s
}

var (
	foldOf     = map[Reduce]elem.Code{ReduceSum: elem.FoldAdd, ReduceMax: elem.FoldMax, ReduceMin: elem.FoldMin}
	intoOf     = map[Reduce]elem.Code{ReduceSum: elem.IntoAdd, ReduceMax: elem.IntoMax, ReduceMin: elem.IntoMin}
	identityOf = map[Reduce]float32{ReduceSum: 0, ReduceMax: minusInf, ReduceMin: plusInf}
)
