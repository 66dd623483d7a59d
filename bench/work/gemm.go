package work

import (
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// gemmSize is the side of the square matrices.
const gemmSize = 1024

func loadGemm(backend compute.Backend, inputs map[string]*tensors.Tensor) (*Loaded, error) {
	product, err := NewExec(backend, func(a, b *Node) *Node { return Dot(a, b).Product() })
	if err != nil {
		return nil, err
	}
	call := func() ([]*tensors.Tensor, error) { return product.Call(inputs["a"], inputs["b"]) }
	out, err := call()
	if err != nil {
		return nil, err
	}
	flat, err := tensors.CopyFlatData[float32](out[0])
	if err != nil {
		return nil, err
	}
	sum := 0.0
	for _, v := range flat {
		sum += float64(v)
	}
	return &Loaded{
		Call: func() error {
			out, err := call()
			if err != nil {
				return err
			}
			return finalize(out)
		},
		Values: map[string]float64{"sum": sum},
	}, finalize(out)
}
