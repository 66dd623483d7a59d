package attn

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dyt-go/dyt/cpu/kernel/gemm"
	"github.com/dyt-go/dyt/internal/cpuid"
)

// kernels lists the flavours that this machine can run.
func kernels() []*Kernel {
	list := []*Kernel{Ref}
	if AVX2 != nil && cpuid.Has(cpuid.AVX2) {
		list = append(list, AVX2)
	}
	if AVX512 != nil && cpuid.Has(cpuid.AVX512) {
		list = append(list, AVX512)
	}
	return list
}

// TestRowsOfEveryLength holds each flavour against float64, in place, with NaN on both sides that must be neither read nor
// written.
func TestRowsOfEveryLength(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, k := range kernels() {
		for n := 1; n < 70; n++ {
			testRow(t, k.Rows, rng, n)
		}
	}
}

func testRow(t *testing.T, r *Rows, rng *rand.Rand, n int) {
	t.Helper()
	x, y := guarded(rng, n), guarded(rng, n)
	a, b := x[guard:guard+n], y[guard:guard+n]
	if got, want := r.Max(a), slices.Max(a); got != want {
		t.Errorf("%s: max of %d is %g, want %g", r.Name, n, got, want)
	}
	dot, size := 0.0, 0.0
	for i := range a {
		p := float64(a[i]) * float64(b[i])
		dot, size = dot+p, size+math.Abs(p)
	}
	if got := r.Dot(a, b); math.Abs(float64(got)-dot) > float64(n)*0x1p-24*size {
		t.Errorf("%s: dot of %d is %g, want %g", r.Name, n, got, dot)
	}
	const delta, scale = float32(0.3), float32(1.7)
	ds := guarded(rng, n)
	r.Grad(ds[guard:guard+n], a, b, delta, scale)
	for i := range a {
		want := float64(a[i]) * float64(scale) * (float64(b[i]) - float64(delta))
		// three roundings, the difference's scaled up by what it cancels
		if got := ds[guard+i]; math.Abs(float64(got)-want) > 0x1p-22*math.Abs(float64(a[i]))*(math.Abs(float64(b[i]))+1) {
			t.Errorf("%s: grad[%d] of %d is %g, want %g", r.Name, i, n, got, want)
		}
	}
	want, sum := make([]float64, n), 0.0
	for i, v := range a {
		want[i] = math.Exp(float64(v*scale - 2))
		sum += want[i]
	}
	got := r.Exp(a, a, scale, 2)
	if math.Abs(float64(got)-sum) > 1e-6*sum {
		t.Errorf("%s: sum of exp over %d is %g, want %g", r.Name, n, got, sum)
	}
	for i := range a {
		if math.Abs(float64(a[i])-want[i]) > 2e-7*want[i] {
			t.Errorf("%s: exp[%d] of %d is %g, want %g", r.Name, i, n, a[i], want[i])
		}
	}
	for _, v := range [][]float32{x, ds} {
		for i := range guard {
			if v[i] == v[i] || v[guard+n+i] == v[guard+n+i] {
				t.Fatalf("%s: length %d: wrote outside", r.Name, n)
			}
		}
	}
}

// TestRowsKeepNaNAndInfinities: a NaN anywhere reaches the sum; +Inf is the largest; -Inf adds nothing.
func TestRowsKeepNaNAndInfinities(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for _, k := range kernels() {
		for n := 1; n < 40; n++ {
			for at := range n {
				x := make([]float32, n)
				x[at] = inf
				if k.Rows.Max(x) != inf {
					t.Errorf("%s: max of %d with +Inf at %d", k.Rows.Name, n, at)
				}
				x[at] = -inf
				if got := k.Rows.Exp(x, x, 1, 0); got != float32(n-1) || x[at] != 0 {
					t.Errorf("%s: sum of %d with -Inf at %d is %g", k.Rows.Name, n, at, got)
				}
				clear(x)
				x[at] = nan
				if got := k.Rows.Exp(x, x, 1, k.Rows.Max(x)); got == got {
					t.Errorf("%s: sum of %d with NaN at %d is %g", k.Rows.Name, n, at, got)
				}
			}
		}
	}
}

