package plan

import (
	"math/bits"
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// node is an op as the planner sees it: what it computes into out, and how each operand lies, stretched to the shape that
// the op runs over. A copy, which gives a view memory of its own, is a node with the op Identity.
type node struct {
	op    *ir.Op
	index int // place in the order of the function
	formula
	out   *ir.Value
	outs  []*ir.Value // instead of out, of an attention
	inner []*ir.Op    // of an attention or a rotation: the other ops that it stands for
	args  []View
	after []*ir.Value // values that must exist before, besides operands: what barriers hold back
	size  int         // elements that the op runs over
	row   int         // a row reduction: elements in a row
	class class       // what out is inside its cluster
	views []*ir.Op    // of a region: the ops that make its operands from their roots
}

// class is what part of a cluster's space a value has elements for.
type class uint8

const (
	classFull   class = iota // one for each element
	classRow                 // one for each row
	classColumn              // one for each column: known only when the whole cluster has run
	classTotal               // one in all: likewise
)

type groupKind uint8

const (
	clusterGroup groupKind = iota
	gemmGroup
	regionGroup
	moveGroup
	controlGroup
	attentionGroup
	rotationGroup
	choiceGroup
)

// group is nodes that become one step.
type group struct {
	kind      groupKind
	nodes     []*node
	direct    bitset // groups that it reads from
	reach     bitset // groups that must run before it
	space     space  // of a cluster
	gemm      *Gemm
	before    *Prologue // of a product
	epilogue  *Epilogue // likewise
	move      *Move     // of a move: this or
	windows   *Windows  // this
	random    *Random   // or this
	control   *Control
	attention *Attention
	rotation  *Rotation
	choice    *Choice
	gone      bool // merged into another
	apart     bool // not yet one of the planner's
	reader    int  // the group that reads from it, noReader or someReaders
}

const (
	noReader    = -1
	someReaders = -2
)

func (g *group) readBy(id int) {
	switch g.reader {
	case noReader, id:
		g.reader = id
	default:
		g.reader = someReaders
	}
}

// last is the place of the last node in the order of the function.
func (g *group) last() int { return g.nodes[len(g.nodes)-1].index }

type bitset []uint64

func (b *bitset) add(i int) {
	b.grow(i/64 + 1)
	(*b)[i/64] |= 1 << (i % 64)
}

// grow makes room for n words.
func (b *bitset) grow(n int) {
	if more := n - len(*b); more > 0 {
		*b = append(*b, make([]uint64, more)...)
	}
}

func (b bitset) has(i int) bool { return i/64 < len(b) && b[i/64]>>(i%64)&1 == 1 }

func (b *bitset) remove(i int) {
	if b.has(i) {
		(*b)[i/64] &^= 1 << (i % 64)
	}
}

// replace puts to in the place of from, if that is a member.
func (b *bitset) replace(from, to int) {
	if b.has(from) {
		b.remove(from)
		b.add(to)
	}
}

func (b *bitset) join(o bitset) {
	b.grow(len(o))
	for i, word := range o {
		(*b)[i] |= word
	}
}

// each calls yield for every member.
func (b bitset) each(yield func(int) bool) {
	for w, word := range b {
		for ; word != 0; word &= word - 1 {
			if !yield(w*64 + bits.TrailingZeros64(word)) {
				return
			}
		}
	}
}

// newGroup adds a group of one node.
func (p *planner) newGroup(kind groupKind, n *node) int {
	id := len(p.groups)
	words := id/64 + 1
	g := &p.slabs.groups.take(1)[0]
	g.kind, g.reader = kind, noReader
	g.nodes, g.direct, g.reach = p.slabs.lists.take(1)[:0], p.slabs.words.take(words), p.slabs.words.take(words)
	p.groups = append(p.groups, g)
	p.enter(id, n)
	return id
}

// enter puts n at the end of group id. No path may lead from the group through another one to n.
func (p *planner) enter(id int, n *node) {
	g := p.groups[id]
	g.nodes = append(g.nodes, n)
	grew := false
	for _, from := range p.sources(n) {
		if from == id {
			continue
		}
		g.direct.add(from)
		p.groups[from].readBy(id)
		if !g.reach.has(from) {
			g.reach.add(from)
			g.reach.join(p.groups[from].reach)
			grew = true
		}
	}
	if grew && g.reader != noReader { // else nothing runs after it
		p.spread(id)
	}
	for _, v := range n.results() {
		p.owner[v.ID], p.maker[v.ID] = id, n
	}
}

func (n *node) results() []*ir.Value {
	if n.outs != nil {
		return n.outs
	}
	if n.out != nil {
		return []*ir.Value{n.out}
	}
	return n.op.Results
}

// spread tells every group that runs after id what id now runs after.
func (p *planner) spread(id int) {
	reach := p.groups[id].reach
	for other, g := range p.groups {
		if other != id && !g.gone && g.reach.has(id) {
			g.reach.join(reach)
		}
	}
}

// sources returns the groups that n reads from, in memory that the next call takes over.
func (p *planner) sources(n *node) []int {
	list := p.from[:0]
	for i := range n.args {
		list = p.noteOwner(list, n.args[i].Root)
	}
	for _, v := range n.after {
		list = p.noteOwner(list, v)
	}
	p.from = list
	return list
}

func (p *planner) noteOwner(list []int, v *ir.Value) []int {
	if id := p.owner[v.ID]; id >= 0 && !slices.Contains(list, id) {
		return append(list, id)
	}
	return list
}

// between reports whether a third group must run after a and before one that reads from the groups in direct.
func (p *planner) between(a int, direct bitset) bool {
	for c := range direct.each {
		if c != a && p.groups[c].reach.has(a) {
			return true
		}
	}
	return false
}

// canEnter reports whether n may run together with group id.
func (p *planner) canEnter(id int, n *node) bool {
	for _, from := range p.sources(n) {
		if from != id && p.groups[from].reach.has(id) {
			return false
		}
	}
	return true
}

// canMerge reports whether groups a and b may run together.
func (p *planner) canMerge(a, b int) bool {
	return !p.between(a, p.groups[b].direct) && !p.between(b, p.groups[a].direct)
}

// merge puts the nodes of b into a.
func (p *planner) merge(a, b int) {
	ga, gb := p.groups[a], p.groups[b]
	for _, n := range gb.nodes {
		for _, v := range n.results() {
			p.owner[v.ID] = a
		}
	}
	ga.nodes = append(ga.nodes, gb.nodes...)
	slices.SortStableFunc(ga.nodes, func(x, y *node) int { return x.index - y.index })
	ga.direct.join(gb.direct)
	ga.reach.join(gb.reach)
	gb.gone = true
	between := (ga.reader == noReader || ga.reader == b) && (gb.reader == noReader || gb.reader == a)
	if ga.reader = noReader; !between {
		ga.reader = someReaders
	}
	ga.direct.replace(b, a)
	ga.reach.replace(b, a)
	ga.direct.remove(a)
	ga.reach.remove(a)
	if between { // no third group runs after one of them
		return
	}
	for _, g := range p.groups {
		if g.gone || g == ga || !g.reach.has(b) && !g.reach.has(a) {
			continue
		}
		g.direct.replace(b, a)
		g.reach.replace(b, a)
		g.reach.join(ga.reach)
	}
}
