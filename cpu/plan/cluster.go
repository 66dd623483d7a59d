package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// cluster puts n into a cluster: that of an operand where it can run with the operand still in a register, else a new one.
// Clusters of several operands become one where they can.
func (p *planner) cluster(n *node) bool {
	home := -1
	for _, a := range n.args {
		id := p.owner[a.Root.ID]
		switch {
		case id < 0 || id == home || p.groups[id].kind != clusterGroup || p.fusion == Nothing:
		case home < 0:
			if p.join(id, n) {
				home = id
			}
		case p.unite(home, id):
		}
	}
	if home >= 0 {
		return true
	}
	g := &group{kind: clusterGroup, space: space{n: n.size}}
	g.space.axes, _ = squeeze(n.dims(), n.dims())
	sp, ok := p.fit(g, g.space, n)
	if !ok {
		return false
	}
	id := p.newGroup(clusterGroup, n)
	p.groups[id].space = sp
	return true
}

// dims is the shape that n runs over.
func (n *node) dims() []int { return n.args[0].Dims }

func (p *planner) join(id int, n *node) bool {
	g := p.groups[id]
	sp, ok := p.fit(g, g.space, n)
	if !ok || !p.canEnter(id, n) {
		return false
	}
	g.space = sp
	p.enter(id, n)
	return true
}

// fit returns the space of g when n is one of its nodes, and sets n.class; false when n cannot be.
func (p *planner) fit(g *group, sp space, n *node) (space, bool) {
	ok := true
	full := n.size == sp.n
	switch {
	case full && (n.class == classRow || n.class == classColumn) && n.row > 0:
		sp, ok = sp.withRows(n.row)
	case !full && (n.row > 0 || n.class == classTotal || sp.row == 0 || n.size != sp.n/sp.row):
		return sp, false
	}
	if !ok {
		return sp, false
	}
	if sp, ok = sp.with(n.dims(), full); !ok {
		return sp, false
	}
	for _, a := range n.args {
		if !p.reaches(g, sp, a, full) {
			return sp, false
		}
	}
	if n.row == 0 && n.class != classTotal {
		n.class = classFull
		if !full {
			n.class = classRow
		}
	}
	return sp, true
}

// reaches reports whether an op of a cluster can read a: from memory with any strides, or, when the cluster itself
// computes it, at the very place where the op is.
func (p *planner) reaches(g *group, sp space, a View, full bool) bool {
	def := p.find(g, a.Root)
	switch { // without a look at strides, as nearly always
	case full && def == nil && slices.Equal(a.Dims, sp.axes):
		return true
	case full && def != nil && def.class == classFull && a.Offset == 0 && a.Dense():
		return true // sp has all borders of a
	}
	strides, ok := sp.access(a, full)
	switch {
	case !ok:
		return false
	case def == nil:
		return true
	case a.Offset != 0:
		return false
	case def.class == classFull:
		return full && slices.Equal(strides, rowMajor(sp.axes))
	case def.class == classRow:
		at := sp.split(sp.row)
		want := append(rowMajor(sp.axes[:at]), make([]int, len(sp.axes)-at)...)
		return slices.Equal(strides, want)
	}
	return false
}

// find is g.find, at once where g is a group of p.
func (p *planner) find(g *group, v *ir.Value) *node {
	if g.apart {
		return g.find(v)
	}
	if id := p.owner[v.ID]; id < 0 || p.groups[id] != g {
		return nil
	}
	return p.maker[v.ID]
}

// find returns the node that computes v, nil if none in g does.
func (g *group) find(v *ir.Value) *node {
	for _, n := range g.nodes {
		if n.out == v {
			return n
		}
	}
	return nil
}

// unite merges cluster b into a; false when they cannot run together.
func (p *planner) unite(a, b int) bool {
	ga, gb := p.groups[a], p.groups[b]
	if ga.space.n != gb.space.n || ga.space.row != 0 && gb.space.row != 0 && ga.space.row != gb.space.row {
		return false
	}
	axes, ok := refine(ga.space.axes, gb.space.axes)
	sp := space{n: ga.space.n, row: max(ga.space.row, gb.space.row), axes: axes}
	if !ok || !p.canMerge(a, b) || !p.suits(sp, a, b) || !p.suits(sp, b, a) {
		return false
	}
	ga.space = sp
	p.merge(a, b)
	return true
}

// suits reports whether the nodes of cluster reader can run in one cluster of space sp with those of cluster id. They do, in a space
// that does not change, where they read nothing of it.
func (p *planner) suits(sp space, id, reader int) bool {
	r := p.groups[reader]
	same := sp.row == r.space.row && slices.Equal(sp.axes, r.space.axes)
	return same && !r.direct.has(id) || p.crosses(p.groups[id], r, sp)
}

// crosses reports whether the nodes of reader can read what g computes within one cluster of space sp.
func (p *planner) crosses(g, reader *group, sp space) bool {
	for _, n := range reader.nodes {
		for _, a := range n.args {
			if !p.reaches(g, sp, a, n.size == sp.n) {
				return false
			}
		}
	}
	return true
}
