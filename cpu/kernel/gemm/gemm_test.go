package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

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

// TestTilesAgreeBitForBit runs every tile of every flavour against the reference, with NaN guards around C, NaN in the
// unused columns of nothing, all widths, strides both ways, one and several panels, of rows or of columns.
func TestTilesAgreeBitForBit(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for _, kn := range kernels()[1:] {
		for mr := 1; mr <= kn.MR; mr++ {
			for n := 1; n <= kn.NR; n++ {
				for _, k := range []int{1, 2, 7, 33} {
					testTile(t, kn, rng, mr, n, k)
				}
			}
		}
	}
}

func testTile(t *testing.T, kn *Kernel, rng *rand.Rand, mr, n, k int) {
	t.Helper()
	np, add := 1+rng.IntN(3), rng.IntN(2) == 0
	rsa, csa, astep := k+3, 1, mr*(k+3) // rows
	switch rng.IntN(3) {
	case 0:
		rsa, csa, astep = 1, mr, mr*k // packed
	case 1:
		rsa, csa, astep = 1, np*mr+2, mr // columns
	}
	ldc, bstep := n+rng.IntN(5), 0
	cstep := mr * ldc
	size := np * cstep
	if rng.IntN(3) == 0 { // beside each other
		astep, bstep, cstep, ldc = 0, k*kn.NR+rng.IntN(3), n, np*n+rng.IntN(5)
		size = mr * ldc
	}
	a, b := random(rng, (np-1)*astep+(mr-1)*rsa+(k-1)*csa+1), random(rng, (np-1)*bstep+k*kn.NR)
	c := guarded(rng, size)
	want := slices.Clone(c)
	kn.tile(mr, n)(a, rsa, csa, b, c[guard:], ldc, k, np, astep, bstep, cstep, n, add, b, 3, 7)
	refTile(mr, kn.NR)(a, rsa, csa, b, want[guard:], ldc, k, np, astep, bstep, cstep, n, add, nil, 0, 0)
	for i := range c {
		if math.Float32bits(c[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s tile %dx%d k=%d np=%d add=%v strides %d, %d, panels of B %d apart: c[%d] = %g, want %g", kn.Name, mr, n, k, np, add, rsa, csa, bstep, i-guard, c[i], want[i])
		}
	}
}

// TestMultiplyMatchesFloat64 covers shapes around tiles and blocks, all strides, adding, and any number of workers.
func TestMultiplyMatchesFloat64(t *testing.T) {
	shapes := [][3]int{{1, 1, 1}, {14, 5, 32}, {15, 3, 33}, {13, 7, 31}, {29, 1, 64}, {3, 40, 2}, {28, 1025, 33}, {100, 17, 50}, {5, 0, 9}, {0, 3, 4}, {65, 64, 65}, {7, longRows + 3, wideC},
		{few, 70, 2*few + 9}, {few + 1, 9, 2*few + 3}, {9, deep + 5, 40}, {9, 12, 250}}
	rng := rand.New(rand.NewPCG(5, 6))
	for _, kn := range kernels() {
		for _, s := range shapes {
			t.Run(fmt.Sprintf("%s/%dx%dx%d", kn.Name, s[0], s[1], s[2]), func(t *testing.T) {
				for layout := range 8 {
					testMultiply(t, kn, rng, s[0], s[1], s[2], layout)
				}
			})
		}
	}
}

func testMultiply(t *testing.T, kn *Kernel, rng *rand.Rand, m, k, n, layout int) {
	t.Helper()
	view := func(rows, cols int, transposed bool) Matrix {
		if transposed {
			return RowMajor(random(rng, rows*cols), cols, rows).T()
		}
		return RowMajor(random(rng, rows*cols), rows, cols)
	}
	a, b, c := view(m, k, layout&1 != 0), view(k, n, layout&2 != 0), view(m, n, layout&4 != 0)
	add := rng.IntN(2) == 0
	start := slices.Clone(c.Data)
	var first []float32
	for _, workers := range []int{1, 2, 3, 7} {
		copy(c.Data, start)
		run2(kn, c, a, b, add, workers)
		if first == nil {
			first = slices.Clone(c.Data)
		}
		if !slices.Equal(first, c.Data) {
			t.Fatalf("%s %dx%dx%d layout %d: %d workers give another result than one", kn.Name, m, k, n, layout, workers)
		}
	}
	for i := range m {
		for j := range n {
			sum, size := 0.0, 0.0
			for l := range k {
				p := float64(a.Data[i*a.RowStride+l*a.ColStride]) * float64(b.Data[l*b.RowStride+j*b.ColStride])
				sum, size = sum+p, size+math.Abs(p)
			}
			at := i*c.RowStride + j*c.ColStride
			if add {
				sum, size = sum+float64(start[at]), size+math.Abs(float64(start[at]))
			}
			if bound := float64(k+1) * size * 0x1p-24; !(math.Abs(float64(c.Data[at])-sum) <= bound) { // KERNEL.md
				t.Fatalf("%s %dx%dx%d layout %d add %v: c[%d,%d] = %g, want %g +- %g", kn.Name, m, k, n, layout, add, i, j, c.Data[at], sum, bound)
			}
		}
	}
}

// run2 computes c (+)= a b with several workers, one after the other.
func run2(kn *Kernel, c, a, b Matrix, add bool, workers int) {
	job := New(kn, c, a, b, add, make([]float32, kn.Scratch(c.Rows, a.Cols, c.Cols)))
	scratch := make([]float32, kn.ScratchA())
	for block := range job.Blocks() {
		for w := range workers {
			job.Pack(block, w, workers)
		}
		for w := range workers {
			job.Multiply(block, w, workers, scratch)
		}
	}
}

// TestPackA holds every height of panels and all strides against the definition.
func TestPackA(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, kn := range kernels() {
		for mr := 1; mr <= kn.MR; mr++ {
			for range 12 {
				panels, cols := 1+rng.IntN(4), 1+rng.IntN(40)
				rows := panels * mr
				a := Matrix{random(rng, 60*60), rows, cols, 60, 1}
				if rng.IntN(2) == 0 {
					a.RowStride, a.ColStride = 1, 60
				}
				got := guarded(rng, rows*cols+8)
				kn.packA(got[guard:], a, mr)
				for i := range rows {
					for l := range cols {
						if x, want := got[guard+i/mr*mr*cols+l*mr+i%mr], a.Data[i*a.RowStride+l*a.ColStride]; x != want {
							t.Fatalf("%s: panels of %d, %d x %d, strides %d, %d: (%d, %d) is %g, want %g", kn.Name, mr, rows, cols, a.RowStride, a.ColStride, i, l, x, want)
						}
					}
				}
				for i := range guard {
					if got[i] == got[i] || got[len(got)-1-i] == got[len(got)-1-i] {
						t.Fatalf("%s: panels of %d: wrote outside", kn.Name, mr)
					}
				}
			}
		}
	}
}

func TestPanelsAreEven(t *testing.T) {
	for rows := range 200 {
		s := rowSplit{rows, 14}
		covered := 0
		for _, r := range s.runs(nil, 0, s.panels()) {
			if r.row != covered || r.height > 14 || r.height < 1 {
				t.Fatalf("rows %d: run %+v at %d", rows, r, covered)
			}
			covered += r.count * r.height
		}
		if covered != rows || len(s.runs(nil, 0, s.panels())) > 2 {
			t.Fatalf("rows %d: covered %d in %d runs", rows, covered, len(s.runs(nil, 0, s.panels())))
		}
	}
}

func TestFlavoursHaveATileForEveryHeight(t *testing.T) {
	for _, kn := range kernels() {
		if len(kn.Half) != kn.MR || len(kn.Whole) != kn.MR {
			t.Errorf("%s: %d and %d tiles, want %d", kn.Name, len(kn.Half), len(kn.Whole), kn.MR)
		}
	}
}

const guard = 40

// guarded returns n random floats between NaN guards.
func guarded(rng *rand.Rand, n int) []float32 {
	v := random(rng, n+2*guard)
	for i := range guard {
		v[i], v[guard+n+i] = float32(math.NaN()), float32(math.NaN())
	}
	return v
}

func random(rng *rand.Rand, n int) []float32 {
	v := make([]float32, n)
	for i := range v {
		v[i] = float32(rng.NormFloat64())
	}
	return v
}

var benchmarks = [][3]int{{1024, 1024, 1024}, {2080, 192, 576}, {2080, 768, 192}, {2048, 128, 352}, {65, 64, 65}}

// BenchmarkMultiply prints GFLOP/s of one core, packing of B included.
func BenchmarkMultiply(b *testing.B) {
	rng := rand.New(rand.NewPCG(7, 8))
	for _, kn := range kernels()[1:] {
		for _, s := range benchmarks {
			m, k, n := s[0], s[1], s[2]
			for _, layout := range []string{"AB", "ABt", "AtB"} {
				b.Run(fmt.Sprintf("%s/%dx%dx%d/%s", kn.Name, m, k, n, layout), func(b *testing.B) {
					A, B, C := RowMajor(random(rng, m*k), m, k), RowMajor(random(rng, k*n), k, n), RowMajor(random(rng, m*n), m, n)
					if layout == "ABt" {
						B = RowMajor(B.Data, n, k).T()
					}
					if layout == "AtB" {
						A = RowMajor(A.Data, k, m).T()
					}
					packed, own := make([]float32, kn.Scratch(m, k, n)), make([]float32, kn.ScratchA())
					for b.Loop() {
						job := New(kn, C, A, B, false, packed)
						for block := range job.Blocks() {
							job.Pack(block, 0, 1)
							job.Multiply(block, 0, 1, own)
						}
					}
					b.ReportMetric(2*float64(m)*float64(k)*float64(n)*float64(b.N)/b.Elapsed().Seconds()/1e9, "GFLOP/s")
				})
			}
		}
	}
}

// movers lists the flavours whose packing this machine can run: that of AVX-512 needs no more than AVX2.
func movers() []*Kernel {
	list := []*Kernel{Ref}
	for _, kn := range []*Kernel{AVX2, AVX512} {
		if kn != nil && cpuid.Has(cpuid.AVX2) {
			list = append(list, kn)
		}
	}
	return list
}

// TestLinesMoveWhatTheirContractSays, every width, with NaN around what is written.
func TestLinesMoveWhatTheirContractSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(11, 12))
	for _, kn := range movers() {
		for mr, lines := range kn.LinesA {
			testLines(t, kn.Name, rng, lines, mr+1)
		}
		testLines(t, kn.Name, rng, kn.LinesB, kn.NR)
	}
}

