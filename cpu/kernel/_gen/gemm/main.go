// Command gemm writes the micro-kernels of cpu/kernel/gemm: for each flavour one function per tile height.
//
//	go run ./gemm -flavour avx512 -out ../gemm/zz_gemm_avx512_amd64.s -stubs ../gemm/zz_gemm_avx512_amd64.go -pkg gemm
package main

import (
	"flag"
	"fmt"

	"github.com/mmcloughlin/avo/attr"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	. "github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// flavour holds what differs between the instruction sets.
type flavour struct {
	name   string
	tag    string                      // in function names
	lanes  int                         // floats in a register
	mr     int                         // rows of the tallest tile
	vector func(i int) reg.VecPhysical // register i
	count  int                         // registers in all
}

var flavours = map[string]flavour{
	"avx512": {"avx512", "Z", 16, 14, func(i int) reg.VecPhysical { return zmm[i] }, 32},
	"avx2":   {"avx2", "Y", 8, 6, func(i int) reg.VecPhysical { return ymm[i] }, 16},
}

var (
	zmm = []reg.VecPhysical{
		reg.Z0, reg.Z1, reg.Z2, reg.Z3, reg.Z4, reg.Z5, reg.Z6, reg.Z7, reg.Z8, reg.Z9, reg.Z10, reg.Z11, reg.Z12, reg.Z13, reg.Z14, reg.Z15,
		reg.Z16, reg.Z17, reg.Z18, reg.Z19, reg.Z20, reg.Z21, reg.Z22, reg.Z23, reg.Z24, reg.Z25, reg.Z26, reg.Z27, reg.Z28, reg.Z29, reg.Z30, reg.Z31,
	}
	ymm = []reg.VecPhysical{
		reg.Y0, reg.Y1, reg.Y2, reg.Y3, reg.Y4, reg.Y5, reg.Y6, reg.Y7, reg.Y8, reg.Y9, reg.Y10, reg.Y11, reg.Y12, reg.Y13, reg.Y14, reg.Y15,
	}
)

// bytes
const (
	float = 4
	line  = 64 // of a cache
)

func main() {
	name := flag.String("flavour", "avx512", "avx512 or avx2")
	flag.Parse()
	f, known := flavours[*name]
	if !known {
		panic("unknown flavour " + *name)
	}
	ConstraintExpr("amd64,!purego")
	masks := f.maskTable()
	for nv := 1; nv <= 2; nv++ {
		for mr := 1; mr <= f.mr; mr++ {
			f.tile(mr, nv, masks)
		}
	}
	if f.name == "avx2" { // for both
		for width := 1; width <= flavours["avx512"].mr; width++ {
			lines(width)
		}
		lines(16)
		lines(32)
		transpose()
	}
	Generate()
}

// maskTable writes lanes ones and lanes zeros: a window into it is the mask of the first n lanes (AVX2 only).
func (f flavour) maskTable() Mem {
	if f.name != "avx2" {
		return Mem{}
	}
	table := GLOBL("tailMask", attr.RODATA|attr.NOPTR)
	for i := range 2 * f.lanes {
		bits := I32(-1)
		if i >= f.lanes {
			bits = 0
		}
		DATA(i*float, bits)
	}
	return table
}

// tile writes one micro-kernel: np tiles of mr rows and nv registers of columns,
//
//	c[p*cstep + i*ldc + j] (+)= sum over k of a[p*astep + i*rsa + k*csa] * b[p*bstep + k*NR + j]
//
// for p < np, i < mr, j < n, with NR = 2*lanes, the width of a packed panel of B.
func (f flavour) tile(mr, nv int, masks Mem) {
	TEXT(fmt.Sprintf("tile%s%dx%d", f.tag, mr, nv), NOSPLIT, "func(a []float32, rsa, csa int, b, c []float32, ldc, k, np, astep, bstep, cstep, n int, add bool, ahead []float32, pahead, kahead int)")
	Pragma("noescape")
	Doc(fmt.Sprintf("tile%s%dx%d is the tile of %d rows and up to %d columns; see Tile.", f.tag, mr, nv, mr, nv*f.lanes))
	a := Load(Param("a").Base(), GP64())
	c := Load(Param("c").Base(), GP64())
	rsa, csa, ldc := stride("rsa"), stride("csa"), stride("ldc")
	np := Load(Param("np"), GP64())
	rsa3 := GP64()
	LEAQ(Mem{Base: rsa, Index: rsa, Scale: 2}, rsa3)
	store := f.storeMasks(nv, masks)
	f.fromLast()
	b := Load(Param("b").Base(), GP64())

	Label("panel")
	f.eachRow(c, ldc, mr, func(_ int, row reg.Register) { // so that it is there when the sums are
		for at := 0; at < nv*f.lanes*float; at += line {
			PREFETCHT0(Mem{Base: row, Disp: at})
		}
	})
	f.zero(mr, nv)
	f.steps(mr, nv, a, b, rsa, csa, rsa3)

	add := Load(Param("add"), GP8())
	TESTB(add, add)
	JZ(LabelRef("store"))
	f.eachRow(c, ldc, mr, func(i int, row reg.Register) { store.add(f, row, i, nv) })
	Label("store")
	if store.whole != nil {
		store.whole(LabelRef("whole"))
	}
	f.eachRow(c, ldc, mr, func(i int, row reg.Register) { store.put(f, row, i, nv) })
	Label("next")
	next, by := Load(Param("ahead").Base(), GP64()), stride("pahead")
	ADDQ(by, next)
	Store(next, Param("ahead").Base())
	ADDQ(Load(Param("bstep"), GP64()), b)
	ADDQ(stride("astep"), a)
	ADDQ(stride("cstep"), c)
	DECQ(np)
	JNZ(LabelRef("panel"))
	VZEROUPPER()
	RET()
	if store.whole != nil {
		Label("whole")
		f.eachRow(c, ldc, mr, func(i int, row reg.Register) {
			for j := range nv {
				VMOVUPS(f.acc(i, j, nv), Mem{Base: row, Disp: j * f.lanes * float})
			}
		})
		JMP(LabelRef("next"))
	}
}

// fromLast replaces bstep by the bytes from where the loop over K leaves b to the next panel of B.
func (f flavour) fromLast() {
	gone, next := Load(Param("k"), GP64()), stride("bstep")
	SHRQ(Imm(1), gone)
	IMUL3Q(U32(uint32(4*f.lanes*float)), gone, gone)
	SUBQ(gone, next)
	Store(next, Param("bstep"))
}

// stride loads a stride, given in elements, in bytes.
func stride(name string) reg.GPVirtual {
	r := GP64()
	Load(Param(name), r)
	SHLQ(Imm(2), r)
	return r
}

// acc is the register of row i, column vector j.
func (f flavour) acc(i, j, nv int) reg.VecPhysical { return f.vector(i*nv + j) }

func (f flavour) zero(mr, nv int) {
	for i := range mr * nv {
		r := f.vector(i)
		if f.name == "avx512" {
			VPXORD(r, r, r)
		} else {
			VXORPS(r, r, r)
		}
	}
}

// steps adds up all products of one tile: two steps of K at a time, in one of two loops, and what is left of an odd K.
func (f flavour) steps(mr, nv int, a, b, rsa, csa, rsa3 reg.Register) {
	ahead, kahead := Load(Param("ahead").Base(), GP64()), stride("kahead")
	rows := f.rowPointers(a, rsa, mr)
	k := Load(Param("k"), GP64())
	SHRQ(Imm(1), k)
	JZ(LabelRef("last"))
	CMPQ(csa, Imm(float))
	JNE(LabelRef("columns"))

	loop("rows", k, func() {
		PREFETCHT0(Mem{Base: ahead})
		ADDQ(kahead, ahead)
		for l := range 2 {
			f.step(b, l, mr, nv, func(i int) Mem { return rowAt(rows, rsa, rsa3, i).Offset(l * float) })
		}
		for _, p := range rows {
			ADDQ(Imm(2*float), p)
		}
		ADDQ(U32(4*f.lanes*float), b)
	})
	JMP(LabelRef("last"))

	loop("columns", k, func() {
		PREFETCHT0(Mem{Base: ahead})
		ADDQ(kahead, ahead)
		f.step(b, 0, mr, nv, func(i int) Mem { return Mem{Base: rows[0], Disp: i * float} })
		f.step(b, 1, mr, nv, func(i int) Mem { return Mem{Base: rows[0], Index: csa, Scale: 1, Disp: i * float} })
		LEAQ(Mem{Base: rows[0], Index: csa, Scale: 2}, rows[0])
		ADDQ(U32(4*f.lanes*float), b)
	})

	Label("last")
	odd := Load(Param("k"), GP64())
	TESTQ(U32(1), odd)
	JZ(LabelRef("summed"))
	rows = f.rowPointers(rows[0], rsa, mr)
	f.step(b, 0, mr, nv, func(i int) Mem { return rowAt(rows, rsa, rsa3, i) })
	Label("summed")
}

// loop does body n times. It begins at a cache line: the decoded instructions then take fewer lines of their cache.
func loop(name string, n reg.Register, body func()) {
	Instruction(&ir.Instruction{Opcode: "PCALIGN", Operands: []Op{Imm(line)}})
	Label(name)
	body()
	DECQ(n)
	JNZ(LabelRef(name))
}

// rowPointers returns pointers to rows 0, 5, 10 of the tile; the rows between are reached by index.
func (f flavour) rowPointers(a, rsa reg.Register, mr int) []reg.GPVirtual {
	rows := []reg.GPVirtual{GP64()}
	MOVQ(a, rows[0])
	for len(rows)*5 < mr {
		next := GP64()
		LEAQ(Mem{Base: rows[len(rows)-1], Index: rsa, Scale: 4}, next)
		ADDQ(rsa, next)
		rows = append(rows, next)
	}
	return rows
}

// rowAt is where row i begins.
func rowAt(rows []reg.GPVirtual, rsa, rsa3 reg.Register, i int) Mem {
	at := Mem{Base: rows[i/5]}
	switch i % 5 {
	case 1:
		at.Index, at.Scale = rsa, 1
	case 2:
		at.Index, at.Scale = rsa, 2
	case 3:
		at.Index, at.Scale = rsa3, 1
	case 4:
		at.Index, at.Scale = rsa, 4
	}
	return at
}

// step multiplies a column of A, whose element i is a(i), with row l of B.
func (f flavour) step(b reg.Register, l, mr, nv int, a func(i int) Mem) {
	bv := []reg.VecPhysical{f.vector(f.count - 1), f.vector(f.count - 2)}
	for j := range nv {
		VMOVUPS(Mem{Base: b, Disp: (2*l + j) * f.lanes * float}, bv[j])
	}
	for i := range mr {
		av := f.vector(f.count - 3 - i%2)
		VBROADCASTSS(a(i), av)
		for j := range nv {
			VFMADD231PS(bv[j], av, f.acc(i, j, nv))
		}
	}
}

// eachRow calls do with a pointer to every row of the tile of C.
func (f flavour) eachRow(c, ldc reg.Register, mr int, do func(i int, row reg.Register)) {
	row := GP64()
	MOVQ(c, row)
	for i := range mr {
		do(i, row)
		if i < mr-1 {
			ADDQ(ldc, row)
		}
	}
}

// masks say which columns of the tile exist: mask registers for AVX-512, addresses in the table for AVX2.
// Masked stores of AVX2 are slow on some processors, so whole tiles are stored without: whole jumps there.
type masks struct {
	k     []reg.Register
	mem   []Mem
	whole func(to LabelRef)
}

func (f flavour) storeMasks(nv int, table Mem) masks {
	n := Load(Param("n"), GP64())
	if f.name == "avx512" {
		return f.maskRegisters(n, nv)
	}
	base, zero, lanes := GP64(), GP64(), GP64()
	LEAQ(table, base)
	XORQ(zero, zero)
	MOVQ(U32(uint32(f.lanes)), lanes)
	var m masks
	for j := range nv {
		// columns of vector j: clamp(n - j*lanes, 0, lanes); its mask starts lanes - that into the table
		left := GP64()
		MOVQ(n, left)
		SUBQ(Imm(uint64(j*f.lanes)), left)
		CMOVQLT(zero, left)
		CMPQ(left, lanes)
		CMOVQGT(lanes, left)
		at := GP64()
		MOVQ(lanes, at)
		SUBQ(left, at)
		LEAQ(Mem{Base: base, Index: at, Scale: float}, at)
		m.mem = append(m.mem, Mem{Base: at})
	}
	m.whole = func(to LabelRef) {
		n := Load(Param("n"), GP64())
		CMPQ(n, Imm(uint64(nv*f.lanes)))
		JEQ(to)
	}
	return m
}

func (f flavour) maskRegisters(n reg.Register, nv int) masks {
	bits, ones := GP64(), GP64()
	XORQ(ones, ones)
	NOTQ(ones)
	BZHIQ(n, ones, bits)
	var m masks
	for j := range nv {
		k := []reg.Register{reg.K1, reg.K2}[j]
		KMOVW(bits.As32(), k)
		SHRQ(Imm(16), bits)
		m.k = append(m.k, k)
	}
	return m
}

func (m masks) add(f flavour, row reg.Register, i, nv int) {
	for j := range nv {
		at, acc := Mem{Base: row, Disp: j * f.lanes * float}, f.acc(i, j, nv)
		if m.k != nil {
			VADDPS(at, acc, m.k[j], acc)
			continue
		}
		mask, old := f.vector(f.count-1), f.vector(f.count-2)
		VMOVUPS(m.mem[j], mask)
		VMASKMOVPS(at, mask, old)
		VADDPS(old, acc, acc)
	}
}

func (m masks) put(f flavour, row reg.Register, i, nv int) {
	for j := range nv {
		at, acc := Mem{Base: row, Disp: j * f.lanes * float}, f.acc(i, j, nv)
		if m.k != nil {
			VMOVUPS(acc, m.k[j], at)
			continue
		}
		mask := f.vector(f.count - 1)
		VMOVUPS(m.mem[j], mask)
		VMASKMOVPS(acc, mask, at)
	}
}
