package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/ir"
)

// Prologue is a cluster that makes operand A of a product, a block of it when the block is about to be multiplied, so that A lies
// nowhere.
type Prologue struct{ Tape *Tape }

// Scratch returns how many floats a worker needs for the tape.
func (x *Prologue) Scratch() int { return align(x.Tape.Scratch) }

// prologues puts each cluster that only a product reads, as its operand A, into the step of that product.
func (p *planner) prologues(needed []bool) {
	if p.fusion > Everything {
		return
	}
	sole := p.soleReaders()
	for id, m := range p.groups {
		if m.gone || m.kind != gemmGroup {
			continue
		}
		a := m.gemm.A.Root.ID
		if from := p.owner[a]; from >= 0 && sole[a] == id && p.takesPrologue(m, p.groups[from]) && p.canMerge(from, id) {
			p.precede(from, id, needed)
		}
	}
}

// soleReaders returns, by value, the one group besides its own that reads it, noReader or someReaders, which results have.
func (p *planner) soleReaders() []int {
	sole := make([]int, len(p.owner))
	for i := range sole {
		sole[i] = noReader
	}
	for id, g := range p.groups {
		if g.gone {
			continue
		}
		for _, n := range g.nodes {
			for _, a := range n.args {
				switch v := a.Root.ID; {
				case p.owner[v] == id:
				case sole[v] == noReader || sole[v] == id:
					sole[v] = id
				default:
					sole[v] = someReaders
				}
			}
		}
	}
	for _, v := range p.f.Results {
		sole[p.views[v.ID].Root.ID] = someReaders
	}
	return sole
}

// takesPrologue reports whether cluster c makes the rows of A. A is large, and read where it lies in one block of K. The step of
// tanh(alpha x) gamma + beta and of its product then takes 0.98 of the time of both apart (2080 x 192 x 768; 0.92 to 0.95 with
// K = 768 and N = 192, 0.97 for 65,536 x 128 x 128, 0.88 for 65,536 x 64 x 64), RMSNorm's 0.95 to 1.0; where A would be packed
// 1.05 to 1.09, in several blocks 1.0 (both ways in turn in one process, quartiles within 0.05, two threads, Zen 3).
func (p *planner) takesPrologue(m, c *group) bool {
	g := m.gemm
	if c.kind != clusterGroup || g.Thin || g.Batches() != 1 || g.M == 1 || g.M*g.K != c.space.n || g.C.ColStride != 1 {
		return false
	}
	if g.A != (Matrix{g.A.Root, 0, g.K, 1}) || g.B.Root == g.A.Root || m.epilogue != nil && m.epilogue.Tape.loads(g.A.Root) {
		return false
	}
	job := g.job(m.epilogue, p.table.Gemm)
	return p.fusion == Always || c.space.n >= largeArray && job.ReadsWhole()
}

// precede makes cluster id the prologue of a product; nothing when its tape cannot run block by block.
func (p *planner) precede(id, product int, needed []bool) {
	g, m := p.groups[id], p.groups[product]
	was := g.space
	var ok bool
	if g.space, ok = g.space.withRows(m.gemm.K); ok {
		job := m.gemm.job(m.epilogue, p.table.Gemm)
		if t := p.lower(g, needed, nil); t.isPrologue(job.ReadsWhole()) {
			m.before = &Prologue{t}
			p.merge(product, id)
			return
		}
	}
	g.space = was
}

func (t *Tape) loads(v *ir.Value) bool {
	return slices.ContainsFunc(t.Loads, func(d Load) bool { return d.Root == v })
}

// isPrologue reports whether t is a program that makes one array, and reduces no rows unless they come whole.
func (t *Tape) isPrologue(whole bool) bool {
	if t.Strips == nil || len(t.Packs)+len(t.Sums) > 0 || len(t.Stores) != 1 {
		return false
	}
	if slices.ContainsFunc(t.Loads, func(d Load) bool { return !d.IsStep() }) {
		return false
	}
	return whole || !slices.ContainsFunc(t.Code, func(i Instr) bool { return i.Op == OpRowSum })
}