var shapes = []Shape{
	{Repeat: 1, Queries: 1, Keys: 1, Depth: 1, ValueDepth: 1, Scale: 1},
	{Repeat: 1, Queries: 65, Keys: 65, Depth: 64, ValueDepth: 64, Scale: 0.125},
	{Repeat: 1, Queries: 128, Keys: 128, Depth: 32, ValueDepth: 32, Scale: 1, Causal: true},
	{Repeat: 3, Queries: 33, Keys: 33, Depth: 8, ValueDepth: 24, Scale: 0.5, Causal: true},
	{Repeat: 2, Queries: 31, Keys: 40, Depth: 5, ValueDepth: 3, Scale: 2, Causal: true},
	{Repeat: 2, Queries: 50, Keys: 20, Depth: 6, ValueDepth: 7, Scale: 0.7, Causal: true},
	{Repeat: 2, Queries: 17, Keys: 300, Depth: 16, ValueDepth: 16, Scale: 0.25},
	{Repeat: 1, Queries: 300, Keys: 300, Depth: 16, ValueDepth: 16, Scale: 0.25},
}

// TestHeadMatchesFloat64 compares output and gradients with the definition in float64.
func TestHeadMatchesFloat64(t *testing.T) {
	for _, k := range kernels() {
		for _, s := range shapes {
			t.Run(fmt.Sprintf("%s/%+v", k.Rows.Name, s), func(t *testing.T) { testHead(t, k, s) })
		}
	}
}

func testHead(t *testing.T, k *Kernel, s Shape) {
	rng := rand.New(rand.NewPCG(3, 4))
	rows := s.Repeat * s.Queries
	h := &Head{Q: strided(rng, rows, s.Depth), K: strided(rng, s.Keys, s.Depth), V: strided(rng, s.Keys, s.ValueDepth),
		O: strided(rng, rows, s.ValueDepth), DO: strided(rng, rows, s.ValueDepth), Max: make([]float32, rows), Sum: make([]float32, rows),
		DQ: strided(rng, rows, s.Depth), DK: strided(rng, s.Keys, s.Depth), DV: strided(rng, s.Keys, s.ValueDepth)}
	want := definition(&s, h)
	scratch := func(n int) []float32 {
		m := make([]float32, n)
		for i := range m {
			m[i] = float32(math.NaN()) // what is not written must not be read
		}
		return m
	}
	half := s.Blocks() / 2
	k.Forward(&s, h, half, s.Blocks(), scratch(k.ForwardScratch(&s)))
	k.Forward(&s, h, 0, half, scratch(k.ForwardScratch(&s)))
	k.Backward(&s, h, scratch(k.BackwardScratch(&s)))
	for _, c := range []struct {
		name string
		got  gemm.Matrix
		want []float64
	}{{"o", h.O, want.o}, {"dq", h.DQ, want.dq}, {"dk", h.DK, want.dk}, {"dv", h.DV, want.dv}} {
		largest := 0.0
		for _, v := range c.want {
			largest = max(largest, math.Abs(v))
		}
		for i := range c.got.Rows {
			for j, got := range c.got.Row(i) {
				// Scores of size 10 are 1e-6 off, so are probabilities; sums of up to 600 of them.
				if w := c.want[i*c.got.Cols+j]; !(math.Abs(float64(got)-w) <= 4e-6*largest) {
					t.Fatalf("%s[%d,%d] is %g, want %g (largest %g)", c.name, i, j, got, w, largest)
				}
			}
		}
	}
}

type gradients struct{ o, dq, dk, dv []float64 }

