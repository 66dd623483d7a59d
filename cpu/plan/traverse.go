package plan

import (
	"math"
	"slices"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

var plusInf, minusInf = float32(math.Inf(1)), float32(math.Inf(-1))

// traversal writes one traversal of a row: its items in an order in which a result is used, as far as possible, while it
// is in the accumulator. What is needed later goes to a strip.
type traversal struct {
	*threading
	list  []*item
	done  []bool
	uses  []int  // by register: items that still read it
	local []bool // by register: an item of the traversal computes it
	acc   int    // register in the accumulator, -1 for none
}

// traverse writes the traversal of the given level.
func (th *threading) traverse(level int) {
	t := &traversal{threading: th, list: make([]*item, 0, len(th.items)), uses: make([]int, len(th.maker)), local: make([]bool, len(th.maker)), acc: -1}
	for k := range th.items {
		if it := &th.items[k]; it.level == level && !it.once && !it.gone {
			t.gather(it)
		}
	}
	t.done = make([]bool, len(t.list))
	th.askAhead(level)
	for range t.list {
		k := t.next()
		t.done[k] = true
		t.write(t.list[k], level)
	}
	th.end(false)
	for r, local := range t.local { // strips are valid within a traversal
		if local && th.place[r] >= 0 && th.slots[th.place[r]].Kind == SlotStrip {
			th.place[r] = -1
		}
	}
}

// gather puts it behind the items that compute its operands in this traversal, be it again.
func (t *traversal) gather(it *item) {
	if it.dst >= 0 && t.local[it.dst] {
		return
	}
	for _, r := range it.args {
		t.uses[r]++
		if m := t.maker[r]; m >= 0 && t.isFull(r) && !t.local[r] && t.place[r] < 0 {
			t.gather(&t.items[m])
		}
	}
	t.list = append(t.list, it)
	if it.dst >= 0 && t.isFull(it.dst) {
		t.local[it.dst] = true
	}
}

// askAhead asks for what will be read of large arrays: in the only traversal of a row a little ahead, else in the last two for
// a half each of the next row, which is then near when its first traversal begins. A half each, because memory is idle in
// traversals that do not ask for anything.
func (th *threading) askAhead(level int) {
	code := elem.Ahead
	switch {
	case level < th.last-1:
		return
	case level < th.last:
		code = elem.AheadFirst
	case level > 0:
		code = elem.AheadSecond
	}
	for _, d := range th.l.tape.Loads {
		if th.isFull(d.Reg) && d.Root != th.l.blocks && (d.Kind == LoadDense || d.Kind == LoadRuns) && d.Root.Shape.Size()*4 >= distantBytes {
			th.move(code, th.slotOf(d.Reg, false))
		}
	}
}

// next returns the item to write: one that reads the accumulator, best without changing it, else the first that can be.
func (t *traversal) next() int {
	first, using := -1, -1
	for k, it := range t.list {
		if t.done[k] || !t.ready(it) {
			continue
		}
		if first < 0 {
			first = k
		}
		if t.acc < 0 || !slices.Contains(it.args, t.acc) {
			continue
		}
		switch {
		case it.kind != itemApply:
			return k
		case using < 0 && t.inPlace(it) >= 0:
			using = k
		}
	}
	if using >= 0 {
		return using
	}
	return first
}

// ready reports whether all operands of it exist.
func (t *traversal) ready(it *item) bool {
	for _, r := range it.args {
		for k, other := range t.list {
			if other.dst == r && !t.done[k] && other.kind != itemRowSum {
				return false
			}
		}
	}
	return true
}

// inPlace returns which operand of it can be the accumulator; -1 when none is there.
func (t *traversal) inPlace(it *item) int {
	for k, r := range it.args {
		if r == t.acc && (k == 0 || it.fn != op.Select) {
			return k
		}
	}
	return -1
}

// write writes an item.
func (t *traversal) write(it *item, level int) {
	k := t.inPlace(it)
	if k < 0 {
		t.save()
		t.move(elem.Load, t.slotOf(it.args[0], false))
		t.acc, k = it.args[0], 0
	}
	for _, r := range it.args {
		t.uses[r]--
	}
	switch it.kind {
	case itemRowSum:
		t.move(intoOf[it.reduce], t.reducing[it.dst])
		return
	case itemSum:
		kind := SlotTotal
		if t.l.tape.Sums[it.index].Columns {
			kind = SlotColumns
		}
		t.move(intoOf[it.reduce], t.slot(StripSlot{Kind: kind, Index: it.index}))
		return
	case itemPack:
		t.move(elem.Store, t.slot(StripSlot{Kind: SlotPack, Index: it.index}))
		return
	case itemMove:
		t.result(it, level)
		return
	}
	t.save()
	run := *it
	operands := slices.Delete(slices.Clone(it.args), k, k+1)
	switch {
	case run.fn == op.Mul && it.args[0] == it.args[1]:
		run.fn, operands = op.Square, nil
	case slices.Contains(operands, t.acc): // as another operand too
		t.put()
	}
	switch {
	case run.fn == op.MulAdd && k == 2:
		run.fn = op.MulAddTo
	case run.fn == op.NegMulAdd && k == 2:
		run.fn = op.NegMulAddTo
	case k == 1:
		run.fn = run.fn.Reversed()
	}
	t.apply(&run, operands)
	t.acc = it.dst
	t.result(it, level)
}

// result puts the accumulator where others find it: those who read the array that it belongs to, and later traversals.
func (t *traversal) result(it *item, level int) {
	if it.level != level { // computed again
		return
	}
	r := it.dst
	switch {
	case t.l.regs[r].store:
		n := t.store(r)
		code := elem.Store
		if v := t.l.tape.Stores[n].Value; v.Shape.Size()*4 >= farBytes {
			code, t.past = elem.StorePast, true
		}
		s := t.slot(StripSlot{Kind: SlotStore, Index: n, Past: code == elem.StorePast})
		t.move(code, s)
		if it.kind == itemMove {
			t.place[r] = s
		} else if code == elem.Store || t.readLater(r, level) {
			t.place[r] = s
		}
	case t.place[r] >= 0:
		t.move(elem.Store, t.place[r])
	}
}

// readLater reports whether a later traversal reads r.
func (t *traversal) readLater(r, level int) bool {
	return slices.ContainsFunc(t.items, func(it item) bool { return it.level > level && slices.Contains(it.args, r) })
}

// save keeps what is in the accumulator when somebody still needs it.
func (t *traversal) save() {
	if t.acc >= 0 && t.uses[t.acc] > 0 {
		t.put()
	}
}

// put writes the accumulator to a strip unless it lies somewhere.
func (t *traversal) put() {
	if r := t.acc; t.place[r] < 0 && t.maker[r] >= 0 {
		t.place[r] = t.slot(StripSlot{Kind: SlotStrip})
		t.move(elem.Store, t.place[r])
	}
}

// assemble orders the slots, those first that move on from row to row, and makes the program.
func (th *threading) assemble(s *elem.Strips) *Strips {
	order := make([]int, 0, len(th.slots))
	for i, slot := range th.slots {
		if slot.steps() {
			order = append(order, i)
		}
	}
	steps := len(order)
	for i, slot := range th.slots {
		if !slot.steps() {
			order = append(order, i)
		}
	}
	out := &Strips{Slots: make([]StripSlot, len(order)), Width: s.Width()}
	at := make([]int, len(order))
	for to, from := range order {
		at[from], out.Slots[to] = to, th.slots[from]
	}
	for _, seg := range th.segments {
		for j := range seg.Code {
			i := &seg.Code[j]
			i.A, i.B = at[i.A], at[i.B]
		}
	}
	kinds := th.kinds(order)
	out.Program = s.Assemble(th.segments, steps, kinds)
	out.Near = out.Program
	if th.past {
		for _, seg := range th.segments {
			for j := range seg.Code {
				if i := &seg.Code[j]; i.Code == elem.StorePast {
					i.Code = elem.Store
				}
			}
		}
		out.Near = s.Assemble(th.segments, steps, kinds)
	}
	for i, in := range th.l.tape.Code {
		if in.writes() && th.l.regs[in.Dst].shape == shapeOne {
			out.Numbers = append(out.Numbers, i)
		}
	}
	return out
}

// kinds tells what the slots are, in their final order, to which the segments are changed already.
func (th *threading) kinds(order []int) []op.Kind {
	kinds := make([]op.Kind, len(order))
	for to, from := range order {
		switch th.slots[from].Kind {
		case SlotLoad, SlotStore, SlotPack, SlotRow:
			kinds[to] = op.Array
		case SlotNumber:
			kinds[to] = op.Number
		case SlotSum:
			kinds[to] = op.Sums
		}
	}
	for _, seg := range th.segments {
		for _, i := range seg.Code {
			if i.Code == elem.Spread {
				kinds[i.A] = op.Number
			}
		}
	}
	return kinds
}
