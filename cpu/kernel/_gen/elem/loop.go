package main

import (
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// loops writes traversals that are one piece of code (op.Loops): all whole strips of a row, of which there is one at least.
// Addresses, numbers and sums stay in registers.
func loops() {
	for _, steps := range op.Loops() {
		leap(op.LoopName(steps), false, func(w *writer) {
			l := &loop{writer: w}
			for _, s := range steps {
				l.open(s)
			}
			Label("loop")
			for turn := range l.turns() {
				w.given = l.operands
				for _, s := range steps {
					if s.Name == "IntoAdd" {
						l.add(turn)
						continue
					}
					bodies[s.Name](w)
				}
				l.forward(turn == l.turns()-1)
			}
			Label("done")
			for i, sum := range l.sums {
				VMOVUPS(sum, l.into(i))
			}
			w.next()
		})
	}
}

// loop is a traversal that is being written.
type loop struct {
	*writer
	operands []func(i int) operand.Op
	sums     []reg.VecVirtual // of all strips that the row is added up in
	into     func(i int) operand.Mem
}

// open brings what a step needs into registers.
func (l *loop) open(s op.Step) {
	for _, kind := range s.Slots {
		if s.Name == "AheadFirst" || s.Name == "AheadSecond" {
			next := l.nextRow()
			l.operands = append(l.operands, func(int) operand.Op { return next })
			continue
		}
		_, base := l.address()
		switch kind {
		case op.Number:
			number := f.Reg()
			VMOVUPS(operand.Mem{Base: base}, number)
			l.operands = append(l.operands, func(int) operand.Op { return number })
		case op.Array:
			l.operands = append(l.operands, func(i int) operand.Op {
				return operand.Mem{Base: base, Index: at0, Scale: 1, Disp: i * f.Bytes()}
			})
		case op.Sums:
			l.into = func(i int) operand.Mem { return operand.Mem{Base: base, Disp: i * f.Bytes()} }
			for i := range partials * vectors {
				l.sums = append(l.sums, f.Reg())
				VMOVUPS(l.into(i), l.sums[i])
			}
		}
	}
}

// turns is how many strips there are between two jumps back.
func (l *loop) turns() int {
	if l.sums == nil {
		return 1
	}
	return partials
}

// add adds the accumulator to the sums whose turn it is.
func (l *loop) add(turn int) {
	for i := range vectors {
		sum := l.sums[turn*vectors+i]
		VADDPS(acc(i), sum, sum)
	}
}

// forward goes to the next strip, out when there is none.
func (l *loop) forward(back bool) {
	strip := vectors * f.Bytes()
	ADDQ(operand.U32(uint32(strip)), at0)
	left := GP64()
	MOVQ(row, left)
	SUBQ(at0, left)
	CMPQ(left, operand.U32(uint32(strip)))
	if back {
		JGE(operand.LabelRef("loop"))
		return
	}
	JLT(operand.LabelRef("done"))
}
