// Package parity holds our networks against somebody else's: the same weights and inputs, taken from a fixture, must give the
// same taps, logits, losses, gradients and losses of training. It is for tests only.
package parity

import (
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
	"github.com/dyt-go/dyt/internal/near"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo/part"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Network is what is compared.
type Network interface {
	part.Model
	Forward(s *model.Scope, x *Node) *Node // logits
}

// Oracle is one file of testdata/oracle: the network that its maker, in scripts/oracle, has run.
type Oracle struct {
	*golden.Fixture
	t     *testing.T
	m     Network
	store *model.Store
	worst map[string]float64 // what was compared -> the largest share of the tolerance that it used
}

// New gives every parameter of m the fixture's value.
func New(t *testing.T, f *golden.Fixture, m Network) *Oracle {
	t.Helper()
	o := &Oracle{f, t, m, model.NewStore(), map[string]float64{}}
	if err := part.Trace(testbackend.Get(t), o.store, m); err != nil {
		t.Fatal(err)
	}
	for v := range o.store.IterVariables() {
		values, shape := o.F32("param." + optim.Name(v))
		if !slices.Equal(shape, v.Shape().Dimensions) {
			t.Fatalf("%s: shape %v, the other network has %v", optim.Name(v), v.Shape().Dimensions, shape)
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, shape...)); err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { t.Logf("shares of the tolerance: %v", o.worst) })
	return o
}

// check compares a value with the tensor of that name in the fixture.
func (o *Oracle) check(name string, got []float32) {
	o.t.Helper()
	want, _ := o.F32(name)
	b := o.Tolerance()
	report := near.Check(o.t, name, got, want, near.Bound{Rel: b.Rel, Abs: b.Abs})
	what, _, _ := strings.Cut(name, ".")
	o.worst[what] = max(o.worst[what], report.Share)
}

// Loss is a scalar of the logits and a target, under its name in the fixture.
type Loss struct {
	Name   string
	Of     func(logits, target *Node) *Node
	Target *tensors.Tensor
}

// Once holds every tap, the logits, the losses and every gradient of the first of them for one input.
func (o *Oracle) Once(x *tensors.Tensor, losses ...Loss) {
	var names []string
	exec := model.MustNewExec(testbackend.Get(o.t), o.store, func(s *model.Scope, in []*Node) []*Node {
		taps := part.Record(in[0].Graph())
		logits := o.m.Forward(s, in[0])
		names = []string{"logits"}
		nodes := []*Node{logits}
		for i, loss := range losses {
			names, nodes = append(names, loss.Name), append(nodes, loss.Of(logits, in[1+i]))
		}
		first := nodes[1]
		for i, name := range taps.Names {
			names, nodes = append(names, "tap."+name), append(nodes, taps.Nodes[i])
		}
		var parameters []*Node
		for _, v := range optim.Trainable(o.store) {
			names, parameters = append(names, "grad."+optim.Name(v)), append(parameters, v.NodeValue(first))
		}
		return append(nodes, Gradient(first, parameters...)...)
	})
	args := []any{x}
	for _, loss := range losses {
		args = append(args, loss.Target)
	}
	for i, out := range exec.MustCall(args...) {
		o.check(names[i], tensors.MustCopyFlatData[float32](out))
	}
	for _, name := range o.Names() {
		what, _, _ := strings.Cut(name, ".")
		if (what == "tap" || what == "grad") && !slices.Contains(names, name) {
			o.t.Errorf("the other network has %s, ours does not", name)
		}
	}
}

// Training holds the losses of ten steps at the rate lr: forward, backward, clip and update of the whole network.
func (o *Oracle) Training(c optim.Config, lr float64, batch func(i int) (x, target *tensors.Tensor)) {
	if err := c.Prepare(o.store, false); err != nil {
		o.t.Fatal(err)
	}
	step := model.MustNewExec(testbackend.Get(o.t), o.store, func(s *model.Scope, in []*Node) *Node {
		loss := o.m.Loss(s, in[:2])
		c.Apply(o.store, c.Gradients(o.store, loss), loss, in[2])
		return loss
	})
	want, _ := o.F32("losses")
	losses := make([]float32, len(want))
	for i := range losses {
		x, target := batch(i)
		losses[i] = tensors.ToScalar[float32](step.MustCall1(x, target, c.Tensor(optim.Controls{LR: lr, Decay: c.Decay, Step: i + 1})))
	}
	o.check("losses", losses)
	if losses[len(losses)-1] > losses[0]-0.5 {
		o.t.Errorf("the loss went from %v to %v, too little to show what the optimizer does", losses[0], losses[len(losses)-1])
	}
}
