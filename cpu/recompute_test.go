package cpu_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// The backward pass computes an activation's derivative again instead of having the forward pass store it, and what reads
// the same large array runs together: a layer is three clusters or fewer. Everything fused and nothing fused agree.
func TestBackwardComputesActivationsAgain(t *testing.T) {
	const rows, width, hidden = 512, 24, 256 // 512 x 256 elements are enough to be worth it
	activations := map[string]func(x *Node) *Node{
		"GELU": func(x *Node) *Node {
			return Mul(MulScalar(x, 0.5), AddScalar(Erf(MulScalar(x, math.Sqrt2/2)), 1))
		},
		"SiLU":    func(x *Node) *Node { return Mul(x, Sigmoid(x)) },
		"DyT":     func(x *Node) *Node { return MulScalar(Tanh(MulScalar(x, 0.7)), 1.5) },
		"RMSNorm": func(x *Node) *Node { return Div(x, Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, -1), 1e-5))) },
	}
	for name, f := range activations {
		results := map[string][][]float32{}
		for _, config := range []string{"profile", "profile,fuse=none"} {
			backend := planned{openBackend(t, config)}
			exec := MustNewExec(backend.Backend, func(x, w, v *Node) []*Node {
				y := DotGeneral(f(DotGeneral(x, []int{1}, nil, w, []int{0}, nil)), []int{1}, nil, v, []int{0}, nil)
				loss := ReduceAllMean(Square(y))
				return append([]*Node{loss}, Gradient(loss, x, w, v)...)
			})
			for _, out := range exec.MustCall(waves(rows, width, 1), waves(width, hidden, 2), waves(hidden, width, 3)) {
				flat, err := tensors.CopyFlatData[float32](out)
				fatal(t, err)
				results[config] = append(results[config], flat)
			}
			if config != "profile" {
				continue
			}
			large := 0
			for _, s := range backend.last().Steps {
				for _, v := range s.Writes {
					if v.Shape.Size() == rows*hidden && s.Programs() != nil && (s.Gemm == nil || v != s.Gemm.C.Root) {
						large++
					}
				}
			}
			if most := 2; large > most { // the activation, and the gradient of what it is of
				t.Errorf("%s: clusters write %d arrays of %d x %d, expected at most %d:\n%s", name, large, rows, hidden, most, backend.last())
			}
		}
		for i, want := range results["profile,fuse=none"] {
			size := 0.0
			for _, x := range want {
				size = math.Max(size, math.Abs(float64(x)))
			}
			for k, x := range results["profile"][i] {
				// Products of 256 terms and sums over 512 rows, some of them in another order or rounded once instead of twice.
				if d := math.Abs(float64(x - want[k])); d > 2e-5*size {
					t.Fatalf("%s: result %d, element %d: %g, one op at a time %g", name, i, k, x, want[k])
				}
			}
		}
	}
}

// waves is a matrix of numbers between -1 and 1.
func waves(rows, cols int, seed float64) *tensors.Tensor {
	flat := make([]float32, rows*cols)
	for i := range flat {
		flat[i] = float32(math.Sin(seed * float64(i+1) * 1.7))
	}
	return tensors.FromFlatDataAndDimensions(flat, rows, cols)
}

// Two sums over one large array read it once.
func TestReadersOfOneArrayRunTogether(t *testing.T) {
	backend := openPlanned(t)
	exec := MustNewExec(backend.Backend, func(x *Node) []*Node {
		return []*Node{ReduceSum(x, 0), Tanh(x), ReduceMax(Exp(x), 0)}
	})
	exec.MustCall(waves(512, 256, 1))
	if n := len(backend.last().Steps); n != 1 {
		t.Errorf("%d steps, expected one:\n%s", n, backend.last())
	}
}

// A value that a barrier waits for stays where it is, though one cluster alone reads it.
func TestWhatABarrierWaitsForIsNotComputedAgain(t *testing.T) {
	const rows, width = 512, 256
	p := compile(t, openBackend(t, ""), [][]int{{rows, width}, {rows, width}, {width, width}}, func(f compute.Function, in []compute.Value) []compute.Value {
		y := must(f.Add(in[0], in[0]))
		held, err := f.OptimizationBarrier(in[1], y)
		fatal(t, err)
		wide := must(f.DotGeneral(must(f.Tanh(held[0])), []int{1}, nil, in[2], []int{0}, nil, compute.DotGeneralConfig{}))
		return []compute.Value{must(f.Mul(held[1], wide))}
	})
	outputs, err := p.Execute(p.inputs, nil, 0)
	fatal(t, err)
	want := width * 0.5 * math.Tanh(0.5) // every parameter holds 0.5
	for i, x := range floats(t, outputs[0]) {
		if math.Abs(float64(x)-want) > 1e-4*want { // 256 terms in float32
			t.Fatalf("element %d: %g, expected %g", i, x, want)
		}
	}
}
