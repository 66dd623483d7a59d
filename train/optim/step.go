package optim

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Param is a trainable variable with its gradient in one graph.
type Param struct {
	Var   *model.Variable
	Grad  *Node
	Group Group
}

// Gradients differentiates loss by every trainable variable that its graph uses.
func (c Config) Gradients(store *model.Store, loss *Node) []Param {
	g := loss.Graph()
	var params []Param
	var values []*Node
	var names []string
	var ranks []int
	for _, v := range Trainable(store) {
		if !v.InUseByGraph(g) {
			continue
		}
		params = append(params, Param{Var: v})
		values = append(values, v.NodeValue(g))
		names = append(names, Name(v))
		ranks = append(ranks, v.Shape().Rank())
	}
	if len(params) == 0 {
		exceptions.Panicf("optim: gradients: the loss uses no trainable variable")
	}
	groups := c.Groups(names, ranks)
	for i, grad := range Gradient(loss, values...) {
		params[i].Grad, params[i].Group = grad, groups[i]
	}
	return params
}

// Accumulate adds the gradients to the sums of this step.
func Accumulate(store *model.Store, params []Param) {
	for _, p := range params {
		total := state(store, sum, p.Var)
		total.SetNodeValue(Add(total.NodeValue(p.Grad), p.Grad))
	}
}

// Collect returns the mean of the accumulated gradients of n-1 micro-batches and the present ones, and empties the sums.
// It equals the gradient of one batch n times as large up to rounding.
func Collect(store *model.Store, params []Param, n int) []Param {
	collected := make([]Param, len(params))
	for i, p := range params {
		total := state(store, sum, p.Var)
		p.Grad = MulScalar(Add(total.NodeValue(p.Grad), p.Grad), 1/float64(n))
		total.SetNodeValue(Zeros(p.Grad.Graph(), total.Shape()))
		collected[i] = p
	}
	return collected
}

// Apply clips the gradients, updates the parameters and their averages, and returns the global norm of the gradients
// before clipping, a float32 scalar. controls is Config.Tensor as a node.
//
// When loss or the norm is not finite, every parameter keeps its value, so that whoever looks for the cause can run the
// same batch on the same weights again. The other states are then spoilt: a run cannot go on after such a step.
func (c Config) Apply(store *model.Store, params []Param, loss, controls *Node) (norm *Node) {
	norm = globalNorm(params)
	u := &updater{Config: c, store: store, rates: map[float64]rates{}, controls: controls}
	u.finite = LogicalAnd(IsFinite(loss), IsFinite(norm))
	for _, p := range params {
		grad := p.Grad
		if c.Clip > 0 {
			grad = Mul(grad, clipFactor(norm, c.Clip))
		}
		u.update(p, grad)
	}
	return norm
}

// globalNorm is the Euclidean norm of all gradients together.
func globalNorm(params []Param) *Node {
	var total *Node
	for _, p := range params {
		g := ConvertDType(p.Grad, dtypes.Float32)
		squares := ReduceAllSum(Mul(g, g))
		if total == nil {
			total = squares
		} else {
			total = Add(total, squares)
		}
	}
	return Sqrt(total)
}

// clipFactor is min(1, limit/(norm + 1e-6)), as torch.nn.utils.clip_grad_norm_ has it.
func clipFactor(norm *Node, limit float64) *Node {
	return MinScalar(Div(Scalar(norm.Graph(), dtypes.Float32, limit), AddScalar(norm, 1e-6)), 1.0)
}

// updater builds the updates of one graph; groups with one learning rate share its nodes.
type updater struct {
	Config
	store    *model.Store
	controls *Node // float32 [ControlCount]
	finite   *Node // bool: this step counts
	rates    map[float64]rates
}

// rates are the float32 scalars of one learning-rate group.
type rates struct {
	lr       *Node
	decay    *Node // lr * decay: the share of a parameter that decay takes away
	step     *Node // adamw: lr / (1 - beta1^t)
	unbiased *Node // adamw: 1 / sqrt(1 - beta2^t)
}

func (u *updater) ratesOf(scale float64) rates {
	r, known := u.rates[scale]
	if !known {
		at := func(i int) *Node { return Reshape(Slice(u.controls, AxisRange(i, i+1))) }
		r.lr = at(0)
		if scale != 1 {
			r.lr = MulScalar(r.lr, scale)
		}
		r.decay, r.step, r.unbiased = Mul(r.lr, at(1)), Mul(r.lr, at(2)), at(3)
		u.rates[scale] = r
	}
	return r
}

func (u *updater) update(p Param, grad *Node) {
	r := u.ratesOf(p.Group.Scale)
	before := p.Var.NodeValue(grad)
	var after *Node
	if u.Name == "sgd" {
		after = u.sgd(p, r, before, grad)
	} else {
		after = u.adamw(p, r, before, grad)
	}
	after = Where(u.finite, after, before)
	p.Var.SetNodeValue(after)
	if u.EMA > 0 {
		average := state(u.store, ema, p.Var)
		average.SetNodeValue(mix(u.EMA, average.NodeValue(grad), after))
	}
}

// sgd is torch.optim.SGD:
//
//	g += decay*p        b = momentum*b + g        p -= lr*b        (nesterov: p -= lr*(g + momentum*b))
func (u *updater) sgd(p Param, r rates, before, grad *Node) *Node {
	if p.Group.Decay {
		grad = Add(grad, Mul(before, Reshape(Slice(u.controls, AxisRange(1, 2)))))
	}
	move := grad
	if u.Momentum > 0 {
		buffer := state(u.store, mean, p.Var)
		b := Add(MulScalar(buffer.NodeValue(grad), u.Momentum), grad)
		buffer.SetNodeValue(b)
		move = b
		if u.Nesterov {
			move = Add(grad, MulScalar(b, u.Momentum))
		}
	}
	return Sub(before, Mul(r.lr, move))
}

// adamw is torch.optim.AdamW, decay decoupled from the gradient:
//
//	m = beta1*m + (1-beta1)*g        v = beta2*v + (1-beta2)*g*g
//	p = p - lr*decay*p - lr/(1-beta1^t) * m / (sqrt(v)/sqrt(1-beta2^t) + eps)
func (u *updater) adamw(p Param, r rates, before, grad *Node) *Node {
	first, second := state(u.store, mean, p.Var), state(u.store, square, p.Var)
	m := mix(u.Beta1, first.NodeValue(grad), grad)
	v := mix(u.Beta2, second.NodeValue(grad), Mul(grad, grad))
	first.SetNodeValue(m)
	second.SetNodeValue(v)
	after := Sub(before, Mul(r.step, Div(m, AddScalar(Mul(Sqrt(v), r.unbiased), u.Eps))))
	if p.Group.Decay {
		after = Sub(after, Mul(before, r.decay))
	}
	return after
}

// mix is keep*old + (1-keep)*fresh; 1-keep is formed in float64.
func mix(keep float64, old, fresh *Node) *Node {
	return Add(MulScalar(old, keep), MulScalar(fresh, 1-keep))
}

// state returns the state variable of v. It panics when Prepare was not called.
func state(store *model.Store, kind string, v *model.Variable) *model.Variable {
	s := store.GetVariable(statePath(kind, v))
	if s == nil {
		exceptions.Panicf("BUG: optim: no state %q of %s: Prepare was not called", kind, Name(v))
	}
	return s
}
