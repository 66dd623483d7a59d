package exec

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/plan"
	"github.com/dyt-go/dyt/internal/par"
)

// tile is where the instructions are: rows [row, row+rows), columns [col, col+cols), whose arrays have stride elements from row
// to row.
type tile struct{ row, col, rows, cols, stride int }

// tapes computes the worker's share of clusters: an equal part of all their elements, in chunks, tile by tile.
func (w *worker) tapes(tapes []*plan.Tape, k *elem.Table, f *frame, shared []float32, team *par.Team, index int) {
	total, isParted := 0, false
	for _, t := range tapes {
		total += t.Elements()
		isParted = isParted || len(t.Sums) > 0 && t.Chunks() > 1
	}
	from, to := team.Share(total, index)
	at := 0
	for _, t := range tapes {
		if first, last := t.ChunksIn(from-at, to-at); first < last {
			w.tape(t, k, f, shared, first, last)
		}
		at += t.Elements()
	}
	if !isParted {
		return
	}
	team.Barrier()
	for _, t := range tapes {
		for i := range t.Sums {
			combine(t, i, k, f, shared, team, index)
		}
	}
}

// tape computes chunks [first, last) of a cluster.
func (w *worker) tape(t *plan.Tape, k *elem.Table, f *frame, shared []float32, first, last int) {
	w.begin(t, f)
	if t.Strips != nil {
		w.numbersOf(t, k, f)
	}
	perRow, tiles := (t.Row+t.TileCols-1)/t.TileCols, t.Tiles()
	for chunk := first; chunk < last; chunk++ {
		for i := range t.Sums {
			fill(partial(t, i, chunk, f, shared), identity(t.Sums[i].Code))
		}
		for n := chunk * t.Chunk; n < min((chunk+1)*t.Chunk, tiles); n++ {
			at := tile{row: n / perRow * t.TileRows, col: n % perRow * t.TileCols}
			at.rows, at.cols = min(t.TileRows, t.Rows-at.row), min(t.TileCols, t.Row-at.col)
			at.stride = at.cols
			w.bind(t, f, at)
			if t.Strips != nil {
				w.strips(t, at, chunk, f, shared)
				continue
			}
			for i := range t.Code {
				w.instr(t, &t.Code[i], k, at, chunk, f, shared)
			}
		}
	}
}

// begin sets the registers that stay the same for all tiles.
func (w *worker) begin(t *plan.Tape, f *frame) {
	copy(w.numbers, t.Scalars)
	for i := range t.Scalars {
		w.regs[i] = w.numbers[i : i+1]
	}
	for i := range t.Loads {
		d := &t.Loads[i]
		w.filled[i] = false
		if d.Kind == plan.LoadOne {
			if d.Bytes {
				w.numbers[d.Reg] = float32(f.raw[d.Root.ID][d.Offset])
				continue
			}
			w.numbers[d.Reg] = f.data[d.Root.ID][d.Offset]
		}
	}
}

// bind points registers to the elements of a tile.
func (w *worker) bind(t *plan.Tape, f *frame, at tile) {
	n := at.rows * at.cols
	for i := range t.Wide {
		s := &t.Wide[i]
		size := n
		if s.Rows {
			size = at.rows
		}
		w.regs[s.Reg] = w.memory[s.Offset : s.Offset+size]
	}
	for i := range t.Stores {
		s := &t.Stores[i]
		if s.Rows {
			w.regs[s.Reg] = f.data[s.Value.ID][at.row : at.row+at.rows]
			continue
		}
		start := at.row*t.Row + at.col
		w.regs[s.Reg] = f.data[s.Value.ID][start : start+n]
	}
	for i := range t.Loads {
		w.load(t, i, f, at)
	}
}

