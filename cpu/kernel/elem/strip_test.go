package elem

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/dyt-go/dyt/cpu/kernel/elem/op"
)

// reachable is what slots point to: addresses keep nothing alive, and nothing from moving with a stack.
var reachable [][]float32

// array is a slot of an array, with step floats from row to row.
func array(x []float32, step int) Slot {
	reachable = append(reachable, x)
	return Slot{Address: uintptr(unsafe.Pointer(unsafe.SliceData(x))), Mask: Across, Step: uintptr(4 * step)}
}

// strip is a slot of a worker's strip.
func strip(x []float32) Slot {
	reachable = append(reachable, x)
	return Slot{Address: uintptr(unsafe.Pointer(unsafe.SliceData(x)))}
}

func repeated(n int, x float32) []float32 {
	s := make([]float32, n)
	for i := range s {
		s[i] = x
	}
	return s
}

// draws has numbers of all sizes, and the special ones between them; for an op of integers, small integers.
func draws(rng *rand.Rand, n int, o op.Op) []float32 {
	x := make([]float32, n)
	for i := range x {
		switch {
		case o >= op.AddInt && o <= op.GreaterEqualInt || o == op.NegInt || o == op.AbsInt || o == op.FromInt || o == op.FromUint || o == op.NotZeroInt:
			x[i] = math.Float32frombits(uint32(rng.IntN(7) - 3))
		case i%3 == 0:
			x[i] = special[rng.IntN(len(special))]
		default:
			x[i] = float32(rng.NormFloat64() * math.Exp(3*rng.NormFloat64()))
		}
	}
	return x
}

// TestStripsComputeWhatKernelsDo runs every op over rows of all lengths around the borders of strips and vectors, between
// guards, and demands the bits of the kernel of the same op.
func TestStripsComputeWhatKernelsDo(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, table := range tables() {
		s := table.Strips
		tried := 0
		for o := op.None + 1; o < op.Count; o++ {
			if !s.Has(o) {
				continue
			}
			tried++
			p := s.Assemble([]Segment{{Code: []Instr{{Code: Load, A: 0}, {Code: Apply, Op: o, A: 2, B: 3}, {Code: Store, A: 1}}}}, 4, nil)
			for _, cols := range []int{1, s.Lanes - 1, s.Lanes, s.Lanes + 1, s.Width() - 1, s.Width(), s.Width() + 1, 3*s.Width() + 2*s.Lanes + 3} {
				const rows, gap = 3, 5
				n := rows * (cols + gap)
				x, y, z, got := draws(rng, n, o), draws(rng, n, o), draws(rng, n, o), repeated(n, 77)
				p.Run([]Slot{array(x, cols+gap), array(got, cols+gap), array(y, cols+gap), array(z, cols+gap)}, rows, cols)
				want := repeated(n, 77)
				for r := range rows {
					from, to := r*(cols+gap), r*(cols+gap)+cols
					kernelOf(table, o)(want[from:to], x[from:to], y[from:to], z[from:to])
				}
				sameBits(t, fmt.Sprintf("%s %s of rows of %d", table.Name, o, cols), oneNaN(got), oneNaN(want))
			}
		}
		if tried < 50 {
			t.Errorf("%s: only %d ops have code", table.Name, tried)
		}
	}
}

// oneNaN gives all NaN the same bits: which one comes out of a sum of two is nobody's business.
func oneNaN(x []float32) []float32 {
	for i := range x {
		if x[i] != x[i] {
			x[i] = float32(math.NaN())
		}
	}
	return x
}

// kernelOf returns the kernel of o as one of three arrays.
func kernelOf(t *Table, o op.Op) Ternary {
	switch {
	case o == op.Select:
		return t.Select
	case o == op.MulAdd:
		return t.MulAdd
	case o == op.NegMulAdd:
		return func(dst, x, y, z []float32) {
			minus := make([]float32, len(x))
			t.Neg(minus, x)
			t.MulAdd(dst, minus, y, z)
		}
	case o == op.MulAddTo, o == op.NegMulAddTo:
		return func(dst, z, x, y []float32) { kernelOf(t, o-2)(dst, x, y, z) }
	case o >= op.Add:
		return func(dst, x, y, _ []float32) { t.Binary(o)(dst, x, y) }
	}
	return func(dst, x, _, _ []float32) { t.Unary(o)(dst, x) }
}

