package norm

import (
	"fmt"

	"github.com/dyt-go/dyt/internal/param"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Apply puts the layer on x and returns a node of x's shape and element type. Its parameters are the variables weight
// (gamma) and bias (beta) of shape [C], alpha of shape [1] or [C], and shift of shape [1] in scope, as far as the Spec has
// them.
//
// Inside, everything is float32: of a bfloat16 x the layer is computed in float32 and rounded once, and the gradient of
// alpha, a sum over every element, is float32.
//
// Like every graph function it panics with an error when the Spec is impossible.
func (s Spec) Apply(scope *model.Scope, x *Node) *Node {
	if err := s.Check(); err != nil {
		panic(err)
	}
	axis := s.Axis
	if axis < 0 {
		axis += x.Rank()
	}
	if axis < 0 || axis >= x.Rank() {
		panic(fmt.Errorf("norm: axis %d, expected one of the %d axes of %s", s.Axis, x.Rank(), x.Shape()))
	}
	l := layer{Spec: s, scope: scope, axis: axis, channels: x.Shape().Dimensions[axis]}
	y := l.affine(l.core(ConvertDType(x, dtypes.Float32)))
	return ConvertDType(y, x.DType())
}

// Core is Apply without gamma and beta: what the S-curves of the paper show.
func (s Spec) Core(scope *model.Scope, x *Node) *Node {
	s.Scale, s.Offset = false, false
	return s.Apply(scope, x)
}

// layer is a Spec at one place of a graph.
type layer struct {
	Spec
	scope          *model.Scope
	axis, channels int
}

func (l layer) core(x *Node) *Node {
	switch l.Kind {
	case LayerNorm:
		return layerNorm(x, l.axis, l.Eps)
	case RMSNorm:
		return rmsNorm(x, l.axis, l.Eps)
	}
	z := l.scaled(x)
	if l.Shift {
		z = Add(z, Reshape(l.value("shift", 0, x, 1)))
	}
	f, _ := Lookup(l.Kind)
	return f.graph(z)
}

// scaled returns alpha * x.
func (l layer) scaled(x *Node) *Node {
	switch l.Alpha {
	case Fixed:
		if l.Alpha0 == 1 {
			return x
		}
		return MulScalar(x, l.Alpha0)
	case Channel:
		return Mul(x, l.perChannel("alpha", l.Alpha0, x))
	}
	return Mul(x, Reshape(l.value("alpha", l.Alpha0, x, 1)))
}

// affine returns gamma*y + beta.
func (l layer) affine(y *Node) *Node {
	if l.Scale {
		y = Mul(y, l.perChannel("weight", 1, y))
	}
	if l.Offset {
		y = Add(y, l.perChannel("bias", 0, y))
	}
	return y
}

func (l layer) value(name string, start float64, like *Node, dims ...int) *Node {
	return param.Node(l.scope, name, param.Constant(start), like, dims...)
}

// perChannel returns a parameter of shape [C] with ones for the other axes of like.
func (l layer) perChannel(name string, start float64, like *Node) *Node {
	dims := make([]int, like.Rank())
	for i := range dims {
		dims[i] = 1
	}
	dims[l.axis] = l.channels
	return Reshape(l.value(name, start, like, l.channels), dims...)
}

// layerNorm is (x - mean) / sqrt(var + eps) over axis, with the biased variance.
func layerNorm(x *Node, axis int, eps float64) *Node {
	centered := Sub(x, ReduceAndKeep(x, ReduceMean, axis))
	return Mul(centered, inverseRoot(centered, axis, eps))
}

// rmsNorm is x / sqrt(mean(x^2) + eps) over axis.
func rmsNorm(x *Node, axis int, eps float64) *Node {
	return Mul(x, inverseRoot(x, axis, eps))
}

// inverseRoot returns 1 / sqrt(mean(x^2) + eps) over axis, which it keeps with length 1. GoMLX has no gradient for Rsqrt.
func inverseRoot(x *Node, axis int, eps float64) *Node {
	return Inverse(Sqrt(AddScalar(ReduceAndKeep(Square(x), ReduceMean, axis), eps)))
}
