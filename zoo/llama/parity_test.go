package llama

import (
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/train/parity"
	"github.com/dyt-go/dyt/zoo/part"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestParityWithTransformers: same weights, same tokens, transformers' taps, logits, loss, gradients and losses of training;
// with grouped queries everywhere, with the head tied and untied, with both pairings of the rotary positions.
func TestParityWithTransformers(t *testing.T) {
	adamw := optim.Default()
	adamw.Beta2, adamw.Decay, adamw.DecayRule, adamw.Clip = 0.95, 0.1, optim.All, 1
	nll := func(logits, next *Node) *Node { return ReduceAllMean(part.CrossEntropy(logits, next)) }
	for _, name := range []string{"rmsnorm", "dyt", "derf", "dyt_tied", "rmsnorm_interleaved"} {
		t.Run(name, func(t *testing.T) {
			f := golden.Load(t, "llama", name)
			m := open(t, "test", norm.Kind(f.Meta("kind")))
			m.Tied, m.Interleave = f.Meta("tied") == "true", f.Meta("interleave") == "true"
			o := parity.New(t, f, m)
			tokens, next := batch(f, 0)
			o.Once(tokens, parity.Loss{Name: "loss", Of: nll, Target: next})
			o.Training(adamw, 6e-3, func(i int) (x, target *tensors.Tensor) { return batch(f, i) })
		})
	}
}

// batch returns tokens and next tokens, int32 [B, T] each, of step i.
func batch(f *golden.Fixture, i int) (tokens, next *tensors.Tensor) {
	all, shape := f.I32("tokens")
	b, t := shape[1], shape[2]-1
	var in, out []int32
	for row := range b {
		text := all[(i*b+row)*(t+1):][:t+1]
		in, out = append(in, text[:t]...), append(out, text[1:]...)
	}
	return tensors.FromFlatDataAndDimensions(in, b, t), tensors.FromFlatDataAndDimensions(out, b, t)
}
