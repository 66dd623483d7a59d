package stat

import (
	"math"
	"testing"
)

func TestToTarget(t *testing.T) {
	nan := math.NaN()
	for _, c := range []struct {
		name   string
		x, y   []float64
		target float64
		better Direction
		at     float64
		ok     bool
	}{
		{"between two points", []float64{0, 100, 200}, []float64{4, 3, 1}, 2, LowerIsBetter, 150, true},
		{"on a point", []float64{0, 100, 200}, []float64{4, 3, 1}, 3, LowerIsBetter, 100, true},
		{"from the start", []float64{10, 20}, []float64{1, 0.5}, 2, LowerIsBetter, 10, true},
		{"first of two crossings", []float64{0, 10, 20, 30}, []float64{4, 2, 4, 0}, 3, LowerIsBetter, 5, true},
		{"across a gap", []float64{0, 10, 20}, []float64{4, nan, 2}, 3, LowerIsBetter, 10, true},
		{"accuracy", []float64{0, 10}, []float64{0.1, 0.5}, 0.3, HigherIsBetter, 5, true},
		{"never", []float64{0, 10}, []float64{4, 3}, 2, LowerIsBetter, 0, false},
		{"no points", nil, nil, 2, LowerIsBetter, 0, false},
		{"only NaN", []float64{1}, []float64{nan}, 2, LowerIsBetter, 0, false},
	} {
		at, ok := ToTarget(c.x, c.y, c.target, c.better)
		if ok != c.ok || math.Abs(at-c.at) > 1e-12 {
			t.Errorf("%s: got %v, %v; want %v, %v", c.name, at, ok, c.at, c.ok)
		}
	}
}
