// Command matvec writes the kernels of cpu/kernel/matvec for one flavour.
//
//	go run ./matvec -flavour avx512 -out ../matvec/zz_matvec_avx512_amd64.s -stubs ../matvec/zz_matvec_avx512_amd64.go -pkg matvec
package main

import (
	"fmt"

	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

var f *vec.Flavour

func main() {
	f = vec.Open()
	dots()
	sums()
	Generate()
}

func begin(name, signature string) { f.Begin("Kernel", name, signature) }

func slice(name string) reg.GPVirtual { r := GP64(); Load(Param(name).Base(), r); return r }
func count(name string) reg.GPVirtual { r := GP64(); Load(Param(name).Len(), r); return r }

func zero() reg.VecVirtual {
	r := f.Reg()
	f.Xor3(r, r, r)
	return r
}

// at is base + bytes, disp bytes further on.
func at(base, bytes reg.Register, scale uint8, disp int) operand.Mem {
	return operand.Mem{Base: base, Index: bytes, Scale: scale, Disp: disp}
}

// group is how many rows are multiplied side by side.
const group = 4

// dots emits the loop over groups of rows, then the one over single rows; both add a row up in the same order.
func dots() {
	begin("dots", "func(c, a, b []float32, stride, n int)")
	c, a, b := slice("c"), slice("a"), slice("b")
	k, n, stride := count("a"), GP64(), GP64()
	Load(Param("n"), n)
	Load(Param("stride"), stride)
	SHLQ(operand.U8(2), stride)
	rest := GP64()
	MOVQ(k, rest)
	ANDQ(operand.I32(int32(f.Lanes-1)), rest)
	SUBQ(rest, k)
	SHLQ(operand.U8(2), k) // of whole registers, in bytes
	load, _ := f.Masked(rest)
	stride3, ahead := GP64(), GP64()
	LEAQ(operand.Mem{Base: stride, Index: stride, Scale: 2}, stride3)

	row := func(j int) (index reg.Register, scale uint8) {
		switch j {
		case 1, 2:
			return stride, uint8(j)
		case 3:
			return stride3, 1
		}
		return nil, 0
	}
	rows := func(count int, label string) {
		i, p := GP64(), GP64()
		sum := make([][2]reg.VecVirtual, count)
		for j := range sum {
			sum[j] = [2]reg.VecVirtual{zero(), zero()}
		}
		XORQ(i, i)
		MOVQ(b, p)
		element := func(j, disp int) operand.Mem {
			m := operand.Mem{Base: p, Disp: disp}
			m.Index, m.Scale = row(j)
			return m
		}
		left := GP64()
		MOVQ(k, left)
		JMP(operand.LabelRef(label + "next"))
		Label(label + "pair")
		for half := range 2 {
			x := f.Reg()
			VMOVUPS(at(a, i, 1, half*f.Bytes()), x)
			for j := range count {
				VFMADD231PS(element(j, half*f.Bytes()), x, sum[j][half])
			}
		}
		if count == group {
			LEAQ(operand.Mem{Base: p, Index: stride, Scale: 4}, ahead)
			for j := range count { // the next group
				m := operand.Mem{Base: ahead}
				m.Index, m.Scale = row(j)
				PREFETCHT0(m)
			}
		}
		ADDQ(operand.U32(uint32(2*f.Bytes())), i)
		ADDQ(operand.U32(uint32(2*f.Bytes())), p)
		SUBQ(operand.U32(uint32(2*f.Bytes())), left)
		Label(label + "next")
		CMPQ(left, operand.U32(uint32(2*f.Bytes())))
		JGE(operand.LabelRef(label + "pair"))
		TESTQ(left, left)
		JZ(operand.LabelRef(label + "rest"))
		x := f.Reg()
		VMOVUPS(at(a, i, 1, 0), x)
		for j := range count {
			VFMADD231PS(element(j, 0), x, sum[j][0])
		}
		ADDQ(operand.U32(uint32(f.Bytes())), i)
		ADDQ(operand.U32(uint32(f.Bytes())), p)
		Label(label + "rest")
		TESTQ(rest, rest)
		JZ(operand.LabelRef(label + "add"))
		y := load(at(a, i, 1, 0))
		for j := range count {
			VFMADD231PS(load(element(j, 0)), y, sum[j][1])
		}
		Label(label + "add")
		store(c, sum)
	}

	JMP(operand.LabelRef("groups"))
	Label("group")
	rows(group, "group")
	ADDQ(operand.U32(4*group), c)
	LEAQ(operand.Mem{Base: b, Index: stride, Scale: 4}, b)
	SUBQ(operand.U32(group), n)
	Label("groups")
	CMPQ(n, operand.U32(group))
	JGE(operand.LabelRef("group"))
	JMP(operand.LabelRef("singles"))
	Label("single")
	rows(1, "single")
	ADDQ(operand.U32(4), c)
	ADDQ(stride, b)
	DECQ(n)
	Label("singles")
	TESTQ(n, n)
	JNZ(operand.LabelRef("single"))
	VZEROUPPER()
	RET()
}

// store adds up the lanes of 4 sums or of one and stores them at c. Neighbours are added first, then pairs, then halves.
func store(c reg.Register, sum [][2]reg.VecVirtual) {
	var y []reg.Register
	for _, s := range sum {
		VADDPS(s[1], s[0], s[0])
		if f.Wide {
			high := YMM()
			VEXTRACTF64X4(operand.U8(1), s[0], high)
			VADDPS(high, s[0].AsY(), s[0].AsY())
		}
		y = append(y, s[0].AsY())
	}
	join := func(a, b reg.Register) reg.Register {
		dst := YMM()
		VHADDPS(b, a, dst)
		return dst
	}
	var all reg.Register
	if len(y) == group {
		all = join(join(y[0], y[1]), join(y[2], y[3]))
	} else {
		all = join(join(y[0], y[0]), join(y[0], y[0]))
	}
	high := XMM()
	VEXTRACTF128(operand.U8(1), all, high)
	low := all.(reg.Vec).AsX()
	VADDPS(high, low, low)
	if len(y) == group {
		VMOVUPS(low, operand.Mem{Base: c})
	} else {
		VMOVSS(low, operand.Mem{Base: c})
	}
}

// sums emits loops over blocks of columns: of several registers, of one, and of what is left.
func sums() {
	begin("sums", "func(c, a, b []float32, stride int)")
	c, a, b := slice("c"), slice("a"), slice("b")
	n, k, stride := count("c"), count("a"), GP64()
	Load(Param("stride"), stride)
	SHLQ(operand.U8(2), stride)
	columns := func(label string, sum []reg.VecVirtual, load func(operand.Mem) operand.Op) {
		p, l := GP64(), GP64()
		MOVQ(b, p)
		XORQ(l, l)
		JMP(operand.LabelRef(label + "next"))
		Label(label + "row")
		x := f.Reg()
		VBROADCASTSS(at(a, l, 4, 0), x)
		for j := range sum {
			VFMADD231PS(load(operand.Mem{Base: p, Disp: j * f.Bytes()}), x, sum[j])
		}
		ADDQ(stride, p)
		INCQ(l)
		Label(label + "next")
		CMPQ(l, k)
		JLT(operand.LabelRef(label + "row"))
	}
	for _, width := range []int{8, 1} {
		label := fmt.Sprintf("of%d", width)
		JMP(operand.LabelRef(label + "all"))
		Label(label)
		sum := make([]reg.VecVirtual, width)
		for j := range sum {
			sum[j] = zero()
		}
		columns(label, sum, func(m operand.Mem) operand.Op { return m })
		for j := range sum {
			VMOVUPS(sum[j], operand.Mem{Base: c, Disp: j * f.Bytes()})
		}
		ADDQ(operand.U32(uint32(width*f.Bytes())), c)
		ADDQ(operand.U32(uint32(width*f.Bytes())), b)
		SUBQ(operand.U32(uint32(width*f.Lanes)), n)
		Label(label + "all")
		CMPQ(n, operand.U32(uint32(width*f.Lanes)))
		JGE(operand.LabelRef(label))
	}
	TESTQ(n, n)
	JZ(operand.LabelRef("end"))
	load, put := f.Masked(n)
	last := zero()
	columns("last", []reg.VecVirtual{last}, func(m operand.Mem) operand.Op { return load(m) })
	put(last, operand.Mem{Base: c})
	Label("end")
	VZEROUPPER()
	RET()
}
