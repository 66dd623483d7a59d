package vit

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
	"github.com/dyt-go/dyt/internal/param"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/gomlx/ml/model"
)

// TestFirstValuesAreDistributedAsTimms holds, of every parameter over 64 seeds, the root mean square against that of timm's
// networks, and the share of it that the mean magnitude is: 0.798 of a normal distribution, 0.866 of a uniform one, with a
// standard error of 0.007 between two samples of 2048.
func TestFirstValuesAreDistributedAsTimms(t *testing.T) {
	f := golden.Load(t, "vit", "init")
	m := open(t, "test", norm.LayerNorm)
	m.InitStd = 0.02
	store := model.NewStore()
	if err := part.Trace(testbackend.Get(t), store, m); err != nil {
		t.Fatal(err)
	}
	for v := range store.IterVariables() {
		want, _ := f.F64(optim.Name(v))
		squares, sum, n := 0.0, 0.0, 0.0
		for seed := range uint64(64) {
			for _, x := range param.Of(v, store).Values(seed, v.Path(), v.Shape().Size()) {
				squares, sum, n = squares+float64(x)*float64(x), sum+math.Abs(float64(x)), n+1
			}
		}
		rms := math.Sqrt(squares / n)
		if math.Abs(rms-want[0]) > f.Tolerance().Rel*want[0] {
			t.Errorf("%s: root mean square %g, timm's %g", optim.Name(v), rms, want[0])
		}
		if want[0] != 0 && math.Abs(sum/n/rms-want[1]/want[0]) > 0.035 {
			t.Errorf("%s: mean magnitude %g of the root mean square, timm's %g", optim.Name(v), sum/n/rms, want[1]/want[0])
		}
	}
}
