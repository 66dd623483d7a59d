package main

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// pairs emits the loops of a rotation: over rows, whole registers of pairs and single ones. advance lists what moves from
// a row to the next, and by how much. many and one get where they are in a row, in bytes of cosines.
func pairs(width int, advance [][2]reg.GPVirtual, many, one func(i reg.Register)) {
	n, rows := GP64(), param("rows")
	Load(Param("cos").Len(), n)
	SHLQ(operand.U8(2), n)
	last := GP64() // from here on there is no whole register
	LEAQ(operand.Mem{Base: n, Disp: -4 * width}, last)
	i := GP64()
	Label("row")
	XORQ(i, i)
	JMP(operand.LabelRef("next"))
	Label("many")
	many(i)
	ADDQ(operand.U32(uint32(4*width)), i)
	Label("next")
	CMPQ(i, last)
	JLE(operand.LabelRef("many"))
	JMP(operand.LabelRef("rest"))
	Label("one")
	one(i)
	ADDQ(operand.Imm(4), i)
	Label("rest")
	CMPQ(i, n)
	JLT(operand.LabelRef("one"))
	for _, a := range advance {
		ADDQ(a[1], a[0])
	}
	DECQ(rows)
	JNZ(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}

func halves() {
	begin("halves", "func(y0, y1, x0, x1, cos, sin []float32, sign float32, rows, ystep, xstep int)")
	y0, y1, x0, x1, cos, sin := slice("y0"), slice("y1"), slice("x0"), slice("x1"), slice("cos"), slice("sin")
	sign, ystep, xstep := f.Broadcast("sign"), bytes("ystep"), bytes("xstep")
	turn := func(i, sign, a, b, c, s, t reg.Register, move func(...operand.Op), mul, mulSub, mulAdd func(...operand.Op)) {
		move(at(sin, i), s)
		mul(sign, s, s)
		move(at(cos, i), c)
		move(at(x0, i), a)
		move(at(x1, i), b)
		mul(s, b, t)
		mul(a, s, s)
		mulSub(t, c, a) // a*c - t
		mulAdd(s, c, b) // b*c + s
		move(a, at(y0, i))
		move(b, at(y1, i))
	}
	r := func() reg.VecVirtual { return f.Reg() }
	pairs(f.Lanes, [][2]reg.GPVirtual{{y0, ystep}, {y1, ystep}, {x0, xstep}, {x1, xstep}},
		func(i reg.Register) {
			turn(i, sign, r(), r(), r(), r(), r(), VMOVUPS, VMULPS, VFMSUB213PS, VFMADD213PS)
		},
		func(i reg.Register) {
			turn(i, sign.(reg.Vec).AsX(), XMM(), XMM(), XMM(), XMM(), XMM(), VMOVSS, VMULSS, VFMSUB213SS, VFMADD213SS)
		})
}

func neighbours() {
	begin("neighbours", "func(y, x, cos, sin []float32, sign float32, rows, ystep, xstep int)")
	y, x, cos, sin := slice("y"), slice("x"), slice("cos"), slice("sin")
	sign, ystep, xstep := f.Broadcast("sign"), bytes("ystep"), bytes("xstep")
	pair := func(base, i reg.Register) operand.Mem { return operand.Mem{Base: base, Index: i, Scale: 2} }
	twice := func(m operand.Mem) reg.VecVirtual { // each of half a register's numbers twice
		v := f.Reg()
		VPMOVZXDQ(m, v)
		VMOVSLDUP(v, v)
		return v
	}
	pairs(f.Lanes/2, [][2]reg.GPVirtual{{y, ystep}, {x, xstep}},
		func(i reg.Register) {
			s, c, a, b := twice(at(sin, i)), twice(at(cos, i)), load(pair(x, i)), f.Reg()
			VMULPS(sign, s, s)
			VPERMILPS(operand.U8(0xb1), a, b) // each with its neighbour
			VMULPS(b, s, s)
			VFMADDSUB213PS(s, c, a) // a*c - s, a*c + s by turns
			VMOVUPS(a, pair(y, i))
		},
		func(i reg.Register) {
			s, c, a, b, t := XMM(), XMM(), XMM(), XMM(), XMM()
			second := func(m operand.Mem) operand.Mem { m.Disp = 4; return m }
			VMOVSS(at(sin, i), s)
			VMULSS(sign.(reg.Vec).AsX(), s, s)
			VMOVSS(at(cos, i), c)
			VMOVSS(pair(x, i), a)
			VMOVSS(second(pair(x, i)), b)
			VMULSS(s, b, t)
			VMULSS(a, s, s)
			VFMSUB213SS(t, c, a)
			VFMADD213SS(s, c, b)
			VMOVSS(a, pair(y, i))
			VMOVSS(b, second(pair(y, i)))
		})
}