// definition is attention and its gradient in float64, element by element.
func definition(s *Shape, h *Head) gradients {
	rows := s.Repeat * s.Queries
	g := gradients{make([]float64, rows*s.ValueDepth), make([]float64, rows*s.Depth), make([]float64, s.Keys*s.Depth), make([]float64, s.Keys*s.ValueDepth)}
	for i := range rows {
		q, do := h.Q.Row(i), h.DO.Row(i)
		n := s.Keys
		if s.Causal {
			n = min(n, i%s.Queries+1)
		}
		p, dp, sum, delta := make([]float64, n), make([]float64, n), 0.0, 0.0
		for j := range n {
			p[j] = math.Exp(float64(s.Scale) * dot(q, h.K.Row(j)))
			sum += p[j]
		}
		for j := range n {
			p[j] /= sum
			dp[j] = dot(do, h.V.Row(j))
			delta += p[j] * dp[j]
			for c, v := range h.V.Row(j) {
				g.o[i*s.ValueDepth+c] += p[j] * float64(v)
				g.dv[j*s.ValueDepth+c] += p[j] * float64(do[c])
			}
		}
		for j := range n {
			ds := float64(s.Scale) * p[j] * (dp[j] - delta)
			for c, v := range h.K.Row(j) {
				g.dq[i*s.Depth+c] += ds * float64(v)
				g.dk[j*s.Depth+c] += ds * float64(q[c])
			}
		}
	}
	return g
}

func dot(x, y []float32) float64 {
	sum := 0.0
	for i := range x {
		sum += float64(x[i]) * float64(y[i])
	}
	return sum
}

// strided returns random rows with gaps between them.
func strided(rng *rand.Rand, rows, cols int) gemm.Matrix {
	step := cols + rng.IntN(3)
	m := gemm.Matrix{Data: make([]float32, rows*step), Rows: rows, Cols: cols, RowStride: step, ColStride: 1}
	for i := range m.Data {
		m.Data[i] = float32(rng.NormFloat64())
	}
	return m
}

const guard = 20

// guarded returns n random floats between NaN.
func guarded(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n+2*guard)
	for i := range v {
		v[i] = float32(math.NaN())
		if i >= guard && i < guard+n {
			v[i] = float32(rng.NormFloat64())
		}
	}
	return v
}

// BenchmarkHead prints the GFLOP/s of one core, counting what a causal mask leaves.
func BenchmarkHead(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, k := range kernels()[1:] {
		for _, s := range shapes[1:3] {
			rows := s.Repeat * s.Queries
			m := func(rows, cols int) gemm.Matrix { return strided(rng, rows, cols) }
			h := &Head{Q: m(rows, s.Depth), K: m(s.Keys, s.Depth), V: m(s.Keys, s.ValueDepth), O: m(rows, s.ValueDepth), DO: m(rows, s.ValueDepth),
				Max: make([]float32, rows), Sum: make([]float32, rows), DQ: m(rows, s.Depth), DK: m(s.Keys, s.Depth), DV: m(s.Keys, s.ValueDepth)}
			pairs := rows * s.Keys
			if s.Causal {
				pairs = rows * (s.Keys + 1) / 2
			}
			memory := make([]float32, max(k.ForwardScratch(&s), k.BackwardScratch(&s)))
			b.Run(fmt.Sprintf("%s/forward/%dx%d", k.Rows.Name, s.Keys, s.Depth), func(b *testing.B) {
				for b.Loop() {
					k.Forward(&s, h, 0, s.Blocks(), memory)
				}
				b.ReportMetric(float64(4*pairs*s.Depth*b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
			b.Run(fmt.Sprintf("%s/backward/%dx%d", k.Rows.Name, s.Keys, s.Depth), func(b *testing.B) {
				for b.Loop() {
					k.Backward(&s, h, memory)
				}
				b.ReportMetric(float64(10*pairs*s.Depth*b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
			})
		}
	}
}
