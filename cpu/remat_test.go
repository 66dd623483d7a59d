package cpu_test

import (
	"testing"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo"
	"github.com/dyt-go/dyt/zoo/llama"
)

// Gradient checkpointing gives memory back: barriers keep the second forward pass from being merged with the first. With
// 4 layers a step keeps the activations of one instead of four, beside the logits and the gradients of the weights.
func TestRematSavesMemory(t *testing.T) {
	arch, err := zoo.Find("llama")
	fatal(t, err)
	measure := func(remat bool) (arena int, loss float32) {
		backend := openPlanned(t)
		n, err := newNetwork(backend.Backend, arch, "0.87M", norm.DyT, 4)
		fatal(t, err)
		n.Model.(*llama.Model).Remat = remat
		e, err := n.trainer(backend.Backend)
		fatal(t, err)
		loss, err = n.step(e, 1)
		fatal(t, err)
		return backend.last().Arena, loss
	}
	kept, lossKept := measure(false)
	again, lossAgain := measure(true)
	t.Logf("arena %d KB, with gradient checkpointing %d KB", kept>>10, again>>10)
	if 2*again > kept {
		t.Errorf("arena of %d KB with gradient checkpointing, %d KB without: expected less than half", again>>10, kept>>10)
	}
	if lossKept != lossAgain {
		t.Errorf("loss %v with gradient checkpointing, %v without", lossAgain, lossKept)
	}
}
