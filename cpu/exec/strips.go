package exec

import (
	"unsafe"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/plan"
)

// numbersOf computes single numbers, fills the strips that hold them, and points slots to strips and rows of the worker.
func (w *worker) numbersOf(t *plan.Tape, k *elem.Table, f *frame) {
	for _, i := range t.Strips.Numbers {
		w.instr(t, &t.Code[i], k, tile{rows: 1, cols: 1}, 0, f, nil)
	}
	width := k.Strips.Width()
	for i := range t.Strips.Slots {
		s := &t.Strips.Slots[i]
		switch s.Kind {
		case plan.SlotNumber:
			fill(w.memory[s.At:s.At+width], w.numbers[s.Index])
			fallthrough
		case plan.SlotStrip:
			w.slots[i] = elem.Slot{Address: address(w.memory[s.At:])}
		case plan.SlotSum, plan.SlotTotal:
			w.slots[i] = elem.Slot{Address: address(w.memory[s.At:]), Mask: k.Strips.Turns()}
		case plan.SlotRow:
			w.slots[i] = elem.Slot{Address: address(w.memory[s.At:]), Mask: elem.Across}
		}
	}
}

// strips runs the program of t on a tile, which is bound.
func (w *worker) strips(t *plan.Tape, at tile, chunk int, f *frame, shared []float32) {
	aligned := w.point(t, at, chunk, f, shared)
	w.run(t, at, aligned, chunk, f, shared)
}

// point points the slots of t to what a tile reads and writes, and reports whether stores past the caches may be made.
func (w *worker) point(t *plan.Tape, at tile, chunk int, f *frame, shared []float32) bool {
	isAligned := true
	for i := range t.Strips.Slots {
		s, slot := &t.Strips.Slots[i], &w.slots[i]
		switch s.Kind {
		case plan.SlotLoad:
			w.loadSlot(t, &t.Loads[s.Index], slot, f, at)
		case plan.SlotStore:
			store := &t.Stores[s.Index]
			*slot = across(w.regs[store.Reg], at.stride, store.Rows)
			isAligned = isAligned && (!s.Past || (slot.Address|slot.Step)%alignment == 0)
		case plan.SlotPack:
			pack := &t.Packs[s.Index]
			*slot = across(w.regs[pack.Reg], at.stride, pack.Rows)
		case plan.SlotColumns:
			*slot = across(partial(t, s.Index, chunk, f, shared)[at.col:], 0, false)
		case plan.SlotTotal:
			fill(w.total(t, s), identity(t.Sums[s.Index].Code))
		}
	}
	return isAligned
}

// run runs the program of t on a tile to which the slots point, and takes up what it leaves in strips.
func (w *worker) run(t *plan.Tape, at tile, isAligned bool, chunk int, f *frame, shared []float32) {
	program := t.Strips.Program
	if !isAligned {
		program = t.Strips.Near
	}
	program.Run(w.slots, at.rows, at.cols)
	for i := range t.Strips.Slots {
		switch s := &t.Strips.Slots[i]; s.Kind {
		case plan.SlotTotal:
			into, code := partial(t, s.Index, chunk, f, shared), t.Sums[s.Index].Code
			into[0] = join(into[0], reduce(w.total(t, s), code), code)
		case plan.SlotPack:
			p := &t.Packs[s.Index]
			pack(p, f, w.regs[p.Reg], at, t.Row)
		}
	}
}

// total is the strips that add up a tile.
func (w *worker) total(t *plan.Tape, s *plan.StripSlot) []float32 {
	return w.memory[s.At : s.At+elem.Partials*t.Strips.Width]
}

// loadSlot points a slot to the elements of a load that a tile needs.
func (w *worker) loadSlot(t *plan.Tape, d *plan.Load, slot *elem.Slot, f *frame, at tile) {
	if !d.IsStep() || d.Kind == plan.LoadDense {
		*slot = across(w.regs[d.Reg], at.stride, d.Kind == plan.LoadRows)
		return
	}
	step := 0
	if last := len(d.RowAxes) - 1; last >= 0 {
		step = d.RowSteps[last]
	}
	if d.Kind == plan.LoadRepeat {
		step = 0
	}
	src := f.data[d.Root.ID][d.Offset+offset(at.row, d.RowAxes, d.RowSteps):]
	if d.Kind == plan.LoadRows { // one number, whatever the columns
		*slot = elem.Slot{Address: address(src), Step: uintptr(4 * step)}
		return
	}
	*slot = across(src[at.col:], step, false)
}

// across is a slot of an array with step elements from row to row, or of one number for each row.
func across(x []float32, step int, rows bool) elem.Slot {
	if rows {
		return elem.Slot{Address: address(x), Step: 4}
	}
	return elem.Slot{Address: address(x), Mask: elem.Across, Step: uintptr(4 * step)}
}

func address(x []float32) uintptr { return uintptr(unsafe.Pointer(unsafe.SliceData(x))) }
