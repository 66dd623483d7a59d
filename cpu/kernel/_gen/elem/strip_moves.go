package main

import (
	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// moves are between the accumulator and the slots.
func moves() {
	both("Load", func(w *writer) {
		m := w.slot()
		for i := range w.n {
			w.load(m(i), acc(i))
		}
	})
	both("Store", func(w *writer) {
		m := w.slot()
		for i := range w.n {
			w.store(acc(i), m(i))
		}
	})
	both("StorePast", func(w *writer) {
		m := w.slot()
		for i := range w.n {
			if w.tail {
				w.store(acc(i), m(i))
			} else {
				VMOVNTPS(acc(i), m(i))
			}
		}
	})
	both("Ahead", func(w *writer) {
		m := w.slot()
		for line := 0; line < w.n*f.Bytes(); line += 64 {
			ahead := m(0).(operand.Mem)
			ahead.Disp = line + aheadDistance
			PREFETCHT0(ahead)
		}
	})
	for half, name := range []string{"AheadFirst", "AheadSecond"} {
		both(name, func(w *writer) {
			next, offset := w.nextRow(), GP64()
			MOVQ(at0, offset)
			if half == 1 {
				ADDQ(row, offset)
			}
			SHRQ(operand.U8(1), offset)
			for line := 0; line < w.n*f.Bytes()/2; line += 64 {
				at := next
				at.Index, at.Scale, at.Disp = offset, 1, line
				PREFETCHT1(at)
			}
		})
	}
	code("LoadOne", true, func(w *writer) { VBROADCASTSS(w.slot()(0), acc(0)) })
	code("StoreOne", true, func(w *writer) { VMOVSS(low(acc(0)), w.slot()(0)) })
	spread := func(name string, n int) {
		code(name, true, func(w *writer) {
			m := w.slot()
			for i := range n {
				VMOVUPS(acc(0), m(i))
			}
		})
	}
	spread("Spread", vectors)
	spread("Start", partials*vectors)
}

// nextRow returns where the next row of the next operand is.
func (w *writer) nextRow() operand.Mem {
	if len(w.given) > 0 {
		return w.slot()(0).(operand.Mem)
	}
	s, next := w.address()
	ADDQ(operand.Mem{Base: slots, Index: s, Scale: 1, Disp: 16}, next)
	return operand.Mem{Base: next}
}

// aheadDistance is how many bytes before its use memory is asked for.
const aheadDistance = 2048

// low is the part of a register that holds its first lane.
func low(r reg.VecPhysical) reg.Register { return r.AsX() }

// folds reduce: Into adds the accumulator to a slot, lane by lane; Fold makes one number of a slot's strips and puts it in
// every lane.
func folds() {
	for _, k := range []struct {
		name string
		body func(x, y reg.Register) reg.Register
	}{
		{"Add", func(x, y reg.Register) reg.Register { return f.Add(x, vec.R(y)) }},
		{"Max", func(x, y reg.Register) reg.Register { return extreme(x, y, VMAXPS) }},
		{"Min", func(x, y reg.Register) reg.Register { return extreme(x, y, VMINPS) }},
	} {
		both("Into"+k.name, func(w *writer) {
			m := w.slot()
			for i := range w.n {
				w.store(k.body(w.read(m(i)), acc(i)), m(i))
			}
		})
		code("Fold"+k.name, true, func(w *writer) {
			m := w.slot()
			v := make([]reg.Register, vectors)
			for i := range v {
				v[i] = f.Reg()
				VMOVUPS(m(i), v[i])
				for j := 1; j < partials; j++ {
					other := f.Reg()
					VMOVUPS(m(j*vectors+i), other)
					v[i] = k.body(v[i], other)
				}
			}
			x := k.body(k.body(v[0], v[1]), k.body(v[2], v[3]))
			f.Everywhere(x, acc(0), k.body)
		})
	}
}
