package cpu_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dyt-go/dyt/cpu/kernel"
)

// logits are rows of the regimes of a kernel's test: random of several sizes, the same number everywhere, and zeros, denormals, +-8,
// +-10, the largest floats and -Inf among them.
func logits(rng *rand.Rand, rows, cols int) []float32 {
	special := []float32{0, float32(math.Copysign(0, -1)), 0x1p-149, -0x1p-127, 8, -8, 10, -10, math.MaxFloat32, -math.MaxFloat32, float32(math.Inf(-1))}
	x := make([]float32, rows*cols)
	for i := range x {
		row := i / cols
		switch x[i] = float32(rng.NormFloat64() * []float64{.01, 1, 8, 30}[row%4]); {
		case row%7 == 5:
			x[i] = -3.7
		case row%7 == 6 && rng.IntN(3) == 0 && i%cols > 0: // the first stays finite
			x[i] = special[rng.IntN(len(special))]
		}
	}
	return x
}

// ulp is the distance of the float32 near x; below the normal ones, of the smallest normal.
func ulp(x float64) float64 {
	_, e := math.Frexp(max(math.Abs(x), 0x1p-126))
	return math.Ldexp(1, e-24)
}

// TestSoftmaxInULP holds softmax and its log, of which a cross-entropy is a mean, against float64. With d = max x - x, p = softmax x, and
// 2^-24, which is half an ULP, or one of a number just below a power of two, as the unit:
//
//	exponentials  d + 2.2: d is rounded, and exp is off by 1.1 ULP
//	their sum S   2.2 + sum of p d + its additions: those of a lane, one for 8 columns at most, and eight of lanes and strips
//	p             the sum of both and 1.5, in ULP; one ULP more where exponentials are no normal numbers
//	log p         d and S as absolute errors, since log S has the relative error of S; 2 ULP of log S; 1 ULP of log p
//
// In ULP of its own the log says nothing where p is nearly 1.
func TestSoftmaxInULP(t *testing.T) {
	const rows = 28
	rng := rand.New(rand.NewPCG(41, 42))
	for _, table := range kernel.Available() {
		useFlavour(t, table.Flavour)
		var most softmaxErrors
		for _, cols := range []int{1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 67, 127, 130, 256, 1000, 5003} {
			x := logits(rng, rows, cols)
			out := MustNewExec(openBackend(t, ""), func(x *Node) []*Node { return []*Node{Softmax(x), LogSoftmax(x)} }).
				MustCall(tensors.FromFlatDataAndDimensions(x, rows, cols))
			p, logs := tensors.MustCopyFlatData[float32](out[0]), tensors.MustCopyFlatData[float32](out[1])
			for row := range rows {
				from, to := row*cols, (row+1)*cols
				most.row(t, fmt.Sprintf("%s: row %d of %d columns", table.Flavour, row, cols), x[from:to], p[from:to], logs[from:to])
			}
		}
		t.Logf("%s: softmax at most %.1f ULP off, %.2f of its bound; its log %.1f ULP where it is beyond -1/2, %.2f of its bound",
			table.Flavour, most.ulp, most.share, most.logULP, most.logShare)
	}
}

// softmaxErrors are the largest so far, in ULP and as shares of their bounds.
type softmaxErrors struct{ ulp, share, logULP, logShare float64 }

// row checks a row of softmax x and of its log.
func (w *softmaxErrors) row(t *testing.T, where string, x, p, logs []float32) {
	t.Helper()
	most, sum, weighted := float64(slices.Max(x)), 0.0, 0.0
	for _, v := range x {
		e := math.Exp(float64(v) - most)
		sum += e
		if e > 0 {
			weighted += e * (most - float64(v))
		}
	}
	ofSum := 2.2 + weighted/sum + float64(len(x))/8 + 8
	for j, v := range x {
		d := most - float64(v)
		exact, bound := math.Exp(-d)/sum, min(d, 110)+2.2+ofSum+1.5
		if math.Exp(-d) < 0x1p-126 {
			bound++
		}
		off := math.Abs(float64(p[j])-exact) / ulp(exact)
		if w.ulp, w.share = max(w.ulp, off), max(w.share, off/bound); !(off <= bound) {
			t.Fatalf("%s: softmax[%d] is %g, want %g: %.2f ULP, bound %.2f", where, j, p[j], exact, off, bound)
		}
		log := -d - math.Log(sum)
		if math.IsInf(float64(float32(log)), -1) {
			if !math.IsInf(float64(logs[j]), -1) {
				t.Fatalf("%s: log softmax[%d] is %g, want -Inf", where, j, logs[j])
			}
			continue
		}
		off, bound = math.Abs(float64(logs[j])-log), 0x1p-24*(d+ofSum)+2*ulp(math.Log(sum))+ulp(log)
		if w.logShare = max(w.logShare, off/bound); !(off <= bound) {
			t.Fatalf("%s: log softmax[%d] is %g, want %g, off by %g, bound %g", where, j, logs[j], log, off, bound)
		}
		if log < -.5 {
			w.logULP = max(w.logULP, off/ulp(log))
		}
	}
}
