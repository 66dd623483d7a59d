package plan

import (
	"cmp"
	"slices"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
)

// Epilogue is a cluster over the elements of a product, which runs on each block of it as soon as the block has its last
// term and is in a cache of the core that computed it.
type Epilogue struct {
	Tape    *Tape
	Product int // the load of Tape that is the product
	Width   int // columns of a block
	Unit    int // panels of rows whose sums are added up together; 0 where Tape has no sums
	Buffer  int // floats of a worker where blocks of the product lie; 0 where it lies in memory, since another step reads it
}

// Scratch returns how many floats a worker needs for the tape.
func (e *Epilogue) Scratch() int { return align(e.Tape.Scratch + e.Tape.sumScratch()) }

// blockWidth is how many columns of a product an epilogue gets at a time at most: whole rows where they are not longer, since what
// lies together in memory is fetched ahead. With 128 of 352 columns an epilogue of three arrays read and three written took twice
// the time (2048 x 128 x 352, scripts/bench peers --only llama-train, time of steps on one core of Zen 3).
const blockWidth = 1024

// widestRow is the longest row that a cluster may reduce in an epilogue, whose blocks then are whole rows.
const widestRow = blockWidth

// farProduct is the number of elements from which a product is finished block by block: 4 MB. Smaller ones, the LLaMA's of 0.84M
// parameters, come from the third-level cache as fast as they are taken: its training step took 1.00 of the time at best, and 1.05
// beside other processes (medians of 36 runs in turn, one thread, Zen 3, bench/peers serve with fuse=apart and without).
const farProduct = 1 << 20

// epilogues puts each cluster that can run on the blocks of a product into the step of the product.
func (p *planner) epilogues(needed []bool) {
	if p.fusion > Everything {
		return
	}
	for id, g := range p.groups {
		if g.gone || g.kind != clusterGroup {
			continue
		}
		var products []int
		for from := range g.direct.each {
			if p.takesEpilogue(p.groups[from], g) && p.canMerge(from, id) {
				products = append(products, from)
			}
		}
		slices.SortFunc(products, func(a, b int) int { return cmp.Compare(p.groups[b].last(), p.groups[a].last()) })
		for _, product := range products { // what is computed last is in the cache
			if p.finish(product, id, needed) {
				break
			}
		}
	}
}

// takesEpilogue reports whether m is a product, with no epilogue yet, as large as the space of g, whose blocks have all their terms
// at once.
func (p *planner) takesEpilogue(m, g *group) bool {
	if m.kind != gemmGroup || m.epilogue != nil || m.gemm.Thin || m.gemm.Batches() != 1 || m.gemm.M*m.gemm.N != g.space.n {
		return false
	}
	job := m.gemm.job(nil, p.table.Gemm)
	return job.EndsAtOnce() && (g.space.n >= farProduct || p.fusion == Always)
}

// turn is the place of g in the order of the function: of a product, whatever its epilogue, its own, so that its operands need
// not wait.
func (g *group) turn() int {
	if g.epilogue == nil {
		return g.last()
	}
	at := slices.IndexFunc(g.nodes, func(n *node) bool { return n.out == g.gemm.C.Root })
	return g.nodes[at].index
}

// rows returns the number of rows and columns of C as it lies in memory; false when rows are not next to each other.
func (g *Gemm) rows() (rows, cols int, ok bool) {
	if g.C.ColStride == 1 {
		return g.M, g.N, g.C.RowStride == g.N
	}
	return g.N, g.M, g.C.ColStride == g.M
}

// finish makes cluster id the epilogue of a product; false when its tape cannot run block by block.
func (p *planner) finish(product, id int, needed []bool) bool {
	m, g := p.groups[product], p.groups[id]
	rows, cols, ok := m.gemm.rows()
	if !ok || rows == 1 {
		return false
	}
	was := g.space
	if g.space, ok = g.space.withRows(cols); ok {
		if e := m.gemm.epilogue(p.lower(g, needed, m.gemm.C.Root), p.table.Gemm); e != nil {
			m.epilogue = e
			p.merge(product, id)
			return true
		}
	}
	g.space = was
	return false
}

// epilogue returns t as the epilogue of g; nil when t is more than a program that knows no more than a block, or writes no array:
// the norm of a gradient, summed up in the step of the gradient, took one to two per cent longer than it does apart, where rows are
// not cut into units (ViT-Ti, scripts/bench peers --only vit-train).
func (g *Gemm) epilogue(t *Tape, kernel *gemm.Kernel) *Epilogue {
	whole := ceil(t.Row, kernel.NR) * kernel.NR
	e := &Epilogue{Tape: t, Product: -1, Width: min(blockWidth, whole)}
	writes := slices.ContainsFunc(t.Stores, func(s Store) bool { return !s.Rows })
	if t.Strips == nil || len(t.Packs) > 0 || !writes {
		return nil
	}
	for i := range t.Loads {
		d := &t.Loads[i]
		switch {
		case d.Root == g.C.Root && (e.Product >= 0 || d.Kind != LoadDense || d.Offset != 0):
			return nil
		case d.Root == g.C.Root:
			e.Product = i
		case !d.IsStep():
			return nil
		}
	}
	if e.Product < 0 {
		return nil
	}
	if slices.ContainsFunc(t.Code, func(i Instr) bool { return i.Op == OpRowSum }) {
		if e.Width = whole; e.Width > widestRow {
			return nil
		}
	}
	if len(t.Sums) > 0 {
		panels := kernel.Panels(t.Rows)
		e.Unit = unitOf(panels, min(chunksMax, partialMax/t.results()))
		t.Units = ceil(panels, e.Unit)
		t.placePartials()
	}
	return e
}

// unitOf returns how many panels make a unit so that there are at most so many units, and two or four workers, whose shares are
// whole units, have equal ones as far as that goes. No more than 4096 sizes are tried, or those of absurd products would take minutes.
func unitOf(panels, most int) int {
	best, least := 0, 0
	smallest := ceil(panels, max(1, most))
	for unit := smallest; unit <= smallest+min(smallest, 4096); unit++ {
		units, worst := ceil(panels, unit), 0
		for _, workers := range []int{2, 4} {
			for i := range workers {
				from, to := units*i/workers, units*(i+1)/workers
				worst += max(0, workers*(min(to*unit, panels)-from*unit)-panels)
			}
		}
		if best == 0 || worst < least {
			best, least = unit, worst
		}
	}
	return best
}

// job returns a product with an epilogue, nil for none, without its elements.
func (g *Gemm) job(e *Epilogue, kernel *gemm.Kernel) gemm.Job {
	c, a, b := g.lie()
	job := gemm.New(kernel, c, a, b, false, nil)
	if e != nil {
		job.After.Width = e.Width
	}
	return job
}

// Parts returns into how many parts of K a job of g is cut (gemm.Job.Parts): 1 where a prologue or an epilogue belongs to it, and where
// it is one of several, which a worker may compute alone, with the same bits.
func (g *Gemm) Parts(job *gemm.Job) int {
	if g.Before != nil || g.After != nil || g.Batches() > 1 {
		return 1
	}
	return job.Parts()
}

// after gives a product its epilogue, and blocks of it memory where it is not needed itself.
func (g *Gemm) after(e *Epilogue, needed []bool, kernel *gemm.Kernel) {
	if g.After = e; !needed[g.C.Root.ID] {
		e.Buffer = kernel.BufferSize(g.K, e.Unit, e.Width)
	}
}
