package vit

import (
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/train/parity"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestParityWithTimm: same weights, same images, timm's taps, logits, losses, gradients and losses of training on soft targets.
func TestParityWithTimm(t *testing.T) {
	adamw := optim.Default()
	adamw.Decay, adamw.DecaySkip = 0.05, []string{"cls_token", "pos_embed"}
	for _, name := range []string{"layernorm", "rmsnorm", "dyt"} {
		t.Run(name, func(t *testing.T) {
			f := golden.Load(t, "vit", name)
			o := parity.New(t, f, open(t, "test", norm.Kind(f.Meta("kind"))))
			o.Once(step(f, "images", 0), parity.Loss{Name: "loss", Of: loss, Target: labels(f, 0)}, parity.Loss{Name: "soft", Of: loss, Target: step(f, "targets", 0)})
			o.Training(adamw, 4e-3, func(i int) (x, target *tensors.Tensor) { return step(f, "images", i), step(f, "targets", i) })
		})
	}
}

// step returns part i of a float32 tensor along its first axis.
func step(f *golden.Fixture, name string, i int) *tensors.Tensor {
	all, shape := f.F32(name)
	n := len(all) / shape[0]
	return tensors.FromFlatDataAndDimensions(all[i*n:(i+1)*n], shape[1:]...)
}

// labels returns those of step i.
func labels(f *golden.Fixture, i int) *tensors.Tensor {
	all, shape := f.I32("labels")
	return tensors.FromFlatDataAndDimensions(all[i*shape[1]:(i+1)*shape[1]], shape[1])
}
