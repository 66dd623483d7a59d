package llama

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

// oracle is one file of testdata/oracle/llama: transformers' LlamaForCausalLM with its norms swapped. Its maker,
// scripts/oracle/llama.py, says what the tensors are.
type oracle struct {
	*golden.Fixture
	t     *testing.T
	m     *Model
	store *model.Store
	worst map[string]float64 // what was compared -> the largest share of the tolerance that it used
}

func loadOracle(t *testing.T, name string) *oracle {
	t.Helper()
	f := golden.Load(t, "llama", name)
	m := open(t, "test", norm.Kind(f.Meta("kind")))
	m.Tied, m.Interleave = f.Meta("tied") == "true", f.Meta("interleave") == "true"
	o := &oracle{f, t, m, model.NewStore(), map[string]float64{}}
	if err := part.Trace(testbackend.Get(t), o.store, m); err != nil {
		t.Fatal(err)
	}
	for v := range o.store.IterVariables() {
		values, shape := o.F32("param." + optim.Name(v))
		if !slices.Equal(shape, v.Shape().Dimensions) {
			t.Fatalf("%s: shape %v, transformers has %v", optim.Name(v), v.Shape().Dimensions, shape)
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

// batch returns tokens and next tokens, int32 [B, T] each, of step i.
func (o *oracle) batch(i int) (tokens, next *tensors.Tensor) {
	all, shape := o.I32("tokens")
	b, t := shape[1], shape[2]-1
	var in, out []int32
	for row := range b {
		text := all[(i*b+row)*(t+1):][:t+1]
		in, out = append(in, text[:t]...), append(out, text[1:]...)
	}
	return tensors.FromFlatDataAndDimensions(in, b, t), tensors.FromFlatDataAndDimensions(out, b, t)
}

// compareOnce holds every tap, the logits, the loss and every gradient of the first batch.
func (o *oracle) compareOnce() {
	var names []string
	exec := model.MustNewExec(testbackend.Get(o.t), o.store, func(s *model.Scope, in []*Node) []*Node {
		taps := part.Record(in[0].Graph())
		logits := o.m.Forward(s, in[0])
		loss := ReduceAllMean(part.CrossEntropy(logits, in[1]))
		names = []string{"logits", "loss"}
		nodes := []*Node{logits, loss}
		for i, name := range taps.Names {
			names, nodes = append(names, "tap."+name), append(nodes, taps.Nodes[i])
		}
		var parameters []*Node
		for _, v := range optim.Trainable(o.store) {
			names, parameters = append(names, "grad."+optim.Name(v)), append(parameters, v.NodeValue(loss))
		}
		return append(nodes, Gradient(loss, parameters...)...)
	})
	tokens, next := o.batch(0)
	for i, out := range exec.MustCall(tokens, next) {
		o.check(names[i], tensors.MustCopyFlatData[float32](out))
	}
	for _, name := range o.Names() {
		what, _, _ := strings.Cut(name, ".")
		if (what == "tap" || what == "grad") && !slices.Contains(names, name) {
			o.t.Errorf("transformers' network has %s, ours does not", name)
		}
	}
}

// compareTraining holds the losses of ten AdamW steps: forward, backward, clip and update of the whole network.
func (o *oracle) compareTraining() {
	adamw := optim.Default()
	adamw.Beta2, adamw.Decay, adamw.DecayRule, adamw.Clip = 0.95, 0.1, optim.All, 1
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
		tokens, next := o.batch(i)
		losses[i] = tensors.ToScalar[float32](step.MustCall1(tokens, next, adamw.Tensor(optim.Controls{LR: 6e-3, Decay: 0.1, Step: i + 1})))
	}
	o.check("losses", losses)
	if losses[len(losses)-1] > losses[0]-0.5 {
		o.t.Errorf("the loss went from %v to %v in ten steps, too little to show what the optimizer does", losses[0], losses[len(losses)-1])
	}
}

// TestParityWithTransformers: same weights, same tokens, transformers' taps, logits, loss, gradients and losses of training;
// with grouped queries everywhere, with the head tied and untied, with both pairings of the rotary positions.
func TestParityWithTransformers(t *testing.T) {
	for _, name := range []string{"rmsnorm", "dyt", "derf", "dyt_tied", "rmsnorm_interleaved"} {
		t.Run(name, func(t *testing.T) {
			o := loadOracle(t, name)
			o.compareOnce()
			o.compareTraining()
			t.Logf("shares of the tolerance: %v", o.worst)
		})
	}
}
