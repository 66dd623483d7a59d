package elem

import (
	"flag"
	"fmt"
	"math"
	"math/rand/v2"
	"runtime"
	"slices"
	"sync"
	"testing"

	"github.com/dyt-go/dyt/internal/cpuid"
)

// tables lists the assembly flavours that this machine can run.
func tables() []*Table {
	var list []*Table
	if AVX2 != nil && cpuid.Has(cpuid.AVX2) {
		list = append(list, AVX2)
	}
	if AVX512 != nil && cpuid.Has(cpuid.AVX512) {
		list = append(list, AVX512)
	}
	return list
}

// all lists every flavour that this machine can run; the reference is the only one where there is no assembly.
func all() []*Table { return append(tables(), Ref) }

type unaryKernel struct {
	name  string
	f     func(*Table) Unary
	exact func(float64) float64
	ulp   float64 // the bound in Table's comment, of GeluSlope 3e-7 in ULP of results from 1/2 to 1
}

var unaries = []unaryKernel{
	{"Neg", func(t *Table) Unary { return t.Neg }, func(x float64) float64 { return -x }, 0},
	{"Abs", func(t *Table) Unary { return t.Abs }, math.Abs, 0},
	{"Square", func(t *Table) Unary { return t.Square }, func(x float64) float64 { return x * x }, .501},
	{"Sqrt", func(t *Table) Unary { return t.Sqrt }, math.Sqrt, .501},
	{"Rsqrt", func(t *Table) Unary { return t.Rsqrt }, func(x float64) float64 { return 1 / math.Sqrt(x) }, 1.5},
	{"Exp", func(t *Table) Unary { return t.Exp }, math.Exp, 1.1},
	{"Log", func(t *Table) Unary { return t.Log }, math.Log, 1},
	{"Tanh", func(t *Table) Unary { return t.Tanh }, math.Tanh, 6},
	{"Erf", func(t *Table) Unary { return t.Erf }, math.Erf, 6},
	{"Sigmoid", func(t *Table) Unary { return t.Sigmoid }, func(x float64) float64 { return 1 / (1 + math.Exp(-x)) }, 2.5},
	{"GeluSlope", func(t *Table) Unary { return t.GeluSlope }, geluSlope, 3e-7 * 0x1p24},
	{"Sin", func(t *Table) Unary { return t.Sin }, math.Sin, 2},
	{"Cos", func(t *Table) Unary { return t.Cos }, math.Cos, 2},
	{"Expm1", func(t *Table) Unary { return t.Expm1 }, math.Expm1, 2},
	{"Log1p", func(t *Table) Unary { return t.Log1p }, math.Log1p, 1.5},
	{"Floor", func(t *Table) Unary { return t.Floor }, math.Floor, 0},
	{"Ceil", func(t *Table) Unary { return t.Ceil }, math.Ceil, 0},
	{"Round", func(t *Table) Unary { return t.Round }, math.RoundToEven, 0},
	{"Sign", func(t *Table) Unary { return t.Sign }, sign, 0},
	{"IsZero", func(t *Table) Unary { return t.IsZero }, func(x float64) float64 { return truth[float64](x == 0) }, 0},
	{"NotZero", func(t *Table) Unary { return t.NotZero }, func(x float64) float64 { return truth[float64](x != 0) }, 0},
	{"IsNaN", func(t *Table) Unary { return t.IsNaN }, func(x float64) float64 { return truth[float64](math.IsNaN(x)) }, 0},
	{"IsFinite", func(t *Table) Unary { return t.IsFinite }, func(x float64) float64 { return truth[float64](math.Abs(x) < math.Inf(1)) }, 0},
}

type binaryKernel struct {
	name   string
	f      func(*Table) Binary
	scalar func(*Table) Scalar
}

var binaries = []binaryKernel{
	{"Add", func(t *Table) Binary { return t.Add }, func(t *Table) Scalar { return t.AddScalar }},
	{"Sub", func(t *Table) Binary { return t.Sub }, func(t *Table) Scalar { return t.SubScalar }},
	{"Mul", func(t *Table) Binary { return t.Mul }, func(t *Table) Scalar { return t.MulScalar }},
	{"Div", func(t *Table) Binary { return t.Div }, func(t *Table) Scalar { return t.DivScalar }},
	{"RSub", func(t *Table) Binary { return t.RSub }, func(t *Table) Scalar { return t.RSubScalar }},
	{"RDiv", func(t *Table) Binary { return t.RDiv }, func(t *Table) Scalar { return t.RDivScalar }},
	{"Max", func(t *Table) Binary { return t.Max }, func(t *Table) Scalar { return t.MaxScalar }},
	{"Min", func(t *Table) Binary { return t.Min }, func(t *Table) Scalar { return t.MinScalar }},
	{"Equal", func(t *Table) Binary { return t.Equal }, func(t *Table) Scalar { return t.EqualScalar }},
	{"NotEqual", func(t *Table) Binary { return t.NotEqual }, func(t *Table) Scalar { return t.NotEqualScalar }},
	{"Less", func(t *Table) Binary { return t.Less }, func(t *Table) Scalar { return t.LessScalar }},
	{"LessEqual", func(t *Table) Binary { return t.LessEqual }, func(t *Table) Scalar { return t.LessEqualScalar }},
	{"Greater", func(t *Table) Binary { return t.Greater }, func(t *Table) Scalar { return t.GreaterScalar }},
	{"GreaterEqual", func(t *Table) Binary { return t.GreaterEqual }, func(t *Table) Scalar { return t.GreaterEqualScalar }},
}

