package plan

import (
	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/elem"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// Tape is a cluster, ready to run: its space is cut into tiles that fit the first-level cache, and for each tile the
// instructions run in order over registers of a tile's size. Neither the cut nor the order of any sum depends on how many
// workers share the tiles.
type Tape struct {
	Rows, Row          int // the space: Rows rows of Row elements
	TileRows, TileCols int // a tile: whole rows, or part of one row
	Chunk              int // tiles whose sums are added up together
	Units              int // of an epilogue: chunks, whatever the tiles

	Loads  []Load
	Stores []Store
	Packs  []Pack
	Sums   []Sum
	Code   []Instr

	Scalars []float32 // the first registers hold one number each: constants, then what instructions compute
	Regs    int       // all registers
	Wide    []Scratch // registers that need memory of a worker
	Scratch int       // its size in floats

	Strips *Strips // how to run Code with registers of the processor, nil where kernels run over tiles
}

// Load brings part of an array into register Reg for each tile.
type Load struct {
	Root              *ir.Value
	Offset            int
	RowAxes, RowSteps []int
	ColAxes, ColSteps []int
	Kind              LoadKind
	Reg               int
	Bytes             bool // truths, a byte each
}

// LoadKind says how the elements of a tile lie.
type LoadKind uint8

const (
	LoadOne    LoadKind = iota // one number for all tiles
	LoadRows                   // one number for each row
	LoadDense                  // as the tile itself: no copy
	LoadRepeat                 // the same row for all rows
	LoadRuns                   // each row is contiguous
	LoadGather                 // anything else
)

// Store binds register Reg to the place of a value in memory, so that the instruction that computes it writes there.
type Store struct {
	Value *ir.Value
	Reg   int
	Rows  bool  // one element for each row
	Over  []int // loads of arrays over which the value may be written
}

// Pack is a value of truths in memory, a byte each, that an instruction makes of a register.
type Pack struct {
	Value *ir.Value
	Rows  bool // one element for each row
	Reg   int  // with strips: where the truths of a tile are
}

// Sum adds up a register over rows (one result for each column) or over everything. Every chunk has partial results of
// its own, which are added in order.
type Sum struct {
	Value   *ir.Value
	Columns bool
	Code    Reduce
	Partial int // where the partial results of chunk 1, 2, … lie in the step's scratch memory, in floats
}

// Reduce says how elements become one.
type Reduce uint8

const (
	ReduceSum Reduce = iota
	ReduceMax
	ReduceMin
)

// Scratch gives register Reg memory of a worker.
type Scratch struct {
	Reg, Offset int
	Rows        bool // one element for each row of a tile
}

// Instr is one instruction: a kernel and the registers it works on.
type Instr struct {
	Op        Op
	Dst, A, B int
	C         int
	Func      op.Op // what the kernel computes: of A, or of A and B
	Left      bool  // of OpTernary1: C stands before B
	Unary     elem.Unary
	Binary    elem.Binary
	Scalar    elem.Scalar
	Ternary   elem.Ternary
	Ternary1  elem.TernaryScalar
	Reduce    Reduce
}

// Op says how an instruction applies its kernel.
type Op uint8

const (
	OpUnary    Op = iota // Dst = Unary(A)
	OpBinary             // Dst = Binary(A, B)
	OpScalar             // Dst = Scalar(A, B[0])
	OpRows               // row i of Dst = Scalar(row i of A, B[i])
	OpSpread             // row i of Dst = A[i]
	OpFill               // Dst = A[0]
	OpCopy               // Dst = A
	OpRowSum             // Dst[i] = Reduce(row i of A)
	OpSum                // add A to sum number Dst
	OpTernary            // Dst = Ternary(A, B, C)
	OpTernary1           // Dst = Ternary1(A, B, C[0])
	OpChoose             // Dst = B where A[0] is not 0, else C
	OpPack               // write the truths A to pack number Dst
)

// Tiles returns the number of tiles.
func (t *Tape) Tiles() int { return ceil(t.Rows, t.TileRows) * ceil(t.Row, t.TileCols) }

// Chunks returns the number of chunks.
func (t *Tape) Chunks() int {
	if t.Units > 0 {
		return t.Units
	}
	return ceil(t.Tiles(), t.Chunk)
}

// Partials returns the size of the partial results in floats.
func (t *Tape) Partials() int {
	n := 0
	for _, s := range t.Sums {
		n += (t.Chunks() - 1) * s.Len(t)
	}
	return n
}

// Len returns the number of results of s.
func (s *Sum) Len(t *Tape) int {
	if s.Columns {
		return t.Row
	}
	return 1
}

func ceil(a, b int) int { return (a + b - 1) / b }

// IsStep reports whether row after row lies equally far apart in memory, so that nothing has to be copied.
func (d *Load) IsStep() bool {
	switch {
	case d.Bytes || d.Kind == LoadGather:
		return false
	case d.Kind == LoadRows || d.Kind == LoadRuns:
		return len(d.RowAxes) == 1
	}
	return true
}

// Together reports whether rows [row, row+rows) of length cols, starting at column 0, lie one after the other.
func (d *Load) Together(row, rows, cols int) bool {
	last := len(d.RowAxes) - 1
	return last >= 0 && d.Kind == LoadRuns && d.RowSteps[last] == cols && row%d.RowAxes[last]+rows <= d.RowAxes[last]
}
