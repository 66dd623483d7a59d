package optim

import (
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dyt-go/dyt/internal/golden"
	"github.com/gomlx/compute"
	_ "github.com/gomlx/compute/gobackend"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// openBackend opens GoMLX's Go backend.
func openBackend(t testing.TB) compute.Backend {
	t.Helper()
	b, err := compute.NewWithConfig("go:ops_sequential")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(b.Finalize)
	return b
}

// problem is a store with the parameters of a fixture, and the step that moves them by given gradients.
type problem struct {
	*golden.Fixture
	config Config
	names  []string
	store  *model.Store
	exec   *model.Exec
}

func load(t *testing.T, name string, config Config) *problem {
	t.Helper()
	p := &problem{Fixture: golden.Load(t, "optim", name), config: config, store: model.NewStore()}
	for _, tensor := range p.Names() {
		name, found := strings.CutPrefix(tensor, "init.")
		if !found {
			continue
		}
		v, shape := p.F32(tensor)
		p.names = append(p.names, name)
		path := "/" + strings.ReplaceAll(name, ".", "/")
		if _, err := p.store.CreateVariable(path, tensors.FromFlatDataAndDimensions(v, shape...)); err != nil {
			t.Fatal(err)
		}
	}
	if err := config.Check(); err != nil {
		t.Fatal(err)
	}
	if err := config.Prepare(p.store, false); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(openBackend(t), p.store, func(s *model.Scope, inputs []*Node) *Node {
		// d(sum of p*g)/dp is g.
		loss := ScalarZero(inputs[0].Graph(), inputs[0].DType())
		for i, v := range Trainable(p.store) {
			loss = Add(loss, ReduceAllSum(Mul(v.NodeValue(loss), inputs[i+1])))
		}
		return config.Apply(p.store, config.Gradients(p.store, loss), loss, inputs[0])
	})
	if err != nil {
		t.Fatal(err)
	}
	p.exec = exec
	return p
}

// step runs update i (from 0) and returns the gradient norm.
func (p *problem) step(t *testing.T, i int) float64 {
	t.Helper()
	lr, _ := p.F64("lr")
	decay, _ := p.F64("decay")
	inputs := []any{p.config.Tensor(Controls{LR: lr[i], Decay: decay[i], Step: i + 1})}
	for _, name := range p.names {
		all, shape := p.F32("grad." + name)
		n := len(all) / shape[0]
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(append([]float32(nil), all[i*n:(i+1)*n]...), shape[1:]...))
	}
	out, err := p.exec.Call(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	return float64(tensors.ToScalar[float32](out[0]))
}

func values(t *testing.T, v *model.Variable) []float32 {
	t.Helper()
	flat, err := tensors.CopyFlatData[float32](v.MustValue())
	if err != nil {
		t.Fatal(err)
	}
	return flat
}

// excess returns by how much got leaves the fixture's tolerance at its worst element: at most 1 is inside.
func excess(got []float32, want []float64, tol golden.Tolerance) float64 {
	worst := 0.0
	for i, w := range want {
		worst = max(worst, math.Abs(float64(got[i])-w)/(tol.Abs+tol.Rel*math.Abs(w)))
		if math.IsNaN(float64(got[i])) {
			return math.NaN()
		}
	}
	return worst
}

func TestTwentyStepsMatchTorch(t *testing.T) {
	adamw := Default()
	vit, llama, layers := adamw, adamw, adamw
	vit.DecaySkip = []string{"cls_token", "pos_embed"}
	layers.DecaySkip = vit.DecaySkip
	vit.EMA = 0.9
	llama.Beta2, llama.DecayRule, llama.Clip = 0.95, All, 1
	layers.LayerDecay = 0.65
	sgd := Config{Name: "sgd", DecayRule: All, LayerDecay: 1}
	momentum := Config{Name: "sgd", Momentum: 0.9, DecayRule: Matrices, DecaySkip: vit.DecaySkip, LayerDecay: 1, Clip: 2}
	nesterov := momentum
	nesterov.Nesterov = true

	for name, config := range map[string]Config{
		"adamw_vit": vit, "adamw_llama": llama, "adamw_layers": layers,
		"sgd": sgd, "sgd_momentum": momentum, "sgd_nesterov": nesterov,
	} {
		t.Run(name, func(t *testing.T) {
			p := load(t, name, config)
			norms, _ := p.F64("norm")
			worst := 0.0
			for i, want := range norms {
				if got := p.step(t, i); math.Abs(got-want) > 1e-6*want {
					t.Errorf("step %d: gradient norm %g, torch has %g", i+1, got, want)
				}
				for _, v := range Trainable(p.store) {
					worst = max(worst, p.compare(t, i, "after.", v, values(t, v)))
					if average := Average(p.store, v); average != nil {
						worst = max(worst, p.compare(t, i, "ema.", v, values(t, average)))
					}
				}
			}
			t.Logf("largest deviation: %.2f of the tolerance", worst)
		})
	}
}

// compare returns how much of the tolerance got uses up after step i.
func (p *problem) compare(t *testing.T, i int, prefix string, v *model.Variable, got []float32) float64 {
	t.Helper()
	all, _ := p.F64(prefix + Name(v))
	e := excess(got, all[i*len(got):(i+1)*len(got)], p.Tolerance())
	if !(e <= 1) {
		t.Errorf("step %d: %s%s is off by %.2f times the tolerance", i+1, prefix, Name(v), e)
	}
	return e
}

func TestNonFiniteStepLeavesTheWeights(t *testing.T) {
	config := Default()
	config.Clip = 1
	p := load(t, "adamw_llama", config)
	for i := range 2 {
		p.step(t, i)
	}
	before := map[string][]float32{}
	for _, v := range Trainable(p.store) {
		before[Name(v)] = values(t, v)
	}
	inputs := []any{config.Tensor(Controls{LR: 1e-2, Step: 3})}
	for i, v := range Trainable(p.store) {
		grad := make([]float32, v.Shape().Size())
		if i == 1 {
			grad[0] = float32(math.Inf(1))
		}
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(grad, v.Shape().Dimensions...))
	}
	out, err := p.exec.Call(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	if norm := tensors.ToScalar[float32](out[0]); !math.IsInf(float64(norm), 1) {
		t.Errorf("norm is %g, expected +Inf", norm)
	}
	for _, v := range Trainable(p.store) {
		if now := values(t, v); !slices.Equal(now, before[Name(v)]) {
			t.Errorf("%s went from %v to %v", Name(v), before[Name(v)], now)
		}
	}
}

func TestStatesAreCountedAndSaved(t *testing.T) {
	for _, c := range []struct {
		config     Config
		accumulate bool
		copies     int
	}{
		{Config{Name: "sgd"}, false, 0},
		{Config{Name: "sgd", Momentum: 0.9}, false, 1},
		{Config{Name: "adamw"}, false, 2},
		{Config{Name: "adamw", EMA: 0.9}, true, 4},
	} {
		store := model.NewStore()
		for _, path := range []string{"/a/weight", "/b/alpha"} {
			store.CreateVariable(path, tensors.FromFlatDataAndDimensions([]float32{1, 2}, 2))
		}
		store.CreateVariable("/a/u", tensors.FromFlatDataAndDimensions([]float32{1, 2}, 2))
		store.GetVariable("/a/u").SetTrainable(false)
		if err := c.config.Prepare(store, c.accumulate); err != nil {
			t.Fatal(err)
		}
		if got := c.config.StateCopies(c.accumulate); got != c.copies {
			t.Errorf("%+v: %d copies, expected %d", c.config, got, c.copies)
		}
		states := 0
		for v := range store.IterVariables() {
			if IsState(v) {
				states++
			}
		}
		if states != 2*c.copies {
			t.Errorf("%+v: %d states of two parameters, expected %d", c.config, states, 2*c.copies)
		}
		if got := len(Trainable(store)); got != 2 {
			t.Errorf("%+v: %d trainable variables, expected 2", c.config, got)
		}
		if c.config.EMA > 0 {
			v := store.GetVariable("/a/weight")
			if got := values(t, Average(store, v)); got[0] != 1 || got[1] != 2 {
				t.Errorf("the average starts at %v, expected the weights", got)
			}
		}
	}
}
