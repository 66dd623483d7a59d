package plan

import (
	"github.com/dyt-go/dyt/cpu/ir"
)

// Move copies arrays into windows of one.
type Move struct {
	Out   *ir.Value
	Fill  *View // one number that lies where no window is; nil when the windows cover everything
	Parts []Part
}

// Part copies From to a window of Out: element (i0, i1, …) goes to Offset + i0*Strides[0] + …. Rows counts the runs along the
// last axis.
type Part struct {
	Root               *ir.Value
	FromOffset, Offset int
	Axes               []int
	From, To           []int
	Rows               int
}

// move makes a step of a concatenation or of padding; false when it is another op, or a type that is not moved.
func (p *planner) move(index int, op *ir.Op) bool {
	if op.Kind != ir.Concatenate && op.Kind != ir.Pad || sizeOf(op.Result().Shape.DType) == 0 || op.Result().Shape.Size() == 0 {
		return false
	}
	out := denseView(op.Result())
	m := &Move{Out: op.Result()}
	n := &node{op: op, index: index, out: op.Result()}
	for _, v := range op.Args {
		n.args = append(n.args, p.views[v.ID])
		n.after = append(n.after, p.after[v.ID]...)
	}
	if op.Kind == ir.Concatenate {
		axis, at := op.Attr.(ir.ConcatenateAttr).Axis, 0
		for _, x := range n.args {
			m.add(x, at*out.Strides[axis], out.Strides)
			at += x.Dims[axis]
		}
	} else {
		offset, strides := 0, make([]int, len(out.Dims))
		for axis, a := range op.Attr.(ir.PadAttr).AxesConfig {
			if a.Start < 0 || a.End < 0 || a.Interior < 0 {
				return false
			}
			offset += a.Start * out.Strides[axis]
			strides[axis] = out.Strides[axis] * (a.Interior + 1)
		}
		for axis := len(op.Attr.(ir.PadAttr).AxesConfig); axis < len(strides); axis++ {
			strides[axis] = out.Strides[axis]
		}
		m.add(n.args[0], offset, strides)
		m.Fill = &n.args[1]
	}
	p.addMove(n, m)
	return true
}

func (p *planner) addMove(n *node, m *Move) {
	id := p.newGroup(moveGroup, n)
	p.groups[id].move = m
	p.views[n.out.ID] = denseView(n.out)
}

// moveCopy gives v memory of its own, with the elements of x; false for packed types.
func (p *planner) moveCopy(index int, op *ir.Op, v *ir.Value, x View, after []*ir.Value) bool {
	if sizeOf(v.Shape.DType) == 0 {
		return false
	}
	m := &Move{Out: v}
	m.add(x, 0, rowMajor(x.Dims))
	p.addMove(&node{op: op, index: index, out: v, args: []View{x}, after: after}, m)
	return true
}

func (m *Move) add(x View, offset int, strides []int) {
	if x.Size() == 0 {
		return
	}
	axes, from := squeeze(x.Dims, x.Strides)
	_, to := squeeze(x.Dims, strides)
	axes, steps := collapseAll(axes, [][]int{from, to})
	part := Part{Root: x.Root, FromOffset: x.Offset, Offset: offset, Axes: axes, From: steps[0], To: steps[1], Rows: 1}
	if len(axes) > 0 {
		part.Rows = x.Size() / axes[len(axes)-1]
	}
	m.Parts = append(m.Parts, part)
}
