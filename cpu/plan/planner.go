package plan

import (
	"slices"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel"
)

// planner holds what is known about a function while it is planned.
type planner struct {
	f      *ir.Func
	table  *kernel.Table
	fusion Fusion
	users  [][]*ir.Op    // by value: the ops that read it
	views  []View        // by value, from its op on
	taken  []bool        // by value: somebody uses it, or what stands for it behind a barrier
	after  [][]*ir.Value // by value: what must exist before it may be read, because of a barrier
	owner  []int         // by value: the group that computes it, -1 for none
	maker  []*node       // by value: the node of that group
	groups []*group
	alike  alike
	slabs  slabs
	from   []int // what sources returned last
	seen   []int // by value: 1 + the group whose step read it last
	lists  lists // of the step that was made last, for the next one to take over

	readers [][]int // by value, while clusters compute again: the groups besides its own that read it, -1 for the function's results

	attention map[*ir.Op]*attention // by the op where its step is made
	rotations map[*ir.Op]*rotation  // by the concatenation that ends them
	absorbed  map[*ir.Op]bool       // ops that an attention or a rotation stands for

	numbers map[*ir.Value]*ir.Value // masks of truths as numbers, for attentions
}

// lists are the parts of a step while it is put together.
type lists struct {
	ops           []*ir.Op
	reads, writes []*ir.Value
}

func newPlanner(f *ir.Func, table *kernel.Table) *planner {
	n := f.NumValues()
	room := n + n/4 // recompute adds values
	p := &planner{f: f, table: table, numbers: make(map[*ir.Value]*ir.Value), users: make([][]*ir.Op, n, room), views: make([]View, n, room), after: make([][]*ir.Value, n, room), owner: make([]int, n, room), maker: make([]*node, n, room)}
	for i := range p.owner {
		p.owner[i] = -1
	}
	for _, v := range slices.Concat(f.Params, f.Captures) {
		p.views[v.ID] = denseView(v)
	}
	return p
}

// room makes room for what is known about a new value, that group id computes, -1 for none yet.
func (p *planner) room(id int, view View) {
	p.users, p.after, p.owner = append(p.users, nil), append(p.after, nil), append(p.owner, id)
	p.views, p.maker = append(p.views, view), append(p.maker, nil)
}

// takenOps returns the ops whose values somebody takes, in order, and marks these values. A barrier is nobody: a value that it waits for
// and that is used nowhere else, nor behind it, is not computed.
func (p *planner) takenOps() []*ir.Op {
	p.taken = make([]bool, p.f.NumValues())
	for _, v := range p.f.Results {
		p.taken[v.ID] = true
	}
	var ops []*ir.Op
	for _, op := range slices.Backward(p.f.Ops) {
		if !slices.ContainsFunc(op.Results, func(v *ir.Value) bool { return p.taken[v.ID] }) {
			continue
		}
		ops = append(ops, op)
		if op.Kind.IsBarrier() {
			for i, v := range op.Results {
				p.taken[op.Args[i].ID] = p.taken[op.Args[i].ID] || p.taken[v.ID]
			}
			continue
		}
		for v := range op.Inputs {
			p.taken[v.ID] = true
		}
	}
	slices.Reverse(ops)
	return ops
}

// group assigns every op that the results need to a group, in the order of the function.
func (p *planner) group() {
	ops := p.takenOps()
	uses, all := p.f.Uses(), 0
	for _, n := range uses {
		all += n
	}
	room := make([]*ir.Op, all)
	for _, op := range ops {
		for v := range op.Inputs {
			if p.users[v.ID] == nil {
				n := uses[v.ID]
				p.users[v.ID], room = room[:0:n], room[n:]
			}
			p.users[v.ID] = append(p.users[v.ID], op)
		}
	}
	if p.fusion <= Apart {
		p.findAttention(ops)
		p.findRotations(ops)
	}
	for i, op := range ops {
		p.place(i, op)
	}
	for _, v := range p.f.Results {
		if root := p.views[v.ID]; root.Root != v || !root.rowMajorOf(v) {
			p.own(len(ops), v)
		}
	}
}

// rowMajorOf reports whether v lies in memory of its own in row-major order.
func (w View) rowMajorOf(v *ir.Value) bool { return w.Root == v && w.Offset == 0 && w.Dense() }

func (p *planner) place(index int, op *ir.Op) {
	switch {
	case p.attend(index, op):
	case op.Kind == ir.Constant:
		p.views[op.Result().ID] = denseView(op.Result())
	case op.Kind.IsBarrier():
		p.barrier(op)
	case isView(op.Kind) && p.rename(index, op):
	case op.Kind == ir.DotGeneral && p.gemm(index, op):
	case p.rotate(index, op):
	case p.choose(index, op):
	case p.move(index, op):
	case p.windows(index, op):
	case p.random(index, op):
	case p.control(index, op):
	case p.elementwise(index, op):
	default:
		p.region(index, op)
	}
}

