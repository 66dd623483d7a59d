// Package plan decides, once per function, what is run by whom, in which order, and where every value lies.
//
// A Plan is data and can be printed: steps that read and write values, and a place in memory for each value. It runs
// nothing (exec does) and rewrites nothing (pass does). Ops become groups: a multiplication (gemm.go), with what makes its
// operand (prologue.go) and what runs on its blocks (epilogue.go), a cluster of element-wise ops and reductions (cluster.go), or a region that is left to GoMLX's Go
// backend (region.go). Ops that only rename elements are views (view.go) and take no step.
//
// Read Make in this file first, then planner.go.
package plan

import (
	"fmt"

	"github.com/dyt-go/dyt/cpu/delegate"
	"github.com/dyt-go/dyt/cpu/ir"
	"github.com/dyt-go/dyt/cpu/kernel"
)

// Plan says how to run Func.
type Plan struct {
	Func   *ir.Func
	Steps  []Step
	Places []Place // by value
	Arena  int     // bytes that one execution needs besides inputs and results
	Worker int     // floats that each worker needs
	Table  *kernel.Table
}

// Step is one unit of work: it reads Reads, runs Ops and defines Writes. Exactly one of Region, Gemm, Tapes,
// Move, Windows, Random, Attention, Rotation, Choice and Control is set.
type Step struct {
	Reads, Writes []*ir.Value
	Ops           []*ir.Op
	Region        *delegate.Program // the ops as a program of the Go backend
	Gemm          *Gemm
	Tapes         []*Tape // clusters of one program, over arrays that do not need each other
	Move          *Move
	Windows       *Windows
	Random        *Random
	Attention     *Attention
	Rotation      *Rotation
	Choice        *Choice
	Control       *Control
	Scratch       Place       // memory that all workers share during the step
	Free          []*ir.Value // results of regions and functions that no later step reads
}

// Name says who runs the step.
func (s *Step) Name() string {
	switch {
	case s.Gemm != nil:
		return "gemm"
	case s.Tapes != nil:
		return "cluster"
	case s.Move != nil:
		return "move"
	case s.Windows != nil:
		return "windows"
	case s.Random != nil:
		return "random"
	case s.Attention != nil:
		return "attention"
	case s.Rotation != nil:
		return "rotation"
	case s.Choice != nil:
		return "choice"
	case s.Control != nil:
		return "control"
	}
	return "region"
}

// Programs returns the tapes of clusters, or those of a product's prologue and epilogue.
func (s *Step) Programs() []*Tape {
	if s.Gemm == nil {
		return s.Tapes
	}
	var list []*Tape
	if x := s.Gemm.Before; x != nil {
		list = append(list, x.Tape)
	}
	if e := s.Gemm.After; e != nil {
		list = append(list, e.Tape)
	}
	return list
}

// Fusion says how far ops run together. Less than everything is for measuring what it is worth.
type Fusion int8

const (
	Always Fusion = iota - 1 // everything, products of any size with what follows them: for tests
	Everything
	Apart    // everything, but products and clusters are steps of their own
	Clusters // element-wise ops and reductions with each other, nothing else
	Nothing  // every op is a step; one that moves no element still takes none
)

// Make plans f, which must be valid, for the kernels of table. Programs for what is delegated are compiled by engine.
func Make(f *ir.Func, engine *delegate.Engine, table *kernel.Table, fusion Fusion) (*Plan, error) {
	p := &Plan{Func: f, Table: table}
	var err error
	if f.IsDynamic() {
		err = p.delegate(engine)
	} else {
		err = p.fuse(engine, fusion)
	}
	if err != nil {
		return nil, fmt.Errorf("plan: func @%s: %w", f.Name, err)
	}
	p.placeValues()
	return p, nil
}

// delegate leaves the whole function to the Go backend.
func (p *Plan) delegate(engine *delegate.Engine) error {
	step := Step{Reads: p.Func.Params, Ops: p.Func.LiveOps()}
	seen := make(map[*ir.Value]bool)
	for _, v := range p.Func.Results {
		if v.Def != nil && !seen[v] {
			step.Writes = append(step.Writes, v)
			seen[v] = true
		}
	}
	if len(step.Writes) == 0 {
		return nil
	}
	program, err := engine.Compile(p.Func, delegate.Region{Name: p.Func.Name, Inputs: step.Reads, Ops: step.Ops, Outputs: step.Writes})
	step.Region = program
	p.Steps = []Step{step}
	return err
}

