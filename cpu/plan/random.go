package plan

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Random draws bits: Bits are those that follow State, uint64[3] of which the generator has two, and Next is the state
// after them.
type Random struct {
	State      *ir.Value
	Next, Bits *ir.Value
}

// String writes the number of bytes.
func (r *Random) String() string {
	return fmt.Sprintf("%d bytes", r.Bits.Shape.DType.SizeForDimensions(r.Bits.Shape.Dimensions...))
}

// random makes a step of op; false when it is another op, or draws nothing that lies in whole bytes.
func (p *planner) random(index int, op *ir.Op) bool {
	if op.Kind != ir.RNGBitGenerator || sizeOf(op.Results[1].Shape.DType) == 0 || op.Results[1].Shape.Size() == 0 {
		return false
	}
	state := op.Args[0]
	if state.Shape.DType != dtypes.Uint64 || state.Shape.Size() != 3 {
		return false
	}
	if !p.views[state.ID].rowMajorOf(p.views[state.ID].Root) {
		p.own(index, state)
	}
	n := &node{op: op, index: index, outs: op.Results, args: []View{p.views[state.ID]}, after: p.after[state.ID]}
	id := p.newGroup(moveGroup, n)
	p.groups[id].random = &Random{State: n.args[0].Root, Next: op.Results[0], Bits: op.Results[1]}
	for _, v := range op.Results {
		p.views[v.ID] = denseView(v)
	}
	return true
}