// TestStripsReduce normalizes rows: a sum over each, of which a number is made, and a second traversal; maxima and minima
// beside, and sums over columns.
func TestStripsReduce(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, table := range tables() {
		s := table.Strips
		for _, cols := range []int{1, 7, s.Width(), 5*s.Width() + s.Lanes + 3} {
			const rows = 4
			x, y, rowMax, rowMin, columns := make([]float32, rows*cols), make([]float32, rows*cols), make([]float32, rows), make([]float32, rows), make([]float32, cols)
			for i := range x {
				x[i] = float32(rng.NormFloat64()) - 3
			}
			const (
				in, out, most, least, column, sum, high, low, zero, inf, minusInf, scale, length = 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12
			)
			slots := []Slot{array(x, cols), array(y, cols), {Step: 4}, {Step: 4}, array(columns, 0)}
			slots[most].Address, slots[least].Address = array(rowMax, 1).Address, array(rowMin, 1).Address
			for _, v := range []float32{0, 0, 0, 0, float32(math.Inf(1)), float32(math.Inf(-1)), 0, float32(cols)} {
				slots = append(slots, strip(repeated(s.Width(), v)))
			}
			for _, reduced := range []int{sum, high, low} {
				slots[reduced] = array(repeated(Partials*s.Width(), 77), 0)
				slots[reduced].Mask = s.Turns()
			}
			p := s.Assemble([]Segment{
				{Once: true, Code: []Instr{{Code: Load, A: zero}, {Code: Start, A: sum}, {Code: Load, A: minusInf}, {Code: Start, A: high}, {Code: Load, A: inf}, {Code: Start, A: low}}},
				{Code: []Instr{{Code: AheadFirst, A: in}, {Code: Load, A: in}, {Code: IntoAdd, A: sum}, {Code: IntoMax, A: high}, {Code: IntoMin, A: low}}},
				{Once: true, Code: []Instr{{Code: FoldMax, A: high}, {Code: StoreOne, A: most}, {Code: FoldMin, A: low}, {Code: StoreOne, A: least},
					{Code: FoldAdd, A: sum}, {Code: Apply, Op: op.Div, A: length}, {Code: Spread, A: scale}}},
				{Code: []Instr{{Code: AheadSecond, A: in}, {Code: Load, A: in}, {Code: Apply, Op: op.Sub, A: scale}, {Code: Store, A: out}, {Code: IntoAdd, A: column}}},
			}, 4, nil)
			p.Run(slots, rows, cols)
			want := make([]float64, cols)
			for r := range rows {
				mean, high, low := 0.0, math.Inf(-1), math.Inf(1)
				for _, v := range x[r*cols : (r+1)*cols] {
					mean += float64(v) / float64(cols)
					high, low = math.Max(high, float64(v)), math.Min(low, float64(v))
				}
				if rowMax[r] != float32(high) || rowMin[r] != float32(low) {
					t.Errorf("%s row of %d: maximum %g and minimum %g, expected %g and %g", table.Name, cols, rowMax[r], rowMin[r], high, low)
				}
				for i, v := range x[r*cols : (r+1)*cols] {
					want[i] += float64(v) - mean
					if got := float64(y[r*cols+i]); math.Abs(got-(float64(v)-mean)) > 2e-6 { // a mean near 3 in float32, and the last bit of its sum
						t.Errorf("%s row of %d, element %d: %g, expected %g", table.Name, cols, i, got, float64(v)-mean)
					}
				}
			}
			for i, w := range want {
				if math.Abs(float64(columns[i])-w) > 1e-5 {
					t.Errorf("%s column %d of %d: %g, expected %g", table.Name, i, cols, columns[i], w)
				}
			}
		}
	}
}

// TestStripsStorePastTheCaches writes aligned rows.
func TestStripsStorePastTheCaches(t *testing.T) {
	for _, table := range tables() {
		s := table.Strips
		cols := 2*s.Width() + 1
		pitch := 3 * s.Width()
		y := aligned(2 * pitch)
		x := draws(rand.New(rand.NewPCG(1, 2)), 2*pitch, op.Add)
		s.Assemble([]Segment{{Code: []Instr{{Code: Load, A: 0}, {Code: StorePast, A: 1}}}}, 2, nil).Run([]Slot{array(x, pitch), array(y, pitch)}, 2, cols)
		want := make([]float32, 2*pitch)
		copy(want[:cols], x)
		copy(want[pitch:], x[pitch:pitch+cols])
		sameBits(t, table.Name, y, want)
	}
}

