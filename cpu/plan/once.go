package plan

import (
	"github.com/dyt-go/dyt/cpu/kernel/elem"
)

var (
	foldOf     = map[Reduce]elem.Code{ReduceSum: elem.FoldAdd, ReduceMax: elem.FoldMax, ReduceMin: elem.FoldMin}
	intoOf     = map[Reduce]elem.Code{ReduceSum: elem.IntoAdd, ReduceMax: elem.IntoMax, ReduceMin: elem.IntoMin}
	identityOf = map[Reduce]float32{ReduceSum: 0, ReduceMax: minusInf, ReduceMin: plusInf}
)

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