// fuse groups the ops, orders the groups and makes a step of each.
func (p *Plan) fuse(engine *delegate.Engine, fusion Fusion) error {
	planner := newPlanner(p.Func, p.Table)
	planner.fusion = fusion
	planner.group()
	planner.siblings()
	planner.recompute()
	planner.epilogues(planner.needed())
	planner.prologues(planner.needed())
	needed := planner.needed()
	order := planner.order()
	p.Steps = make([]Step, 0, len(order))
	for _, id := range order {
		step, err := planner.step(id, needed, engine)
		if err != nil {
			return err
		}
		p.Steps = append(p.Steps, step)
	}
	if fusion <= Everything {
		p.together(planner, order)
	}
	return nil
}

// needed marks the values that are read by another group than their own, and those that hold results.
func (p *planner) needed() []bool {
	needed := make([]bool, len(p.owner))
	for id, g := range p.groups {
		if g.gone {
			continue
		}
		for _, n := range g.nodes {
			for _, a := range n.args {
				if p.owner[a.Root.ID] != id {
					needed[a.Root.ID] = true
				}
			}
		}
	}
	for _, v := range p.f.Results {
		needed[p.views[v.ID].Root.ID] = true
	}
	return needed
}

// order returns the groups so that each comes after those that it reads from; where there is a choice, as recorded.
func (p *planner) order() []int {
	waits := make([]int, len(p.groups))
	readers := make([][]int, len(p.groups))
	var ready, order []int
	alive := 0
	for id, g := range p.groups {
		if g.gone {
			continue
		}
		alive++
		for from := range g.direct.each {
			waits[id]++
			readers[from] = append(readers[from], id)
		}
		if waits[id] == 0 {
			ready = append(ready, id)
		}
	}
	for len(ready) > 0 {
		first := 0
		for i, id := range ready {
			if p.groups[id].turn() < p.groups[ready[first]].turn() {
				first = i
			}
		}
		id := ready[first]
		ready = append(ready[:first], ready[first+1:]...)
		order = append(order, id)
		for _, reader := range readers[id] {
			if waits[reader]--; waits[reader] == 0 {
				ready = append(ready, reader)
			}
		}
	}
	if len(order) < alive {
		panic(fmt.Sprintf("BUG: plan: %d of %d groups wait for one that never runs", alive-len(order), alive))
	}
	return order
}

func (p *planner) step(id int, needed []bool, engine *delegate.Engine) (Step, error) {
	g := p.groups[id]
	if g.kind == regionGroup {
		return p.regionStep(g, needed, engine)
	}
	var step Step
	ops, reads, writes := p.lists.ops[:0], p.lists.reads[:0], p.lists.writes[:0]
	p.seen = append(p.seen, make([]int, len(p.owner)-len(p.seen))...)
	for _, n := range g.nodes {
		ops = append(append(ops, n.inner...), n.op)
		for _, a := range n.args {
			if p.owner[a.Root.ID] != id && p.seen[a.Root.ID] != id+1 {
				p.seen[a.Root.ID] = id + 1
				reads = append(reads, a.Root)
			}
		}
		for _, v := range n.results() {
			if needed[v.ID] || n.outs != nil {
				writes = append(writes, v)
			}
		}
	}
	p.lists = lists{ops, reads, writes}
	step.Ops, step.Reads, step.Writes = p.slabs.ops.keep(ops), p.slabs.values.keep(reads), p.slabs.values.keep(writes)
	switch g.kind {
	case gemmGroup:
		if step.Gemm, g.gemm.Before = g.gemm, g.before; g.epilogue != nil {
			step.Gemm.after(g.epilogue, needed, p.table.Gemm)
		}
	case moveGroup:
		step.Move, step.Windows, step.Random = g.move, g.windows, g.random
	case controlGroup:
		var err error
		step.Control, err = p.controlStep(g, engine)
		return step, err
	case attentionGroup:
		step.Attention = g.attention
	case rotationGroup:
		step.Rotation = g.rotation
	case choiceGroup:
		step.Choice = g.choice
	default:
		step.Tapes = []*Tape{p.tapeOf(g, needed)}
	}
	return step, nil
}
