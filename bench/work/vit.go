package work

import (
	"math/rand/v2"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/dyt-go/dyt/zoo/vit"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// encoder is the blocks of a ViT-Ti and a last norm over every token, on 32 images of 64 patches and a class token: no patch
// embedding and no head, so that nothing but blocks is measured. It learns by plain SGD, the smallest update that there is.
func encoder(kind norm.Kind) (*net, error) {
	c := vit.Config{Image: 32, Channels: 3, Patch: 4, Labels: 10, Width: 192, Layers: 12, Heads: 3, Hidden: 768, Norm: normOf(kind)}
	m, err := vit.New("Ti blocks", c)
	if err != nil {
		return nil, err
	}
	const batch, tokens = 32, 65
	body := func(s *model.Scope, x *Node) *Node { // [B, T, D]
		return part.Norm(s.In("norm"), c.Norm.At(norm.Final), m.Blocks(s, x))
	}
	return &net{
		input: shapes.Make(dtypes.Float32, batch, tokens, c.Width),
		draw:  func(random *rand.Rand) weights.Tensor { return normal(random, "input", batch, tokens, c.Width) },
		body:  body,
		loss:  func(s *model.Scope, x *Node) *Node { return ReduceAllMean(Square(body(s, x))) },
		lr:    1e-4,
	}, nil
}
