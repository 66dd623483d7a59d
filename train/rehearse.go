package train

import (
	"fmt"

	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Rehearse compiles the update of a recipe, the last thing that backend compiles, and runs it once on a batch of zeros: for
// whoever wants to look at what a backend makes of it. It reads no data and leaves no files.
func (r Recipe) Rehearse(backend compute.Backend) error {
	if err := r.Check(); err != nil {
		return err
	}
	m, err := r.Open()
	if err != nil {
		return err
	}
	run := &Run{Recipe: r, Model: m, store: model.NewStore()}
	if err := part.Initialize(backend, run.store, m, r.Train.Seed); err != nil {
		return err
	}
	if err := r.Optim.Prepare(run.store, r.Train.Accumulate > 1); err != nil {
		return err
	}
	if err := run.compile(backend); err != nil {
		return err
	}
	args := []any{r.Optim.Tensor(optim.Controls{LR: r.Optim.LR, Decay: r.Optim.Decay, Step: 1})}
	for _, shape := range m.Inputs(r.Train.Batch) {
		if r.Data.IsText() {
			shape.Dimensions[1] = r.Data.Context
		}
		args = append(args, tensors.FromShape(shape))
	}
	if _, err := run.apply.Call(args...); err != nil {
		return fmt.Errorf("train: rehearse: %w", err)
	}
	return nil
}