// TestChainsAreTheirInstructions runs every chain, in the middle of a program and more often than it has copies, and the same
// instructions one by one, over rows of several strips.
func TestChainsAreTheirInstructions(t *testing.T) {
	named := map[string]Instr{"Again": {Code: again}}
	for o := op.None + 1; o < op.Count; o++ {
		named[o.String()] = Instr{Op: o, A: 1, B: 2}
	}
	for code, slot := range map[Code]int{Load: 0, Ahead: 0, AheadFirst: 0, AheadSecond: 0, Store: 3, StorePast: 3, IntoAdd: 4} {
		named[codeNames[code]] = Instr{Code: code, A: slot}
	}
	rng := rand.New(rand.NewPCG(8, 9))
	for _, table := range tables() {
		single := *table.Strips
		single.chain, single.loop = 1, 1
		cols := 3*single.Width() + single.Lanes + 3
		pitch := (cols + 15) / 16 * 16
		x, y, z := draws(rng, 3*pitch, op.Add), draws(rng, 3*pitch, op.Add), draws(rng, 3*pitch, op.Add)
		for _, chain := range op.Chains() {
			code := []Instr{{Code: Load, A: 0}, {Code: Apply, Op: op.Abs}}
			for range op.Copies(op.Chain(chain...)) + 1 {
				for _, name := range chain {
					if i := named[name]; i.Code != again {
						code = append(code, i)
					}
				}
			}
			if chain[len(chain)-1] != "Again" {
				code = append(code, Instr{Code: Apply, Op: op.Neg}, Instr{Code: Store, A: 5})
			}
			var results [2][][]float32
			for k, s := range []*Strips{table.Strips, &single} {
				stored, sum, last := aligned(3*pitch), repeated(pitch, .5), aligned(3*pitch)
				s.Assemble([]Segment{{Code: code}}, 4, nil).Run([]Slot{array(x, pitch), array(y, pitch), array(z, pitch), array(stored, pitch), array(sum, 0), array(last, 0)}, 3, cols)
				results[k] = [][]float32{oneNaN(stored), oneNaN(sum), oneNaN(last)}
			}
			for i := range results[0] {
				sameBits(t, fmt.Sprintf("%s %s, array %d", table.Name, op.Chain(chain...), i), results[0][i], results[1][i])
			}
		}
	}
}

// TestLoopsAreTheirInstructions runs every loop and the same instructions without it, over rows of all lengths around the borders
// of strips, and demands the same bits.
func TestLoopsAreTheirInstructions(t *testing.T) {
	named := map[string]Instr{}
	for o := op.None + 1; o < op.Count; o++ {
		named[o.String()] = Instr{Op: o}
	}
	for code := Load; code < LoadOne; code++ {
		named[codeNames[code]] = Instr{Code: code}
	}
	rng := rand.New(rand.NewPCG(10, 11))
	for _, table := range tables() {
		s := table.Strips
		for _, steps := range op.Loops() {
			for _, cols := range []int{1, s.Width() - 1, s.Width(), s.Width() + 1, 2*s.Width() + s.Lanes, 3 * s.Width(), 6*s.Width() + 2*s.Lanes + 3} {
				const rows = 3
				pitch := (cols + 15) / 16 * 16
				var results [2][][]float32
				in := draws(rng, 5*rows*pitch, op.Add)
				for k := range results {
					var code []Instr
					var slots []Slot
					var kinds []op.Kind
					operand := func(kind op.Kind, load bool) int {
						var x []float32
						switch kind {
						case op.Array:
							if x = aligned(rows * pitch); load {
								copy(x, in[len(slots)*pitch:])
							}
							slots = append(slots, array(x, pitch))
						case op.Number:
							x = repeated(s.Width(), .3+float32(len(slots)))
							slots = append(slots, strip(x))
						case op.Sums:
							x = repeated(Partials*s.Width(), .5)
							slots = append(slots, array(x, 0))
							slots[len(slots)-1].Mask = s.Turns()
						}
						kinds = append(kinds, kind)
						results[k] = append(results[k], x)
						return len(slots) - 1
					}
					for _, step := range steps {
						i := named[step.Name]
						for n, kind := range step.Slots {
							*[]*int{&i.A, &i.B}[n] = operand(kind, i.Code != Store && i.Code != StorePast)
						}
						code = append(code, i)
					}
					if s.traversal(code, kinds) == 0 {
						t.Fatalf("%s: no code for %s", table.Name, op.LoopName(steps))
					}
					if k == 1 {
						kinds = nil
					}
					s.Assemble([]Segment{{Code: code}}, len(slots), kinds).Run(slots, rows, cols)
				}
				for i := range results[0] {
					sameBits(t, fmt.Sprintf("%s %s, rows of %d, array %d", table.Name, op.LoopName(steps), cols, i), oneNaN(results[0][i]), oneNaN(results[1][i]))
				}
			}
		}
	}
}

// aligned returns n zeros that begin where a cache line does.
func aligned(n int) []float32 {
	raw := make([]float32, n+16)
	skip := -int(uintptr(unsafe.Pointer(&raw[0]))) & 63 / 4
	return raw[skip : skip+n]
}

