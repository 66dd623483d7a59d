package part_test

import (
	"slices"
	"testing"

	"github.com/dyt-go/dyt/internal/near"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/dyt-go/dyt/zoo/vit"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// gradients returns the loss of m on one batch and its gradient to every parameter, in the order of their paths.
func gradients(t *testing.T, m part.Model, batch ...any) (values [][]float32) {
	t.Helper()
	store := model.NewStore()
	if err := part.Initialize(testbackend.Get(t), store, m, 1); err != nil {
		t.Fatal(err)
	}
	if err := store.SetRNGStateFromSeed(1); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(testbackend.Get(t), store, func(s *model.Scope, in []*Node) []*Node {
		store.SetTraining(in[0].Graph(), true)
		loss := m.Loss(s, in)
		var paths []string
		for v := range store.IterVariables() {
			if v.Trainable {
				paths = append(paths, v.Path())
			}
		}
		slices.Sort(paths)
		var params []*Node
		for _, p := range paths {
			params = append(params, store.GetVariable(p).NodeValue(loss.Graph()))
		}
		return append([]*Node{loss}, Gradient(loss, params...)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	out, err := exec.Exec(batch...)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range out {
		values = append(values, tensors.MustCopyFlatData[float32](x))
	}
	return values
}

func pattern(n, classes int) []int32 {
	ids := make([]int32, n)
	for i := range ids {
		ids[i] = int32(i * 7 % classes)
	}
	return ids
}

// TestRematChangesNoGradient: the second forward pass computes the same numbers, dropped paths included, op for op.
func TestRematChangesNoGradient(t *testing.T) {
	llamas := func(remat bool) [][]float32 {
		n, err := llama.DefaultNorm("test", "dyt")
		if err != nil {
			t.Fatal(err)
		}
		m, err := llama.Open("test", n)
		if err != nil {
			t.Fatal(err)
		}
		m.Remat = remat
		tokens := tensors.FromFlatDataAndDimensions(pattern(2*8, m.Vocab), 2, 8)
		return gradients(t, m, tokens, tokens)
	}
	vits := func(remat bool) [][]float32 {
		n, err := vit.DefaultNorm("test", "dyt")
		if err != nil {
			t.Fatal(err)
		}
		m, err := vit.Open("test", n)
		if err != nil {
			t.Fatal(err)
		}
		m.Remat, m.DropPath = remat, 0.5
		images := make([]float32, 3*m.Channels*m.Image*m.Image)
		for i := range images {
			images[i] = float32(i%17)/8 - 1
		}
		return gradients(t, m, tensors.FromFlatDataAndDimensions(images, 3, m.Channels, m.Image, m.Image), pattern(3, m.Labels))
	}
	for name, run := range map[string]func(bool) [][]float32{"llama": llamas, "vit": vits} {
		with, without := run(true), run(false)
		if len(with) != len(without) || len(with) < 10 {
			t.Fatalf("%s: %d and %d results", name, len(with), len(without))
		}
		for i := range without {
			near.Check(t, name, with[i], without[i], near.Bound{})
		}
	}
}
