package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
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
	shortestRow  = 16       // shorter rows are left to kernels over tiles: they fill less than half a strip of AVX2
	farBytes     = 32 << 20 // results from this size on are in no cache when somebody reads them: the third-level cache of Zen 3
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
	th.slopes()
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
