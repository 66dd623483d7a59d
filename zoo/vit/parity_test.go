package vit

import (
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
	"github.com/dyt-go/dyt/internal/near"
	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo/part"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// oracle is one file of testdata/oracle/vit: timm's VisionTransformer with its norms swapped. Its maker,
// scripts/oracle/vit.py, says what the tensors are.
type oracle struct {
	*golden.Fixture
	t     *testing.T
	m     *Model
	store *model.Store
	worst map[string]float64 // what was compared -> the largest share of the tolerance that it used
}

func loadOracle(t *testing.T, name string) *oracle {
	t.Helper()
	f := golden.Load(t, "vit", name)
	o := &oracle{f, t, open(t, "test", norm.Kind(f.Meta("kind"))), model.NewStore(), map[string]float64{}}
	if err := part.Trace(testbackend.Get(t), o.store, o.m); err != nil {
		t.Fatal(err)
	}
	for v := range o.store.IterVariables() {
		values, shape := o.F32("param." + optim.Name(v))
		if !slices.Equal(shape, v.Shape().Dimensions) {
			t.Fatalf("%s: shape %v, timm has %v", optim.Name(v), v.Shape().Dimensions, shape)
		}
		if err := v.SetValue(tensors.FromFlatDataAndDimensions(values, shape...)); err != nil {
			t.Fatal(err)
		}
	}
	return o
}

// check compares a value with the tensor of that name in the fixture.
func (o *oracle) check(name string, got []float32) {
	o.t.Helper()
	want, _ := o.F32(name)
	b := o.Tolerance()
	report := near.Check(o.t, name, got, want, near.Bound{Rel: b.Rel, Abs: b.Abs})
	what, _, _ := strings.Cut(name, ".")
	o.worst[what] = max(o.worst[what], report.Share)
}

// step returns part i of a float32 tensor along its first axis.
func (o *oracle) step(name string, i int) *tensors.Tensor {
	all, shape := o.F32(name)
	n := len(all) / shape[0]
	return tensors.FromFlatDataAndDimensions(all[i*n:(i+1)*n], shape[1:]...)
}

// labels returns those of step i.
func (o *oracle) labels(i int) *tensors.Tensor {
	all, shape := o.I32("labels")
	return tensors.FromFlatDataAndDimensions(all[i*shape[1]:(i+1)*shape[1]], shape[1])
}

// compareOnce holds every tap, the logits, both losses and every gradient of the first batch.
func (o *oracle) compareOnce() {
	var names []string
	exec := model.MustNewExec(testbackend.Get(o.t), o.store, func(s *model.Scope, in []*Node) []*Node {
		taps := part.Record(in[0].Graph())
		logits := o.m.Forward(s, in[0])
		first := loss(logits, in[1])
		names = []string{"logits", "loss", "soft"}
		nodes := []*Node{logits, first, loss(logits, in[2])}
		for i, name := range taps.Names {
			names, nodes = append(names, "tap."+name), append(nodes, taps.Nodes[i])
		}
		var parameters []*Node
		for _, v := range optim.Trainable(o.store) {
			names, parameters = append(names, "grad."+optim.Name(v)), append(parameters, v.NodeValue(first))
		}
		return append(nodes, Gradient(first, parameters...)...)
	})
	for i, out := range exec.MustCall(o.step("images", 0), o.labels(0), o.step("targets", 0)) {
		o.check(names[i], tensors.MustCopyFlatData[float32](out))
	}
	for _, name := range o.Names() {
		what, _, _ := strings.Cut(name, ".")
		if (what == "tap" || what == "grad") && !slices.Contains(names, name) {
			o.t.Errorf("timm's network has %s, ours does not", name)
		}
	}
}

// compareTraining holds the losses of ten AdamW steps on soft targets: forward, backward and update of the whole network.
func (o *oracle) compareTraining() {
	adamw := optim.Default()
	adamw.Decay, adamw.DecaySkip = 0.05, []string{"cls_token", "pos_embed"}
	if err := adamw.Prepare(o.store, false); err != nil {
		o.t.Fatal(err)
	}
	step := model.MustNewExec(testbackend.Get(o.t), o.store, func(s *model.Scope, in []*Node) *Node {
		loss := o.m.Loss(s, in[:2])
		adamw.Apply(o.store, adamw.Gradients(o.store, loss), loss, in[2])
		return loss
	})
	want, _ := o.F32("losses")
	losses := make([]float32, len(want))
	for i := range losses {
		controls := adamw.Tensor(optim.Controls{LR: 4e-3, Decay: 0.05, Step: i + 1})
		losses[i] = tensors.ToScalar[float32](step.MustCall1(o.step("images", i), o.step("targets", i), controls))
	}
	o.check("losses", losses)
	if losses[len(losses)-1] > losses[0]-0.5 {
		o.t.Errorf("the loss went from %v to %v in ten steps, too little to show what the optimizer does", losses[0], losses[len(losses)-1])
	}
}

// TestParityWithTimm: same weights, same images, timm's taps, logits, losses, gradients and losses of training.
func TestParityWithTimm(t *testing.T) {
	for _, name := range []string{"layernorm", "rmsnorm", "dyt"} {
		t.Run(name, func(t *testing.T) {
			o := loadOracle(t, name)
			o.compareOnce()
			o.compareTraining()
			t.Logf("shares of the tolerance: %v", o.worst)
		})
	}
}
