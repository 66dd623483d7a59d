// Command attn writes the kernels of the rows of a softmax, cpu/kernel/attn, for one flavour.
//
//	go run ./attn -flavour avx512 -out ../attn/zz_attn_avx512_amd64.s -stubs ../attn/zz_attn_avx512_amd64.go -pkg attn
package main

import (
	"math"

	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	"github.com/dyt-go/dyt/cpu/kernel/elem/coef"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var f *vec.Flavour

// side is how many registers of a row become powers side by side: as many chains as 16 registers hold.
const side = 3

func main() {
	f = vec.Open()
	softmax()
	gradient()
	divide()
	mask()
	hide()
	halves()
	neighbours()
	Generate()
}

func begin(name, signature string) { f.Begin("Rows", name, signature) }

func param(name string) reg.GPVirtual { r := GP64(); Load(Param(name), r); return r }
func slice(name string) reg.GPVirtual { r := GP64(); Load(Param(name).Base(), r); return r }

// bytes is a parameter that counts floats.
func bytes(name string) reg.GPVirtual {
	r := param(name)
	SHLQ(operand.U8(2), r)
	return r
}

// split cuts a row of so many bytes into whole registers, in bytes, and a rest of floats.
func split(cols reg.Register) (rest, whole reg.GPVirtual) {
	rest, whole = GP64(), GP64()
	MOVQ(cols, rest)
	ANDQ(operand.I32(int32(f.Bytes()-1)), rest)
	MOVQ(cols, whole)
	SUBQ(rest, whole)
	SHRQ(operand.U8(2), rest)
	return rest, whole
}

func at(base, bytes reg.Register) operand.Mem { return operand.Mem{Base: base, Index: bytes, Scale: 1} }

func load(m operand.Mem) reg.VecVirtual { r := f.Reg(); VMOVUPS(m, r); return r }

// eachRow emits the loop over the rows of a block, which lie in all of arrays. body gets where the registers end that hold what
// a row sees, in bytes; what the row does not see in the last of them was replaced by hidden. The rest of the row's registers
// are cleared.
func eachRow(arrays []reg.GPVirtual, hidden []vec.Value, body func(end reg.Register)) {
	rows, cols, line, seen, more := param("rows"), param("cols"), bytes("line"), param("seen"), bytes("more")
	SHLQ(operand.U8(2), cols)
	SHLQ(operand.U8(2), seen)
	zero := f.Load(vec.F(0))
	Label("row")
	end, rest := GP64(), GP64()
	MOVQ(seen, end)
	CMPQ(end, cols)
	CMOVQGT(cols, end)
	MOVQ(end, rest)
	ANDQ(operand.I32(int32(f.Bytes()-1)), rest)
	JZ(operand.LabelRef("whole"))
	SUBQ(rest, end)
	SHRQ(operand.U8(2), rest)
	first := f.First(rest)
	for i, a := range arrays {
		VMOVUPS(first(load(at(a, end)), f.Load(hidden[i])), at(a, end))
	}
	ADDQ(operand.U32(uint32(f.Bytes())), end)
	Label("whole")
	body(end)
	JMP(operand.LabelRef("unseen"))
	Label("clear")
	for _, a := range arrays {
		VMOVUPS(zero, at(a, end))
	}
	ADDQ(operand.U32(uint32(f.Bytes())), end)
	Label("unseen")
	CMPQ(end, cols)
	JLT(operand.LabelRef("clear"))
	for _, a := range arrays {
		ADDQ(line, a)
	}
	ADDQ(more, seen)
	DECQ(rows)
	JNZ(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}

// registers emits a loop over the registers of a row up to end.
func registers(name string, end reg.Register, body func(i reg.Register)) {
	i := GP64()
	XORQ(i, i)
	Label(name)
	body(i)
	ADDQ(operand.U32(uint32(f.Bytes())), i)
	CMPQ(i, end)
	JLT(operand.LabelRef(name))
}

// together emits registers for a body with a long chain of instructions: side registers at a time, what is left one by one.
func together(name string, side int, end reg.Register, body func(x func(base reg.Register) operand.Mem)) {
	i, last := GP64(), GP64()
	XORQ(i, i)
	LEAQ(operand.Mem{Base: end, Disp: -(side - 1) * f.Bytes()}, last)
	group := func(n int) {
		f.Interleave(n, func(j int) {
			body(func(base reg.Register) operand.Mem { return at(base, i).Offset(j * f.Bytes()) })
		})
		ADDQ(operand.U32(uint32(n*f.Bytes())), i)
	}
	JMP(operand.LabelRef(name + "More"))
	Label(name + "Side")
	group(side)
	Label(name + "More")
	CMPQ(i, last)
	JLT(operand.LabelRef(name + "Side"))
	CMPQ(i, end)
	JGE(operand.LabelRef(name + "End"))
	Label(name)
	group(1)
	CMPQ(i, end)
	JLT(operand.LabelRef(name))
	Label(name + "End")
}

// spread fills a register with the lowest lane of x.
func spread(x reg.Register) reg.Register {
	dst := f.Reg()
	VBROADCASTSS(x, dst)
	return dst
}

// exp2 is 2^x for x <= 127, a NaN for a NaN, and 0 for x < -126.5. The lowest bits of x + magic are those of 127 + round(x).
func exp2(x reg.Register) reg.Register {
	magic := vec.F(3<<22 + 127)
	x = f.MaxKeep(x, vec.F(-127))
	n := f.Add(x, magic)
	r := f.Sub(x, vec.R(f.Sub(n, magic)))
	e := f.Poly(r, append([]float64{1}, coef.Exp2...))
	VPSLLD(operand.U8(23), n, n)
	return f.Mul(e, vec.R(n))
}

func softmax() {
	begin("softmax", "func(x []float32, line, rows, cols, seen, more int, scale float32, max, sum []float32)")
	x, maxima, sums := slice("x"), slice("max"), slice("sum")
	scale := f.Broadcast("scale")
	eachRow([]reg.GPVirtual{x}, []vec.Value{vec.F(math.Inf(-1))}, func(end reg.Register) {
		most := load(operand.Mem{Base: x})
		registers("most", end, func(i reg.Register) { VMAXPS(at(x, i), most, most) })
		largest := f.Across(most, VMAXPS)
		VMOVSS(largest, operand.Mem{Base: maxima})
		shift := spread(largest)
		sum := f.Reg()
		f.Xor3(sum, sum, sum)
		together("exp", side, end, func(at func(reg.Register) operand.Mem) {
			e := exp2(f.Mul(f.Sub(load(at(x)), vec.R(shift)), vec.R(scale)))
			VMOVUPS(e, at(x))
			VADDPS(e, sum, sum)
		})
		VMOVSS(f.Across(sum, VADDPS), operand.Mem{Base: sums})
		ADDQ(operand.Imm(4), maxima)
		ADDQ(operand.Imm(4), sums)
	})
}

func gradient() {
	begin("gradient", "func(p, dp []float32, line, rows, cols, seen, more int, scale2, scale float32, max, sum []float32)")
	p, dp, maxima, sums := slice("p"), slice("dp"), slice("max"), slice("sum")
	scale2, scale := f.Broadcast("scale2"), f.Broadcast("scale")
	eachRow([]reg.GPVirtual{p, dp}, []vec.Value{vec.F(math.Inf(-1)), vec.F(0)}, func(end reg.Register) {
		shift, total := f.Reg(), f.Reg()
		VBROADCASTSS(operand.Mem{Base: maxima}, shift)
		VBROADCASTSS(operand.Mem{Base: sums}, total)
		share := f.Div(f.Load(vec.F(1)), vec.R(total))
		sum := f.Reg()
		f.Xor3(sum, sum, sum)
		together("exp", side, end, func(at func(reg.Register) operand.Mem) {
			e := f.Mul(exp2(f.Mul(f.Sub(load(at(p)), vec.R(shift)), vec.R(scale2))), vec.R(share))
			VMOVUPS(e, at(p))
			VFMADD231PS(at(dp), e, sum)
		})
		delta := spread(f.Across(sum, VADDPS))
		registers("ds", end, func(i reg.Register) {
			d := f.Mul(f.Sub(load(at(dp, i)), vec.R(delta)), vec.R(scale))
			VMULPS(at(p, i), d, d)
			VMOVUPS(d, at(dp, i))
		})
		ADDQ(operand.Imm(4), maxima)
		ADDQ(operand.Imm(4), sums)
	})
}

func mask() {
	begin("mask", "func(x []float32, line, rows, cols int, scale float32, mask []float32, step int)")
	scale := f.Broadcast("scale")
	withMask(func(x, added reg.Register) reg.Register {
		VFMADD213PS(added, scale, x)
		return x
	})
}

func hide() {
	begin("hide", "func(x []float32, line, rows, cols int, hidden float32, mask []float32, step int)")
	hidden := f.Broadcast("hidden")
	withMask(func(x, seen reg.Register) reg.Register { return f.Compare(seen, vec.F(0), 4, x, hidden) })
}

// withMask emits the loop that replaces x by a function of x and of mask.
func withMask(of func(x, mask reg.Register) reg.Register) {
	x, m, line, rows, cols, step := slice("x"), slice("mask"), bytes("line"), param("rows"), bytes("cols"), bytes("step")
	rest, whole := split(cols)
	loadRest, _ := f.Masked(rest)
	one := func(i, mask reg.Register) { VMOVUPS(of(load(at(x, i)), mask), at(x, i)) }
	Label("row")
	i := GP64()
	XORQ(i, i)
	JMP(operand.LabelRef("next"))
	Label("registers")
	one(i, load(at(m, i)))
	ADDQ(operand.U32(uint32(f.Bytes())), i)
	Label("next")
	CMPQ(i, whole)
	JLT(operand.LabelRef("registers"))
	TESTQ(rest, rest)
	JZ(operand.LabelRef("end"))
	one(i, loadRest(at(m, i)))
	Label("end")
	ADDQ(line, x)
	ADDQ(step, m)
	DECQ(rows)
	JNZ(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}

func divide() {
	begin("divide", "func(x []float32, line, rows, cols int, sum []float32)")
	x, sums, line, rows, cols := slice("x"), slice("sum"), bytes("line"), param("rows"), bytes("cols")
	one := f.Load(vec.F(1))
	rest, whole := split(cols)
	loadRest, storeRest := f.Masked(rest)
	Label("row")
	total, i := f.Reg(), GP64()
	VBROADCASTSS(operand.Mem{Base: sums}, total)
	share := f.Div(one, vec.R(total))
	XORQ(i, i)
	JMP(operand.LabelRef("next"))
	Label("registers")
	VMOVUPS(f.Mul(share, vec.R(load(at(x, i)))), at(x, i))
	ADDQ(operand.U32(uint32(f.Bytes())), i)
	Label("next")
	CMPQ(i, whole)
	JLT(operand.LabelRef("registers"))
	TESTQ(rest, rest)
	JZ(operand.LabelRef("end"))
	storeRest(f.Mul(share, vec.R(loadRest(at(x, i)))), at(x, i))
	Label("end")
	ADDQ(line, x)
	ADDQ(operand.Imm(4), sums)
	DECQ(rows)
	JNZ(operand.LabelRef("row"))
	VZEROUPPER()
	RET()
}
