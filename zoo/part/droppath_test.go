package part

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/internal/testbackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// TestDropPathDropsWholeSamples: of 2000 samples of ones each is all 0 or all 1/(1-rate), the share that stays lies within
// four standard deviations, and an evaluation sees x itself.
func TestDropPathDropsWholeSamples(t *testing.T) {
	const samples, rate = 2000, 0.3
	ones := make([]float32, samples*6)
	for i := range ones {
		ones[i] = 1
	}
	x := tensors.FromFlatDataAndDimensions(ones, samples, 2, 3)
	run := func(training bool) []float32 {
		store := model.NewStore()
		if err := store.SetRNGStateFromSeed(1); err != nil {
			t.Fatal(err)
		}
		out, err := model.CallOnce(testbackend.Get(t), store, func(s *model.Scope, x *Node) *Node {
			store.SetTraining(x.Graph(), training)
			return DropPath(s, x, rate)
		}, x)
		if err != nil {
			t.Fatal(err)
		}
		return tensors.MustCopyFlatData[float32](out)
	}
	for i, v := range run(false) {
		if v != 1 {
			t.Fatalf("evaluation: element %d is %g, expected 1", i, v)
		}
	}
	stayed := 0
	y := run(true)
	for i := range samples {
		first := y[6*i]
		for _, v := range y[6*i : 6*i+6] {
			if v != first || v != 0 && math.Abs(float64(v)-1/(1-rate)) > 1e-6 {
				t.Fatalf("sample %d holds %v, expected one of 0 and %g", i, y[6*i:6*i+6], 1/(1-rate))
			}
		}
		if first != 0 {
			stayed++
		}
	}
	if deviation := math.Sqrt(samples * rate * (1 - rate)); math.Abs(float64(stayed)-samples*(1-rate)) > 4*deviation {
		t.Errorf("%d of %d samples stayed, expected %g +- %.0f", stayed, samples, samples*(1-rate), deviation)
	}
}
