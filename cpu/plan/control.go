package plan

import (
	"github.com/dyt-go/dyt/cpu/delegate"
	"github.com/dyt-go/dyt/cpu/ir"
)

// Control is the step of an op that runs functions: call, if or while.
type Control struct {
	Kind    ir.Kind
	Args    []*ir.Value // the arguments, the condition, or the first state
	Bodies  []Branch    // the function, the two branches, or condition and body
	Results []*ir.Value
}

// Branch is a function that a step runs. Args and Captures are roots whose memory holds what the function takes.
type Branch struct {
	Plan     *Plan
	Captures []*ir.Value
}

// control makes a step of op; false when it is another op.
func (p *planner) control(index int, op *ir.Op) bool {
	if op.Kind != ir.Call && op.Kind != ir.If && op.Kind != ir.While || len(op.Results) == 0 {
		return false
	}
	n := &node{op: op, index: index, outs: op.Results}
	for v := range op.Inputs {
		if x := p.views[v.ID]; !x.Dense() || x.Offset != 0 || x.Size() != x.Root.Shape.Size() {
			p.own(index, v)
		}
		n.args = append(n.args, p.views[v.ID])
		n.after = append(n.after, p.after[v.ID]...)
	}
	c := &Control{Kind: op.Kind, Args: roots(n.args[:len(op.Args)]), Results: op.Results}
	captures := n.args[len(op.Args):]
	for _, b := range op.Bodies {
		c.Bodies = append(c.Bodies, Branch{Captures: roots(captures[:len(b.Captures)])})
		captures = captures[len(b.Captures):]
	}
	id := p.newGroup(controlGroup, n)
	p.groups[id].control = c
	for _, v := range op.Results {
		p.views[v.ID] = denseView(v)
	}
	return true
}

func roots(views []View) []*ir.Value {
	list := make([]*ir.Value, len(views))
	for i, v := range views {
		list[i] = v.Root
	}
	return list
}

// controlStep plans the functions that the op of g runs.
func (p *planner) controlStep(g *group, engine *delegate.Engine) (*Control, error) {
	for i, b := range g.nodes[0].op.Bodies {
		var err error
		if g.control.Bodies[i].Plan, err = Make(b.Func, engine, p.table, p.fusion); err != nil {
			return nil, err
		}
	}
	return g.control, nil
}
