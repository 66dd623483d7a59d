package elem

import (
	"slices"
	"unsafe"

	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// Strips runs programs over rows of arrays, strip by strip: Vectors registers of elements at once, from the first load to
// the last store, so that what one instruction hands to the next stays in registers. A program is threaded code: a list of
// addresses of pieces of assembly, each of which ends with a jump to the next (zz_*, written by _gen/elem/strip.go).
//
// What a program computes for an element is what the kernels of the same ops compute for it, whatever its place.
type Strips struct {
	Lanes  int // float32 in a register
	codes  map[string]uintptr
	copies map[piece][]uintptr // of what instructions name, and chains of them
	chain  int                 // instructions in the longest chain
	loop   int                 // instructions in the longest loop
	run    func(code, slots *uintptr, steps, rows, row int)
}

// piece is the code of an instruction, for whole strips (Full) or for tails (Tail).
type piece struct{ name, form string }

// Vectors is the number of registers in a strip.
const Vectors = 4

// Width is the number of elements of a strip.
func (s *Strips) Width() int { return Vectors * s.Lanes }

// Slot is an operand: where an array is, or a strip of a worker.
type Slot struct {
	Address uintptr // of the current row
	Mask    uintptr // all ones of an array, in which a row is traversed; 0 of a strip; Turns of Partials strips
	Step    uintptr // bytes from row to row; of the first Program.Steps slots alone
	_       uintptr
}

// Across is the Mask of arrays.
const Across = ^uintptr(0)

// Partials is the number of strips that a row is added up in, in turn, so that a sum hardly waits for the last one: what was
// stored is there some cycles later.
const Partials = 2

// Turns is the Mask of such strips.
func (s *Strips) Turns() uintptr { return uintptr((Partials - 1) * 4 * s.Width()) }

// Code is what one instruction does with the accumulator, a strip: a function (Apply, whose further operands are slots) or
// a move between the accumulator and a slot.
type Code uint8

const (
	Apply       Code = iota // acc = f(acc, A, B)
	Load                    // acc = A
	Store                   // A = acc
	StorePast               // the same, past the caches; A must be aligned to a register
	Ahead                   // ask for what will be read of A in this row soon
	AheadFirst              // ask for a part of the first half of the next row of A, in a whole traversal for all of it
	AheadSecond             // the same for the second half
	IntoAdd                 // A = A + acc, lane by lane
	IntoMax
	IntoMin

	LoadOne  // acc = the number at A, in every lane. This and the following are for Once.
	StoreOne // the number at A = the first lane of acc
	Spread   // every vector of A = the first of acc
	Start    // the same for the Partials strips of A
	FoldAdd  // acc = the sum of all lanes of the Partials strips of A, in every lane
	FoldMax
	FoldMin

	again // to the next whole strip of the row
)

// Asks reports whether c only asks for memory ahead.
func (c Code) Asks() bool { return c == Ahead || c == AheadFirst || c == AheadSecond }

var codeNames = [...]string{Load: "Load", Store: "Store", StorePast: "StorePast", Ahead: "Ahead", AheadFirst: "AheadFirst", AheadSecond: "AheadSecond", IntoAdd: "IntoAdd", IntoMax: "IntoMax", IntoMin: "IntoMin",
	LoadOne: "LoadOne", StoreOne: "StoreOne", Spread: "Spread", Start: "Start", FoldAdd: "FoldAdd", FoldMax: "FoldMax", FoldMin: "FoldMin", again: "Again"}

// Instr is one instruction. A and B are numbers of slots.
type Instr struct {
	Code Code
	Op   op.Op // of Apply
	A, B int
}

func (i Instr) name() string {
	if i.Code == Apply {
		return i.Op.String()
	}
	return codeNames[i.Code]
}

// slots returns the operands of i.
func (i Instr) slots() []int {
	switch {
	case i.Code == again:
		return nil
	case i.Code != Apply:
		return []int{i.A}
	case i.Op >= op.Select:
		return []int{i.A, i.B}
	case i.Op >= op.Add:
		return []int{i.A}
	}
	return nil
}

// Segment is instructions that run over all strips of a row before the next segment begins; Once, one time for the row, on
// one register.
type Segment struct {
	Once bool
	Code []Instr
}

// Has reports whether there is code for f.
func (s *Strips) Has(f op.Op) bool { return s.codes[f.String()+"Full"] != 0 }

// Program is segments for each row, ready to run.
type Program struct {
	code  []uintptr
	steps int
	run   func(code, slots *uintptr, steps, rows, row int)
}

const (
	word     = 8
	slotSize = int(unsafe.Sizeof(Slot{}))
)

// Assemble makes a program of segments that are run for each row. The first steps slots move on from row to row. kinds tells
// what slots are, as far as the caller knows: what whole traversals that are one piece of code take for granted.
func (s *Strips) Assemble(segments []Segment, steps int, kinds []op.Kind) *Program {
	p, uses := &Program{steps: steps, run: s.run}, make(map[piece]int)
	words := 16
	for _, seg := range segments {
		words += 16 + 6*len(seg.Code)
	}
	p.code = make([]uintptr, 0, words)
	for _, seg := range segments {
		if seg.Once {
			p.emit(s.codes["OnceTail"])
			p.emitAll(s, seg.Code, "Tail", uses)
			continue
		}
		p.emit(s.codes["BeginFull"], 0)
		begin := len(p.code)
		if loop := s.traversal(seg.Code, kinds); loop != 0 {
			p.emit(loop)
			p.emitSlots(seg.Code)
		} else {
			p.emitAll(s, append(slices.Clone(seg.Code), Instr{Code: again}), "Full", uses)
		}
		tail := len(p.code)
		p.code[begin-1] = uintptr(word * (tail - begin + 2))
		p.emit(s.codes["BeginTailTail"], 0)
		p.emitAll(s, seg.Code, "Tail", uses)
		p.emit(s.codes["AgainTailTail"], uintptr(word*(len(p.code)-tail)))
		p.code[tail+1] = uintptr(word * (len(p.code) - tail))
	}
	p.emit(s.codes["NextRowTail"], uintptr(word*len(p.code)))
	p.emit(s.codes["EndTail"])
	return p
}

func (p *Program) emit(words ...uintptr) { p.code = append(p.code, words...) }

// emitAll emits code, as few pieces of it as there are, whose copies take turns: uses counts them.
func (p *Program) emitAll(s *Strips, code []Instr, form string, uses map[piece]int) {
	begin := len(p.code)
	for len(code) > 0 {
		n, piece, copies := s.longest(code, form)
		start := len(p.code)
		p.emit(copies[uses[piece]%len(copies)])
		uses[piece]++
		for _, i := range code[:n] {
			if i.Code == again {
				p.emit(uintptr(word * (start - begin)))
			}
			p.emitSlots([]Instr{i})
		}
		code = code[n:]
	}
}

func (p *Program) emitSlots(code []Instr) {
	for _, i := range code {
		for _, slot := range i.slots() {
			p.emit(uintptr(slot * slotSize))
		}
	}
}

// traversal returns the address of the piece of code that is a whole traversal, 0 if there is none.
func (s *Strips) traversal(code []Instr, kinds []op.Kind) uintptr {
	if len(code) > s.loop || len(kinds) == 0 {
		return 0
	}
	steps := make([]op.Step, len(code))
	for k, i := range code {
		steps[k].Name = i.name()
		for _, slot := range i.slots() {
			steps[k].Slots = append(steps[k].Slots, kinds[slot])
		}
	}
	return s.codes[op.LoopName(steps)+"Full"]
}

// longest returns the piece of code that does most of the first instructions of code, how many they are, and its copies.
func (s *Strips) longest(code []Instr, form string) (int, piece, []uintptr) {
	var names []string
	for _, i := range code[:min(len(code), s.chain)] {
		names = append(names, i.name())
	}
	for n := len(names); n > 0; n-- {
		piece := piece{op.Chain(names[:n]...), form}
		if copies := s.copies[piece]; len(copies) > 0 {
			return n, piece, copies
		}
	}
	panic("BUG: elem: no code for " + names[0] + form)
}

// Run runs p over rows > 0 rows of length > 0 elements each. What the slots point to must stay reachable until it returns.
func (p *Program) Run(slots []Slot, rows, length int) {
	p.run(&p.code[0], (*uintptr)(unsafe.Pointer(&slots[0])), p.steps, rows, 4*length)
}

// newStrips looks up the code of a flavour: addresses writes where it is, in the order of op.Codes.
func newStrips(lanes int, addresses func(at *uintptr), run func(code, slots *uintptr, steps, rows, row int)) *Strips {
	names := op.Codes()
	at := make([]uintptr, len(names))
	addresses(&at[0])
	s := &Strips{Lanes: lanes, codes: make(map[string]uintptr), copies: make(map[piece][]uintptr), run: run}
	for i, name := range names {
		s.codes[name] = at[i]
	}
	for o := op.None + 1; o < op.Count; o++ {
		s.collect(o.String())
	}
	for _, name := range codeNames[Load:] {
		s.collect(name)
	}
	for _, chain := range op.Chains() {
		s.collect(op.Chain(chain...))
		s.chain = max(s.chain, len(chain))
	}
	for _, steps := range op.Loops() {
		s.loop = max(s.loop, len(steps))
	}
	return s
}

// collect notes the copies that there are of a piece of code.
func (s *Strips) collect(name string) {
	for _, form := range []string{"Full", "Tail"} {
		for k := range op.Copies(name) {
			if address := s.codes[op.Copy(name, k)+form]; address != 0 {
				s.copies[piece{name, form}] = append(s.copies[piece{name, form}], address)
			}
		}
	}
}
