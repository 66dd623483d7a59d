package train

import (
	"fmt"

	"github.com/dyt-go/dyt/internal/conf"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
)

// Need is the memory that a run cannot do without, in bytes: from shapes alone, before anything is allocated. What an engine
// takes beside it (the arrays of a step, the text) comes on top.
type Need struct {
	Parameters  float64
	Gradients   float64
	States      float64 // of the optimizer
	Activations float64 // of one micro-batch: what the gradients of the weights are made from
}

// Total is the sum.
func (n Need) Total() float64 { return n.Parameters + n.Gradients + n.States + n.Activations }

// few tokens are counted, for as many as there may be.
const few = 8

// Need returns what the recipe needs. Numbers are float32.
func (r Recipe) Need(backend compute.Backend) (Need, error) {
	m, err := r.Open()
	if err != nil {
		return Need{}, err
	}
	params, err := part.Count(backend, m)
	if err != nil {
		return Need{}, err
	}
	inputs, times := m.Inputs(1), float64(r.Train.Batch)
	if r.Data.IsText() { // what is kept is proportional to the tokens
		for i := range inputs {
			inputs[i].Dimensions = []int{1, few}
		}
		times *= float64(r.Data.Context) / few
	}
	kept, err := part.Kept(backend, m, inputs)
	if err != nil {
		return Need{}, err
	}
	p := 4 * float64(params)
	return Need{Parameters: p, Gradients: p, States: p * float64(r.Optim.StateCopies(r.Train.Accumulate > 1)), Activations: 4 * kept * times}, nil
}

// Check returns a *TooLarge when more is needed than is free; free 0 is unknown and fits everything.
func (n Need) Check(free uint64) error {
	if free == 0 || n.Total() <= float64(free) {
		return nil
	}
	return &TooLarge{n, free}
}

// String says what is needed and for what.
func (n Need) String() string {
	return fmt.Sprintf("at least %s: %s parameters, %s gradients, %s optimizer states, %s activations of a micro-batch",
		bytesText(n.Total()), bytesText(n.Parameters), bytesText(n.Gradients), bytesText(n.States), bytesText(n.Activations))
}

// TooLarge says that a run needs more memory than is free.
type TooLarge struct {
	Need Need
	Free uint64 // bytes
}

func (e *TooLarge) Error() string {
	return fmt.Sprintf("train: the run needs %s; %s are free: choose a smaller model.variant, train.batch or data.context", e.Need, bytesText(float64(e.Free)))
}

// ExitCode is that of too little memory.
func (e *TooLarge) ExitCode() int { return conf.ExitMemory }

// bytesText writes bytes as 1.5 GiB.
func bytesText(n float64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	i := 0
	for n >= 1024 && i < len(units)-1 {
		n, i = n/1024, i+1
	}
	return fmt.Sprintf("%.3g %s", n, units[i])
}
