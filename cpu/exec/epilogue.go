package exec

import (
	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// epilogue runs a cluster on the blocks of a product that a worker has computed: gemm.Epilogue.
type epilogue struct {
	worker *worker
	tape   *plan.Tape
	load   int // the product
	kernel *elem.Table
	f      *frame
	shared []float32 // partial sums
}

// begin prepares the epilogue of g, and job to hand it its blocks. It returns the memory that is left for the product.
func (x *epilogue) begin(w *worker, g *plan.Gemm, job *gemm.Job, k *elem.Table, f *frame, shared []float32, team *par.Team, index int) []float32 {
	e := g.After
	*x = epilogue{worker: w, tape: e.Tape, load: e.Product, kernel: k, f: f, shared: shared[len(shared)-e.Tape.Partials():]}
	w.begin(e.Tape, f)
	w.numbersOf(e.Tape, k, f)
	scratch := w.memory[e.Scratch():]
	job.After = gemm.After{Do: x, Unit: e.Unit, Width: e.Width}
	if e.Buffer > 0 {
		job.After.Buffer, scratch = scratch[:e.Buffer], scratch[e.Buffer:]
	}
	from, to := job.Units(index, team.Size())
	for i := range e.Tape.Sums {
		for unit := from; unit < to; unit++ {
			fill(partial(e.Tape, i, unit, f, x.shared), identity(e.Tape.Sums[i].Code))
		}
	}
	return scratch
}

// Block runs the cluster on a block of the product.
func (x *epilogue) Block(c gemm.Matrix, unit, row, col int) {
	w, t := x.worker, x.tape
	at := tile{row, col, c.Rows, c.Cols, t.Row}
	start, n := row*t.Row+col, (c.Rows-1)*t.Row+c.Cols
	for i := range t.Stores {
		s := &t.Stores[i]
		if s.Rows {
			w.regs[s.Reg] = x.f.data[s.Value.ID][row : row+c.Rows]
			continue
		}
		w.regs[s.Reg] = x.f.data[s.Value.ID][start : start+n]
	}
	for i := range t.Loads {
		if d := &t.Loads[i]; d.Kind == plan.LoadDense && i != x.load {
			w.regs[d.Reg] = x.f.data[d.Root.ID][d.Offset+start:][:n]
		}
	}
	w.regs[t.Loads[x.load].Reg] = c.Data
	isAligned := w.point(t, at, unit, x.f, x.shared)
	for i := range t.Strips.Slots {
		if s := &t.Strips.Slots[i]; s.Kind == plan.SlotLoad && s.Index == x.load {
			w.slots[i] = across(c.Data, c.RowStride, false)
		}
	}
	w.run(t, at, isAligned, unit, x.f, x.shared)
}

// end adds up what the units have left, once all workers are here.
func (x *epilogue) end(team *par.Team, index int) {
	if len(x.tape.Sums) == 0 || x.tape.Chunks() == 1 {
		return
	}
	team.Barrier()
	for i := range x.tape.Sums {
		combine(x.tape, i, x.kernel, x.f, x.shared, team, index)
	}
}
