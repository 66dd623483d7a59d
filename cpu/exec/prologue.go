package exec

import (
	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/plan"
)

// prologue computes blocks of a product's operand: gemm.Prologue. It takes turns with an epilogue, so its registers are its own.
type prologue struct {
	worker *worker
	tape   *plan.Tape
	f      *frame
}

// begin prepares the prologue b. It returns what it leaves of memory.
func (x *prologue) begin(memory []float32, b *plan.Prologue, k *elem.Table, f *frame) []float32 {
	x.tape, x.f, x.worker.memory = b.Tape, f, memory
	x.worker.begin(b.Tape, f)
	x.worker.numbersOf(b.Tape, k, f)
	return memory[b.Scratch():]
}

// Rows runs the chain on a block of the operand.
func (x *prologue) Rows(a gemm.Matrix, row, col int) {
	w, t := x.worker, x.tape
	at := tile{row, col, a.Rows, a.Cols, t.Row}
	start, n := row*t.Row+col, (a.Rows-1)*t.Row+a.Cols
	for i := range t.Loads {
		if d := &t.Loads[i]; d.Kind == plan.LoadDense {
			w.regs[d.Reg] = x.f.data[d.Root.ID][d.Offset+start:][:n]
		}
	}
	w.regs[t.Stores[0].Reg] = a.Data
	w.point(t, at, 0, x.f, nil)
	for i := range t.Strips.Slots {
		if t.Strips.Slots[i].Kind == plan.SlotStore {
			w.slots[i] = across(a.Data, a.RowStride, false)
		}
	}
	w.run(t, at, false, 0, x.f, nil)
}
