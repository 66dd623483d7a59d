package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/delegate"
	"github.com/dyt-go/dyt/cpu/ir"
)

// region leaves op to the Go backend, together with ops that it reads from and that are left too, where they can run
// together.
func (p *planner) region(index int, op *ir.Op) {
	n := &node{op: op, index: index}
	for v := range op.Inputs {
		if root := p.views[v.ID].Root; !p.views[root.ID].Dense() {
			p.own(index, v)
		}
		n.args = append(n.args, p.views[v.ID])
		n.after = append(n.after, p.after[v.ID]...)
		n.views = append(n.views, p.chain(v)...)
	}
	p.addRegion(n)
	for _, v := range op.Results {
		p.views[v.ID] = denseView(v)
	}
}

// regionCopy gives v memory of its own when no cluster can copy it.
func (p *planner) regionCopy(index int, v *ir.Value) {
	chain := p.chain(v)
	n := &node{op: chain[len(chain)-1], index: index, args: []View{p.views[v.ID]}, after: p.after[v.ID], out: v, views: chain[:len(chain)-1]}
	p.addRegion(n)
	p.views[v.ID] = denseView(v)
}

func (p *planner) addRegion(n *node) {
	home := -1
	for _, id := range slices.Clone(p.sources(n)) {
		switch {
		case p.groups[id].kind != regionGroup:
		case home < 0 && p.canEnter(id, n):
			p.enter(id, n)
			home = id
		case home >= 0 && id != home && p.canMerge(home, id):
			p.merge(home, id)
		}
	}
	if home < 0 {
		p.newGroup(regionGroup, n)
	}
}

// chain returns the ops that make v, which has no memory of its own, from its root, in order.
func (p *planner) chain(v *ir.Value) []*ir.Op {
	var ops []*ir.Op
	for root := p.views[v.ID].Root; v != root; {
		op := v.Def
		if op.Kind.IsBarrier() {
			op = &ir.Op{Kind: ir.Identity, Args: []*ir.Value{op.Args[v.Index]}, Results: []*ir.Value{v}}
		}
		ops = append(ops, op)
		v = op.Args[0]
	}
	slices.Reverse(ops)
	return ops
}

// regionStep compiles the ops of g.
func (p *planner) regionStep(g *group, needed []bool, engine *delegate.Engine) (Step, error) {
	var step Step
	known := make([]bool, p.f.NumValues())
	add := func(op *ir.Op) {
		if !known[op.Results[0].ID] {
			step.Ops = append(step.Ops, op)
			for _, r := range op.Results {
				known[r.ID] = true
			}
		}
	}
	for _, n := range g.nodes {
		for _, a := range n.args {
			root := a.Root
			switch {
			case known[root.ID]:
			case root.Def != nil && root.Def.Kind == ir.Constant:
				add(root.Def)
			case g.defines(root):
			default:
				known[root.ID] = true
				step.Reads = append(step.Reads, root)
			}
		}
		for _, op := range n.views {
			add(op)
		}
		add(n.op)
		for _, v := range n.results() {
			if needed[v.ID] {
				step.Writes = append(step.Writes, v)
			}
		}
	}
	program, err := engine.Compile(p.f, delegate.Region{Name: p.f.Name, Inputs: step.Reads, Ops: step.Ops, Outputs: step.Writes})
	step.Region = program
	return step, err
}

func (g *group) defines(v *ir.Value) bool {
	return slices.ContainsFunc(g.nodes, func(n *node) bool { return slices.Contains(n.results(), v) })
}
