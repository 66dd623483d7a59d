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
