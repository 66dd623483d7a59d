package part

import (
	"math"

	"github.com/dyt-go/dyt/internal/param"
	"github.com/dyt-go/dyt/norm"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// dense returns x W^T for x [..., in], with the variable weight [out, in], as PyTorch stores it.
func dense(s *model.Scope, x *Node, out int, weight param.Init) *Node {
	last := x.Rank() - 1
	w := param.Node(s, "weight", weight, x, out, x.Shape().Dimensions[last])
	return DotGeneral(x, []int{last}, nil, w, []int{1}, nil) // [..., out]
}

// addBias adds the variable bias [out], which starts at 0.
func addBias(s *model.Scope, y *Node) *Node {
	out := y.Shape().Dimensions[y.Rank()-1]
	return Add(y, lastAxis(param.Node(s, "bias", param.Constant(0), y, out), y))
}

// FanIn is the initialisation of laptop sizes: N(0, gain^2 / in). It keeps the scale of what passes through a layer, so
// that a DyT behind it sees values of the size that the paper's std of 0.02 gives at width 4096.
func FanIn(in int, gain float64) param.Init { return param.Normal(gain / math.Sqrt(float64(in))) }

// Embedding returns the rows of the variable weight [vocab, width] for tokens [...]: [..., width].
func Embedding(s *model.Scope, tokens *Node, vocab, width int, init param.Init) *Node {
	table := param.Variable(s, "weight", init, vocab, width).NodeValue(tokens.Graph())
	return Gather(table, ExpandAxes(tokens, -1))
}

// Norm puts a norm on x, with the taps <id>.in and <id>.out around it.
func Norm(s *model.Scope, spec norm.Spec, x *Node) *Node {
	id := ID(s)
	Tap(x, id+".in")
	y := spec.Apply(s, x)
	Tap(y, id+".out")
	return y
}

// lastAxis gives the vector v [C] the rank of like, for broadcasting along its last axis.
func lastAxis(v, like *Node) *Node {
	dims := make([]int, like.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[len(dims)-1] = v.Shape().Dimensions[0]
	return Reshape(v, dims...)
}