// instr runs one instruction on a tile.
func (w *worker) instr(t *plan.Tape, i *plan.Instr, k *elem.Table, at tile, chunk int, f *frame, shared []float32) {
	a := w.regs[i.A]
	switch i.Op {
	case plan.OpUnary:
		i.Unary(w.regs[i.Dst], a)
	case plan.OpBinary:
		i.Binary(w.regs[i.Dst], a, w.regs[i.B])
	case plan.OpScalar:
		i.Scalar(w.regs[i.Dst], a, w.regs[i.B][0])
	case plan.OpRows:
		dst, b := w.regs[i.Dst], w.regs[i.B]
		for r := range at.rows {
			from, to := r*at.cols, (r+1)*at.cols
			i.Scalar(dst[from:to], a[from:to], b[r])
		}
	case plan.OpSpread:
		dst := w.regs[i.Dst]
		for r := range at.rows {
			fill(dst[r*at.cols:(r+1)*at.cols], a[r])
		}
	case plan.OpFill:
		fill(w.regs[i.Dst], a[0])
	case plan.OpCopy:
		copy(w.regs[i.Dst], a)
	case plan.OpTernary:
		i.Ternary(w.regs[i.Dst], a, w.regs[i.B], w.regs[i.C])
	case plan.OpTernary1:
		i.Ternary1(w.regs[i.Dst], a, w.regs[i.B], w.regs[i.C][0])
	case plan.OpChoose:
		chosen := w.regs[i.C]
		if a[0] != 0 {
			chosen = w.regs[i.B]
		}
		copy(w.regs[i.Dst], chosen)
	case plan.OpPack:
		pack(&t.Packs[i.Dst], f, a, at, t.Row)
	case plan.OpRowSum:
		dst := w.regs[i.Dst]
		for r := range at.rows {
			dst[r] = reduce(a[r*at.cols:(r+1)*at.cols], i.Reduce)
		}
	case plan.OpSum:
		s := &t.Sums[i.Dst]
		into := partial(t, i.Dst, chunk, f, shared)
		if !s.Columns {
			into[0] = join(into[0], reduce(a, s.Code), s.Code)
			return
		}
		into = into[at.col : at.col+at.cols]
		add := adder(k, s.Code)
		for r := range at.rows {
			add(into, into, a[r*at.cols:(r+1)*at.cols])
		}
	}
}

// pack writes truths to memory.
func pack(p *plan.Pack, f *frame, x []float32, at tile, row int) {
	start := at.row*row + at.col
	if p.Rows {
		start = at.row
	}
	dst := f.raw[p.Value.ID][start : start+len(x)]
	for i, v := range x {
		dst[i] = 0
		if v != 0 {
			dst[i] = 1
		}
	}
}

// partial returns where sum i of a chunk is added up: the result itself for the first chunk.
func partial(t *plan.Tape, i, chunk int, f *frame, shared []float32) []float32 {
	s := &t.Sums[i]
	n := s.Len(t)
	if chunk == 0 {
		return f.data[s.Value.ID][:n]
	}
	at := s.Partial + (chunk-1)*n
	return shared[at : at+n]
}

// combine adds the partial results of sum i in order of chunks.
func combine(t *plan.Tape, i int, k *elem.Table, f *frame, shared []float32, team *par.Team, index int) {
	from, to := team.Share(t.Sums[i].Len(t), index)
	if from == to {
		return
	}
	into, add := partial(t, i, 0, f, shared)[from:to], adder(k, t.Sums[i].Code)
	for chunk := 1; chunk < t.Chunks(); chunk++ {
		add(into, into, partial(t, i, chunk, f, shared)[from:to])
	}
}

func adder(k *elem.Table, r plan.Reduce) elem.Binary {
	switch r {
	case plan.ReduceMax:
		return k.Max
	case plan.ReduceMin:
		return k.Min
	}
	return k.Add
}

func identity(r plan.Reduce) float32 {
	switch r {
	case plan.ReduceMax:
		return float32(math.Inf(-1))
	case plan.ReduceMin:
		return float32(math.Inf(1))
	}
	return 0
}
