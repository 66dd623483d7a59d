package part

import (
	"fmt"
	"math"
	"slices"

	"github.com/dyt-go/dyt/internal/param"
	"github.com/dyt-go/dyt/internal/suggest"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Method is a way to train without normalization that acts elsewhere than where a norm stands. With norm.None they are the
// methods that arXiv:2503.10622 compares DyT with (table 9). An architecture takes its dense layers, its residual additions
// and the starts of its matrices through its Method; the zero Method changes nothing.
type Method string

const (
	// Fixup (arXiv:1901.09321): matrices in residual branches start smaller by L^(-1/(2m-2)) for L branches of m layers
	// each, the last of each branch and the classifier at 0; a scalar bias stands before every dense layer and every
	// activation, a scalar multiplier behind every branch.
	Fixup Method = "fixup"

	// SkipInit (arXiv:2002.10444): a learnable scalar, at first 0, multiplies every residual branch.
	SkipInit Method = "skipinit"

	// SigmaReparam (arXiv:2303.06296): every dense layer computes with gamma/sigma(W) * W, where sigma is the largest
	// singular value and gamma a learnable scalar, at first 1.
	SigmaReparam Method = "sigmareparam"
)

// Methods are the names that a recipe may have.
var Methods = []Method{"", Fixup, SkipInit, SigmaReparam}

// Check returns an error for an unknown name.
func (me Method) Check() error {
	if !slices.Contains(Methods, me) {
		return fmt.Errorf("part: method %q is unknown%s; expected one of %q", string(me), suggest.DidYouMean(me, Methods), Methods)
	}
	return nil
}

// Acts says whether the name is that of a method, and not of none.
func (me Method) Acts() bool { return me != "" && me.Check() == nil }

// Extras says what the method changes, one phrase each.
func (me Method) Extras() []string {
	switch me {
	case Fixup:
		return []string{"Fixup: scaled-down starts, zero at the end of each branch, scalar biases and multipliers"}
	case SkipInit:
		return []string{"SkipInit: a learnable scalar on each residual branch, initially 0"}
	case SigmaReparam:
		return []string{"sigma-reparametrisation: every dense layer divided by its largest singular value, times a learnable gamma"}
	}
	return nil
}

// Dense returns x W^T (+ b) for x [..., in], with the variables weight [out, in] and bias [out]; under Fixup behind a scalar
// bias in_bias, under SigmaReparam with gamma/sigma(W) * W in the weight's place.
func (me Method) Dense(s *model.Scope, x *Node, out int, weight param.Init, bias bool) *Node {
	if me == Fixup {
		x = Add(x, scalar(s, "in_bias", 0, x))
	}
	y := dense(s, x, out, weight)
	if me == SigmaReparam {
		w := param.Variable(s, "weight", weight, out, x.Shape().Dimensions[x.Rank()-1]).NodeValue(x.Graph())
		gamma := param.Variable(s, "gamma", param.Constant(1), 1).NodeValue(x.Graph())
		y = Mul(y, ConvertDType(Div(Reshape(gamma), sigma(s, w)), x.DType())) // gamma/sigma * (W x): the same, and cheaper
	}
	if bias {
		y = addBias(s, y)
	}
	return y
}

// Activation returns what an activation reads: x, under Fixup with a scalar bias act_bias.
func (me Method) Activation(s *model.Scope, x *Node) *Node {
	if me != Fixup {
		return x
	}
	return Add(x, scalar(s, "act_bias", 0, x))
}

// Residual returns x + branch, where the branch of scope s may have a scalar multiplier.
func (me Method) Residual(s *model.Scope, x, branch *Node) *Node {
	switch me {
	case Fixup:
		branch = Mul(branch, scalar(s, "multiplier", 1, branch))
	case SkipInit:
		branch = Mul(branch, scalar(s, "multiplier", 0, branch))
	}
	return Add(x, branch)
}

// Inner is the start of a matrix in one of n residual branches of two layers each, before the last.
func (me Method) Inner(start param.Init, n int) param.Init {
	if me == Fixup {
		factor := 1 / math.Sqrt(float64(n)) // L^(-1/(2m-2)) for m = 2
		start.Std, start.Bound = start.Std*factor, start.Bound*factor
	}
	return start
}

// Last is the start of the last matrix of a residual branch, and of the classifier.
func (me Method) Last(start param.Init) param.Init {
	if me == Fixup {
		return param.Constant(0)
	}
	return start
}

func scalar(s *model.Scope, name string, start float64, like *Node) *Node {
	return Reshape(param.Node(s, name, param.Constant(start), like, 1))
}

// powerIterations finds the largest singular value of a Gaussian matrix of 128 x 128 to 1.4 % in the mean (4.5 % at worst of
// 50, never too large), and of one that training has given a direction almost exactly.
const powerIterations = 16

// sigma estimates the largest singular value of w [out, in] by power iteration: u^T w v for unit vectors that w's rows and
// columns turn to. It starts from one fixed vector, not from where the step before ended, so that a network is a function of
// its weights alone and a checkpoint has them all. As usual u and v count as constants for the gradient, which is then
// u v^T: exact where the iteration has converged.
func sigma(s *model.Scope, w *Node) *Node {
	in := w.Shape().Dimensions[1]
	start := param.Normal(1).Values(0, model.JoinPath(s.Scope(), "sigma"), in)
	v := unit(Const(w.Graph(), tensors.FromFlatDataAndDimensions(start, in)))
	held := StopGradient(w)
	var u *Node
	for range powerIterations {
		u = unit(DotGeneral(held, []int{1}, nil, v, []int{0}, nil)) // [out]
		v = unit(DotGeneral(held, []int{0}, nil, u, []int{0}, nil)) // [in]
	}
	return ReduceAllSum(Mul(u, DotGeneral(w, []int{1}, nil, v, []int{0}, nil)))
}

// unit returns x / |x|; of the zero vector, zero.
func unit(x *Node) *Node { return Div(x, Sqrt(AddScalar(ReduceAllSum(Square(x)), 1e-30))) }
