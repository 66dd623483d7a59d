package cpu_test

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo"
)

// Whatever a recipe trains with, and whatever stands in the place of the norm, nothing is left to the Go backend.
func TestNoTrainingDelegates(t *testing.T) {
	optimizers := []struct {
		name   string
		change func(c *optim.Config)
	}{
		{"sgd", func(c *optim.Config) { c.Name = "sgd" }},
		{"momentum", func(c *optim.Config) { c.Name, c.Momentum = "sgd", 0.9 }},
		{"nesterov", func(c *optim.Config) { c.Name, c.Momentum, c.Nesterov = "sgd", 0.9, true }},
		{"average", func(c *optim.Config) { c.EMA = 0.99 }},
		{"layer decay, no clipping", func(c *optim.Config) { c.LayerDecay, c.Clip = 0.7, 0 }},
	}
	backend := openPlanned(t)
	for _, arch := range zoo.Archs {
		for _, o := range optimizers {
			n, err := newNetwork(backend.Backend, arch, "test", norm.DyT, 2)
			fatal(t, err)
			o.change(&n.config)
			fatal(t, n.config.Check())
			fatal(t, n.config.Prepare(n.store, true))
			checkStep(t, backend, n, arch.Name+" "+o.name)
			checkAccumulated(t, backend, n, arch.Name+" "+o.name)
		}
		for _, kind := range norm.Kinds() {
			n, err := newNetwork(backend.Backend, arch, "test", kind, 2)
			fatal(t, err)
			checkStep(t, backend, n, arch.Name+" "+string(kind))
		}
		n, err := newNetworkWith(backend.Backend, arch, "test", norm.Derf, 2, zoo.Options{Remat: true})
		fatal(t, err)
		checkStep(t, backend, n, arch.Name+" with gradient checkpointing")
	}
}

// checkStep runs a training step and looks at its plan.
func checkStep(t *testing.T, backend planned, n *network, what string) {
	t.Helper()
	e, err := n.trainer(backend.Backend)
	fatal(t, err)
	_, err = n.step(e, 1)
	fatal(t, err)
	checkDelegated(t, what, n.Arch(), backend.last())
}

// checkAccumulated runs the two steps of an update of two micro-batches: gradients that are added up, and parameters that follow.
func checkAccumulated(t *testing.T, backend planned, n *network, what string) {
	t.Helper()
	add, err := model.NewExec(backend.Backend, n.store, func(s *model.Scope, in []*Node) *Node {
		n.store.SetTraining(in[0].Graph(), true)
		l := n.Loss(s, in)
		optim.Accumulate(n.store, n.config.Gradients(n.store, l))
		return l
	})
	fatal(t, err)
	_, err = add.Call(n.batch...)
	fatal(t, err)
	checkDelegated(t, what+", first micro-batch", n.Arch(), backend.last())

	apply, err := model.NewExec(backend.Backend, n.store, func(s *model.Scope, in []*Node) []*Node {
		n.store.SetTraining(in[0].Graph(), true)
		l := n.Loss(s, in[1:])
		return []*Node{l, n.config.Apply(n.store, optim.Collect(n.store, n.config.Gradients(n.store, l), 2), l, in[0])}
	})
	fatal(t, err)
	_, err = n.step(apply, 1)
	fatal(t, err)
	checkDelegated(t, what+", last micro-batch", n.Arch(), backend.last())
}
