package work

import (
	"math/rand/v2"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// The body of a ViT-Ti on small images: B images of 64 patches and a class token. No patch embedding and no head, so that
// nothing but blocks is measured.
const (
	vitB, vitT, vitD, vitH, vitL = 32, 65, 192, 3, 12
	vitF                         = 4 * vitD
	vitLR                        = 1e-4 // plain SGD: the update is the smallest that there is
)

func vit(kind norm.Kind) (*net, error) {
	n := normOf(kind)
	body := func(s *model.Scope, x *Node) *Node { return vitBody(n, s, x) }
	return &net{
		input: shapes.Make(dtypes.Float32, vitB, vitT, vitD),
		draw:  func(random *rand.Rand) weights.Tensor { return normal(random, "input", vitB, vitT, vitD) },
		body:  body,
		loss:  func(s *model.Scope, x *Node) *Node { return ReduceAllMean(Square(body(s, x))) },
		lr:    vitLR,
	}, n.Check()
}

// vitBody is the blocks and the last norm, with timm's names: [B, T, D] to [B, T, D].
func vitBody(n norm.Config, s *model.Scope, x *Node) *Node {
	blocks := s.In("blocks")
	for i := range vitL {
		b := blocks.In("%d", i)
		x = Add(x, vitAttention(b.In("attn"), part.Norm(b.In("norm1"), n.At(norm.Attn), x)))
		x = Add(x, vitMLP(b.In("mlp"), part.Norm(b.In("norm2"), n.At(norm.FFN), x)))
	}
	return part.Norm(s.In("norm"), n.At(norm.Final), x)
}

func vitAttention(s *model.Scope, x *Node) *Node {
	qkv := part.Dense(s.In("qkv"), x, 3*vitD, part.FanIn(vitD, 1), true) // [B, T, 3D]
	qkv = Reshape(qkv, vitB, vitT, 3, vitH, vitD/vitH)
	take := func(i int) *Node { // [B, H, T, K]
		one := Slice(qkv, AxisRange(), AxisRange(), AxisRange(i, i+1))
		return TransposeAllDims(Reshape(one, vitB, vitT, vitH, vitD/vitH), 0, 2, 1, 3)
	}
	y := part.Attention(take(0), take(1), take(2), false)               // [B, H, T, K]
	y = Reshape(TransposeAllDims(y, 0, 2, 1, 3), vitB, vitT, vitD)      // [B, T, D]
	return part.Dense(s.In("proj"), y, vitD, part.FanIn(vitD, 1), true) // [B, T, D]
}

func vitMLP(s *model.Scope, x *Node) *Node {
	h := gelu(part.Dense(s.In("fc1"), x, vitF, part.FanIn(vitD, 1), true)) // [B, T, F]
	return part.Dense(s.In("fc2"), h, vitD, part.FanIn(vitF, 1), true)     // [B, T, D]
}

// gelu is x * (1 + erf(x/sqrt(2))) / 2.
func gelu(x *Node) *Node {
	return Mul(x, MulScalar(AddScalar(Erf(MulScalar(x, 0.70710678118654752440)), 1), 0.5))
}
