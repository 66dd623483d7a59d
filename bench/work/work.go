// Package work holds the workloads of the side-by-side benchmark as their users write them in Go: a ViT's body, a small
// LLaMA, one norm layer, one matrix product. bench/peers/peer.py has the same ones for other frameworks; what both load
// is one safetensors file, made here.
//
// Read this file first, then net.go and one of vit.go, llama.go, layer.go.
package work

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Names lists the workloads.
var Names = []string{"vit-train", "vit-forward", "llama-train", "layer-forward", "layer-both", "layer-warm", "gemm"}

// Loaded is a workload that is ready to run.
type Loaded struct {
	// Call runs it once and gives its results' memory back to the backend.
	Call func() error
	// Values are numbers that every framework must agree on: of a training step the loss and the global norm of the
	// gradients at the loaded weights, and the loss after one update.
	Values map[string]float64
	// Tensors are results that every framework must agree on, of a layer: y, dx, dalpha, dweight, dbias.
	Tensors []weights.Tensor
}

// Make returns what both sides load: the weights under their checkpoint names and the input.
func Make(backend compute.Backend, name string, kind norm.Kind) ([]weights.Tensor, error) {
	random := rand.New(rand.NewPCG(1, 2))
	switch {
	case name == "gemm":
		return []weights.Tensor{normal(random, "a", gemmSize, gemmSize), normal(random, "b", gemmSize, gemmSize)}, nil
	case strings.HasPrefix(name, "layer-"):
		return makeLayer(random, kind), nil
	}
	n, err := open(name, kind)
	if err != nil {
		return nil, err
	}
	return n.make(backend, random)
}

// Load builds a workload from the tensors that Make returned.
func Load(backend compute.Backend, name string, kind norm.Kind, file []weights.Tensor) (*Loaded, error) {
	store, inputs, err := fill(file)
	if err != nil {
		return nil, fmt.Errorf("work: %s: %w", name, err)
	}
	switch {
	case name == "gemm":
		return loadGemm(backend, inputs)
	case strings.HasPrefix(name, "layer-"):
		return loadLayer(backend, name, kind, store, inputs)
	}
	n, err := open(name, kind)
	if err != nil {
		return nil, err
	}
	if name == "vit-forward" {
		return n.loadForward(backend, store, inputs["input"])
	}
	return n.loadTraining(backend, store, inputs["input"])
}

// inputNames are the tensors of a file that are no parameters.
var inputNames = []string{"input", "x", "grad", "a", "b"}

// fill makes variables of the parameters, their paths the names with slashes for dots, and tensors of the rest.
func fill(file []weights.Tensor) (*model.Store, map[string]*tensors.Tensor, error) {
	store, inputs := model.NewStore(), map[string]*tensors.Tensor{}
	for _, t := range file {
		var value *tensors.Tensor
		if t.DType == weights.I32 {
			flat, err := t.Int32s()
			if err != nil {
				return nil, nil, err
			}
			value = tensors.FromFlatDataAndDimensions(flat, t.Shape...)
		} else {
			flat, err := t.Float32s()
			if err != nil {
				return nil, nil, err
			}
			value = tensors.FromFlatDataAndDimensions(flat, t.Shape...)
		}
		if slices.Contains(inputNames, t.Name) {
			inputs[t.Name] = value
			continue
		}
		if _, err := store.CreateVariable("/"+strings.ReplaceAll(t.Name, ".", "/"), value); err != nil {
			return nil, nil, err
		}
	}
	return store, inputs, nil
}

// normal draws a tensor from N(0, 1).
func normal(random *rand.Rand, name string, dims ...int) weights.Tensor {
	return drawn(random, name, 0, 1, dims...)
}

// drawn draws a tensor from N(mean, std^2).
func drawn(random *rand.Rand, name string, mean, std float64, dims ...int) weights.Tensor {
	n := 1
	for _, d := range dims {
		n *= d
	}
	flat := make([]float32, n)
	for i := range flat {
		flat[i] = float32(mean + std*random.NormFloat64())
	}
	return weights.FromFloat32s(name, dims, flat)
}

// finalize gives the memory of results back to the backend.
func finalize(results []*tensors.Tensor) error {
	for _, t := range results {
		if err := t.FinalizeAll(); err != nil {
			return err
		}
	}
	return nil
}
