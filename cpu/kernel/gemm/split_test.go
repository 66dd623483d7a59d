package gemm

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/dyt-go/dyt/internal/fence"
)

// longProducts are such that K is cut: even and uneven blocks, narrow panels at the edges.
var longProducts = [][3]int{{64, 2 * parts * shallow, 48}, {70, 2*parts*shallow + 32, 33}, {131, 2*parts*shallow + 7, 129}}

func longProduct(t *testing.T, kn *Kernel, place fence.Place, rng *rand.Rand, s [3]int) (c, a, b Matrix, job Job) {
	t.Helper()
	a, b = placed(place, rng, s[0], s[1], 3, true), placed(place, rng, s[1], s[2], 2, false)
	c = placed(place, rng, s[0], s[2], 0, false)
	if job = New(kn, c, a, b, false, nil); job.Parts() != parts {
		t.Fatalf("%s %v is cut into %d parts, expected %d", kn.Name, s, job.Parts(), parts)
	}
	return c, a, b, job
}

// TestPartsAddUp to the product, within the bound of KERNEL.md, and have the same bits however many workers share one.
func TestPartsAddUp(t *testing.T) {
	rng := rand.New(rand.NewPCG(41, 42))
	plain := func(v []float32) []float32 { return v }
	for _, kn := range kernels() {
		for _, s := range longProducts {
			c, a, b, job := longProduct(t, kn, plain, rng, s)
			own := make([]float32, kn.ScratchA()+job.PartScratch())
			sum := make([]float32, len(c.Data))
			for part := range parts {
				var first []float32
				for _, pieces := range []int{1, 2, 3, 7} {
					for i := range c.Data {
						c.Data[i] = float32(math.NaN())
					}
					for piece := range pieces {
						job.MultiplyPart(part, c.Data, piece, piece+1, pieces, own)
					}
					if first == nil {
						first = slices.Clone(c.Data)
					}
					if !slices.Equal(first, c.Data) {
						t.Fatalf("%s %v part %d: %d workers give another result than one", kn.Name, s, part, pieces)
					}
				}
				for i, x := range c.Data {
					sum[i] += x
				}
			}
			for i := range s[0] {
				for j := range s[2] {
					exact, size := 0.0, 0.0
					for l := range s[1] {
						p := float64(a.Data[i*a.RowStride+l*a.ColStride]) * float64(b.Data[l*b.RowStride+j*b.ColStride])
						exact, size = exact+p, size+math.Abs(p)
					}
					if got := sum[i*s[2]+j]; !(math.Abs(float64(got)-exact) <= float64(s[1]+1)*size*0x1p-24) {
						t.Fatalf("%s %v: c[%d,%d] = %g, want %g", kn.Name, s, i, j, got, exact)
					}
				}
			}
		}
	}
}

// TestPartsTouchNothingBeside their operands and scratch.
func TestPartsTouchNothingBeside(t *testing.T) {
	rng := rand.New(rand.NewPCG(43, 44))
	for _, kn := range kernels()[1:] {
		for _, s := range longProducts {
			fence.Check(t, fmt.Sprintf("%s %v", kn.Name, s), func(place fence.Place) {
				c, _, _, job := longProduct(t, kn, place, rng, s)
				own := place(make([]float32, kn.ScratchA()+job.PartScratch()))
				for part := range parts {
					for piece := range 2 {
						job.MultiplyPart(part, c.Data, piece, piece+1, 2, own)
					}
				}
			})
		}
	}
}
