package elem

import (
	"math"
	"math/rand/v2"
	"testing"
)

var intBinaries = []binaryKernel{
	{"AddInt", func(t *Table) Binary { return t.AddInt }, func(t *Table) Scalar { return t.AddIntScalar }},
	{"SubInt", func(t *Table) Binary { return t.SubInt }, func(t *Table) Scalar { return t.SubIntScalar }},
	{"RSubInt", func(t *Table) Binary { return t.RSubInt }, func(t *Table) Scalar { return t.RSubIntScalar }},
	{"MulInt", func(t *Table) Binary { return t.MulInt }, func(t *Table) Scalar { return t.MulIntScalar }},
	{"MaxInt", func(t *Table) Binary { return t.MaxInt }, func(t *Table) Scalar { return t.MaxIntScalar }},
	{"MinInt", func(t *Table) Binary { return t.MinInt }, func(t *Table) Scalar { return t.MinIntScalar }},
	{"EqualInt", func(t *Table) Binary { return t.EqualInt }, func(t *Table) Scalar { return t.EqualIntScalar }},
	{"NotEqualInt", func(t *Table) Binary { return t.NotEqualInt }, func(t *Table) Scalar { return t.NotEqualIntScalar }},
	{"LessInt", func(t *Table) Binary { return t.LessInt }, func(t *Table) Scalar { return t.LessIntScalar }},
	{"LessEqualInt", func(t *Table) Binary { return t.LessEqualInt }, func(t *Table) Scalar { return t.LessEqualIntScalar }},
	{"GreaterInt", func(t *Table) Binary { return t.GreaterInt }, func(t *Table) Scalar { return t.GreaterIntScalar }},
	{"GreaterEqualInt", func(t *Table) Binary { return t.GreaterEqualInt }, func(t *Table) Scalar { return t.GreaterEqualIntScalar }},
}

// wholes are integers of every size, in words, with those at the ends of the range and of float32's exact whole numbers.
func wholes(rng *rand.Rand, n int) []float32 {
	ends := []int32{0, 1, -1, 2, math.MaxInt32, math.MinInt32, math.MinInt32 + 1, 1 << 24, 1<<24 + 1, -1<<24 - 1, 0x7f800001, 0x7fc00000}
	v := make([]float32, n)
	for i := range v {
		w := int32(rng.Uint32()) >> rng.IntN(32)
		if i < len(ends)*len(ends) {
			w = ends[i%len(ends)]
		}
		v[i] = math.Float32frombits(uint32(w))
	}
	return v
}

func TestIntegersAgreeWithReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	const n = 3000
	x, y := wholes(rng, n), wholes(rng, n)
	rng.Shuffle(200, func(i, j int) { y[i], y[j] = y[j], y[i] })
	copy(y[500:600], x[500:600])
	got, want := make([]float32, n), make([]float32, n)
	for _, table := range tables() {
		for _, k := range intBinaries {
			k.f(table)(got, x, y)
			k.f(Ref)(want, x, y)
			sameBits(t, table.Name+" "+k.name, got, want)
			for _, number := range y[:150] {
				k.scalar(table)(got, x, number)
				k.scalar(Ref)(want, x, number)
				sameBits(t, table.Name+" "+k.name+"Scalar", got, want)
			}
		}
		for name, pair := range map[string][2]Unary{"FromInt": {table.FromInt, Ref.FromInt}, "FromUint": {table.FromUint, Ref.FromUint}, "NegInt": {table.NegInt, Ref.NegInt}, "AbsInt": {table.AbsInt, Ref.AbsInt}} {
			pair[0](got, x)
			pair[1](want, x)
			sameBits(t, table.Name+" "+name, got, want)
		}
	}
}

// The reference itself, on values whose results are written here.
func TestReferenceIntegers(t *testing.T) {
	words := func(v ...int32) []float32 {
		w := make([]float32, len(v))
		copy(integers(w), v)
		return w
	}
	got := make([]float32, 4)
	Ref.AddInt(got, words(math.MaxInt32, -3, 0, 7), words(1, 1, 0, -7))
	sameBits(t, "AddInt", got, words(math.MinInt32, -2, 0, 0))
	Ref.RSubIntScalar(got, words(1, -3, 0, 7), words(5)[0])
	sameBits(t, "RSubIntScalar", got, words(4, 8, 5, -2))
	Ref.LessInt(got, words(-1, 1, 2, math.MinInt32), words(0, 1, 1, math.MaxInt32))
	sameBits(t, "LessInt", got, []float32{1, 0, 0, 1})
	Ref.FromInt(got, words(1<<24+1, -5, 0, math.MinInt32))
	sameBits(t, "FromInt", got, []float32{1 << 24, -5, 0, -0x1p31})
}

func TestToInt(t *testing.T) {
	x := []float32{0, -0.9, 1.9, -1.9, 2147483520, 0x1p31, -0x1p31, -0x1p31 - 256, float32(math.NaN()), float32(math.Inf(1)), float32(math.Inf(-1))}
	want := []int32{0, 0, 1, -1, 2147483520, math.MinInt32, math.MinInt32, math.MinInt32, math.MinInt32, math.MinInt32, math.MinInt32}
	for _, table := range all() {
		got := make([]float32, len(x))
		table.ToInt(got, x)
		for i := range x {
			if integers(got)[i] != want[i] {
				t.Errorf("%s ToInt(%g) = %d, want %d", table.Name, x[i], integers(got)[i], want[i])
			}
		}
	}
}

func TestSelectAgreesWithReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	c, x, y := draw(rng, 4000), wholes(rng, 4000), draw(rng, 4000) // x: all bits must come through
	got, want := make([]float32, 4000), make([]float32, 4000)
	for i := range c {
		if i%2 == 0 {
			c[i] = 0
		}
		if want[i] = y[i]; c[i] != 0 {
			want[i] = x[i]
		}
	}
	for _, table := range all() {
		table.Select(got, c, x, y)
		sameBits(t, table.Name+" Select", got, want)
		for _, number := range special {
			table.SelectScalar(got, c, x, number)
			for i := range got {
				if c[i] == 0 {
					sameBits(t, table.Name+" SelectScalar", got[i:i+1], []float32{number})
				}
			}
			table.RSelectScalar(got, c, y, number)
			for i := range got {
				if c[i] != 0 {
					sameBits(t, table.Name+" RSelectScalar", got[i:i+1], []float32{number})
				} else {
					sameBits(t, table.Name+" RSelectScalar", got[i:i+1], y[i:i+1])
				}
			}
		}
	}
}

func sameBits(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range got {
		if g, w := math.Float32bits(got[i]), math.Float32bits(want[i]); g != w {
			t.Fatalf("%s: element %d is %#x, want %#x", name, i, g, w)
		}
	}
}
