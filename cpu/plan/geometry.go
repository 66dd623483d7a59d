package plan

import (
	"slices"
)

// chooseRow sets the length of rows of a cluster that reduces none: as long as all operands allow, so that what a row sees
// of an operand is contiguous, constant or strided, and an operand that repeats does so by rows.
func (l *lowering) chooseRow() {
	sp := &l.g.space
	if sp.row != 0 {
		return
	}
	loads := [][]int{rowMajor(sp.axes)}
	for _, n := range l.g.nodes {
		for _, a := range n.args {
			if steps, ok := sp.access(a, true); ok && l.g.find(a.Root) == nil {
				loads = append(loads, steps)
			}
		}
	}
	axes, _ := collapseAll(sp.axes, loads)
	sp.row = 1
	if len(axes) > 0 {
		sp.row = axes[len(axes)-1]
	}
}

// collapseAll joins neighbouring axes that are one run in each of several sets of strides.
func collapseAll(axes []int, sets [][]int) ([]int, [][]int) {
	var out []int
	steps := make([][]int, len(sets))
	for i, d := range axes {
		last := len(out) - 1
		isRun := last >= 0 && !slices.ContainsFunc(sets, func(s []int) bool { return s[i-1] != s[i]*d })
		if !isRun {
			out = append(out, d)
			for k, s := range sets {
				steps[k] = append(steps[k], s[i])
			}
			continue
		}
		out[last] *= d
		for k, s := range sets {
			steps[k][last] = s[i]
		}
	}
	return out, steps
}

// joinAxes cuts the space into rows and columns and sorts the loads by how their elements lie.
func (l *lowering) joinAxes() {
	t, sp := l.tape, l.g.space
	t.Row, t.Rows = sp.row, sp.n/sp.row
	at := sp.split(sp.row)
	rows, cols := make([][]int, len(t.Loads)), make([][]int, len(t.Loads))
	for i := range t.Loads {
		rows[i], cols[i] = t.Loads[i].RowSteps[:at], t.Loads[i].RowSteps[at:]
	}
	rowAxes, rows := collapseAll(sp.axes[:at], rows)
	colAxes, cols := collapseAll(sp.axes[at:], cols)
	for i := range t.Loads {
		d := &t.Loads[i]
		d.RowAxes, d.RowSteps, d.ColAxes, d.ColSteps = rowAxes, rows[i], colAxes, cols[i]
		d.Kind = l.regs[d.Reg].kind
		if d.Kind == LoadGather {
			d.Kind = kindOf(d, t.Row)
		}
		l.regs[d.Reg].kind = d.Kind
	}
}

func kindOf(d *Load, row int) LoadKind {
	if _, step, ok := oneAxis(d.ColAxes, d.ColSteps); !ok || step != 1 && row > 1 {
		return LoadGather
	}
	if len(d.RowAxes) == 0 && !d.Bytes {
		return LoadDense
	}
	if isZero(d.RowSteps) {
		return LoadRepeat
	}
	if _, step, ok := oneAxis(d.RowAxes, d.RowSteps); ok && step == row && !d.Bytes {
		return LoadDense
	}
	return LoadRuns
}

// Tiles have tileMin to tileMax elements, so that all registers of a tile fit tileMemory, most of a first-level cache:
// measured best for chains of 5 to 15 instructions are 1024 and 2048.
const (
	tileMin    = 256
	tileMax    = 2048
	tileMemory = 8 << 10 // elements
)

// With strips, a tile is what a worker takes at a time: much enough to be worth the while, and many of them. A tile ends with a
// fence, which waits for stores past the caches: of layers of 4096 x 4096, with tiles of 16K elements LayerNorm took 1.08, DyT
// 1.03 of the time (bench/peers serve, layer-forward, two threads in turn, 120 turns).
const (
	stripTileMax = 256 << 10
	stripTiles   = 32
)

// Partial sums: at least chunkElements are added up before a partial result is stored, and partial results of a step take
// at most partialMax floats.
const (
	chunkElements = 16 << 10
	chunksMax     = 64
	partialMax    = 1 << 20
)

// tiles chooses the size of tiles, of which wide registers are needed, and of chunks.
func (l *lowering) tiles(wide int) {
	t := l.tape
	size := tileMax
	if t.Strips != nil {
		size = min(stripTileMax, max(tileMax, t.Rows*t.Row/stripTiles/tileMin*tileMin))
	}
	for size > tileMin && size*wide > tileMemory {
		size /= 2
	}
	t.TileRows, t.TileCols = 1, t.Row
	switch {
	case t.Row <= size:
		t.TileRows = min(t.Rows, size/t.Row)
	case !l.reducesRows():
		t.TileCols = size
	}
	t.Chunk = 1
	if len(t.Sums) == 0 {
		return
	}
	t.Chunk = ceil(t.Tiles(), t.mostChunks())
	t.placePartials()
}

// mostChunks returns into how many chunks a tape with sums may be cut.
func (t *Tape) mostChunks() int {
	return max(1, min(chunksMax, partialMax/t.results(), t.Rows*t.Row/chunkElements))
}

// results returns how many numbers the sums of a tape have.
func (t *Tape) results() int {
	n := 0
	for i := range t.Sums {
		n += t.Sums[i].Len(t)
	}
	return n
}

// placePartials gives the partial results of chunks their places.
func (t *Tape) placePartials() {
	at := 0
	for i := range t.Sums {
		t.Sums[i].Partial = at
		at += (t.Chunks() - 1) * t.Sums[i].Len(t)
	}
}

func (l *lowering) reducesRows() bool {
	return slices.ContainsFunc(l.tape.Code, func(i Instr) bool { return i.Op == OpRowSum })
}