func testLines(t *testing.T, name string, rng *rand.Rand, lines Lines, width int) {
	t.Helper()
	for range 20 {
		n, panels := 1+rng.IntN(9), 1+rng.IntN(5)
		stride, dstep := panels*width+rng.IntN(9), width*n+rng.IntN(3)
		src := random(rng, (n-1)*stride+panels*width)
		got := guarded(rng, panels*dstep)
		want := slices.Clone(got)
		lines(got[guard:], src, stride, n, panels, dstep)
		for p := range panels {
			for l := range n {
				for i := range width {
					want[guard+p*dstep+l*width+i] = src[p*width+l*stride+i]
				}
			}
		}
		checkMoved(t, fmt.Sprintf("%s: width %d, %d lines, %d panels, stride %d", name, width, n, panels, stride), got, want)
	}
}

// TestTransposeMovesWhatItsContractSays, with NaN around what is written.
func TestTransposeMovesWhatItsContractSays(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, kn := range movers() {
		for range 100 {
			n, width, stride := 1+rng.IntN(5), 8+rng.IntN(30), 40+rng.IntN(30)
			src := random(rng, 7*stride+8*n)
			got := guarded(rng, (8*n-1)*width+8)
			want := slices.Clone(got)
			kn.Transpose(got[guard:], src, stride, width, n)
			for l := range 8 * n {
				for j := range 8 {
					want[guard+l*width+j] = src[j*stride+l]
				}
			}
			checkMoved(t, fmt.Sprintf("%s: %d blocks, width %d, stride %d", kn.Name, n, width, stride), got, want)
		}
	}
}

func checkMoved(t *testing.T, what string, got, want []float32) {
	t.Helper()
	for i := range want {
		if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
			t.Fatalf("%s: [%d] is %g, want %g", what, i-guard, got[i], want[i])
		}
	}
}
