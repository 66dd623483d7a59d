package cpu_test

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/zoo/part"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// A profile has the steps of what was compiled, with their arithmetic, their runs and their time.
func TestProfileCountsStepsAndArithmetic(t *testing.T) {
	b, err := cpu.New("profile")
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
	b, err := cpu.New("")
	if err != nil {
		t.Fatal(err)
	}
	defer b.Finalize()
	MustNewExec(b, func(x *Node) *Node { return Add(x, x) }).MustCall(float32(1))
	if n := len(b.Executables()); n != 0 {
		t.Errorf("%d executables are kept", n)
	}
}

// Less fusion is more steps and the same numbers: a kernel that multiplies and adds at once rounds once where two round twice.
func TestFusionLevelsAgree(t *testing.T) {
	steps, losses := map[string]int{}, map[string]float64{}
	levels := []string{"", "fuse=apart", "fuse=elementwise", "fuse=none"}
	for _, level := range levels {
		b, err := cpu.New("profile," + level)
		if err != nil {
			t.Fatal(err)
		}
		defer b.Finalize()
		exec := MustNewExec(b, func(q *Node) []*Node {
			y := part.Attention(q, Sin(MulScalar(q, 3)), q, true)
			loss := ReduceAllMean(Square(AddScalar(MulScalar(Tanh(y), 0.7), 0.1)))
			return []*Node{loss, ReduceAllSum(Gradient(loss, q)[0])}
		})
		q := [][][][]float32{make([][][]float32, 2)}
		for i := range q[0] {
			for j := range 5 {
				q[0][i] = append(q[0][i], []float32{float32(i) - 0.5, float32(j) / 5, 1, -0.3})
			}
		}
		for _, out := range exec.MustCall(q) {
			losses[level] += float64(tensors.ToScalar[float32](out))
		}
		steps[level] = len(b.Executables()[0].Times())
	}
	if !(steps[""] < steps["fuse=elementwise"] && steps["fuse=elementwise"] < steps["fuse=none"]) {
		t.Errorf("steps %v: less fusion must give more", steps)
	}
	for _, level := range levels[1:] {
		// A sum of 40 gradients of order 0.1, each some 20 roundings of 6e-8 away.
		if math.Abs(losses[level]-losses[""]) > 1e-5 {
			t.Errorf("%s: %v, everything fused gives %v", level, losses[level], losses[""])
		}
	}
}
