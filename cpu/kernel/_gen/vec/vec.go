// Package vec writes vector code once for AVX2 and AVX-512: a register is a YMM of 8 or a ZMM of 16 float32.
//
// Every method emits one or a few instructions and returns a fresh register; the assembler's allocator reuses them.
// Floats that do not fit in an instruction come from a table of constants in the file.
package vec

import (
	"fmt"
	"math"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Flavour writes for one instruction set.
type Flavour struct {
	Name  string
	Lanes int
	Wide  bool // AVX-512
	// constants already in the file, by their bits
	constants map[uint32]operand.Mem
	pause     func()                  // of Interleave
	round     map[uint32]reg.Register // of Interleave: constants in registers, by their bits
}

// For returns the flavour called name; it panics when there is none.
func For(name string) *Flavour {
	switch name {
	case "avx2":
		return &Flavour{Name: name, Lanes: 8, constants: map[uint32]operand.Mem{}}
	case "avx512":
		return &Flavour{Name: name, Lanes: 16, Wide: true, constants: map[uint32]operand.Mem{}}
	}
	panic("vec: unknown flavour " + name)
}

// Reg returns a fresh vector register.
func (f *Flavour) Reg() reg.VecVirtual {
	if f.Wide {
		return ZMM()
	}
	return YMM()
}

// Bytes is the size of a register.
func (f *Flavour) Bytes() int { return 4 * f.Lanes }

// Value is what an instruction reads: a register or a constant.
type Value struct {
	reg   reg.Register
	bits  uint32
	konst bool
	at    *operand.Mem
}

// R is a register as a value.
func R(r reg.Register) Value { return Value{reg: r} }

// M is a whole register of memory as a value.
func M(m operand.Mem) Value { return Value{at: &m} }

// F is a float constant, the same in every lane.
func F(x float64) Value { return Value{bits: math.Float32bits(float32(x)), konst: true} }

// Bits is a constant given by its bits.
func Bits(b uint32) Value { return Value{bits: b, konst: true} }

// memory returns where the constant lies: 4 bytes that AVX-512 broadcasts, a whole register for AVX2.
func (f *Flavour) memory(bits uint32) operand.Mem {
	if m, known := f.constants[bits]; known {
		return m
	}
	m := GLOBL(fmt.Sprintf("const%08x%s", bits, f.Name), attr.RODATA|attr.NOPTR)
	n := f.Lanes
	if f.Wide {
		n = 1
	}
	for i := range n {
		DATA(4*i, operand.U32(bits))
	}
	f.constants[bits] = m
	return m
}

// Load returns v in a register, which nobody may write when it is a constant.
func (f *Flavour) Load(v Value) reg.Register {
	switch {
	case !v.konst:
		return v.reg
	case f.round != nil:
		return f.shared(v.bits)
	}
	return f.fresh(v.bits)
}

// fresh loads a constant into a register of its own.
func (f *Flavour) fresh(bits uint32) reg.Register {
	dst := f.Reg()
	if bits == 0 {
		f.Xor3(dst, dst, dst)
		return dst
	}
	if f.Wide {
		VBROADCASTSS(f.memory(bits), dst)
	} else {
		VMOVUPS(f.memory(bits), dst)
	}
	return dst
}

type instruction = func(...operand.Op)

// op3 emits dst = x op y, with y possibly a constant in memory. In Go's order the instruction reads op(y, x, dst).
func (f *Flavour) op3(plain, broadcast instruction, x reg.Register, y Value) reg.Register {
	dst := f.Reg()
	f.into(plain, broadcast, y, x, dst)
	return dst
}

func (f *Flavour) into(plain, broadcast instruction, y Value, rest ...operand.Op) {
	defer f.turn()
	switch {
	case y.at != nil:
		plain(append([]operand.Op{*y.at}, rest...)...)
	case !y.konst:
		plain(append([]operand.Op{y.reg}, rest...)...)
	case f.round != nil:
		plain(append([]operand.Op{f.shared(y.bits)}, rest...)...)
	case f.Wide:
		broadcast(append([]operand.Op{f.memory(y.bits)}, rest...)...)
	default:
		plain(append([]operand.Op{f.memory(y.bits)}, rest...)...)
	}
}

// Arithmetic. Sub is x - y, Div is x / y.
func (f *Flavour) Add(x reg.Register, y Value) reg.Register { return f.op3(VADDPS, VADDPS_BCST, x, y) }
func (f *Flavour) Sub(x reg.Register, y Value) reg.Register { return f.op3(VSUBPS, VSUBPS_BCST, x, y) }
func (f *Flavour) Mul(x reg.Register, y Value) reg.Register { return f.op3(VMULPS, VMULPS_BCST, x, y) }
func (f *Flavour) Div(x reg.Register, y Value) reg.Register { return f.op3(VDIVPS, VDIVPS_BCST, x, y) }

// MinKeep and MaxKeep clamp x by y; a NaN in x survives, because x86 returns the operand that Go writes first.
func (f *Flavour) MinKeep(x reg.Register, y Value) reg.Register {
	dst := f.Reg()
	VMINPS(x, f.Load(y), dst)
	f.turn()
	return dst
}

func (f *Flavour) MaxKeep(x reg.Register, y Value) reg.Register {
	dst := f.Reg()
	VMAXPS(x, f.Load(y), dst)
	f.turn()
	return dst
}

// Horner is p*x + c, in place of p; NegHorner is c - p*x.
func (f *Flavour) Horner(p, x reg.Register, c Value) reg.Register {
	f.into(VFMADD213PS, VFMADD213PS_BCST, c, x, p)
	return p
}

func (f *Flavour) NegHorner(p, x reg.Register, c Value) reg.Register {
	f.into(VFNMADD213PS, VFNMADD213PS_BCST, c, x, p)
	return p
}

// Poly evaluates c[0] + c[1] x + c[2] x^2 + ... by Horner's rule.
func (f *Flavour) Poly(x reg.Register, c []float64) reg.Register {
	p := f.Copy(F(c[len(c)-1]))
	for i := len(c) - 2; i >= 0; i-- {
		p = f.Horner(p, x, F(c[i]))
	}
	return p
}

// Copy returns v in a register that nobody else holds.
func (f *Flavour) Copy(v Value) reg.Register {
	if v.konst && f.round == nil {
		return f.fresh(v.bits)
	}
	dst := f.Reg()
	VMOVAPS(f.Load(v), dst)
	return dst
}

// MulAdd is x*y + z in a fresh register, MulSub x*y - z and NegMulAdd z - x*y.
func (f *Flavour) MulAdd(x reg.Register, y Value, z Value) reg.Register {
	dst := f.Copy(z)
	f.into(VFMADD231PS, VFMADD231PS_BCST, y, x, dst)
	return dst
}

func (f *Flavour) MulSub(x reg.Register, y Value, z Value) reg.Register {
	dst := f.Copy(z)
	f.into(VFMSUB231PS, VFMSUB231PS_BCST, y, x, dst)
	return dst
}

func (f *Flavour) NegMulAdd(x reg.Register, y Value, z Value) reg.Register {
	dst := f.Copy(z)
	f.into(VFNMADD231PS, VFNMADD231PS_BCST, y, x, dst)
	return dst
}

// And, Or and Xor work on the bits.
func (f *Flavour) And(x reg.Register, y Value) reg.Register {
	return f.op3(f.pick(VPAND, VPANDD), VPANDD_BCST, x, y)
}

func (f *Flavour) Or(x reg.Register, y Value) reg.Register {
	return f.op3(f.pick(VPOR, VPORD), VPORD_BCST, x, y)
}

func (f *Flavour) Xor(x reg.Register, y Value) reg.Register {
	return f.op3(f.pick(VPXOR, VPXORD), VPXORD_BCST, x, y)
}

// Xor3 writes x ^ y to dst. Of VXORPS the assembler knows that x ^ x does not depend on what is in x.
func (f *Flavour) Xor3(x, y, dst reg.Register) { VXORPS(x, y, dst) }

// pick returns the instruction of the flavour; avo types three-operand instructions of AVX2 separately.
func (f *Flavour) pick(narrow func(a, b, c operand.Op), wide instruction) instruction {
	if f.Wide {
		return wide
	}
	return func(ops ...operand.Op) { narrow(ops[0], ops[1], ops[2]) }
}

// Abs clears the sign, SignOf keeps it alone.
func (f *Flavour) Abs(x reg.Register) reg.Register    { return f.And(x, Bits(0x7fffffff)) }
func (f *Flavour) SignOf(x reg.Register) reg.Register { return f.And(x, Bits(0x80000000)) }

// Sqrt is the square root, rounded correctly.
func (f *Flavour) Sqrt(x reg.Register) reg.Register {
	dst := f.Reg()
	VSQRTPS(x, dst)
	f.turn()
	return dst
}

// Less returns, for each lane where x < y, chosen; elsewhere other. A comparison with NaN chooses other.
func (f *Flavour) Less(x reg.Register, y Value, chosen, other reg.Register) reg.Register {
	return f.Compare(x, y, 1, chosen, other)
}

// Compare is Less for any predicate of VCMPPS: 0 equal, 1 less, 2 less or equal, 3 unordered, 4 not equal.
func (f *Flavour) Compare(x reg.Register, y Value, predicate uint8, chosen, other reg.Register) reg.Register {
	defer f.turn()
	dst := f.Reg()
	if f.Wide {
		k := K()
		VCMPPS(operand.U8(predicate), f.Load(y), x, k)
		blend(chosen, other, k, dst)
		return dst
	}
	mask := YMM()
	VCMPPS(operand.U8(predicate), f.Load(y), x, mask)
	VBLENDVPS(mask, chosen, other, dst)
	return dst
}

// blend writes chosen where k is set and other elsewhere to dst. VBLENDMPS writes every lane of dst; the assembler takes it to keep
// some, as other instructions under a mask do, and would hold dst from the beginning of the function.
func blend(chosen, other, k, dst reg.Register) {
	Instruction(&ir.Instruction{Opcode: "VBLENDMPS", Operands: []operand.Op{chosen, other, k, dst}, Inputs: []operand.Op{chosen, other, k}, Outputs: []operand.Op{dst}})
}

// Truth is 1 where the predicate holds, else 0.
func (f *Flavour) Truth(x reg.Register, y Value, predicate uint8) reg.Register {
	return f.Compare(x, y, predicate, f.Load(F(1)), f.Load(F(0)))
}

// SameInt is 1 where x = y as integers is what want says, else 0.
func (f *Flavour) SameInt(x, y reg.Register, want bool) reg.Register {
	return f.compareInt(x, y, VPCMPEQD, want)
}

// GreaterInt is 1 where x > y as signed integers is what want says, else 0.
func (f *Flavour) GreaterInt(x, y reg.Register, want bool) reg.Register {
	return f.compareInt(x, y, VPCMPGTD, want)
}

func (f *Flavour) compareInt(x, y reg.Register, op instruction, want bool) reg.Register {
	chosen, other := f.Load(F(1)), f.Load(F(0))
	if !want {
		chosen, other = other, chosen
	}
	dst := f.Reg()
	if f.Wide {
		k := K()
		op(y, x, k)
		blend(chosen, other, k, dst)
		return dst
	}
	mask := YMM()
	op(y, x, mask)
	VBLENDVPS(mask, chosen, other, dst)
	return dst
}

// Scale is x * 2^n for integral n, exact where the result is normal.
func (f *Flavour) Scale(x, n reg.Register) reg.Register {
	defer f.turn()
	if f.Wide {
		dst := f.Reg()
		VSCALEFPS(n, x, dst)
		return dst
	}
	// 2^n as the product of two powers, each of which is a normal number for -252 <= n <= 254.
	whole, half, rest := YMM(), YMM(), YMM()
	VCVTPS2DQ(n, whole)
	VPSRAD(operand.U8(1), whole, half)
	VPSUBD(half, whole, rest)
	for _, e := range []reg.VecVirtual{half, rest} {
		VPADDD(f.memory(127), e, e)
		VPSLLD(operand.U8(23), e, e)
		x = f.Mul(x, R(e))
	}
	return x
}

// Round rounds to the nearest whole number, ties to even.
func (f *Flavour) Round(x reg.Register) reg.Register { return f.Rounded(x, 8) }

// Rounded is Round for any mode: 8 to nearest, 9 down, 10 up.
func (f *Flavour) Rounded(x reg.Register, mode uint8) reg.Register {
	defer f.turn()
	dst := f.Reg()
	if f.Wide {
		VRNDSCALEPS(operand.U8(mode), x, dst)
	} else {
		VROUNDPS(operand.U8(mode), x, dst)
	}
	return dst
}

// Masked returns loads and stores of the first n lanes, 0 < n < Lanes; the other lanes read as zero and are not written.
func (f *Flavour) Masked(n reg.Register) (load func(operand.Mem) reg.Register, store func(reg.Register, operand.Mem)) {
	if f.Wide {
		bits, k := GP64(), K()
		MOVQ(operand.I32(-1), bits)
		BZHIQ(n, bits, bits)
		KMOVW(bits.As32(), k)
		load = func(m operand.Mem) reg.Register {
			dst := f.Reg()
			VMOVUPS_Z(m, k, dst)
			return dst
		}
		return load, func(r reg.Register, m operand.Mem) { VMOVUPS(r, k, m) }
	}
	base, mask := GP64(), YMM()
	LEAQ(f.tailTable(), base)
	lanes := GP64()
	MOVQ(operand.U32(uint32(f.Lanes)), lanes)
	SUBQ(n, lanes)
	VMOVUPS(operand.Mem{Base: base, Index: lanes, Scale: 4}, mask)
	load = func(m operand.Mem) reg.Register {
		dst := f.Reg()
		VMASKMOVPS(m, mask, dst)
		return dst
	}
	return load, func(r reg.Register, m operand.Mem) { VMASKMOVPS(r, mask, m) }
}

// tailTable is Lanes ones and Lanes zeros: a window into it is the mask of the first lanes.
func (f *Flavour) tailTable() operand.Mem {
	const key = 0xdeadbeef // no constant has these bits
	if m, known := f.constants[key]; known {
		return m
	}
	m := GLOBL("tailMask", attr.RODATA|attr.NOPTR)
	for i := range 2 * f.Lanes {
		bits := operand.I32(-1)
		if i >= f.Lanes {
			bits = 0
		}
		DATA(4*i, bits)
	}
	f.constants[key] = m
	return m
}

// IntAdd writes x + c to dst, as integers.
func (f *Flavour) IntAdd(x reg.Register, c uint32, dst reg.Register) {
	if f.Wide {
		VPADDD_BCST(f.memory(c), x, dst)
	} else {
		VPADDD(f.memory(c), x, dst)
	}
}

// ShiftRight writes x >> n to dst, as unsigned integers.
func (f *Flavour) ShiftRight(x reg.Register, n uint8, dst reg.Register) {
	VPSRLD(operand.U8(n), x, dst)
}

// ShiftLeft writes x << n to dst.
func (f *Flavour) ShiftLeft(x reg.Register, n uint8, dst reg.Register) {
	VPSLLD(operand.U8(n), x, dst)
}
