package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
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
	p      *planner
	g      *group
	tape   *Tape
	regs   []reg
	values map[*ir.Value]int // register of each value that the cluster computes
	needed []bool            // by value: somebody outside reads it
}

// lower makes the tape of cluster g.
func (p *planner) lower(g *group, needed []bool) *Tape {
	l := &lowering{p: p, g: g, tape: &Tape{}, values: make(map[*ir.Value]int), needed: needed}
	l.chooseRow()
	for _, n := range g.nodes {
		l.node(n)
	}
	l.joinAxes()
	l.assign()
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
	dst := l.target(n, want)
	at := dst
	if width != want {
		at = l.newReg(reg{shape: width})
	}
	switch n.code {
	case codeCopy:
		l.move(dst, args[0])
		l.values[n.out] = dst
		return
	case codeUnary:
		l.emit(Instr{Op: OpUnary, Dst: at, A: args[0], Unary: unaryOf(l.p.table.Elem, n.op.Kind)})
	case codeBinary:
		l.binary(binaryOf(l.p.table.Elem, n.op.Kind), at, args[0], args[1])
	}
	if at != dst {
		l.move(dst, at)
	}
	l.values[n.out] = at
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
	op := OpCopy
	switch from, to := l.regs[a].shape, l.regs[dst].shape; {
	case from == to:
	case from == shapeOne:
		op = OpFill
	default:
		op = OpSpread
	}
	l.emit(Instr{Op: op, Dst: dst, A: a})
}

func (l *lowering) binary(b binary, dst, x, y int) {
	kx, ky := l.regs[x].shape, l.regs[y].shape
	op := OpRows
	if min(kx, ky) == shapeOne {
		op = OpScalar
	}
	switch {
	case kx == ky:
		l.emit(Instr{Op: OpBinary, Dst: dst, A: x, B: y, Binary: b.arrays})
	case kx > ky:
		l.emit(Instr{Op: op, Dst: dst, A: x, B: y, Scalar: b.right})
	default:
		l.emit(Instr{Op: op, Dst: dst, A: y, B: x, Scalar: b.left})
	}
}

var reduceOf = map[code]Reduce{codeSum: ReduceSum, codeMax: ReduceMax, codeMin: ReduceMin}

// reduce emits a reduction of register a.
func (l *lowering) reduce(n *node, a int) {
	if l.regs[a].shape != shapeFull {
		wide := l.newReg(reg{shape: shapeFull})
		l.move(wide, a)
		a = wide
	}
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
			if flat, ok := def.Attr.(ir.ConstantAttr).Flat.([]float32); ok {
				return l.newReg(reg{shape: shapeOne, value: flat[a.Offset]})
			}
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
	l.tape.Loads = append(l.tape.Loads, Load{Root: a.Root, Offset: a.Offset, RowSteps: steps, Reg: id})
	return id
}

func isZero(steps []int) bool { return !slices.ContainsFunc(steps, func(s int) bool { return s != 0 }) }
