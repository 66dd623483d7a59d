package cpu_test

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/plan"
)

// The gradient of GELU, however GELU is written, is one instruction and a product. What only looks like it is not.
func TestGradientOfGELU(t *testing.T) {
	const rows, cols = 40, 300
	erf := func(x *Node, by float64) *Node { return Erf(MulScalar(x, by)) }
	half := math.Sqrt2 / 2
	for _, c := range []struct {
		name  string
		f     func(x *Node) *Node
		slope bool
	}{
		{"half of x first", func(x *Node) *Node { return Mul(MulScalar(x, .5), AddScalar(erf(x, half), 1)) }, true},
		{"half of the sum", func(x *Node) *Node { return Mul(MulScalar(AddScalar(erf(x, half), 1), .5), x) }, true},
		{"half at last", func(x *Node) *Node { return MulScalar(Mul(OnePlus(erf(x, half)), x), .5) }, true},
		{"a sum of products", func(x *Node) *Node { return Add(MulScalar(x, .5), Mul(MulScalar(x, .5), erf(x, half))) }, true},
		{"of a sum", func(x *Node) *Node {
			x = AddScalar(x, .25)
			return Mul(MulScalar(x, .5), AddScalar(erf(x, half), 1))
		}, true},
		{"another scale", func(x *Node) *Node { return Mul(MulScalar(x, .5), AddScalar(erf(x, .7), 1)) }, false},
		{"another weight", func(x *Node) *Node { return Mul(MulScalar(x, .5), AddScalar(MulScalar(erf(x, half), .9), 1)) }, false},
		{"another sum", func(x *Node) *Node { return Mul(MulScalar(x, .5), AddScalar(erf(x, half), 1.1)) }, false},
		{"erf alone", func(x *Node) *Node { return erf(x, half) }, false},
		{"of a square", func(x *Node) *Node { return Mul(MulScalar(x, .5), AddScalar(erf(Square(x), half), 1)) }, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			var results [2][]float32
			for i, config := range []string{"profile", "profile,fuse=none"} {
				backend := planned{openBackend(t, config)}
				exec := MustNewExec(backend.Backend, func(x, d *Node) *Node { return Gradient(ReduceAllSum(Mul(c.f(x), d)), x)[0] })
				x := waves(rows, cols, 1)
				tensors.MustMutableFlatData(x, func(flat []float32) {
					for i := range flat {
						flat[i] *= 7
					}
				})
				var err error
				results[i], err = tensors.CopyFlatData[float32](exec.MustCall(x, waves(rows, cols, 2))[0])
				fatal(t, err)
				if config != "profile" {
					continue
				}
				numbers, programs := 0, 0
				for _, s := range backend.last().Steps {
					for _, tape := range s.Programs() {
						if tape.Strips == nil {
							continue
						}
						programs++
						for _, slot := range tape.Strips.Slots {
							if slot.Kind == plan.SlotNumber {
								numbers++
							}
						}
					}
				}
				most := 0 // of the slope's own numbers none is an operand
				if c.name == "of a sum" {
					most = 1
				}
				if got := numbers <= most; programs > 0 && got != c.slope {
					t.Errorf("one instruction: %v, expected %v:\n%s", got, c.slope, backend.last())
				}
			}
			for k, want := range results[1] {
				// 3e-7 of the derivative, as much of the other's erf, whose 6 ULP count half, and products rounded in another order.
				if d := math.Abs(float64(results[0][k] - want)); d > 1e-6*math.Max(1, math.Abs(float64(want))) {
					t.Fatalf("element %d: %g, one op at a time %g", k, results[0][k], want)
				}
			}
		})
	}
}
