package main

import (
	"fmt"
	"strings"

	"github.com/dyt-go/dyt/cpu/kernel/_gen/vec"
	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
	. "github.com/mmcloughlin/avo/build"
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
	f := "strip" + name + f.Tag()
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

// table writes the function that tells where the code of each instruction is.
func table() {
	name := "stripCode" + f.Tag()
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
