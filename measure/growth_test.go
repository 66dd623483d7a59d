package measure

import (
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
)

// Each way of growing starts at the base and multiplies one size; twice the layers are nearly twice the arithmetic, twice the
// width nearly four times, and a step of each runs.
func TestGrowthGrowsOneThingAtATime(t *testing.T) {
	cases, err := Growth(testbackend.Get(t), norm.DyT, Llama{Width: 128, Layers: 1, Tokens: 4})
	if err != nil {
		t.Fatal(err)
	}
	last := map[string]Case{}
	for _, c := range cases {
		if c.Op != "growth" || c.Rows != c.Shape[1] {
			t.Errorf("%s %s %v: %d rows", c.Op, c.Mode, c.Shape, c.Rows)
		}
		last[c.Mode] = c
	}
	for mode, want := range map[string]struct {
		shape     [3]int
		low, high float64 // of the arithmetic: the head, which stays, and the square of attention make it no whole number
	}{"tokens": {[3]int{1, 32, 128}, 8, 9}, "layers": {[3]int{8, 4, 128}, 6, 8}, "width": {[3]int{1, 4, 1024}, 40, 64}} {
		c := last[mode]
		if growth := c.Flops / cases[0].Flops; [3]int(c.Shape) != want.shape || growth < want.low || growth > want.high {
			t.Errorf("%s: %v has %.2f times the arithmetic, expected %v with %v to %v", mode, c.Shape, growth, want.shape, want.low, want.high)
		}
	}
	if err := cases[0].Run(); err != nil {
		t.Error(err)
	}
}

func TestGrowthIsSaidAndDrawn(t *testing.T) {
	r := Report{Rows: []Row{
		{Op: "growth", Mode: "layers", Shape: []int{8, 4, 128}, Flops: 80, Median: 600},
		{Op: "growth", Mode: "layers", Shape: []int{1, 4, 128}, Flops: 10, Median: 100},
		{Op: "growth", Mode: "width", Shape: []int{1, 4, 128}, Flops: 10, Median: 100},
	}}
	says := GrowthVerdicts(r.Rows)
	if len(says) != 1 || !strings.Contains(says[0], "layers: 8.0 times the arithmetic takes 6.0 times as long") {
		t.Errorf("verdicts %q", says)
	}
	chart := r.growth()
	if chart == nil || !strings.Contains(chart.Data.CSV(), "layers,8,4,128,8,6") {
		t.Fatalf("chart %+v", chart)
	}
	if (Report{}).growth() != nil {
		t.Error("a chart of nothing")
	}
}
