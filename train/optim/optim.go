// Package optim turns gradients into better parameters, inside the graph of a training step: parameter groups, clipping
// by the global norm, SGD with momentum or AdamW, gradient accumulation, and an exponential moving average of the weights.
//
// It knows no model and no schedule: it sees the trainable variables of a store by their checkpoint names, and reads the
// numbers that change from step to step (learning rate, decay, bias corrections) from one input of the graph, so that
// one compiled graph serves a whole run. Its states are variables under /optim in the same store. Read this file first,
// then group.go and step.go.
package optim

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Config is what a recipe says about the update of its parameters.
type Config struct {
	Name       string   `yaml:"name"`        // adamw or sgd
	Beta1      float64  `yaml:"beta1"`       // adamw: decay of the mean of gradients
	Beta2      float64  `yaml:"beta2"`       // adamw: decay of the mean of squared gradients
	Eps        float64  `yaml:"eps"`         // adamw: added to the root of the latter
	Momentum   float64  `yaml:"momentum"`    // sgd: decay of the sum of gradients; 0 is plain SGD
	Nesterov   bool     `yaml:"nesterov"`    // sgd
	Decay      float64  `yaml:"decay"`       // weight decay, before its schedule
	DecayRule  Rule     `yaml:"decay_rule"`  // which tensors decay: matrices, all
	DecaySkip  []string `yaml:"decay_skip"`  // names that never decay under "matrices", besides the vectors
	LayerDecay float64  `yaml:"layer_decay"` // factor of the learning rate from one layer to the layer below it; 1 is none
	Clip       float64  `yaml:"clip"`        // largest global norm of the gradient; 0 is no clipping
	EMA        float64  `yaml:"ema"`         // decay of the moving average of the weights; 0 is none
}

// Default returns AdamW as PyTorch has it: betas 0.9 and 0.999, eps 1e-8, no weight decay, no clipping, no average.
func Default() Config {
	return Config{Name: "adamw", Beta1: 0.9, Beta2: 0.999, Eps: 1e-8, DecayRule: Matrices, LayerDecay: 1}
}

// Check returns an error that names the first field with an impossible value.
func (c Config) Check() error {
	if c.Name != "adamw" && c.Name != "sgd" {
		return fmt.Errorf("optim: name: expected adamw or sgd, got %q", c.Name)
	}
	if !slices.Contains(Rules, c.DecayRule) {
		return fmt.Errorf("optim: decay_rule: expected one of %v, got %q", Rules, c.DecayRule)
	}
	for _, f := range []struct {
		name     string
		value    float64
		from, to float64
	}{
		{"beta1", c.Beta1, 0, below1}, {"beta2", c.Beta2, 0, below1}, {"eps", c.Eps, 0, 1},
		{"momentum", c.Momentum, 0, below1}, {"decay", c.Decay, 0, math.MaxFloat64},
		{"layer_decay", c.LayerDecay, math.SmallestNonzeroFloat64, 1}, {"clip", c.Clip, 0, math.MaxFloat64}, {"ema", c.EMA, 0, below1},
	} {
		if !(f.value >= f.from && f.value <= f.to) { // also refuses NaN
			return fmt.Errorf("optim: %s: expected a number from %.3g to %.3g, got %g", f.name, f.from, f.to, f.value)
		}
	}
	return nil
}

const below1 = 1 - 1e-12

// Controls are the numbers of one step. They are computed in float64 and rounded once.
type Controls struct {
	LR    float64 // learning rate of this step
	Decay float64 // weight decay of this step
	Step  int     // number of this update, counted from 1: AdamW corrects the bias of its means with it
}

// ControlCount is the number of elements of the graph input that Tensor makes.
const ControlCount = 4

// Tensor returns the controls as the graph reads them, float32 [ControlCount]: learning rate, decay, and AdamW's two bias
// corrections 1/(1-beta1^t) and 1/sqrt(1-beta2^t).
func (c Config) Tensor(k Controls) *tensors.Tensor {
	t := float64(k.Step)
	return tensors.FromFlatDataAndDimensions([]float32{
		float32(k.LR),
		float32(k.Decay),
		float32(1 / (1 - math.Pow(c.Beta1, t))),
		float32(1 / math.Sqrt(1-math.Pow(c.Beta2, t))),
	}, ControlCount)
}

