package vec

import (
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Across reduces the lanes of x to one number in the lowest lane of the result: halves are joined until one lane is left.
// join takes registers of any width.
func (f *Flavour) Across(x reg.VecVirtual, join func(...operand.Op)) reg.Register {
	if f.Wide {
		high := YMM()
		VEXTRACTF64X4(operand.U8(1), x, high)
		join(high, x.AsY(), x.AsY())
	}
	high := XMM()
	VEXTRACTF128(operand.U8(1), x.AsY(), high)
	join(high, x.AsX(), x.AsX())
	VPERMILPS(operand.U8(0x0e), x.AsX(), high) // lanes 2, 3
	join(high, x.AsX(), x.AsX())
	VPERMILPS(operand.U8(0x01), x.AsX(), high) // lane 1
	join(high, x.AsX(), x.AsX())
	return x.AsX()
}

// Broadcast fills a register with the number that a parameter holds.
func (f *Flavour) Broadcast(name string) reg.Register {
	at, err := Param(name).Resolve()
	if err != nil {
		panic(err)
	}
	dst := f.Reg()
	VBROADCASTSS(at.Addr, dst)
	return dst
}

// Everywhere reduces the lanes of x and writes the result to every lane of dst: halves change places and are joined.
func (f *Flavour) Everywhere(x, dst reg.Register, join func(x, y reg.Register) reg.Register) {
	if f.Wide {
		for _, order := range []uint8{0x4e, 0xb1} { // halves, quarters
			other := f.Reg()
			VSHUFF32X4(operand.U8(order), x, x, other)
			x = join(x, other)
		}
	} else {
		other := f.Reg()
		VPERM2F128(operand.U8(1), x, x, other)
		x = join(x, other)
	}
	for _, order := range []uint8{0x4e, 0xb1} { // pairs, neighbours
		other := f.Reg()
		VPERMILPS(operand.U8(order), x, other)
		x = join(x, other)
	}
	VMOVAPS(x, dst)
}

// MaskBytes makes a mask of the first lanes, as many as bytes are left, in dst: a mask register of AVX-512, else a vector.
func (f *Flavour) MaskBytes(left, dst reg.Register) {
	most := GP64()
	MOVQ(operand.U32(uint32(f.Bytes())), most)
	CMPQ(left, most)
	CMOVQLT(left, most)
	if f.Wide {
		bits, n := GP64(), GP64()
		MOVQ(most, n)
		SHRQ(operand.U8(2), n)
		MOVQ(operand.I32(-1), bits)
		BZHIQ(n, bits, bits)
		KMOVW(bits.As32(), dst)
		return
	}
	base := GP64()
	LEAQ(f.tailTable(), base)
	ADDQ(operand.U32(uint32(f.Bytes())), base)
	SUBQ(most, base)
	VMOVUPS(operand.Mem{Base: base}, dst)
}
