package plan

import "slices"

// assign numbers the registers and gives them memory. Numbers come first, then what lies in arrays, then registers with
// memory of a worker, which is used again once nothing reads it.
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
		switch {
		case number[i] >= 0:
		case r.store:
			number[i] = next()
		case r.load:
			number[i] = next()
			if r.kind != LoadDense {
				pool[r.shape].give(number[i])
			}
		}
	}
	l.temporaries(number, &pool, next)
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
}