// special values of every kernel's test, signs and NaN included.
var special = func() []float32 {
	var all []float32
	for _, x := range []float64{0, 0x1p-149, 0x1p-127, 0x1p-126, 1e-20, .5, .625, 1, 8, 9.01, 10, 88, 88.8, 89, 103, 104, 1e10, math.MaxFloat32, math.Inf(1)} {
		all = append(all, float32(x), -float32(x))
	}
	all = append(all, 7.04945, 3.7368264, 16.289688, 1.413642, .4173865, .3979156) // the worst of tanh, erf, exp, log, log1p, expm1 (KERNEL.md)
	return append(all, float32(math.NaN()))
}()

// stride 1 measures all float32, as scripts/exhaustive does.
var stride = flag.Uint64("stride", 4099, "TestUnaryErrors measures every float32 whose bits are a multiple of it")

// TestUnaryErrors measures every function at every 4,099th float32 and at the special values.
func TestUnaryErrors(t *testing.T) {
	for _, table := range all() {
		for _, k := range unaries {
			t.Run(table.Name+"/"+k.name, func(t *testing.T) {
				w := measure(k, table, special)
				for _, part := range measureAll(k, table, *stride) {
					w = w.or(part)
				}
				if w.ulp > k.ulp {
					t.Errorf("%g: got %g, want %g: %.2f ULP, bound %g", w.at, w.got, k.exact(float64(w.at)), w.ulp, k.ulp)
				}
				t.Logf("%s %s: at most %.3f ULP, at %g", table.Name, k.name, w.ulp, w.at)
			})
		}
	}
}

// worst is the largest error met so far.
type worst struct {
	ulp     float64
	at, got float32
}

func (w worst) or(other worst) worst {
	if other.ulp > w.ulp {
		return other
	}
	return w
}

func measure(k unaryKernel, table *Table, x []float32) (w worst) {
	y := make([]float32, len(x))
	k.f(table)(y, x)
	for i := range x {
		want := k.exact(float64(x[i]))
		distance := ulps(y[i], want)
		if k.name == "GeluSlope" && want == want && y[i] == y[i] {
			distance = math.Abs(float64(y[i])-want) * 0x1p24
		}
		w = w.or(worst{distance, x[i], y[i]})
	}
	return w
}

// measureAll goes over all bit patterns that are multiples of stride, a part of them on each processor.
func measureAll(k unaryKernel, table *Table, stride uint64) []worst {
	parts := make([]worst, runtime.GOMAXPROCS(0))
	var all sync.WaitGroup
	for part := range parts {
		all.Go(func() {
			x := make([]float32, 0, 1<<12)
			for bits := uint64(part) * stride; bits < 1<<32; bits += uint64(len(parts)) * stride {
				if x = append(x, math.Float32frombits(uint32(bits))); len(x) == cap(x) {
					parts[part] = parts[part].or(measure(k, table, x))
					x = x[:0]
				}
			}
			parts[part] = parts[part].or(measure(k, table, x))
		})
	}
	all.Wait()
	return parts
}

// ulps is the distance of got from want in units of the last place of a float32 near want. Results below the normal
// range are measured in steps of the smallest normal's last place; both NaN, or both the same infinity, are 0 apart.
func ulps(got float32, want float64) float64 {
	w := float32(want)
	switch {
	case w != w || got != got:
		if (w != w) == (got != got) {
			return 0
		}
		return math.Inf(1)
	case math.IsInf(float64(w), 0) || math.IsInf(float64(got), 0):
		if w == got {
			return 0
		}
		return math.Inf(1)
	}
	exponent := max(1, math.Float32bits(w)>>23&0xff)
	return math.Abs(float64(got)-want) / math.Float64frombits(uint64(exponent+1023-127-23)<<52)
}

func TestZeroKeepsItsSign(t *testing.T) {
	zeros := []float32{0, float32(math.Copysign(0, -1))}
	for _, table := range all() {
		for _, k := range unaries {
			if !slices.Contains([]string{"Sqrt", "Tanh", "Erf", "Sin", "Expm1", "Log1p"}, k.name) {
				continue
			}
			y := make([]float32, 2)
			k.f(table)(y, zeros)
			if y[0] != 0 || y[1] != 0 || math.Signbit(float64(y[0])) || !math.Signbit(float64(y[1])) {
				t.Errorf("%s %s(0, -0) = %g", table.Name, k.name, y)
			}
		}
	}
}

