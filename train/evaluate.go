package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/dyt-go/dyt/data"
	"github.com/dyt-go/dyt/train/optim"
	"github.com/dyt-go/dyt/zoo/part"
)

// evaluate describes the norm sites and scores the whole validation pass, once more with the moving average of the weights
// where there is one.
func (r *Run) evaluate(m *Metrics) error {
	if err := r.inspect(); err != nil {
		return err
	}
	s, err := r.pass()
	if err != nil {
		return err
	}
	m.EvalLoss, m.EvalBPB, m.EvalTop1 = s.fields()
	if n := r.Recipe.Train.Sample; n > 0 && r.dir != "" && r.Recipe.Data.IsText() {
		if _, err := r.Sample(context.Background(), n); err != nil {
			return err
		}
	}
	if r.Recipe.Optim.EMA == 0 {
		return nil
	}
	return r.withAverage(func() error {
		s, err := r.pass()
		m.EMALoss, m.EMABPB, m.EMATop1 = s.fields()
		return err
	})
}

// pass scores the validation part.
func (r *Run) pass() (Scores, error) { return scorePass(context.Background(), r.score, r.valid) }

// withAverage runs f while every parameter has the value of its moving average.
func (r *Run) withAverage(f func() error) error {
	if err := r.swapAverage(); err != nil {
		return err
	}
	return errors.Join(f(), r.swapAverage())
}

// swapAverage exchanges the values of the parameters and of their averages; nothing is copied.
func (r *Run) swapAverage() error {
	for _, v := range optim.Trainable(r.store) {
		average := optim.Average(r.store, v)
		one, err := v.Value()
		if err != nil {
			return fmt.Errorf("train: average of %s: %w", optim.Name(v), err)
		}
		other, err := average.Value()
		if err != nil {
			return fmt.Errorf("train: average of %s: %w", optim.Name(v), err)
		}
		if err := errors.Join(v.SetValuePreservingOld(other), average.SetValuePreservingOld(one)); err != nil {
			return fmt.Errorf("train: average of %s: %w", optim.Name(v), err)
		}
	}
	return nil
}

// fits returns an error unless the data is what the network reads and predicts.
func fits(m part.Model, d *data.Dataset) error {
	name := m.Arch() + " " + m.Variant()
	reads, shape := m.Inputs(1)[0].Dimensions, d.Shape()
	switch {
	case d.Config.IsText() != (len(reads) == 2):
		return fmt.Errorf("train: %s reads batches of %v, and data.source %s does not give such; choose another model or another source", name, reads, d.Config.Source)
	case d.Config.IsText() && d.Classes() > m.Classes():
		return fmt.Errorf("train: the tokenizer has %d tokens, %s a vocabulary of %d; set model.classes to %d", d.Classes(), name, m.Classes(), d.Classes())
	case !d.Config.IsText() && (shape[0] != reads[1] || shape[1] != reads[2] || shape[2] != reads[3]):
		return fmt.Errorf("train: %s reads images of %v [C, H, W], data.source %s gives %v; set data.size, or choose another variant", name, reads[1:], d.Config.Source, shape)
	case !d.Config.IsText() && d.Classes() != m.Classes():
		return fmt.Errorf("train: the data has %d classes, %s predicts %d; set model.classes to %d", d.Classes(), name, m.Classes(), d.Classes())
	}
	return nil
}
