package main

import (
	"fmt"

	. "github.com/mmcloughlin/avo/build"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// lines writes the packing of lines of width floats: for p < panels, l < n, i < width,
//
//	dst[p*dstep + l*width + i] = src[p*width + l*stride + i]
//
// Each line is moved by pieces that fit it, so that nothing else is read or written. What a following call would read of the
// next n lines is fetched meanwhile.
func lines(width int) {
	name := fmt.Sprintf("lines%d", width)
	TEXT(name, NOSPLIT, "func(dst, src []float32, stride, n, panels, dstep int)")
	Pragma("noescape")
	Doc(name + " moves lines of that many floats; see Lines.")
	dst, src := Load(Param("dst").Base(), GP64()), Load(Param("src").Base(), GP64())
	step, dstep := stride("stride"), stride("dstep")
	panels := Load(Param("panels"), GP64())
	ahead := Load(Param("n"), GP64())
	IMULQ(step, ahead)
	Label("panel")
	to, from, n := GP64(), GP64(), Load(Param("n"), GP64())
	MOVQ(dst, to)
	MOVQ(src, from)
	Label("line")
	PREFETCHT0(Mem{Base: from, Index: ahead, Scale: 1})
	move(to, from, width)
	ADDQ(step, from)
	ADDQ(U32(uint32(width*float)), to)
	DECQ(n)
	JNZ(LabelRef("line"))
	ADDQ(U32(uint32(width*float)), src)
	ADDQ(dstep, dst)
	DECQ(panels)
	JNZ(LabelRef("panel"))
	VZEROUPPER()
	RET()
}

// move copies width floats.
func move(to, from reg.Register, width int) {
	for at := 0; at < width; {
		source, target := Mem{Base: from, Disp: at * float}, Mem{Base: to, Disp: at * float}
		switch left := width - at; {
		case left >= 8:
			r := YMM()
			VMOVUPS(source, r)
			VMOVUPS(r, target)
			at += 8
		case left >= 4:
			r := XMM()
			VMOVUPS(source, r)
			VMOVUPS(r, target)
			at += 4
		case left >= 2:
			r := GP64()
			MOVQ(source, r)
			MOVQ(r, target)
			at += 2
		default:
			r := GP32()
			MOVL(source, r)
			MOVL(r, target)
			at++
		}
	}
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
		VMOVUPS(eighth(src, half, step, step3, j), r[j])
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
		VMOVUPS(row, eighth(dst, to, width, width3, i))
	}
	ADDQ(Imm(8*float), src)
	LEAQ(Mem{Base: to, Index: width, Scale: 4}, dst)
	DECQ(n)
	JNZ(LabelRef("block"))
	VZEROUPPER()
	RET()
}

// eighth is line i of eight that are step apart, given line 0 and line 4.
func eighth(first, fourth, step, step3 reg.Register, i int) Mem {
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