// BenchmarkStrips runs programs over 2,048 elements in the first-level cache: as one piece of code where there is one, of chains,
// and with every instruction a piece of its own.
func BenchmarkStrips(b *testing.B) {
	const x, y, gamma, beta, alpha, sum = 0, 1, 2, 3, 4, 5
	load, store := Instr{Code: Load, A: x}, Instr{Code: Store, A: y}
	programs := []struct {
		name string
		code []Instr
	}{
		{"copy", []Instr{load, store}},
		{"product", []Instr{load, {Op: op.Mul, A: gamma}, store}},
		{"sum", []Instr{load, {Code: IntoAdd, A: sum}}},
		{"squares", []Instr{load, {Op: op.Sub, A: alpha}, {Op: op.Square}, {Code: IntoAdd, A: sum}}},
		{"normalize", []Instr{load, {Op: op.Sub, A: alpha}, {Op: op.Mul, A: alpha}, {Op: op.MulAdd, A: gamma, B: beta}, store}},
		{"tanh", []Instr{load, {Op: op.Tanh}, store}},
		{"DyT", []Instr{load, {Op: op.Mul, A: alpha}, {Op: op.Tanh}, {Op: op.MulAdd, A: gamma, B: beta}, store}},
	}
	for _, table := range tables() {
		chains, pieces := table.Strips, *table.Strips
		pieces.chain, pieces.loop = 1, 1
		kinds := []op.Kind{op.Array, op.Array, op.Array, op.Array, op.Number, op.Sums}
		const n = 2048
		slots := []Slot{array(repeated(n, .5), 0), array(make([]float32, n), 0), array(repeated(n, 2), 0), array(repeated(n, 3), 0), strip(repeated(chains.Width(), .7)), array(make([]float32, Partials*chains.Width()), 0)}
		slots[sum].Mask = chains.Turns()
		for _, p := range programs {
			for _, how := range []struct {
				name  string
				s     *Strips
				kinds []op.Kind
			}{{"loop", chains, kinds}, {"chains", chains, nil}, {"pieces", &pieces, nil}} {
				if how.name == "loop" && chains.traversal(p.code, kinds) == 0 {
					continue
				}
				b.Run(table.Name+"/"+p.name+"/"+how.name, func(b *testing.B) {
					program := how.s.Assemble([]Segment{{Code: p.code}}, 0, how.kinds)
					for b.Loop() {
						program.Run(slots, 1, n)
					}
					b.ReportMetric(n*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "elem/ns")
				})
			}
		}
	}
}

// TestCopiesOfCodeAreAlike repeats what there are copies of more often than there are copies.
func TestCopiesOfCodeAreAlike(t *testing.T) {
	const times = 11
	rng := rand.New(rand.NewPCG(3, 4))
	for _, table := range tables() {
		s := table.Strips
		n := s.Width() + s.Lanes + 3 // a strip, a vector, a tail
		for o := op.None + 1; o < op.Count; o++ {
			if op.Copies(o.String()) == 1 {
				continue
			}
			x, y, z, got := draws(rng, n, o), repeated(n, .75), repeated(n, .3), make([]float32, n)
			want := append([]float32(nil), x...)
			code := []Instr{{Code: Load, A: 0}}
			for range times {
				code = append(code, Instr{Code: Apply, Op: o, A: 2, B: 3})
				kernelOf(table, o)(want, append([]float32(nil), want...), y, z)
			}
			s.Assemble([]Segment{{Code: append(code, Instr{Code: Store, A: 1})}}, 0, nil).Run([]Slot{array(x, 0), array(got, 0), array(y, 0), array(z, 0)}, 1, n)
			sameBits(t, table.Name+" "+o.String(), oneNaN(got), oneNaN(want))
		}
		var slots []Slot
		var move, spread []Instr
		var outs [][]float32
		x := draws(rng, n, op.Add)
		slots = append(slots, array(x, 0))
		for i := range times {
			outs = append(outs, make([]float32, n), make([]float32, s.Width()), make([]float32, n))
			slots = append(slots, array(outs[3*i], 0), strip(outs[3*i+1]), array(outs[3*i+2], 0))
			move = append(move, Instr{Code: Load, A: 0}, Instr{Code: Store, A: 3*i + 1}, Instr{Code: IntoAdd, A: 3*i + 3})
			spread = append(spread, Instr{Code: Load, A: 0}, Instr{Code: Spread, A: 3*i + 2})
		}
		s.Assemble([]Segment{{Once: true, Code: spread}, {Code: move}}, 0, nil).Run(slots, 1, n)
		for i := range times {
			sameBits(t, table.Name+" Load, Store", oneNaN(outs[3*i]), oneNaN(x))
			for v := range Vectors {
				sameBits(t, table.Name+" Spread", oneNaN(outs[3*i+1][v*s.Lanes:(v+1)*s.Lanes]), oneNaN(x[:s.Lanes]))
			}
			sum := make([]float32, n)
			table.Add(sum, sum, x)
			sameBits(t, table.Name+" IntoAdd", oneNaN(outs[3*i+2]), oneNaN(sum))
		}
	}
}