// TestLengthsPositionsAndGuards runs every kernel at lengths 0 to 4 registers and 3, in place and not, misaligned, between
// NaN guards, and demands for each element what the same kernel gives for that element alone.
func TestLengthsPositionsAndGuards(t *testing.T) {
	rng := rand.New(rand.NewPCG(9, 10))
	for _, table := range all() {
		for _, k := range unaries {
			checkPositions(t, table.Name+" "+k.name, rng, 1, func(dst []float32, in [][]float32) { k.f(table)(dst, in[0]) })
		}
		for _, k := range binaries {
			checkPositions(t, table.Name+" "+k.name, rng, 2, func(dst []float32, in [][]float32) { k.f(table)(dst, in[0], in[1]) })
		}
		for _, k := range intBinaries {
			checkPositions(t, table.Name+" "+k.name, rng, 2, func(dst []float32, in [][]float32) { k.f(table)(dst, in[0], in[1]) })
		}
		checkPositions(t, table.Name+" Pow", rng, 2, func(dst []float32, in [][]float32) { table.Pow(dst, in[0], in[1]) })
		checkPositions(t, table.Name+" MulAdd", rng, 3, func(dst []float32, in [][]float32) { table.MulAdd(dst, in[0], in[1], in[2]) })
		checkPositions(t, table.Name+" Select", rng, 3, func(dst []float32, in [][]float32) { table.Select(dst, in[0], in[1], in[2]) })
	}
}

func checkPositions(t *testing.T, name string, rng *rand.Rand, inputs int, run func(dst []float32, in [][]float32)) {
	t.Helper()
	const guard = 20
	for n := range 4*16 + 4 {
		in := make([][]float32, inputs)
		for i := range in {
			in[i] = draw(rng, n+1)[1:] // misaligned
		}
		want := make([]float32, n)
		for i := range want {
			one := make([][]float32, inputs)
			for j := range one {
				one[j] = in[j][i : i+1]
			}
			run(want[i:i+1], one)
		}
		for _, place := range []string{"apart", "in place"} {
			buffer := make([]float32, n+2*guard)
			for i := range buffer {
				buffer[i] = float32(math.NaN())
			}
			dst := buffer[guard : guard+n]
			if args := append([][]float32(nil), in...); place == "in place" {
				copy(dst, in[0])
				args[0] = dst
				run(dst, args)
			} else {
				run(dst, args)
			}
			for i, got := range buffer {
				inside := i >= guard && i < guard+n
				if inside && math.Float32bits(got) != math.Float32bits(want[i-guard]) || !inside && got == got {
					t.Fatalf("%s, length %d, %s: element %d is %g, want %v", name, n, place, i-guard, got, want)
				}
			}
		}
	}
}

// draw mixes random and special values.
func draw(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		if v[i] = float32(rng.NormFloat64() * 3); rng.IntN(4) == 0 {
			v[i] = special[rng.IntN(len(special))]
		}
	}
	return v
}

func TestBinaryAgreesWithReference(t *testing.T) {
	for _, table := range tables() {
		for _, k := range binaries {
			for _, y := range special {
				x, got, want := special, make([]float32, len(special)), make([]float32, len(special))
				ys := make([]float32, len(special))
				for i := range ys {
					ys[i] = y
				}
				k.f(table)(got, x, ys)
				k.f(Ref)(want, x, ys)
				same(t, fmt.Sprintf("%s %s(x, %g)", table.Name, k.name, y), got, want)
				k.scalar(table)(got, x, y)
				same(t, fmt.Sprintf("%s %sScalar(x, %g)", table.Name, k.name, y), got, want)
			}
		}
	}
}

func TestMulAddAgreesWithReference(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	x, y, z := draw(rng, 4000), draw(rng, 4000), draw(rng, 4000)
	got, want := make([]float32, 4000), make([]float32, 4000)
	for _, table := range tables() {
		table.MulAdd(got, x, y, z)
		Ref.MulAdd(want, x, y, z)
		same(t, table.Name+" MulAdd", got, want)
		table.MulAddScalar(got, x, z, 1.7)
		Ref.MulAddScalar(want, x, z, 1.7)
		same(t, table.Name+" MulAddScalar", got, want)
	}
}

// same compares bit for bit, all NaN being one.
func same(t *testing.T, name string, got, want []float32) {
	t.Helper()
	for i := range got {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) && (got[i] == got[i] || want[i] == want[i]) {
			t.Errorf("%s: element %d is %g, want %g", name, i, got[i], want[i])
			return
		}
	}
}

func BenchmarkUnary(b *testing.B) {
	x, y := make([]float32, 2048), make([]float32, 2048)
	for i := range x {
		x[i] = float32(i)/512 - 2
	}
	for _, table := range all() {
		for _, k := range unaries {
			b.Run(table.Name+"/"+k.name, func(b *testing.B) {
				b.SetBytes(8 * int64(len(x)))
				for b.Loop() {
					k.f(table)(y, x)
				}
				b.ReportMetric(float64(len(x))*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "elem/ns")
			})
		}
	}
}
