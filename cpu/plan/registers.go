package plan

import (
	"slices"

	"github.com/dyt-go/dyt/cpu/kernel/elem"
)

// assign numbers the registers and gives them memory. Numbers come first, then what lies in arrays, then registers with
// memory of a worker, which is used again once nothing reads it. With strips, no others have any.
func (l *lowering) assign() {
	t := l.tape
	number := make([]int, len(l.regs))
	for i, r := range l.regs {
		number[i] = -1
		if r.shape == shapeOne {
			number[i] = len(t.Scalars)
			t.Scalars = append(t.Scalars, r.value)
		}
	}
	t.Regs = len(t.Scalars)
	next := func() int { t.Regs++; return t.Regs - 1 }
	var pool [shapeFull + 1]pool
	for i, r := range l.regs {
		if number[i] < 0 && (r.store || r.load) {
			number[i] = next()
		}
	}
	for i := range t.Loads {
		d := &t.Loads[i]
		if shape := l.regs[d.Reg].shape; d.Kind != LoadOne && d.Kind != LoadDense && !(t.Strips != nil && d.IsStep()) {
			pool[shape].give(number[d.Reg])
		}
	}
	if t.Strips == nil {
		l.temporaries(number, &pool, next)
	} else {
		for i := range t.Packs { // truths are written as bytes when the tile is done
			shape := shapeFull
			if t.Packs[i].Rows {
				shape = shapeRow
			}
			t.Packs[i].Reg = next()
			pool[shape].give(t.Packs[i].Reg)
		}
	}
	l.renumber(number)
	l.tiles(pool[shapeFull].places)
	for s := shapeRow; s <= shapeFull; s++ {
		size := t.TileRows
		if s == shapeFull {
			size = t.TileRows * t.TileCols
		}
		size = ceil(size, 16) * 16 // a cache line
		for _, o := range pool[s].owners {
			t.Wide = append(t.Wide, Scratch{Reg: o.reg, Offset: t.Scratch + o.place*size, Rows: s == shapeRow})
		}
		t.Scratch += pool[s].places * size
	}
	if t.Strips != nil {
		t.Scratch = t.Strips.lay(t.Scratch, t.TileCols, l.p.table.Elem.Strips.Width())
	}
}

// lay gives the slots memory of a worker from at on, and returns where it ends.
func (s *Strips) lay(at, row, width int) int {
	for i := range s.Slots {
		slot := &s.Slots[i]
		slot.At = at
		switch slot.Kind {
		case SlotStrip, SlotNumber:
			at += width
		case SlotSum, SlotTotal:
			at += elem.Partials * width
		case SlotRow:
			at += ceil(row, 16) * 16
		}
	}
	return at
}

// pool is equally long pieces of a worker's memory.
type pool struct {
	places int
	free   []int // registers whose memory nothing reads any more
	owners []owner
}

type owner struct{ reg, place int }

// give gives register reg a place of its own.
func (p *pool) give(reg int) {
	p.owners = append(p.owners, owner{reg, p.places})
	p.places++
}

// temporaries numbers the registers that only instructions write. One takes over the register of another that is read
// there for the last time: kernels may work in place.
func (l *lowering) temporaries(number []int, pools *[shapeFull + 1]pool, next func() int) {
	last := make([]int, len(l.regs))
	for i, in := range l.tape.Code {
		for _, r := range in.reads() {
			last[r] = i
		}
	}
	isTemporary := func(r int) bool {
		return l.regs[r].shape != shapeOne && !l.regs[r].store && !l.regs[r].load
	}
	for i, in := range l.tape.Code {
		for k, r := range in.reads() {
			twice := slices.Contains(in.reads()[:k], r)
			if isTemporary(r) && last[r] == i && !twice {
				p := &pools[l.regs[r].shape]
				p.free = append(p.free, number[r])
			}
		}
		if !in.writes() || !isTemporary(in.Dst) || number[in.Dst] >= 0 {
			continue
		}
		p := &pools[l.regs[in.Dst].shape]
		if n := len(p.free); n > 0 {
			number[in.Dst] = p.free[n-1]
			p.free = p.free[:n-1]
			continue
		}
		number[in.Dst] = next()
		p.give(number[in.Dst])
	}
}

// reads returns the registers that i reads.
func (i Instr) reads() []int {
	switch i.Op {
	case OpBinary, OpScalar, OpRows:
		return []int{i.A, i.B}
	case OpTernary, OpTernary1, OpChoose:
		return []int{i.A, i.B, i.C}
	}
	return []int{i.A}
}

// writes reports whether Dst is a register.
func (i Instr) writes() bool { return i.Op != OpSum && i.Op != OpPack }

func (l *lowering) renumber(number []int) {
	t := l.tape
	for k := range t.Code {
		i := &t.Code[k]
		if i.writes() {
			i.Dst = number[i.Dst]
		}
		reads := len(i.reads())
		i.A = number[i.A]
		if reads > 1 {
			i.B = number[i.B]
		}
		if reads > 2 {
			i.C = number[i.C]
		}
	}
	for k := range t.Loads {
		t.Loads[k].Reg = number[t.Loads[k].Reg]
	}
	for k := range t.Stores {
		t.Stores[k].Reg = number[t.Stores[k].Reg]
	}
	if t.Strips == nil {
		return
	}
	for k := range t.Strips.Slots {
		if s := &t.Strips.Slots[k]; s.Kind == SlotNumber {
			s.Index = number[s.Index]
		}
	}
}
