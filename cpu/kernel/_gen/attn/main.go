// Command attn writes the kernels of the rows of a softmax, cpu/kernel/attn, for one flavour.
//
//	go run ./attn -flavour avx512 -out ../attn/zz_attn_avx512_amd64.s -stubs ../attn/zz_attn_avx512_amd64.go -pkg attn
package main

import (
	"flag"

	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var f *vec.Flavour

func main() {
	name := flag.String("flavour", "avx512", "avx512 or avx2")
	flag.Parse()
	f = vec.For(*name)
	ConstraintExpr("amd64,!purego")
	rowMax()
	expRow()
	gradRow()
	dotRow()
	Generate()
}

func begin(name, signature string) {
	suffix := "Y"
	if f.Wide {
		suffix = "Z"
	}
	TEXT(name+suffix, NOSPLIT, signature)
	Pragma("noescape")
	Doc(name + suffix + " is Rows." + name + " for " + f.Name + ".")
}

// each runs body over the n elements of slices, whole registers first, then the rest under a mask.
func each(n reg.Register, body func(i reg.Register, load func(operand.Mem) reg.Register, store func(reg.Register, operand.Mem), tail bool)) {
	i := GP64()
	XORQ(i, i)
	Label("loop")
	left := GP64()
	MOVQ(n, left)
	SUBQ(i, left)
	CMPQ(left, operand.U8(f.Lanes))
	JLT(operand.LabelRef("tail"))
	whole := func(m operand.Mem) reg.Register { r := f.Reg(); VMOVUPS(m, r); return r }
	body(i, whole, func(r reg.Register, m operand.Mem) { VMOVUPS(r, m) }, false)
	ADDQ(operand.U8(f.Lanes), i)
	JMP(operand.LabelRef("loop"))
	Label("tail")
	TESTQ(left, left)
	JZ(operand.LabelRef("done"))
	load, store := f.Masked(left)
	body(i, load, store, true)
	Label("done")
}

func at(base, i reg.Register) operand.Mem { return operand.Mem{Base: base, Index: i, Scale: 4} }

func result(x reg.Register) {
	Store(x, ReturnIndex(0))
	VZEROUPPER()
	RET()
}

// rowMax reads the first register of a row twice, so that no lane starts with a number that is not in the row: a tail
// begins Lanes before the end. Rows that are shorter than a register go one by one.
func rowMax() {
	begin("max", "func(x []float32) float32")
	x, n := Load(Param("x").Base(), GP64()), Load(Param("x").Len(), GP64())
	m := f.Reg()
	CMPQ(n, operand.U8(f.Lanes))
	JLT(operand.LabelRef("short"))
	VMOVUPS(operand.Mem{Base: x}, m)
	end := GP64()
	LEAQ(operand.Mem{Base: x, Index: n, Scale: 4, Disp: -f.Bytes()}, end)
	Label("loop")
	ADDQ(operand.U32(uint32(f.Bytes())), x)
	CMPQ(x, end)
	JGE(operand.LabelRef("last"))
	VMAXPS(operand.Mem{Base: x}, m, m)
	JMP(operand.LabelRef("loop"))
	Label("last")
	VMAXPS(operand.Mem{Base: end}, m, m)
	f.Across(m, VMAXPS)
	Store(m.AsX(), ReturnIndex(0))
	VZEROUPPER()
	RET()

	Label("short")
	one := XMM()
	VMOVSS(operand.Mem{Base: x}, one)
	i := GP64()
	MOVQ(operand.U32(1), i)
	Label("each")
	CMPQ(i, n)
	JGE(operand.LabelRef("end"))
	VMAXSS(at(x, i), one, one)
	INCQ(i)
	JMP(operand.LabelRef("each"))
	Label("end")
	result(one)
}

func expRow() {
	begin("exp", "func(dst, x []float32, scale, shift float32) float32")
	dst, x, n := Load(Param("dst").Base(), GP64()), Load(Param("x").Base(), GP64()), Load(Param("dst").Len(), GP64())
	scale, shift := f.Broadcast("scale"), f.Broadcast("shift")
	sum := f.Reg()
	f.Xor3(sum, sum, sum)
	each(n, func(i reg.Register, load func(operand.Mem) reg.Register, store func(reg.Register, operand.Mem), tail bool) {
		v := load(at(x, i))
		e := f.Exp(f.Sub(f.Mul(v, vec.R(scale)), vec.R(shift)))
		store(e, at(dst, i))
		if tail { // read back under the mask: the other lanes are zeros
			e = load(at(dst, i))
		}
		VADDPS(e, sum, sum)
	})
	result(f.Across(sum, VADDPS))
}

func gradRow() {
	begin("grad", "func(ds, p, dp []float32, delta, scale float32)")
	ds, p, dp := Load(Param("ds").Base(), GP64()), Load(Param("p").Base(), GP64()), Load(Param("dp").Base(), GP64())
	n := Load(Param("ds").Len(), GP64())
	delta, scale := f.Broadcast("delta"), f.Broadcast("scale")
	each(n, func(i reg.Register, load func(operand.Mem) reg.Register, store func(reg.Register, operand.Mem), _ bool) {
		d := f.Sub(load(at(dp, i)), vec.R(delta))
		store(f.Mul(f.Mul(load(at(p, i)), vec.R(scale)), vec.R(d)), at(ds, i))
	})
	VZEROUPPER()
	RET()
}

func dotRow() {
	begin("dot", "func(x, y []float32) float32")
	x, y, n := Load(Param("x").Base(), GP64()), Load(Param("y").Base(), GP64()), Load(Param("x").Len(), GP64())
	sum := f.Reg()
	f.Xor3(sum, sum, sum)
	each(n, func(i reg.Register, load func(operand.Mem) reg.Register, _ func(reg.Register, operand.Mem), _ bool) {
		VFMADD231PS(load(at(x, i)), load(at(y, i)), sum)
	})
	result(f.Across(sum, VADDPS))
}
