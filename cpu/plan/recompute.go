package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// recompute lets clusters compute again what earlier ones would have to keep in memory for them alone, where that is less
// work than to write it, to read it and to have it lie between: what the backward pass needs of the forward pass, such as
// the derivative of an activation.
func (p *planner) recompute() {
	if p.fusion == Nothing {
		return
	}
	p.readers = make([][]int, len(p.owner))
	for id, g := range p.groups {
		if !g.gone {
			p.read(id)
		}
	}
	for _, v := range p.f.Results {
		p.note(p.views[v.ID].Root, -1)
	}
	for id, g := range p.groups {
		if g.gone || g.kind != clusterGroup || g.space.n < largeArray {
			continue
		}
		for from := range g.direct.each {
			if maker := p.groups[from]; maker.kind == clusterGroup && maker.space.n == g.space.n && p.recomputeFrom(maker, id) {
				p.prune(from)
			}
		}
	}
}

// read notes what group id reads from others.
func (p *planner) read(id int) {
	for _, n := range p.groups[id].nodes {
		for _, a := range n.args {
			if p.owner[a.Root.ID] != id {
				p.note(a.Root, id)
			}
		}
		for _, v := range n.after { // a group behind a barrier waits for v, so v's own group must stay
			p.note(v, -1)
		}
	}
}

func (p *planner) note(v *ir.Value, id int) {
	if list := &p.readers[v.ID]; !slices.Contains(*list, id) {
		*list = append(*list, id)
	}
}

// unread forgets what group id reads, before its nodes change.
func (p *planner) unread(id int) {
	for _, n := range p.groups[id].nodes {
		for _, a := range n.args {
			p.readers[a.Root.ID] = slices.DeleteFunc(p.readers[a.Root.ID], func(r int) bool { return r == id })
		}
	}
}

// repeated is a set of nodes that a cluster repeats.
type repeated struct {
	nodes []*node
	reads []*ir.Value // large arrays that they read
	cost  int
}

// What it costs to have an array of the cluster's size in memory, to read another one, and to compute a function of every
// element, in quarters of the time of reading one beyond the second-level cache (a core of Zen 3).
const (
	costKeep  = 12
	costRead  = 4
	costHeavy = 4
	costLight = 1
)

// recomputeFrom repeats nodes of maker in group id where that pays, and reports whether it did.
func (p *planner) recomputeFrom(maker *group, id int) bool {
	g := p.groups[id]
	var alone []*node // whose results only g reads
	for _, n := range maker.nodes {
		if n.out != nil && n.class == classFull && slices.Equal(p.readers[n.out.ID], []int{id}) {
			alone = append(alone, n)
		}
	}
	var r repeated
	for _, n := range alone {
		if !r.add(maker, n, id, p.readers) {
			return false
		}
	}
	for _, v := range r.reads {
		if !slices.Contains(p.readers[v.ID], id) {
			r.cost += costRead
		}
	}
	return r.cost < costKeep*len(alone) && p.repeat(g, id, r.nodes)
}

// prune drops nodes of group id whose results nobody reads any more.
func (p *planner) prune(id int) {
	p.unread(id)
	g := p.groups[id]
	read := make(map[*ir.Value]bool)
	for i := len(g.nodes) - 1; i >= 0; i-- {
		n := g.nodes[i]
		if n.out != nil && n.class == classFull && !read[n.out] && len(p.readers[n.out.ID]) == 0 {
			g.nodes = slices.Delete(g.nodes, i, i+1)
			continue
		}
		for _, a := range n.args {
			read[a.Root] = true
		}
	}
	g.gone = len(g.nodes) == 0
	p.read(id)
}

// add adds n and what it needs of its cluster, down to what lies in memory anyway; false when that cannot be repeated.
func (r *repeated) add(maker *group, n *node, id int, readers [][]int) bool {
	if slices.Contains(r.nodes, n) {
		return true
	}
	switch n.code {
	case codeCopy:
	case codeUnary, codeBinary, codeTernary, codeClamp:
		r.cost += cost(n.fn)
	default:
		return false
	}
	for _, a := range n.args {
		def := maker.find(a.Root)
		switch {
		case def != nil && def.class == classFull && !lies(readers[a.Root.ID], id):
			if !r.add(maker, def, id, readers) {
				return false
			}
		case a.Root.Shape.Size() == n.size && !slices.Contains(r.reads, a.Root):
			r.reads = append(r.reads, a.Root)
		}
	}
	r.nodes = append(r.nodes, n)
	return true
}

// lies reports whether an array with these readers lies in memory whatever group id does.
func lies(readers []int, id int) bool {
	return slices.ContainsFunc(readers, func(r int) bool { return r != id })
}

func cost(f op.Op) int {
	switch f {
	case op.Exp, op.Log, op.Tanh, op.Erf, op.Sigmoid, op.Sin, op.Cos, op.Expm1, op.Log1p, op.Pow, op.Div, op.RDiv, op.Sqrt, op.Rsqrt:
		return costHeavy
	}
	return costLight
}

// repeat puts copies of nodes into group id, which reads what they compute instead of what the originals do; false when it
// cannot.
func (p *planner) repeat(g *group, id int, nodes []*node) bool {
	twins := make(map[*ir.Value]*ir.Value)
	renamed := func(n *node) *node {
		c := *n
		c.args = slices.Clone(n.args)
		for i := range c.args {
			if twin := twins[c.args[i].Root]; twin != nil {
				c.args[i].Root = twin
			}
		}
		return &c
	}
	out := &group{kind: clusterGroup, space: g.space, apart: true}
	ok := true
	for _, n := range nodes {
		c := renamed(n)
		twins[n.out] = p.twin(n.out, id)
		c.out = twins[n.out]
		if out.space, ok = out.space.with(c.dims(), true); !ok {
			return false
		}
		out.nodes = append(out.nodes, c)
	}
	for _, n := range g.nodes {
		out.nodes = append(out.nodes, renamed(n))
	}
	if !p.crosses(out, out, out.space) {
		return false
	}
	p.unread(id)
	g.nodes, g.space = out.nodes, out.space
	for _, n := range g.nodes {
		p.maker[n.out.ID] = n
	}
	p.read(id)
	g.direct = nil
	for _, n := range g.nodes {
		for _, from := range p.sources(n) {
			if from != id {
				g.direct.add(from)
				p.groups[from].readBy(id)
			}
		}
	}
	return true
}

// twin returns a new value for what group id computes again of v.
func (p *planner) twin(v *ir.Value, id int) *ir.Value {
	twin := p.f.Twin(v)
	p.room(id, denseView(twin))
	p.readers = append(p.readers, nil)
	return twin
}
