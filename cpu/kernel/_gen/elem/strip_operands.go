package main

import (
	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
	. "github.com/mmcloughlin/avo/build"
	"github.com/mmcloughlin/avo/ir"
	"github.com/mmcloughlin/avo/operand"
	"github.com/mmcloughlin/avo/reg"
)

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
	case op.Tanh, op.Erf, op.GeluSlope, op.Exp, op.Sqrt, op.Rsqrt:
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
