package plan

import (
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// shape is how many elements of a tile a register holds.
type shape uint8

const (
	shapeOne shape = iota
	shapeRow
	shapeFull
)

// reg is a register before memory is assigned: its number is its place in lowering.regs.
type reg struct {
	shape shape
	store bool // lies in the memory of a value
	load  bool
	kind  LoadKind
	value float32 // of a constant
}

// lowering turns the nodes of a cluster into a tape.
type lowering struct {
	p       *planner
	g       *group
	tape    *Tape
	regs    []reg
	values  map[*ir.Value]int // register of each value that the cluster computes
	needed  []bool            // by value: somebody outside reads it
	touched touches           // by the code of strips
	blocks  *ir.Value         // of an epilogue: the product, which it gets block by block
}

// lower makes the tape of cluster g, of an epilogue for the blocks of a product.
func (p *planner) lower(g *group, needed []bool, blocks *ir.Value) *Tape {
	l := &lowering{p: p, g: g, tape: &Tape{}, values: make(map[*ir.Value]int, len(g.nodes)), needed: needed, blocks: blocks}
	l.tape.Code, l.regs = make([]Instr, 0, len(g.nodes)+len(g.nodes)/4), make([]reg, 0, 2*len(g.nodes))
	l.chooseRow()
	for _, n := range g.nodes {
		l.node(n)
	}
	l.joinAxes()
	l.tape.Strips = l.thread()
	l.assign()
	l.overwritable()
	return l.tape
}

func (l *lowering) newReg(r reg) int {
	l.regs = append(l.regs, r)
	return len(l.regs) - 1
}

func (l *lowering) emit(i Instr) { l.tape.Code = append(l.tape.Code, i) }

// node emits what n computes.
func (l *lowering) node(n *node) {
	full := n.size == l.g.space.n
	args := make([]int, len(n.args))
	for i, a := range n.args {
		args[i] = l.operand(a, full)
	}
	switch n.code {
	case codeSum, codeMax, codeMin:
		if n.class == classFull {
			break
		}
		l.reduce(n, args[0])
		return
	}
	width := shapeOne
	for _, a := range args {
		width = max(width, l.regs[a].shape)
	}
	want := width
	if stored := l.needed[n.out.ID]; stored {
		want = shapeRow
		if n.class == classFull {
			want = shapeFull
		}
	}
	if n.code == codeCopy && !l.needed[n.out.ID] {
		l.values[n.out] = args[0]
		return
	}
	if n.out.Shape.DType == dtypes.Bool {
		l.truths(n, args, width, want)
		return
	}
	dst := l.target(n, want)
	at := dst
	if width != want {
		at = l.newReg(reg{shape: width})
	}
	l.compute(n, at, args)
	if at != dst {
		l.move(dst, at)
	}
	l.values[n.out] = at
}

// truths computes truths in a register and writes them to memory, a byte each, when somebody outside reads them.
func (l *lowering) truths(n *node, args []int, width, want shape) {
	at := l.newReg(reg{shape: width})
	l.compute(n, at, args)
	l.values[n.out] = at
	if !l.needed[n.out.ID] {
		return
	}
	if width != want {
		wide := l.newReg(reg{shape: want})
		l.move(wide, at)
		at = wide
	}
	l.emit(Instr{Op: OpPack, Dst: len(l.tape.Packs), A: at})
	l.tape.Packs = append(l.tape.Packs, Pack{Value: n.out, Rows: want == shapeRow})
}

// compute emits what n computes from registers args into register at, which is as wide as the widest of them.
func (l *lowering) compute(n *node, at int, args []int) {
	switch n.code {
	case codeCopy, codeSum, codeMax, codeMin:
		l.move(at, args[0])
	case codeUnary:
		l.emit(Instr{Op: OpUnary, Dst: at, A: args[0], Func: n.fn, Unary: l.p.table.Elem.Unary(n.fn)})
	case codeBinary:
		l.binary(n.fn, at, args[0], args[1])
	case codeTernary:
		l.choose(at, args[0], args[1], args[2])
	case codeClamp:
		low := l.newReg(reg{shape: max(l.regs[args[0]].shape, l.regs[args[1]].shape)})
		l.binary(op.Max, low, args[1], args[0])
		l.binary(op.Min, at, low, args[2])
	}
}

// choose emits dst = c ? x : y.
func (l *lowering) choose(dst, c, x, y int) {
	t := l.p.table.Elem
	full := l.regs[dst].shape
	is := func(r int, s shape) bool { return l.regs[r].shape == s }
	switch {
	case full == shapeOne:
		l.emit(Instr{Op: OpTernary, Dst: dst, A: c, B: x, C: y, Ternary: t.Select})
	case is(c, shapeOne):
		l.emit(Instr{Op: OpChoose, Dst: dst, A: c, B: l.widen(x, full), C: l.widen(y, full)})
	case is(y, shapeOne):
		l.emit(Instr{Op: OpTernary1, Dst: dst, A: l.widen(c, full), B: l.widen(x, full), C: y, Ternary1: t.SelectScalar})
	case is(x, shapeOne):
		l.emit(Instr{Op: OpTernary1, Dst: dst, A: l.widen(c, full), B: l.widen(y, full), C: x, Left: true, Ternary1: t.RSelectScalar})
	default:
		l.emit(Instr{Op: OpTernary, Dst: dst, A: l.widen(c, full), B: l.widen(x, full), C: l.widen(y, full), Ternary: t.Select})
	}
}

// widen returns a register of shape s with what r holds.
func (l *lowering) widen(r int, s shape) int {
	if l.regs[r].shape == s {
		return r
	}
	wide := l.newReg(reg{shape: s})
	l.move(wide, r)
	return wide
}

// target returns the register that n writes: one in memory when somebody outside reads the value.
func (l *lowering) target(n *node, s shape) int {
	stored := l.needed[n.out.ID]
	dst := l.newReg(reg{shape: s, store: stored})
	if stored {
		l.tape.Stores = append(l.tape.Stores, Store{Value: n.out, Reg: dst, Rows: s == shapeRow})
	}
	return dst
}

// move copies register a to dst, which is as wide or wider.
func (l *lowering) move(dst, a int) {
	how := OpCopy
	switch from, to := l.regs[a].shape, l.regs[dst].shape; {
	case from == to:
	case from == shapeOne:
		how = OpFill
	default:
		how = OpSpread
	}
	l.emit(Instr{Op: how, Dst: dst, A: a})
}

func (l *lowering) binary(f op.Op, dst, x, y int) {
	kx, ky := l.regs[x].shape, l.regs[y].shape
	if kx < ky {
		f, x, y = f.Reversed(), y, x
	}
	i := Instr{Op: OpRows, Dst: dst, A: x, B: y, Func: f}
	switch table := l.p.table.Elem; {
	case kx == ky:
		i.Op, i.Binary = OpBinary, table.Binary(f)
	case min(kx, ky) == shapeOne:
		i.Op = OpScalar
		fallthrough
	default:
		i.Scalar = table.Scalar(f)
	}
	l.emit(i)
}

var reduceOf = map[code]Reduce{codeSum: ReduceSum, codeMax: ReduceMax, codeMin: ReduceMin}

// reduce emits a reduction of register a.
func (l *lowering) reduce(n *node, a int) {
	a = l.widen(a, shapeFull)
	if n.class == classRow {
		dst := l.target(n, shapeRow)
		l.emit(Instr{Op: OpRowSum, Dst: dst, A: a, Reduce: reduceOf[n.code]})
		l.values[n.out] = dst
		return
	}
	l.emit(Instr{Op: OpSum, Dst: len(l.tape.Sums), A: a})
	l.tape.Sums = append(l.tape.Sums, Sum{Value: n.out, Columns: n.class == classColumn, Code: reduceOf[n.code]})
}

// shortRow is the length of rows below which a number for each row is spread over the tile: an instruction for each row
// would cost more.
const shortRow = 16

// operand returns the register that holds a, loading it if the cluster does not compute it.
func (l *lowering) operand(a View, full bool) int {
	if r, ok := l.values[a.Root]; ok {
		return r
	}
	steps, ok := l.g.space.access(a, full)
	if !ok {
		panic("BUG: plan: a cluster took an operand that it cannot read")
	}
	r := reg{load: true, kind: LoadGather, shape: shapeFull}
	if isZero(steps) {
		r.kind, r.shape = LoadOne, shapeOne
		if def := a.Root.Def; def != nil && def.Kind == ir.Constant {
			return l.newReg(reg{shape: shapeOne, value: word(def.Attr.(ir.ConstantAttr).Flat, a.Offset)})
		}
	} else if sp := l.g.space; !full || sp.row >= shortRow && isZero(steps[sp.split(sp.row):]) {
		r.kind, r.shape = LoadRows, shapeRow
	}
	for _, have := range l.tape.Loads {
		if have.Root == a.Root && have.Offset == a.Offset && l.regs[have.Reg].shape == r.shape && slices.Equal(have.RowSteps, steps) {
			return have.Reg
		}
	}
	id := l.newReg(r)
	l.tape.Loads = append(l.tape.Loads, Load{Root: a.Root, Offset: a.Offset, RowSteps: steps, Reg: id, Bytes: a.Root.Shape.DType == dtypes.Bool})
	return id
}

// word returns element i of a constant as a register holds it.
func word(flat any, i int) float32 {
	switch f := flat.(type) {
	case []float32:
		return f[i]
	case []int32:
		return math.Float32frombits(uint32(f[i]))
	case []uint32:
		return math.Float32frombits(f[i])
	case []bool:
		if f[i] {
			return 1
		}
		return 0
	}
	panic(fmt.Sprintf("BUG: plan: a constant of type %T in a register", flat))
}

func isZero(steps []int) bool { return !slices.ContainsFunc(steps, func(s int) bool { return s != 0 }) }
