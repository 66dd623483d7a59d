package train

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
)

func TestSchedulesFollowTheReferencePointByPoint(t *testing.T) {
	vit := Schedule{Kind: cosine, Shape: linear, Warmup: 20, Steps: 300, Base: 4e-3, End: 1e-6}
	llama := Schedule{Kind: cosine, Shape: quadratic, Warmup: 50, Steps: 1000, Base: 3e-4, End: 3e-5}
	long := Schedule{Kind: cosine, Shape: quadratic, Warmup: 2000, Steps: 47684, Base: 1.5e-4, End: 1.5e-5}
	for name, c := range map[string]struct {
		Schedule
		every int
	}{
		"vit":        {vit, 1},
		"one_warm":   {Schedule{Kind: cosine, Shape: linear, Warmup: 1, Steps: 10, Base: 1}, 1},
		"decay":      {Schedule{Kind: cosine, Shape: linear, Steps: 100, Base: 0.04, End: 0.4}, 1},
		"llama":      {llama, 1},
		"llama_long": {long, 97},
	} {
		f := golden.Load(t, "optim", "schedules")
		want, _ := f.F64(name)
		tol, worst := f.Tolerance(), 0.0
		for i, w := range want {
			got := c.At(i * c.every)
			e := math.Abs(got-w) / (tol.Abs + tol.Rel*math.Abs(w))
			worst = max(worst, e)
			if !(e <= 1) {
				t.Fatalf("%s: step %d: got %g, the reference has %g", name, i*c.every, got, w)
			}
		}
		t.Logf("%s: %d points, largest deviation %.3f of the tolerance", name, len(want), worst)
	}
}

func TestScheduleEndsWhereItSays(t *testing.T) {
	c := Schedule{Kind: cosine, Shape: linear, Warmup: 5, Steps: 50, Base: 1, End: 0.1}
	for _, s := range []int{50, 51, 1000} {
		if got := c.At(s); got != 0.1 {
			t.Errorf("step %d of 50: got %g, expected the end 0.1", s, got)
		}
	}
	c.Kind = constant
	for s, want := range map[int]float64{0: 0, 2: 0.5, 4: 1, 5: 1, 49: 1, 1000: 1} {
		if got := c.At(s); got != want {
			t.Errorf("constant after 5 steps of warm-up: step %d: got %g, expected %g", s, got, want)
		}
	}
}
