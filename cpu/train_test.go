package cpu_test

import (
	"math"
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// trainer runs training steps of a decoder on a backend.
type trainer struct {
	d       decoder
	backend compute.Backend
	exec    *Exec
	state   []*tensors.Tensor
	tokens  *tensors.Tensor
}

func newTrainer(tb testing.TB, config string, d decoder) *trainer {
	tb.Helper()
	backend, err := compute.NewWithConfig(config)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(backend.Finalize)
	params, tokens := d.values(7)
	t := &trainer{d: d, backend: backend, tokens: tensors.FromFlatDataAndDimensions(tokens, d.batch, d.tokens+1)}
	dims := d.shapes()
	for part := range 3 {
		for i, p := range params {
			flat := p.([]float32)
			if part > 0 {
				flat = make([]float32, len(flat))
			}
			t.state = append(t.state, tensors.FromFlatDataAndDimensions(flat, dims[i]...))
		}
	}
	t.exec = MustNewExec(backend, func(inputs []*Node) []*Node {
		return d.step(inputs[:len(inputs)-1], inputs[len(inputs)-1])
	})
	return t
}

// step runs one step and returns the loss.
func (t *trainer) step(tb testing.TB) float64 {
	args := make([]any, 0, len(t.state)+1)
	for _, s := range t.state {
		donated, err := DonateTensorBuffer(s, t.backend, 0)
		if err != nil {
			tb.Fatal(err)
		}
		args = append(args, donated)
	}
	out, err := t.exec.Call(append(args, t.tokens)...)
	if err != nil {
		tb.Fatal(err)
	}
	t.state = out[1:]
	return float64(out[0].Value().(float32))
}

// Ten steps of training lose the same on both backends: float32 sums in another order, amplified by ten updates.
func TestTrainingLossesEqualTheGoBackends(t *testing.T) {
	ours, reference := newTrainer(t, "dyt", tinyDecoder), newTrainer(t, "go:ops_sequential", tinyDecoder)
	for i := range 10 {
		got, want := ours.step(t), reference.step(t)
		if math.IsNaN(got) || math.Abs(got-want) > 2e-5*math.Abs(want) {
			t.Errorf("step %d: loss %.8f, the Go backend has %.8f", i, got, want)
		}
	}
}

func BenchmarkTrainingStep(b *testing.B) {
	for _, config := range []string{"dyt", "go:ops_sequential"} {
		b.Run(config, func(b *testing.B) {
			t := newTrainer(b, config, smallDecoder)
			t.step(b)
			b.ReportAllocs()
			for b.Loop() {
				t.step(b)
			}
		})
	}
}
