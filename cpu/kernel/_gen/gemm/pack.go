package main

import (
	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lines writes the packing of columns of A: for p < panels, l < n, i < lanes,
//
//	dst[p*dstep + l*mr + i] = src[p*mr + l*stride + i]
//
// in this order, so that what is too much in a line is overwritten by the next one of its panel.
func lines(lanes int) {
	name := map[int]string{8: "lines8", 16: "lines16"}[lanes]
	TEXT(name, NOSPLIT, "func(dst, src []float32, stride, n, mr, panels, dstep int)")
	Pragma("noescape")
	Doc(name + " moves lines of that many floats; see packLines.")
	dst, src := Load(Param("dst").Base(), GP64()), Load(Param("src").Base(), GP64())
	step, mr, dstep := stride("stride"), stride("mr"), stride("dstep")
	panels := Load(Param("panels"), GP64())
	Label("panel")
	to, from, n := GP64(), GP64(), Load(Param("n"), GP64())
	MOVQ(dst, to)
	MOVQ(src, from)
	Label("line")
	low, high := reg.Y0, reg.Y1
	VMOVUPS(Mem{Base: from}, low)
	if lanes == 16 {
		VMOVUPS(Mem{Base: from, Disp: 32}, high)
	}
	VMOVUPS(low, Mem{Base: to})
	if lanes == 16 {
		VMOVUPS(high, Mem{Base: to, Disp: 32})
	}
	ADDQ(step, from)
	ADDQ(mr, to)
	DECQ(n)
	JNZ(LabelRef("line"))
	ADDQ(mr, src)
	ADDQ(dstep, dst)
	DECQ(panels)
	JNZ(LabelRef("panel"))
	VZEROUPPER()
	RET()
}

// transpose writes the packing of eight columns of B: for l < 8*n, j < 8,
//
//	dst[l*width + j] = src[j*stride + l]
func transpose() {
	TEXT("transpose8", NOSPLIT, "func(dst, src []float32, stride, width, n int)")
	Pragma("noescape")
	Doc("transpose8 is Kernel.Transpose.")
	dst, src := Load(Param("dst").Base(), GP64()), Load(Param("src").Base(), GP64())
	step, width := stride("stride"), stride("width")
	n := Load(Param("n"), GP64())
	step3, width3, half := GP64(), GP64(), GP64()
	LEAQ(Mem{Base: step, Index: step, Scale: 2}, step3)
	LEAQ(Mem{Base: width, Index: width, Scale: 2}, width3)
	Label("block")
	LEAQ(Mem{Base: src, Index: step, Scale: 4}, half)
	var r [8]reg.VecVirtual
	for j := range r {
		r[j] = YMM()
		VMOVUPS(line(src, half, step, step3, j), r[j])
	}
	var t [8]reg.VecVirtual // pairs of columns: elements 0, 1, 4, 5 in the even ones, 2, 3, 6, 7 in the odd ones
	for j := range t {
		t[j] = YMM()
		if j%2 == 0 {
			VUNPCKLPS(r[j+1], r[j], t[j])
		} else {
			VUNPCKHPS(r[j], r[j-1], t[j])
		}
	}
	var v [8]reg.VecVirtual // four columns: element i of columns 0 to 3 in v[i] below and i+4 above, of columns 4 to 7 in v[i+4]
	for j := range v {
		v[j] = YMM()
		pair := j/4*4 + j%4/2
		VSHUFPS(Imm(uint64([]int{0x44, 0xee}[j%2])), t[pair+2], t[pair], v[j])
	}
	to := GP64()
	LEAQ(Mem{Base: dst, Index: width, Scale: 4}, to)
	for i := range 8 {
		row := YMM()
		VPERM2F128(Imm(uint64([]int{0x20, 0x31}[i/4])), v[i%4+4], v[i%4], row)
		VMOVUPS(row, line(dst, to, width, width3, i))
	}
	ADDQ(Imm(8*float), src)
	LEAQ(Mem{Base: to, Index: width, Scale: 4}, dst)
	DECQ(n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// line is line i of eight that are step apart, given line 0 and line 4.
func line(first, fourth, step, step3 reg.Register, i int) Mem {
	m := Mem{Base: first}
	if i >= 4 {
		m.Base = fourth
	}
	switch i % 4 {
	case 1:
		m.Index, m.Scale = step, 1
	case 2:
		m.Index, m.Scale = step, 2
	case 3:
		m.Index, m.Scale = step3, 1
	}
	return m
}