// barrier lets the results of op lie where its operands lie, not to be read before all operands exist.
func (p *planner) barrier(op *ir.Op) {
	var all []*ir.Value
	for v := range op.Inputs {
		if p.taken[v.ID] {
			all = append(append(all, p.views[v.ID].Root), p.after[v.ID]...)
		}
	}
	for i, v := range op.Results {
		p.views[v.ID] = p.views[op.Args[i].ID]
		p.after[v.ID] = all
	}
}

// rename gives the result of op, which moves no element, a view; false when only a copy can have that shape.
func (p *planner) rename(index int, op *ir.Op) bool {
	x, v := op.Args[0], op.Result()
	if view, ok := viewOf(op, p.views[x.ID]); ok {
		p.views[v.ID], p.after[v.ID] = view, p.after[x.ID]
		return true
	}
	return v.Shape.Size() > 0 && p.copy(index, op, v, p.views[x.ID], p.after[x.ID])
}

// isWord reports whether a copy of values of this type can be made by moving float32 words.
func isWord(t dtypes.DType) bool {
	return t == dtypes.Float32 || t == dtypes.Int32 || t == dtypes.Uint32
}

// own gives v memory of its own.
func (p *planner) own(index int, v *ir.Value) {
	if p.views[v.ID].rowMajorOf(v) {
		return
	}
	x, after := p.views[v.ID], p.after[v.ID]
	p.after[v.ID] = nil
	op := &ir.Op{Kind: ir.Identity, Args: []*ir.Value{v}, Results: []*ir.Value{v}}
	if v.Def != nil {
		op = v.Def
	}
	if v.Shape.Size() == 0 || !p.copy(index, op, v, x, after) {
		p.regionCopy(index, v)
	}
}

// copy adds a node that copies the elements of x, in row-major order, to memory of v; false when neither clusters nor moves
// can.
func (p *planner) copy(index int, op *ir.Op, v *ir.Value, x View, after []*ir.Value) bool {
	if !isWord(v.Shape.DType) {
		return p.moveCopy(index, op, v, x, after)
	}
	n := p.node(node{op: op, index: index, formula: formula{code: codeCopy}, out: v, args: p.slabs.views.keep([]View{x}), after: after, size: x.Size()})
	if !p.cluster(n) {
		return p.moveCopy(index, op, v, x, after)
	}
	p.views[v.ID] = denseView(v)
	return true
}

// elementwise puts op into a cluster; false when clusters cannot compute it.
func (p *planner) elementwise(index int, op *ir.Op) bool {
	how := formulaOf(op)
	if how.code == codeNone {
		return false
	}
	v := op.Result()
	n := p.node(node{op: op, index: index, formula: how, out: v})
	for _, arg := range op.Args {
		n.after = append(n.after, p.after[arg.ID]...)
	}
	if c := how.code; c == codeSum || c == codeMax || c == codeMin {
		x, ok := n.reduce(p.views[op.Args[0].ID], reduceAxes(op))
		if !ok {
			return false
		}
		n.args = p.slabs.views.keep([]View{x})
	} else {
		n.args = p.slabs.views.take(len(op.Args))
		for i, arg := range op.Args {
			n.args[i] = p.stretch(p.views[arg.ID], v.Shape.Dimensions)
		}
	}
	n.size = product(n.dims())
	if n.size == 0 || !p.cluster(n) {
		return false
	}
	p.views[v.ID] = p.dense(v)
	return true
}

// reduce sets what part of the space n keeps when it reduces x over axes, and returns x with its axes in an order in which
// that is one part: as they are, or else those that vary slowest first, reduced or kept.
func (n *node) reduce(x View, axes []int) (View, bool) {
	var ok bool
	if n.class, n.row, ok = reduction(x.Dims, axes); !ok {
		kept := others(len(x.Dims), axes)
		order := slices.Concat(axes, kept)
		if last := lastReal(x.Dims); slices.Contains(axes, last) {
			order = slices.Concat(kept, axes)
		}
		reduced := make([]int, 0, len(axes))
		for i, axis := range order {
			if slices.Contains(axes, axis) {
				reduced = append(reduced, i)
			}
		}
		x = x.transpose(order)
		if n.class, n.row, ok = reduction(x.Dims, reduced); !ok {
			return x, false
		}
	}
	if n.class == classFull {
		n.code = codeCopy
	}
	return x, true
}

// lastReal returns the last axis that is longer than 1, -1 if there is none.
func lastReal(dims []int) int {
	for i := len(dims) - 1; i >= 0; i-- {
		if dims[i] > 1 {
			return i
		}
	}
	return -1
}

// stretch repeats v along axes of length 1, or along all axes if v has none, to the shape dims.
func (p *planner) stretch(v View, dims []int) View {
	if slices.Equal(v.Dims, dims) {
		return v
	}
	strides := p.slabs.ints.take(len(dims))
	for i, d := range v.Dims {
		if d == dims[i] {
			strides[i] = v.Strides[i]
		}
	}
	v.Dims, v.Strides = dims, strides
	return v
}

// dense is denseView.
func (p *planner) dense(v *ir.Value) View {
	dims := v.Shape.Dimensions
	return View{Root: v, Dims: dims, Strides: rowMajorIn(p.slabs.ints.take(len(dims)), dims)}
}

func (p *planner) node(n node) *node { return &p.slabs.nodes.keep([]node{n})[0] }
