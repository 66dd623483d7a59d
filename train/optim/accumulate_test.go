package optim

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

const rows, width = 12, 5

// regression trains y = tanh(x w) for five steps with each batch cut into n parts, and returns w.
func regression(t *testing.T, b compute.Backend, n int) []float32 {
	t.Helper()
	config := Default()
	config.Decay, config.DecayRule, config.Clip = 0.1, All, 0.05
	random := rand.New(rand.NewPCG(1, 2))
	draw := func(n int) []float32 {
		v := make([]float32, n)
		for i := range v {
			v[i] = float32(random.NormFloat64())
		}
		return v
	}
	store := model.NewStore()
	w, err := store.CreateVariable("/w", tensors.FromFlatDataAndDimensions(draw(width), width, 1))
	if err != nil {
		t.Fatal(err)
	}
	if err := config.Prepare(store, n > 1); err != nil {
		t.Fatal(err)
	}
	loss := func(x, y *graph.Node) *graph.Node {
		d := graph.Sub(graph.Tanh(graph.MatMul(x, w.NodeValue(x))), y)
		return graph.ReduceAllMean(graph.Mul(d, d))
	}
	add := model.MustNewExec(b, store, func(s *model.Scope, x, y *graph.Node) *graph.Node {
		l := loss(x, y)
		Accumulate(store, config.Gradients(store, l))
		return l
	})
	apply := model.MustNewExec(b, store, func(s *model.Scope, controls, x, y *graph.Node) *graph.Node {
		l := loss(x, y)
		params := config.Gradients(store, l)
		if n > 1 {
			params = Collect(store, params, n)
		}
		return config.Apply(store, params, l, controls)
	})
	for step := range 5 {
		x, y := draw(rows*width), draw(rows)
		part := rows / n
		for i := range n {
			xi := tensors.FromFlatDataAndDimensions(append([]float32(nil), x[i*part*width:(i+1)*part*width]...), part, width)
			yi := tensors.FromFlatDataAndDimensions(append([]float32(nil), y[i*part:(i+1)*part]...), part, 1)
			var err error
			if i < n-1 {
				_, err = add.Call(xi, yi)
			} else {
				_, err = apply.Call(config.Tensor(Controls{LR: 0.1, Decay: config.Decay, Step: step + 1}), xi, yi)
			}
			if err != nil {
				t.Fatal(err)
			}
		}
		if n > 1 && values(t, store.GetVariable(statePath(sum, w)))[0] != 0 {
			t.Fatal("the sums of the micro-batches are not empty after a step")
		}
	}
	return values(t, w)
}

func TestMicroBatchesEqualTheBigBatch(t *testing.T) {
	b := openBackend(t)
	whole := regression(t, b, 1)
	for _, n := range []int{2, 4, 12} {
		for i, got := range regression(t, b, n) {
			// Five steps of 0.1 on weights near 1: rounding is a few 1e-7, a wrong factor would be 1e-2 and more.
			if math.Abs(float64(got-whole[i])) > 3e-6 {
				t.Errorf("%d micro-batches: w[%d] = %g, one batch gives %g", n, i, got, whole[i])
			}
		}
	}
}
