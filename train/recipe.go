// Package train trains one network from a recipe and writes down what happened: a run folder with the resolved
// configuration, metrics, checkpoints in the layout of transformers and timm, and a status that others may read while
// the run goes on. It knows no architecture (zoo/part.Model is all it sees) and no backend.
//
// Read this file first (what a run is asked for), then run.go (the loop), folder.go and checkpoint.go (what it leaves).
package train

import (
	"errors"
	"fmt"
	"math"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute/dtypes"
)

// Recipe is everything that decides what a run computes; config.yaml has the same names. Two recipes that differ in Norm
// alone are twins.
type Recipe struct {
	Preset string      `yaml:"preset" json:"preset"` // the row of the table that this began as
	Model  Model       `yaml:"model" json:"model"`
	Norm   norm.Config `yaml:"norm" json:"norm"`
	Data   data.Config `yaml:"data" json:"data"`
	Train  Budget      `yaml:"train" json:"train"`
	Optim  Optim       `yaml:"optim" json:"optim"`
	Save   Save        `yaml:"save" json:"save"`
}

// Model names a row of an architecture's table.
type Model struct {
	Arch     string      `yaml:"arch" json:"arch"`
	Variant  string      `yaml:"variant" json:"variant"`
	Classes  int         `yaml:"classes" json:"classes"`     // what the logits choose among; 0: the variant's own
	DropPath float64     `yaml:"drop_path" json:"drop_path"` // rate of stochastic depth in the last block; 0: none
	Method   part.Method `yaml:"method" json:"method"`       // what stands elsewhere in place of a norm: fixup, skipinit, sigmareparam; "": nothing
	Extras   bool        `yaml:"extras" json:"extras"`       // give a normalized network what a norm-free one brings along, as a control
}

// Budget is how much a run sees, and in what portions.
type Budget struct {
	Tokens     int64  `yaml:"tokens" json:"tokens"`         // in all: tokens of text, or images
	Batch      int    `yaml:"batch" json:"batch"`           // windows, or images, of one micro-batch
	Accumulate int    `yaml:"accumulate" json:"accumulate"` // micro-batches of one update
	Precision  string `yaml:"precision" json:"precision"`   // of activations and their gradients: f32 or bf16; weights, norms and optimizer are float32
	Remat      bool   `yaml:"remat" json:"remat"`           // gradient checkpointing: compute the activations of a block again in the backward pass
	Seed       uint64 `yaml:"seed" json:"seed"`             // of the first values, the order of the data and all else that is drawn
	Log        int    `yaml:"log" json:"log"`               // updates from one line of metrics to the next
	Eval       int    `yaml:"eval" json:"eval"`             // updates from one evaluation to the next; 0: at the end only
	Sample     int    `yaml:"sample" json:"sample"`         // tokens of text that each evaluation draws into samples/; 0: none
}

// precisions are the element types in which a network computes.
var precisions = map[string]dtypes.DType{"f32": dtypes.Float32, "bf16": dtypes.BFloat16}

// Optim is the optimizer with its schedules.
type Optim struct {
	optim.Config  `yaml:",inline"`
	LR            float64 `yaml:"lr" json:"lr"`                         // highest learning rate
	End           float64 `yaml:"end" json:"end"`                       // share of LR at the end of a cosine
	Schedule      string  `yaml:"schedule" json:"schedule"`             // constant or cosine
	Warmup        float64 `yaml:"warmup" json:"warmup"`                 // share of all updates
	WarmupShape   string  `yaml:"warmup_shape" json:"warmup_shape"`     // linear or quadratic
	DecaySchedule string  `yaml:"decay_schedule" json:"decay_schedule"` // of the weight decay: constant or cosine, without warm-up
	DecayEnd      float64 `yaml:"decay_end" json:"decay_end"`           // weight decay at the end of a cosine
}

// Save says which checkpoints stay.
type Save struct {
	Every int `yaml:"every" json:"every"` // updates from one checkpoint to the next; 0: at the end only
	Keep  int `yaml:"keep" json:"keep"`   // newest checkpoints that stay
}

// Check returns an error that names the first field with an impossible value.
func (r Recipe) Check() error {
	t := r.Train
	switch {
	case t.Tokens < 1:
		return fmt.Errorf("train: tokens is %d, expected at least 1", t.Tokens)
	case t.Batch < 1:
		return fmt.Errorf("train: batch is %d, expected at least 1", t.Batch)
	case t.Accumulate < 1:
		return fmt.Errorf("train: accumulate is %d, expected at least 1", t.Accumulate)
	case precisions[t.Precision] == 0:
		return fmt.Errorf("train: precision is %q, expected f32 or bf16", t.Precision)
	case t.Log < 1:
		return fmt.Errorf("train: log is %d, expected at least 1", t.Log)
	case t.Sample < 0:
		return fmt.Errorf("train: sample is %d, expected 0 or more", t.Sample)
	case t.Eval < 0 || r.Save.Every < 0 || r.Save.Keep < 1:
		return fmt.Errorf("train: eval %d, save.every %d, save.keep %d: expected 0 or more, 0 or more, 1 or more", t.Eval, r.Save.Every, r.Save.Keep)
	case !(r.Optim.LR > 0) || math.IsInf(r.Optim.LR, 0):
		return fmt.Errorf("train: lr is %g, expected a positive number", r.Optim.LR)
	case !(r.Optim.Warmup >= 0 && r.Optim.Warmup <= 1):
		return fmt.Errorf("train: warmup is %g, expected a share from 0 to 1", r.Optim.Warmup)
	case !(r.Optim.End >= 0 && r.Optim.End <= 1):
		return fmt.Errorf("train: end is %g, expected a share from 0 to 1", r.Optim.End)
	}
	if !(r.Optim.DecayEnd >= 0) || math.IsInf(r.Optim.DecayEnd, 0) {
		return fmt.Errorf("train: decay_end is %g, expected 0 or a positive number", r.Optim.DecayEnd)
	}
	return errors.Join(r.Norm.Check(), r.Data.Check(), r.Optim.Config.Check(), r.rate().check("learning rate"), r.decay().check("weight decay"))
}

// step returns how many tokens, or images, one update sees.
func (r Recipe) step() int64 {
	n := int64(r.Train.Batch) * int64(r.Train.Accumulate)
	if r.Data.IsText() {
		n *= int64(r.Data.Context)
	}
	return n
}

// Steps is the number of updates: as many whole ones as Tokens pays for, at least one.
func (r Recipe) Steps() int { return int(max(r.Train.Tokens/r.step(), 1)) }

// WithSteps returns the recipe with a budget of n updates.
func (r Recipe) WithSteps(n int) Recipe {
	r.Train.Tokens = int64(n) * r.step()
	return r
}

// rate is the schedule of the learning rate.
func (r Recipe) rate() Schedule {
	steps := r.Steps()
	return Schedule{Kind: r.Optim.Schedule, Shape: r.Optim.WarmupShape, Warmup: int(math.Round(r.Optim.Warmup * float64(steps))),
		Steps: steps, Base: r.Optim.LR, End: r.Optim.LR * r.Optim.End}
}

// decay is the schedule of the weight decay.
func (r Recipe) decay() Schedule {
	return Schedule{Kind: r.Optim.DecaySchedule, Shape: linear, Steps: r.Steps(), Base: r.Optim.Decay, End: r.Optim.DecayEnd}
}
