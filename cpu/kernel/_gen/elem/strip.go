package main

import (
	"fmt"
	"strings"

	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

// Threaded code (elem.Program): each instruction is the address of its code here and the offsets of its operands among the
// slots. These registers mean the same in all of it.
var (
	ip    = reg.RSI // the next instruction
	slots = reg.RDI
	at0   = reg.R8  // bytes of the row that are done
	row   = reg.R9  // bytes of a row
	rows  = reg.R10 // rows that are left, this one included
	steps = reg.R11 // slots that move on from row to row
)

const (
	vectors  = 4 // of a strip
	partials = 2 // strips in which a row is added up, in turn
	word     = 8
	slotSize = 32 // address, mask of at0, step from row to row, nothing
)

// acc is the strip that instructions work on, its first vector in a tail.
func acc(i int) reg.VecPhysical {
	if f.Wide {
		return []reg.VecPhysical{reg.Z0, reg.Z1, reg.Z2, reg.Z3}[i]
	}
	return []reg.VecPhysical{reg.Y0, reg.Y1, reg.Y2, reg.Y3}[i]
}

// lanes is the mask of a tail.
func lanes() reg.Register {
	if f.Wide {
		return reg.K1
	}
	return reg.Y15
}

// writer writes the code of one instruction, over whole strips or, in tails, over a vector under the mask.
type writer struct {
	n     int // vectors
	tail  bool
	words int                      // of the instruction so far
	given []func(i int) operand.Op // of a loop: the operands that are not read yet
}

var written = map[string]string{} // the function of each piece of code that there is

// code writes one instruction, all its copies, that goes on with the following one.
func code(name string, tail bool, body func(w *writer)) {
	leap(name, tail, func(w *writer) {
		body(w)
		w.next()
	})
}

// leap writes one instruction that ends with a jump of its own.
func leap(name string, tail bool, body func(w *writer)) {
	for k := range op.Copies(name) {
		w := &writer{n: vectors, tail: tail, words: 1}
		form := "Full"
		if tail {
			w.n, form = 1, "Tail"
		}
		begin(op.Copy(name, k) + form)
		body(w)
	}
}

func begin(name string) {
	f := "strip" + name + suffix()
	TEXT(f, NOSPLIT|NOFRAME, "func()")
	Doc(f + " is threaded code: not to be called.")
	written[name] = f
}

var bodies = map[string]func(w *writer){} // of what both wrote

// both writes an instruction for strips and for tails.
func both(name string, body func(w *writer)) {
	code(name, false, body)
	code(name, true, body)
	bodies[name] = body
}

// chains writes the sequences of instructions that are one piece of code, for whole strips.
func chains() {
	for _, chain := range op.Chains() {
		leap(op.Chain(chain...), false, func(w *writer) {
			for _, name := range chain {
				if name == "Again" {
					w.again()
					return
				}
				bodies[name](w)
			}
			w.next()
		})
	}
}

// address reads the next operand: where its slot is among the slots, and the address in it.
func (w *writer) address() (s, address reg.GPVirtual) {
	s, address = GP64(), GP64()
	MOVQ(operand.Mem{Base: ip, Disp: word * w.words}, s)
	w.words++
	MOVQ(operand.Mem{Base: slots, Index: s, Scale: 1}, address)
	return s, address
}

// slot returns the next operand: where its vectors are.
func (w *writer) slot() func(i int) operand.Op {
	if len(w.given) > 0 {
		next := w.given[0]
		w.given = w.given[1:]
		return next
	}
	s, address := w.address()
	offset := GP64()
	MOVQ(operand.Mem{Base: slots, Index: s, Scale: 1, Disp: 8}, offset)
	ANDQ(at0, offset)
	return func(i int) operand.Op {
		return operand.Mem{Base: address, Index: offset, Scale: 1, Disp: i * f.Bytes()}
	}
}

func (w *writer) load(m operand.Op, dst reg.Register) {
	switch {
	case !w.tail:
		VMOVUPS(m, dst)
	case f.Wide:
		VMOVUPS_Z(m, lanes(), dst)
	default:
		VMASKMOVPS(m, lanes(), dst)
	}
}

func (w *writer) store(src reg.Register, m operand.Op) {
	switch {
	case !w.tail:
		VMOVUPS(src, m)
	case f.Wide:
		VMOVUPS(src, lanes(), m)
	default:
		VMASKMOVPS(src, lanes(), m)
	}
}

// read loads a vector of an operand.
func (w *writer) read(m operand.Op) reg.Register {
	if r, ok := m.(reg.Register); ok {
		return r
	}
	dst := f.Reg()
	w.load(m, dst)
	return dst
}

// value is a vector of an operand, read by the instruction that uses it where no mask is in the way.
func (w *writer) value(m operand.Op) vec.Value {
	if at, ok := m.(operand.Mem); ok && !w.tail {
		return vec.M(at)
	}
	return vec.R(w.read(m))
}

// next goes on with the following instruction.
func (w *writer) next() {
	w.jump(func(to reg.Register) { ADDQ(operand.Imm(uint64(word*w.words)), ip) })
}

// jump moves ip by what move writes and goes there. The registers of threaded code stay alive until then.
func (w *writer) jump(move func(to reg.Register)) {
	to := GP64()
	move(to)
	MOVQ(operand.Mem{Base: ip}, to)
	alive := []operand.Op{to, ip, slots, at0, row, rows, steps, lanes()}
	for i := range w.n {
		alive = append(alive, acc(i))
	}
	Instruction(&ir.Instruction{Opcode: "JMP", Operands: []operand.Op{to}, Inputs: alive, IsTerminal: true})
}

// apply writes acc = body(i) for each vector i; side by side as many as the registers hold.
func (w *writer) apply(together int, body func(i int) reg.Register) {
	results := make([]reg.Register, w.n)
	for from := 0; from < w.n; from += together {
		f.Interleave(min(together, w.n-from), func(i int) { results[from+i] = body(from + i) })
	}
	for i, r := range results {
		VMOVAPS(r, acc(i))
	}
}

// together is how many vectors of a function the registers hold at once; one of what is a single instruction.
func together(o op.Op) int {
	switch o {
	case op.Expm1, op.Log, op.Log1p, op.Sigmoid:
		return 2
	case op.Tanh, op.Erf, op.Exp, op.Sqrt, op.Rsqrt:
		return 4
	}
	return 1
}

// direct is o with its second operand where it lies, nil if there is no such instruction.
func direct(o op.Op) func(x reg.Register, y vec.Value) reg.Register {
	switch o {
	case op.Add:
		return f.Add
	case op.Sub:
		return f.Sub
	case op.Mul:
		return f.Mul
	case op.Div:
		return f.Div
	}
	return nil
}

func strips() {
	for o := op.None + 1; o < op.Count; o++ {
		for _, k := range unary {
			if strings.EqualFold(k.name, o.String()) {
				both(o.String(), func(w *writer) {
					w.apply(together(o), func(i int) reg.Register { return k.body(acc(i)) })
				})
			}
		}
		for _, k := range append(binary, swapped...) {
			if strings.EqualFold(k.name, o.String()) {
				both(o.String(), func(w *writer) {
					y := w.slot()
					w.apply(together(o), func(i int) reg.Register {
						if direct := direct(o); direct != nil {
							return direct(acc(i), w.value(y(i)))
						}
						return k.body(acc(i), w.read(y(i)))
					})
				})
			}
		}
	}
	both("Select", func(w *writer) {
		x, y := w.slot(), w.slot()
		w.apply(1, func(i int) reg.Register { return choose(acc(i), w.read(x(i)), w.read(y(i))) })
	})
	for _, k := range []struct {
		name       string
		multiplied func(p, x reg.Register, c vec.Value) reg.Register // the accumulator is a factor
		added      func(x reg.Register, y, z vec.Value) reg.Register // it is what is added
	}{{"MulAdd", f.Horner, f.MulAdd}, {"NegMulAdd", f.NegHorner, f.NegMulAdd}} {
		both(k.name, func(w *writer) {
			y, z := w.slot(), w.slot()
			w.apply(1, func(i int) reg.Register { return k.multiplied(acc(i), w.read(y(i)), w.value(z(i))) })
		})
		both(k.name+"To", func(w *writer) {
			x, y := w.slot(), w.slot()
			w.apply(1, func(i int) reg.Register { return k.added(w.read(x(i)), w.value(y(i)), vec.R(acc(i))) })
		})
	}
	moves()
	folds()
	chains()
	loops()
	control()
	table()
}

// moves are between the accumulator and the slots.
func moves() {
	both("Load", func(w *writer) {
		m := w.slot()
		for i := range w.n {
			w.load(m(i), acc(i))
		}
	})
	both("Store", func(w *writer) {
		m := w.slot()
		for i := range w.n {
			w.store(acc(i), m(i))
		}
	})
	both("StorePast", func(w *writer) {
		m := w.slot()
		for i := range w.n {
			if w.tail {
				w.store(acc(i), m(i))
			} else {
				VMOVNTPS(acc(i), m(i))
			}
		}
	})
	both("Ahead", func(w *writer) {
		m := w.slot()
		for line := 0; line < w.n*f.Bytes(); line += 64 {
			ahead := m(0).(operand.Mem)
			ahead.Disp = line + aheadDistance
			PREFETCHT0(ahead)
		}
	})
	for half, name := range []string{"AheadFirst", "AheadSecond"} {
		both(name, func(w *writer) {
			next, offset := w.nextRow(), GP64()
			MOVQ(at0, offset)
			if half == 1 {
				ADDQ(row, offset)
			}
			SHRQ(operand.U8(1), offset)
			for line := 0; line < w.n*f.Bytes()/2; line += 64 {
				at := next
				at.Index, at.Scale, at.Disp = offset, 1, line
				PREFETCHT1(at)
			}
		})
	}
	code("LoadOne", true, func(w *writer) { VBROADCASTSS(w.slot()(0), acc(0)) })
	code("StoreOne", true, func(w *writer) { VMOVSS(low(acc(0)), w.slot()(0)) })
	spread := func(name string, n int) {
		code(name, true, func(w *writer) {
			m := w.slot()
			for i := range n {
				VMOVUPS(acc(0), m(i))
			}
		})
	}
	spread("Spread", vectors)
	spread("Start", partials*vectors)
}

// nextRow returns where the next row of the next operand is.
func (w *writer) nextRow() operand.Mem {
	if len(w.given) > 0 {
		return w.slot()(0).(operand.Mem)
	}
	s, next := w.address()
	ADDQ(operand.Mem{Base: slots, Index: s, Scale: 1, Disp: 16}, next)
	return operand.Mem{Base: next}
}

// aheadDistance is how many bytes before its use memory is asked for.
const aheadDistance = 2048

// low is the part of a register that holds its first lane.
func low(r reg.VecPhysical) reg.Register { return r.AsX() }

// folds reduce: Into adds the accumulator to a slot, lane by lane; Fold makes one number of a slot's strips and puts it in
// every lane.
func folds() {
	for _, k := range []struct {
		name string
		body func(x, y reg.Register) reg.Register
	}{
		{"Add", func(x, y reg.Register) reg.Register { return f.Add(x, vec.R(y)) }},
		{"Max", func(x, y reg.Register) reg.Register { return extreme(x, y, VMAXPS) }},
		{"Min", func(x, y reg.Register) reg.Register { return extreme(x, y, VMINPS) }},
	} {
		both("Into"+k.name, func(w *writer) {
			m := w.slot()
			for i := range w.n {
				w.store(k.body(w.read(m(i)), acc(i)), m(i))
			}
		})
		code("Fold"+k.name, true, func(w *writer) {
			m := w.slot()
			v := make([]reg.Register, vectors)
			for i := range v {
				v[i] = f.Reg()
				VMOVUPS(m(i), v[i])
				for j := 1; j < partials; j++ {
					other := f.Reg()
					VMOVUPS(m(j*vectors+i), other)
					v[i] = k.body(v[i], other)
				}
			}
			x := k.body(k.body(v[0], v[1]), k.body(v[2], v[3]))
			f.Everywhere(x, acc(0), k.body)
		})
	}
}

// control leads through segments: loops over the strips of a row, then over the vectors of what is left of it; and through
// rows. The operand of a jump is how far it goes, in bytes of code.
func control() {
	strip := vectors * f.Bytes()
	leap("Begin", false, func(w *writer) { // a segment; jumps to its tail when the row has no whole strip
		XORQ(at0, at0)
		skip := operand.LabelRef("tail")
		CMPQ(row, operand.U32(uint32(strip)))
		JLT(skip)
		w.words = 2
		w.next()
		Label("tail")
		w.jump(func(reg.Register) { ADDQ(operand.Mem{Base: ip, Disp: word}, ip) })
	})
	leap("Again", false, func(w *writer) { w.again() })
	leap("BeginTail", true, func(w *writer) { // jumps behind the segment when the row is done
		left := GP64()
		MOVQ(row, left)
		SUBQ(at0, left)
		JZ(operand.LabelRef("done"))
		f.MaskBytes(left, lanes())
		w.words = 2
		w.next()
		Label("done")
		w.jump(func(reg.Register) { ADDQ(operand.Mem{Base: ip, Disp: word}, ip) })
	})
	leap("AgainTail", true, func(w *writer) { // back to BeginTail when there is more
		ADDQ(operand.U32(uint32(f.Bytes())), at0)
		CMPQ(at0, row)
		JGE(operand.LabelRef("done"))
		w.jump(func(reg.Register) { SUBQ(operand.Mem{Base: ip, Disp: word}, ip) })
		Label("done")
		w.words = 2
		w.next()
	})
	code("Once", true, func(w *writer) { // what follows is done once, by the first vector of each strip
		XORQ(at0, at0)
		n := GP64()
		MOVQ(operand.U32(uint32(f.Bytes())), n)
		f.MaskBytes(n, lanes())
	})
	leap("NextRow", true, func(w *writer) {
		DECQ(rows)
		JZ(operand.LabelRef("done"))
		n, slot := GP64(), GP64()
		MOVQ(steps, n)
		MOVQ(slots, slot)
		Label("step")
		TESTQ(n, n)
		JZ(operand.LabelRef("stepped"))
		step := GP64()
		MOVQ(operand.Mem{Base: slot, Disp: 16}, step)
		ADDQ(step, operand.Mem{Base: slot})
		ADDQ(operand.U8(slotSize), slot)
		DECQ(n)
		JMP(operand.LabelRef("step"))
		Label("stepped")
		w.jump(func(reg.Register) { SUBQ(operand.Mem{Base: ip, Disp: word}, ip) })
		Label("done")
		w.words = 2
		w.next()
	})
	begin("EndTail")
	SFENCE()
	VZEROUPPER()
	RET()

	TEXT("strips"+suffix(), NOSPLIT, "func(code, slots *uintptr, steps, rows, row int)")
	Pragma("noescape")
	Doc("strips" + suffix() + " runs threaded code over rows of row bytes; the first steps slots move on from row to row.")
	Load(Param("code"), ip)
	Load(Param("slots"), slots)
	Load(Param("steps"), steps)
	Load(Param("rows"), rows)
	Load(Param("row"), row)
	w := &writer{tail: true, n: 0}
	XORQ(at0, at0)
	w.jump(func(reg.Register) {})
}

// again goes back while there are whole strips.
func (w *writer) again() {
	strip := vectors * f.Bytes()
	back := operand.Mem{Base: ip, Disp: word * w.words}
	w.words++
	ADDQ(operand.U32(uint32(strip)), at0)
	left := GP64()
	MOVQ(row, left)
	SUBQ(at0, left)
	CMPQ(left, operand.U32(uint32(strip)))
	JLT(operand.LabelRef("done"))
	w.jump(func(reg.Register) { SUBQ(back, ip) })
	Label("done")
	w.next()
}

// table writes the function that tells where the code of each instruction is.
func table() {
	name := "stripCode" + suffix()
	TEXT(name, NOSPLIT, "func(at *uintptr)")
	Pragma("noescape")
	Doc(name + " writes the addresses of the threaded code, in the order of op.Codes; 0 for what there is none of.")
	at, address := Load(Param("at"), GP64()), GP64()
	for i, name := range op.Codes() {
		if f, ok := written[name]; ok {
			delete(written, name)
			LEAQ(operand.NewDataAddr(operand.Symbol{Name: "·" + f}, 0), address)
		} else {
			XORQ(address, address)
		}
		MOVQ(address, operand.Mem{Base: at, Disp: word * i})
	}
	RET()
	if len(written) > 0 {
		panic(fmt.Sprint("not in op.Codes: ", written))
	}
}
