package exec

import (
	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/cpu/kernel/matvec"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// worker is what one worker needs for itself.
type worker struct {
	memory  []float32
	regs    [][]float32
	numbers []float32 // registers of one number
	filled  []bool    // by load: its repeated row lies in memory already
	slots   []elem.Slot
	spans   []span    // by step, of an execution that is traced
	before  *prologue // of the product that is being computed, in a plan with prologues
	after   epilogue  // likewise
	_       [64]byte  // no other worker's fields on the same line
}

func newWorker(p *plan.Plan) *worker {
	w := &worker{memory: words(alignedBytes(4 * p.Worker))}
	var programs, prologues []*plan.Tape
	for i := range p.Steps {
		s := &p.Steps[i]
		programs = append(programs, s.Programs()...)
		if s.Gemm != nil && s.Gemm.Before != nil {
			prologues = append(prologues, s.Gemm.Before.Tape)
		}
	}
	w.room(programs)
	if prologues != nil {
		w.before = &prologue{worker: &worker{}}
		w.before.worker.room(prologues)
	}
	return w
}

// room makes room for what the largest of several tapes needs beside memory.
func (w *worker) room(tapes []*plan.Tape) {
	regs, numbers, loads, slots := 0, 0, 0, 0
	for _, t := range tapes {
		regs, numbers, loads = max(regs, t.Regs), max(numbers, len(t.Scalars)), max(loads, len(t.Loads))
		if t.Strips != nil {
			slots = max(slots, len(t.Strips.Slots))
		}
	}
	w.regs, w.numbers, w.filled, w.slots = make([][]float32, regs), make([]float32, numbers), make([]bool, loads), make([]elem.Slot, slots)
}

// gemm computes the worker's share of a multiplication: rows of a single one, whole ones of several.
func (w *worker) gemm(g *plan.Gemm, kernel *gemm.Kernel, elems *elem.Table, f *frame, shared []float32, team *par.Team, index int) {
	batches := g.Batches()
	if batches < team.Size() || batches == 1 {
		for b := range batches {
			job := newJob(g, kernel, f, b, shared)
			scratch := w.memory
			if g.Parts(&job) > 1 {
				w.parts(&job, elems, shared, team, index)
				continue
			}
			if g.After != nil {
				scratch = w.after.begin(w, g, &job, elems, f, shared, team, index)
			}
			if g.Before != nil {
				job.Before, scratch = w.before, w.before.begin(scratch, g.Before, elems, f)
			}
			for block := range job.Blocks() {
				if b+block > 0 {
					team.Barrier()
				}
				if job.Next = team.Next(); job.Next != nil && index == 0 {
					job.Next.Store(0)
				}
				job.Pack(block, index, team.Size())
				team.Barrier()
				job.Multiply(block, index, team.Size(), scratch)
			}
		}
		if g.After != nil {
			w.after.end(team, index)
		}
		return
	}
	scratch := w.memory[kernel.ScratchA():]
	from, to := team.Share(batches, index)
	for b := from; b < to; b++ {
		job := newJob(g, kernel, f, b, scratch)
		for block := range job.Blocks() {
			job.Pack(block, 0, 1)
			job.Multiply(block, 0, 1, w.memory)
		}
	}
}

// parts computes the worker's share of a product that is cut along K: parts first, cut into so many pieces of rows that all workers
// have as many, then a share of the sum of all parts, in order.
func (w *worker) parts(job *gemm.Job, elems *elem.Table, shared []float32, team *par.Team, index int) {
	n, size := job.Parts(), job.C.Rows*job.C.Cols
	c := func(part int) []float32 {
		if part == 0 {
			return job.C.Data[:size]
		}
		return shared[(part-1)*size:][:size]
	}
	pieces := team.Size()
	for pieces%2 == 0 && n*pieces/2%team.Size() == 0 {
		pieces /= 2
	}
	for at, to := team.Share(n*pieces, index); at < to; {
		part := at / pieces
		end := min(to, (part+1)*pieces)
		job.MultiplyPart(part, c(part), at%pieces, end-part*pieces, pieces, w.memory)
		at = end
	}
	team.Barrier()
	from, to := team.Share(size, index)
	for at := from; at < to; at += sumFloats {
		end := min(at+sumFloats, to)
		for part := 1; part < n; part++ {
			elems.Add(c(0)[at:end], c(0)[at:end], c(part)[at:end])
		}
	}
}

// sumFloats is how many floats of a sum of parts are made at a time: 16 KB, half a first-level cache.
const sumFloats = 4 << 10

// thin computes the worker's share of a multiplication of few rows: columns of a single one, whole ones of several.
func thin(g *plan.Gemm, kernel *matvec.Kernel, f *frame, team *par.Team, index int) {
	batches := g.Batches()
	if batches < team.Size() {
		for b := range batches {
			c, x, y := operands(g, f, b)
			kernel.Multiply(c, x, y, index, team.Size())
		}
		return
	}
	from, to := team.Share(batches, index)
	for b := from; b < to; b++ {
		c, x, y := operands(g, f, b)
		kernel.Multiply(c, x, y, 0, 1)
	}
}

func newJob(g *plan.Gemm, kernel *gemm.Kernel, f *frame, batch int, scratch []float32) gemm.Job {
	c, a, b := operands(g, f, batch)
	return gemm.New(kernel, c, a, b, false, scratch)
}

// operands returns the matrices of multiplication number batch.
func operands(g *plan.Gemm, f *frame, batch int) (_, _, _ gemm.Matrix) {
	a, b, c := 0, 0, 0
	for i := len(g.Batch) - 1; i >= 0; i-- {
		at := batch % g.Batch[i]
		batch /= g.Batch[i]
		a, b, c = a+at*g.AStep[i], b+at*g.BStep[i], c+at*g.CStep[i]
	}
	return matrix(f, g.C, c, g.M, g.N), matrix(f, g.A, a, g.M, g.K), matrix(f, g.B, b, g.K, g.N)
}

func matrix(f *frame, m plan.Matrix, offset, rows, cols int) gemm.Matrix {
	return gemm.Matrix{Data: f.data[m.Root.ID][m.Offset+offset:], Rows: rows, Cols: cols, RowStride: m.RowStride, ColStride: m.ColStride}
}