// Scope is where the states live in the store.
const Scope = "/optim"

// Kinds of state; the state of a variable at /a/b/weight has the path /optim/<kind>/a/b/weight.
const (
	mean   = "m"   // adamw: mean of gradients; sgd: the momentum buffer
	square = "v"   // adamw: mean of squared gradients
	sum    = "sum" // gradients of the micro-batches of one step so far; zero between steps
	ema    = "ema" // moving average of the weights
)

func statePath(kind string, v *model.Variable) string { return Scope + "/" + kind + v.Path() }

// kinds returns the states that every parameter has under c.
func (c Config) kinds(accumulate bool) []string {
	var kinds []string
	if c.Name == "adamw" {
		kinds = append(kinds, mean, square)
	} else if c.Momentum > 0 {
		kinds = append(kinds, mean)
	}
	if c.EMA > 0 {
		kinds = append(kinds, ema)
	}
	if accumulate {
		kinds = append(kinds, sum)
	}
	return kinds
}

// StateKey returns the key of a recipe with which a variable of Scope is there, and without which it is not.
func (c Config) StateKey(state *model.Variable) string {
	kind, _, _ := strings.Cut(strings.TrimPrefix(state.Path(), Scope+"/"), "/")
	switch {
	case kind == ema:
		return "optim.ema"
	case kind == sum:
		return "train.accumulate"
	case kind == mean && c.Name != "adamw":
		return "optim.momentum"
	}
	return "optim.name"
}

// StateCopies returns how many numbers the optimizer keeps for each parameter.
func (c Config) StateCopies(accumulate bool) int { return len(c.kinds(accumulate)) }

// Declare creates the states of all trainable variables of store that lack them, with their shapes and without values: enough
// to compile an update.
func (c Config) Declare(store *model.Store, accumulate bool) {
	for _, v := range Trainable(store) {
		for _, kind := range c.kinds(accumulate) {
			if path := statePath(kind, v); store.GetVariable(path) == nil {
				store.VariableWithShape(path, v.Shape(), graph.Zeros).SetTrainable(false)
			}
		}
	}
}

// Prepare gives the states of all trainable variables of store, which it creates where they are lacking, their first values: zeros,
// and to the moving average the variable's present value. Every variable must have its value; a state that has one keeps it.
func (c Config) Prepare(store *model.Store, accumulate bool) error {
	c.Declare(store, accumulate)
	for _, v := range Trainable(store) {
		for _, kind := range c.kinds(accumulate) {
			s := store.GetVariable(statePath(kind, v))
			if s.HasValue() {
				continue
			}
			start := tensors.FromShape(v.Shape())
			if kind == ema {
				now, err := v.Value()
				if err != nil {
					return fmt.Errorf("optim: start the average of %s: %w", Name(v), err)
				}
				if start, err = now.LocalClone(); err != nil {
					return fmt.Errorf("optim: start the average of %s: %w", Name(v), err)
				}
			}
			if err := s.SetValue(start); err != nil {
				return fmt.Errorf("optim: state %s of %s: %w", kind, Name(v), err)
			}
		}
	}
	return nil
}

// Trainable returns the variables of store that training moves, in the order in which they were created.
func Trainable(store *model.Store) []*model.Variable {
	var list []*model.Variable
	for v := range store.IterVariables() {
		if v.Trainable && !IsState(v) {
			list = append(list, v)
		}
	}
	return list
}

// IsState says whether v belongs to the optimizer and not to the model.
func IsState(v *model.Variable) bool { return strings.HasPrefix(v.Path(), Scope+"/") }

// Average returns the moving average that belongs to v, or nil.
func Average(store *model.Store, v *model.Variable) *model.Variable {
	return store.GetVariable(statePath(ema, v))
}

// Name returns the checkpoint name of a variable: its path with dots.
func Name(v *model.Variable) string {
	return strings.ReplaceAll(strings.TrimPrefix(v.Path(), "/"), "/", ".")
}
