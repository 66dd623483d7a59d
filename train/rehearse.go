package train

import (
	"fmt"

	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/ml/model"
)

// Rehearse compiles the update of a recipe, the last thing that backend compiles, and runs nothing: for whoever wants to look at
// what a backend makes of it. Weights, states of the optimizer and batch are shapes alone, so it takes no memory for them; it
// reads no data and leaves no files.
func (r Recipe) Rehearse(backend compute.Backend) error {
	if err := r.Check(); err != nil {
		return err
	}
	m, err := r.Open()
	if err != nil {
		return err
	}
	run := &Run{Recipe: r, Model: m, store: model.NewStore()}
	if err := part.Trace(backend, run.store, m); err != nil {
		return err
	}
	r.Optim.Declare(run.store, r.Train.Accumulate > 1)
	if err := run.compile(backend); err != nil {
		return err
	}
	args := []shapes.Shape{shapes.Make(dtypes.Float32, optim.ControlCount)}
	for _, shape := range m.Inputs(r.Train.Batch) {
		if r.Data.IsText() {
			shape.Dimensions[1] = r.Data.Context
		}
		args = append(args, shape)
	}
	if _, err := run.apply.Compile(args...); err != nil {
		return fmt.Errorf("train: rehearse: %w", err)
	}
	return nil
}
