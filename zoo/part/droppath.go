package part

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// DropPath leaves out the residual branch x [B, ...] of each sample with probability rate while its graph trains, and
// multiplies the branches that stay by 1/(1-rate), so that their mean stays what it was: stochastic depth, per sample as
// timm has it (arXiv:1603.09382). Otherwise it is x.
func DropPath(s *model.Scope, x *Node, rate float64) *Node {
	if rate == 0 || !s.IsTraining(x.Graph()) {
		return x
	}
	dims := make([]int, x.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[0] = x.Shape().Dimensions[0]
	stays := s.RandomBernoulli(Scalar(x.Graph(), f32, 1-rate), shape(x.DType(), dims...)) // [B, 1, ...]
	return Mul(x, MulScalar(stays, 1/(1-rate)))
}
