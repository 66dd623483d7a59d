package work

import (
	"math"
	"testing"

	"github.com/dyt-go/dyt/cpu"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
)

// Each workload has the parameters of the same network elsewhere: numbers of elements counted by hand from its shapes.
func TestParameterCounts(t *testing.T) {
	const (
		block = 2*128*2 + 4*128*128 + 3*128*352 // gamma and beta twice, attention, SwiGLU
		image = 2*192*2 + (192+1)*576 + (192+1)*192 + (192+1)*768 + (768+1)*192
	)
	for _, c := range []struct {
		work string
		norm norm.Kind
		want int
	}{
		{"llama-train", norm.DyT, 256*128 + 4*(block+2) + 257},
		{"llama-train", norm.LayerNorm, 256*128 + 4*block + 256},
		{"llama-train", norm.RMSNorm, 256*128 + 4*(block-256) + 128},
		{"vit-train", norm.DyT, 12*(image+2) + 385},
		{"vit-forward", norm.LayerNorm, 12*image + 384},
		{"layer-both", norm.DyT, 2*4096 + 1},
	} {
		file, err := Make(testbackend.Get(t), c.work, c.norm)
		if err != nil {
			t.Fatal(err)
		}
		store, inputs, err := fill(file)
		if err != nil {
			t.Fatal(err)
		}
		got := 0
		for v := range store.IterVariables() {
			got += v.Shape().Size()
		}
		if got != c.want || len(inputs) == 0 {
			t.Errorf("%s %s: %d parameters and %d inputs, expected %d parameters", c.work, c.norm, got, len(inputs), c.want)
		}
	}
}

func TestUnknownWorkIsAnError(t *testing.T) {
	if _, err := Make(testbackend.Get(t), "vit-trian", norm.DyT); err == nil {
		t.Error("no error")
	}
}

// A training step moves the weights: the second loss differs from the first, downhill.
func TestTrainingStepGoesDownhill(t *testing.T) {
	backend, err := cpu.New("")
	if err != nil {
		t.Fatal(err)
	}
	defer backend.Finalize()
	file, err := Make(backend, "llama-train", norm.DyT)
	if err != nil {
		t.Fatal(err)
	}
	l, err := Load(backend, "llama-train", norm.DyT, file)
	if err != nil {
		t.Fatal(err)
	}
	first, second, grad := l.Values["loss"], l.Values["loss2"], l.Values["grad_norm"]
	if !(second < first) || !(grad > 0) || math.IsInf(grad, 0) {
		t.Errorf("losses %v and %v, gradient norm %v", first, second, grad)
	}
}
