package work

import (
	"math/rand/v2"

	"github.com/dyt-go/dyt/measure"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// The layer stands alone, at the width of the paper's efficiency table, over as many tokens.
const layerRows, layerWidth = 4096, 4096

func makeLayer(random *rand.Rand, kind norm.Kind) []weights.Tensor {
	file := []weights.Tensor{normal(random, "x", 1, layerRows, layerWidth), normal(random, "grad", 1, layerRows, layerWidth)}
	for _, name := range measure.LayerParams(measure.LayerSpec(kind)) {
		switch name {
		case "alpha":
			file = append(file, weights.FromFloat32s(name, []int{1}, []float32{0.5}))
		case "weight":
			file = append(file, drawn(random, name, 1, 0.1, layerWidth))
		default:
			file = append(file, drawn(random, name, 0, 0.1, layerWidth))
		}
	}
	return file
}

// loadLayer returns the layer's forward pass, or with "layer-both" forward and backward. Results come out of the backend's
// pool and go back to it, as GoMLX's training loops have it, so "layer-warm" is "layer-forward" over again: for others the
// two differ.
func loadLayer(backend compute.Backend, name string, kind norm.Kind, store *model.Store, inputs map[string]*tensors.Tensor) (*Loaded, error) {
	spec := measure.LayerSpec(kind)
	names, args := []string{"y"}, []any{inputs["x"]}
	f := func(s *model.Scope, in []*Node) []*Node { return []*Node{measure.LayerForward(spec, s, in[0])} }
	if name == "layer-both" {
		names, args = append(names, "dx"), append(args, inputs["grad"])
		for _, p := range measure.LayerParams(spec) {
			names = append(names, "d"+p)
		}
		f = func(s *model.Scope, in []*Node) []*Node { return measure.LayerBoth(spec, s, in[0], in[1]) }
	}
	exec, err := model.NewExec(backend, store, f)
	if err != nil {
		return nil, err
	}
	out, err := exec.Call(args...)
	if err != nil {
		return nil, err
	}
	l := &Loaded{Call: func() error { return callOnce(exec, args...) }}
	for i, t := range out {
		flat, err := tensors.CopyFlatData[float32](t)
		if err != nil {
			return nil, err
		}
		l.Tensors = append(l.Tensors, weights.FromFloat32s(names[i], t.Shape().Dimensions, flat))
	}
	return l, finalize(out)
}
