package measure

import (
	"github.com/dyt-go/dyt/norm"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// LayerSpec is the layer that benchmarks measure: along the last axis, with the learned alpha, gamma and beta that the kind
// has by default, at PyTorch's eps for LayerNorm.
func LayerSpec(kind norm.Kind) norm.Spec {
	s := norm.Default(kind).At(norm.Attn)
	switch kind {
	case norm.LayerNorm:
		s.Eps = 1e-5
	case "identity": // y = x: what a network without norms does at this place
		s.Alpha, s.Alpha0, s.Scale, s.Offset = norm.Fixed, 1, false, false
	}
	return s
}

// LayerForward returns the layer of x [rows, width].
func LayerForward(spec norm.Spec, s *model.Scope, x *Node) *Node { return spec.Apply(s, x) }

// LayerBoth returns, of x and the gradient dy of the layer's result, both [rows, width]: y, dx, and the gradients of the
// parameters in the order of LayerParams.
func LayerBoth(spec norm.Spec, s *model.Scope, x, dy *Node) []*Node {
	y := spec.Apply(s, x)
	of := []*Node{x}
	for _, name := range LayerParams(spec) {
		of = append(of, s.GetVariable(name).NodeValue(x.Graph()))
	}
	return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, dy)), of...)...)
}

// LayerParams names the parameters of a layer.
func LayerParams(spec norm.Spec) []string {
	var names []string
	if !spec.Kind.Normalizes() && spec.Alpha != norm.Fixed {
		names = append(names, "alpha")
		if spec.Shift {
			names = append(names, "shift")
		}
	}
	if spec.Scale {
		names = append(names, "weight")
	}
	if spec.Offset {
		names = append(names, "bias")
	}
	return names
}
