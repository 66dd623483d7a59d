package plan

import (
	"encoding/binary"

	"github.com/dyt-go/dyt/cpu/ir"
)

// alike finds clusters that differ in nothing but their arrays, such as those of equal layers or of parameters of one shape: the
// tape of one is the tape of all.
type alike struct {
	known  map[string]*patterned
	text   []byte
	values []*ir.Value // of the cluster that was written last, numbered
	number []int       // by value: 1 + its number, while the cluster is written
}

// patterned is a tape, and which of the cluster's arrays each load, store, pack and sum is of.
type patterned struct {
	tape                       *Tape
	loads, stores, packs, sums []int
}

// tapeOf returns the tape of cluster g.
func (p *planner) tapeOf(g *group, needed []bool) *Tape {
	a := &p.alike
	if a.known == nil {
		a.known = make(map[string]*patterned)
	}
	a.number = append(a.number, make([]int, len(p.owner)-len(a.number))...)
	a.write(g, needed)
	defer a.forget()
	if like := a.known[string(a.text)]; like != nil {
		g.space.row = like.tape.Row
		return like.with(a.values)
	}
	text := string(a.text)
	tape := p.lower(g, needed, nil)
	a.known[text] = a.numbered(tape)
	return tape
}

// write writes everything that lowering looks at, with the numbers of arrays instead of them.
func (a *alike) write(g *group, needed []bool) {
	a.text = a.text[:0]
	a.put(g.space.n, g.space.row, len(g.space.axes))
	a.put(g.space.axes...)
	for _, n := range g.nodes {
		a.put(int(n.code), int(n.fn), int(n.class), n.size, n.row, len(n.args))
		for _, x := range n.args {
			a.array(x.Root)
			if def := x.Root.Def; def != nil && def.Kind == ir.Constant { // a number of it may be part of the tape
				a.put(1, x.Root.ID)
			} else {
				a.put(0)
			}
			a.put(x.Offset, len(x.Dims))
			a.put(x.Dims...)
			a.put(x.Strides...)
		}
		a.array(n.out)
		if needed[n.out.ID] {
			a.put(1)
		} else {
			a.put(0)
		}
	}
}

func (a *alike) put(words ...int) {
	for _, w := range words {
		a.text = binary.AppendVarint(a.text, int64(w))
	}
}

func (a *alike) array(v *ir.Value) {
	if a.number[v.ID] == 0 {
		a.values = append(a.values, v)
		a.number[v.ID] = len(a.values)
		a.put(0, int(v.Shape.DType), v.Shape.Size())
		return
	}
	a.put(a.number[v.ID])
}

func (a *alike) forget() {
	for _, v := range a.values {
		a.number[v.ID] = 0
	}
	a.values = a.values[:0]
}

func (a *alike) numbered(t *Tape) *patterned {
	out := &patterned{tape: t}
	note := func(list *[]int, v *ir.Value) { *list = append(*list, a.number[v.ID]-1) }
	for i := range t.Loads {
		note(&out.loads, t.Loads[i].Root)
	}
	for i := range t.Stores {
		note(&out.stores, t.Stores[i].Value)
	}
	for i := range t.Packs {
		note(&out.packs, t.Packs[i].Value)
	}
	for i := range t.Sums {
		note(&out.sums, t.Sums[i].Value)
	}
	return out
}

// with returns the tape for other arrays.
func (k *patterned) with(values []*ir.Value) *Tape {
	t := *k.tape
	t.Loads = append([]Load(nil), t.Loads...)
	for i := range t.Loads {
		t.Loads[i].Root = values[k.loads[i]]
	}
	t.Stores = append([]Store(nil), t.Stores...)
	for i := range t.Stores {
		t.Stores[i].Value = values[k.stores[i]]
	}
	t.Packs = append([]Pack(nil), t.Packs...)
	for i := range t.Packs {
		t.Packs[i].Value = values[k.packs[i]]
	}
	t.Sums = append([]Sum(nil), t.Sums...)
	for i := range t.Sums {
		t.Sums[i].Value = values[k.sums[i]]
	}
	return &t
}
