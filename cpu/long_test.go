package cpu_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"

	"github.com/dyt-go/dyt/cpu/kernel"
)

// X^T Y of many rows, the gradient of a weight, whose K is cut into parts: right within the bound of cpu/kernel/gemm/KERNEL.md, and
// the same bits for any number of threads, more than there are parts too.
func TestLongProducts(t *testing.T) {
	const k, m, n = 2080, 70, 48
	rng := rand.New(rand.NewPCG(51, 52))
	x, y := make([]float32, k*m), make([]float32, k*n)
	for i := range x {
		x[i] = float32(rng.NormFloat64())
	}
	for i := range y {
		y[i] = float32(rng.NormFloat64())
	}
	exact, size := make([]float64, m*n), make([]float64, m*n)
	for l := range k {
		for i := range m {
			for j := range n {
				p := float64(x[l*m+i]) * float64(y[l*n+j])
				exact[i*n+j] += p
				size[i*n+j] += math.Abs(p)
			}
		}
	}
	for _, table := range kernel.Available() {
		useFlavour(t, table.Flavour)
		var first []float32
		for _, threads := range []int{1, 2, 3, 4, 6, 9} {
			t.Setenv("DYT_THREADS", strconv.Itoa(threads))
			backend := openBackend(t, "")
			p := compile(t, backend, [][]int{{k, m}, {k, n}}, func(f compute.Function, in []compute.Value) []compute.Value {
				c, err := f.DotGeneral(in[0], []int{0}, nil, in[1], []int{0}, nil, compute.DotGeneralConfig{})
				fatal(t, err)
				return []compute.Value{c}
			})
			for i, data := range [][]float32{x, y} {
				b, err := backend.BufferFromFlatData(0, data, shapes.Make(dtypes.Float32, k, len(data)/k))
				fatal(t, err)
				p.inputs[i] = b
			}
			outputs, err := p.Execute(p.inputs, nil, 0)
			fatal(t, err)
			got := make([]float32, m*n)
			fatal(t, outputs[0].ToFlatData(got))
			if first == nil {
				first = got
			}
			if !slices.Equal(first, got) {
				t.Errorf("%s: %d threads give another result than one", table.Flavour, threads)
			}
			for i := range got {
				if bound := (k + 1) * size[i] * 0x1p-24; !(math.Abs(float64(got[i])-exact[i]) <= bound) {
					t.Fatalf("%s, %d threads: element %d is %g, want %g +- %g", table.Flavour, threads, i, got[i], exact[i], bound)
				}
			}
		}
	}
}

// Two long products at once have the same bits for any number of threads: one computes both, more than two share each.
func TestLongProductsInBatches(t *testing.T) {
	const batches, k, m, n = 2, 2080, 70, 48
	rng := rand.New(rand.NewPCG(53, 54))
	random := func(size int) []float32 {
		v := make([]float32, size)
		for i := range v {
			v[i] = float32(rng.NormFloat64())
		}
		return v
	}
	x, y := random(batches*k*m), random(batches*k*n)
	var first []float32
	for _, threads := range []int{1, 2, 3, 5} {
		t.Setenv("DYT_THREADS", strconv.Itoa(threads))
		backend := openBackend(t, "")
		p := compile(t, backend, [][]int{{batches, k, m}, {batches, k, n}}, func(f compute.Function, in []compute.Value) []compute.Value {
			c, err := f.DotGeneral(in[0], []int{1}, []int{0}, in[1], []int{1}, []int{0}, compute.DotGeneralConfig{})
			fatal(t, err)
			return []compute.Value{c}
		})
		for i, data := range [][]float32{x, y} {
			b, err := backend.BufferFromFlatData(0, data, shapes.Make(dtypes.Float32, batches, k, len(data)/k/batches))
			fatal(t, err)
			p.inputs[i] = b
		}
		outputs, err := p.Execute(p.inputs, nil, 0)
		fatal(t, err)
		got := make([]float32, batches*m*n)
		fatal(t, outputs[0].ToFlatData(got))
		if first == nil {
			first = got
		}
		if !slices.Equal(first, got) {
			t.Errorf("%d threads give another result than one", threads)
		}
	}
}
