package cpu

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// A profile has the steps of what was compiled, with their arithmetic, their runs and their time.
func TestProfileCountsStepsAndArithmetic(t *testing.T) {
	b, err := New("profile")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	exec := MustNewExec(b, func(x, w, h *Node) (*Node, *Node) {
		return Tanh(DotGeneral(x, []int{1}, nil, w, []int{0}, nil)), DotGeneral(h, []int{2}, []int{0}, h, []int{2}, []int{0})
	})
	x, w, h := make([][]float32, 5), make([][]float32, 7), make([][][]float32, 2)
	for i := range x {
		x[i] = make([]float32, 7)
	}
	for i := range w {
		w[i] = make([]float32, 3)
	}
	for i := range h {
		h[i] = [][]float32{{1, 2}, {3, 4}, {5, 6}}
	}
	for range 4 {
		exec.MustCall(x, w, h)
	}
	if n := len(b.Executables()); n != 1 {
		t.Fatalf("%d executables, expected 1", n)
	}
	dense, heads := 0.0, 0.0
	for _, s := range b.Executables()[0].Times() {
		if s.Runs != 4 || s.Total <= 0 || s.Line == "" {
			t.Errorf("%+v: expected four runs and some time", s)
		}
		if s.Heads {
			heads += s.Flops
		} else {
			dense += s.Flops
		}
	}
	if dense != 2*5*7*3 || heads != 2*2*3*2*3 {
		t.Errorf("%v and %v operations, expected %v and %v", dense, heads, 2*5*7*3, 2*2*3*2*3)
	}
}

func TestWithoutTheOptionNothingIsKept(t *testing.T) {
	b, err := New("")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	MustNewExec(b, func(x *Node) *Node { return Add(x, x) }).MustCall(float32(1))
	if n := len(b.Executables()); n != 0 {
		t.Errorf("%d executables are kept", n)
	}
}
