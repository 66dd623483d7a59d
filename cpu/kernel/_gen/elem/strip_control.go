package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// control leads through segments: loops over the strips of a row, then over the vectors of what is left of it; and through
// rows. The operand of a jump is how far it goes, in bytes of code.
func control() {
	strip := vectors * f.Bytes()
	leap("Begin", false, func(w *writer) { // a segment; jumps to its tail when the row has no whole strip
		XORQ(at0, at0)
		skip := operand.LabelRef("tail")
		CMPQ(row, operand.U32(uint32(strip)))
		JLT(skip)
		w.words = 2
		w.next()
		Label("tail")
		w.jump(func(reg.Register) { ADDQ(operand.Mem{Base: ip, Disp: word}, ip) })
	})
	leap("Again", false, func(w *writer) { w.again() })
	leap("BeginTail", true, func(w *writer) { // jumps behind the segment when the row is done
		left := GP64()
		MOVQ(row, left)
		SUBQ(at0, left)
		JZ(operand.LabelRef("done"))
		f.MaskBytes(left, lanes())
		w.words = 2
		w.next()
		Label("done")
		w.jump(func(reg.Register) { ADDQ(operand.Mem{Base: ip, Disp: word}, ip) })
	})
	leap("AgainTail", true, func(w *writer) { // back to BeginTail when there is more
		ADDQ(operand.U32(uint32(f.Bytes())), at0)
		CMPQ(at0, row)
		JGE(operand.LabelRef("done"))
		w.jump(func(reg.Register) { SUBQ(operand.Mem{Base: ip, Disp: word}, ip) })
		Label("done")
		w.words = 2
		w.next()
	})
	code("Once", true, func(w *writer) { // what follows is done once, by the first vector of each strip
		XORQ(at0, at0)
		n := GP64()
		MOVQ(operand.U32(uint32(f.Bytes())), n)
		f.MaskBytes(n, lanes())
	})
	leap("NextRow", true, func(w *writer) {
		DECQ(rows)
		JZ(operand.LabelRef("done"))
		n, slot := GP64(), GP64()
		MOVQ(steps, n)
		MOVQ(slots, slot)
		Label("step")
		TESTQ(n, n)
		JZ(operand.LabelRef("stepped"))
		step := GP64()
		MOVQ(operand.Mem{Base: slot, Disp: 16}, step)
		ADDQ(step, operand.Mem{Base: slot})
		ADDQ(operand.U8(slotSize), slot)
		DECQ(n)
		JMP(operand.LabelRef("step"))
		Label("stepped")
		w.jump(func(reg.Register) { SUBQ(operand.Mem{Base: ip, Disp: word}, ip) })
		Label("done")
		w.words = 2
		w.next()
	})
	begin("EndTail")
	SFENCE()
	VZEROUPPER()
	RET()

	TEXT("strips"+f.Tag(), NOSPLIT, "func(code, slots *uintptr, steps, rows, row int)")
	Pragma("noescape")
	Doc("strips" + f.Tag() + " runs threaded code over rows of row bytes; the first steps slots move on from row to row.")
	Load(Param("code"), ip)
	Load(Param("slots"), slots)
	Load(Param("steps"), steps)
	Load(Param("rows"), rows)
	Load(Param("row"), row)
	w := &writer{tail: true, n: 0}
	XORQ(at0, at0)
	w.jump(func(reg.Register) {})
}

// again goes back while there are whole strips.
func (w *writer) again() {
	strip := vectors * f.Bytes()
	back := operand.Mem{Base: ip, Disp: word * w.words}
	w.words++
	ADDQ(operand.U32(uint32(strip)), at0)
	left := GP64()
	MOVQ(row, left)
	SUBQ(at0, left)
	CMPQ(left, operand.U32(uint32(strip)))
	JLT(operand.LabelRef("done"))
	w.jump(func(reg.Register) { SUBQ(back, ip) })
	Label("done")
	w.next()
}
