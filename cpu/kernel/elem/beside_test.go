package elem

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"unsafe"

	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
	"github.com/dyt-go/dyt/internal/fence"
)

// TestKernelsTouchNothingBeside their slices, at lengths 0 to 4 registers and 3.
func TestKernelsTouchNothingBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(21, 22))
	for _, table := range tables() {
		run := func(name string, f func(dst, x, y, z []float32)) {
			for n := range 4*16 + 4 {
				fence.Check(t, fmt.Sprintf("%s %s of %d", table.Name, name, n), func(place fence.Place) {
					f(place(make([]float32, n)), place(draw(rng, n)), place(draw(rng, n)), place(draw(rng, n)))
				})
			}
		}
		for _, k := range unaries {
			run(k.name, func(dst, x, _, _ []float32) { k.f(table)(dst, x) })
		}
		for _, k := range slices.Concat(binaries, intBinaries) {
			run(k.name, func(dst, x, y, _ []float32) { k.f(table)(dst, x, y) })
			run(k.name+"Scalar", func(dst, x, _, _ []float32) { k.scalar(table)(dst, x, 1.7) })
		}
		for name, f := range map[string]Unary{"FromInt": table.FromInt, "FromUint": table.FromUint, "ToInt": table.ToInt, "NegInt": table.NegInt, "AbsInt": table.AbsInt, "NotZeroInt": table.NotZeroInt} {
			run(name, func(dst, x, _, _ []float32) { f(dst, x) })
		}
		run("Pow", func(dst, x, y, _ []float32) { table.Pow(dst, x, y) })
		run("PowScalar", func(dst, x, _, _ []float32) { table.PowScalar(dst, x, 1.7) })
		run("RPowScalar", func(dst, x, _, _ []float32) { table.RPowScalar(dst, x, 1.7) })
		run("MulAdd", table.MulAdd)
		run("Select", table.Select)
		for name, f := range map[string]TernaryScalar{"MulAddScalar": table.MulAddScalar, "SelectScalar": table.SelectScalar, "RSelectScalar": table.RSelectScalar} {
			run(name, func(dst, x, y, _ []float32) { f(dst, x, y, 1.7) })
		}
	}
}

// placed is a slot of memory that is placed between fences.
func placed(x []float32, step int, mask uintptr) Slot {
	return Slot{Address: uintptr(unsafe.Pointer(unsafe.SliceData(x))), Mask: mask, Step: uintptr(4 * step)}
}

// besideCols are lengths of rows around the borders of strips and vectors.
func besideCols(s *Strips) []int {
	w := s.Width()
	return []int{1, s.Lanes - 1, s.Lanes, s.Lanes + 1, w - 1, w, w + 1, 2*w + s.Lanes, 3*w + 2*s.Lanes + 3, 6*w + 2*s.Lanes + 3}
}

// TestStripsTouchNothingBeside the rows of their arrays: every op, and every chain of instructions.
func TestStripsTouchNothingBeside(t *testing.T) {
	const rows, gap = 3, 5
	rng := rand.New(rand.NewPCG(23, 24))
	named := map[string]Instr{"Again": {Code: again}}
	for o := op.None + 1; o < op.Count; o++ {
		named[o.String()] = Instr{Op: o, A: 2, B: 3}
	}
	for code, slot := range map[Code]int{Load: 0, Ahead: 0, AheadFirst: 0, AheadSecond: 0, Store: 1, IntoAdd: 4, StorePast: 5} {
		named[codeNames[code]] = Instr{Code: code, A: slot}
	}
	for _, table := range tables() {
		s := table.Strips
		programs := make(map[string][]Instr)
		for o := op.None + 1; o < op.Count; o++ {
			if s.Has(o) {
				programs[o.String()] = []Instr{{Code: Load, A: 0}, {Op: o, A: 2, B: 3}, {Code: Store, A: 1}}
			}
		}
		for _, chain := range op.Chains() {
			code := []Instr{{Code: Load, A: 0}}
			for _, name := range chain {
				if i := named[name]; i.Code != again {
					code = append(code, i)
				}
			}
			programs[op.Chain(chain...)] = append(code, Instr{Code: Store, A: 1})
		}
		for name, code := range programs {
			for _, cols := range besideCols(s) {
				fence.Check(t, fmt.Sprintf("%s %s of rows of %d", table.Name, name, cols), func(place fence.Place) {
					pitch := (cols + 15) / 16 * 16
					var slots []Slot
					for range 4 {
						slots = append(slots, placed(place(draw(rng, (rows-1)*(cols+gap)+cols)), cols+gap, Across))
					}
					slots = append(slots, placed(place(make([]float32, cols)), 0, Across), placed(place(make([]float32, rows*pitch)), pitch, Across))
					s.Assemble([]Segment{{Code: code}}, len(slots), nil).Run(slots, rows, cols)
				})
			}
		}
	}
}

// TestLoopsTouchNothingBeside: whole traversals that are one piece of code. What they store past the caches is aligned to lines.
func TestLoopsTouchNothingBeside(t *testing.T) {
	const rows = 3
	rng := rand.New(rand.NewPCG(25, 26))
	named := map[string]Instr{}
	for o := op.None + 1; o < op.Count; o++ {
		named[o.String()] = Instr{Op: o}
	}
	for code := Load; code < LoadOne; code++ {
		named[codeNames[code]] = Instr{Code: code}
	}
	for _, table := range tables() {
		s := table.Strips
		for _, steps := range op.Loops() {
			for _, cols := range besideCols(s) {
				fence.Check(t, fmt.Sprintf("%s %s, rows of %d", table.Name, op.LoopName(steps), cols), func(place fence.Place) {
					pitch := (cols + 15) / 16 * 16
					var code []Instr
					var slots []Slot
					var kinds []op.Kind
					for _, step := range steps {
						i := named[step.Name]
						for n, kind := range step.Slots {
							switch {
							case kind == op.Number:
								slots = append(slots, placed(place(repeated(s.Width(), .3)), 0, 0))
							case kind == op.Sums:
								slots = append(slots, placed(place(make([]float32, Partials*s.Width())), 0, s.Turns()))
							case i.Code == StorePast:
								slots = append(slots, placed(place(make([]float32, rows*pitch)), pitch, Across))
							default:
								slots = append(slots, placed(place(draw(rng, (rows-1)*pitch+cols)), pitch, Across))
							}
							kinds = append(kinds, kind)
							*[]*int{&i.A, &i.B}[n] = len(slots) - 1
						}
						code = append(code, i)
					}
					s.Assemble([]Segment{{Code: code}}, len(slots), kinds).Run(slots, rows, cols)
				})
			}
		}
	}
}
