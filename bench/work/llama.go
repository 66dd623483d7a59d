package work

import (
	"math/rand/v2"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// decoderBatch is the number of texts in a step.
const decoderBatch = 16

// decoder is a LLaMA of 0.84 M parameters over bytes: tied embedding, DyT with beta and no embedding scalar, so that the
// twins differ in the norm alone. It learns by AdamW that decays every tensor, with clipping.
func decoder(kind norm.Kind) (*net, error) {
	c := llama.Config{Vocab: 256, Width: 128, Layers: 4, Heads: 4, KVHeads: 4, Hidden: 352, Context: 128,
		Norm: normOf(kind), Tied: true, RopeTheta: 10000}
	m, err := llama.New("0.84M", c)
	if err != nil {
		return nil, err
	}
	length := c.Context + 1
	update := optim.Default()
	update.Beta1, update.Beta2, update.Eps, update.Decay, update.DecayRule, update.Clip = 0.9, 0.95, 1e-8, 0.1, optim.All, 1
	return &net{
		input: shapes.Make(dtypes.Int32, decoderBatch, length),
		draw: func(random *rand.Rand) weights.Tensor {
			tokens := make([]int32, decoderBatch*length)
			for i := range tokens {
				tokens[i] = random.Int32N(int32(c.Vocab))
			}
			return weights.FromInt32s("input", []int{decoderBatch, length}, tokens)
		},
		loss: func(s *model.Scope, x *Node) *Node { // tokens, each the label of the one before it: [B, T+1]
			return m.Loss(s, []*Node{Slice(x, AxisRange(), AxisRange(0, c.Context)), Slice(x, AxisRange(), AxisRange(1))})
		},
		lr:     1e-3,
		update: update,
	}, nil
}
