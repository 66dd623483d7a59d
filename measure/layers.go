package measure

import (
	"fmt"
	"math/rand/v2"

	"github.com/dyt-go/dyt/internal/param"
	"github.com/dyt-go/dyt/norm"
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Modes of a layer.
const (
	Forward = "forward"
	Both    = "both" // forward and backward: y, dx and the gradients of all parameters
)

// LayersBytes is about the memory that Layers takes: x and dy of every width, and while one case runs its y and dx.
func LayersBytes(widths []int, rows int) float64 {
	sum, widest := 0.0, 0
	for _, width := range widths {
		sum, widest = sum+2*4*float64(rows)*float64(width), max(widest, width)
	}
	return sum + 2*4*float64(rows)*float64(widest)
}

// Layers returns the cases of norm layers over x [rows, width]: every kind at every width, forward and both. Results go back
// to the backend after each run.
func Layers(backend compute.Backend, kinds []norm.Kind, widths []int, rows int) ([]Case, error) {
	if rows < 1 {
		return nil, fmt.Errorf("measure: layers: %d rows, expected at least one", rows)
	}
	var cases []Case
	for _, width := range widths {
		if width < 1 {
			return nil, fmt.Errorf("measure: layers: width %d, expected at least one", width)
		}
		x, dy := draw(1, rows, width), draw(2, rows, width)
		for _, kind := range kinds {
			spec := LayerSpec(kind)
			if err := spec.Check(); err != nil {
				return nil, err
			}
			both, err := layerCases(backend, spec, x, dy)
			if err != nil {
				return nil, err
			}
			cases = append(cases, both...)
		}
	}
	return cases, nil
}

// layerCases are those of one layer: forward, and forward and backward.
func layerCases(backend compute.Backend, spec norm.Spec, x, dy *tensors.Tensor) ([]Case, error) {
	var cases []Case
	for _, mode := range []string{Forward, Both} {
		c, err := layerCase(backend, spec, mode, x, dy)
		if err != nil {
			return nil, err
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// draw returns a tensor from N(0, 1).
func draw(seed uint64, rows, cols int) *tensors.Tensor {
	random := rand.New(rand.NewPCG(seed, 1))
	flat := make([]float32, rows*cols)
	for i := range flat {
		flat[i] = float32(random.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(flat, rows, cols)
}

// layerCase times a layer of x [rows, width], with mode Both and its gradients by the result's gradient dy.
func layerCase(backend compute.Backend, spec norm.Spec, mode string, x, dy *tensors.Tensor) (Case, error) {
	shape := x.Shape().Dimensions
	c := Case{Op: "layer", Norm: string(spec.Kind), Mode: mode, Shape: shape, Rows: shape[0], Bytes: 2 * 4 * float64(x.Shape().Size())}
	if mode == Both {
		c.Bytes *= 2
	}
	var err error
	c.Run, err = layerRun(backend, spec, mode, x, dy)
	return c, err
}

func layerRun(backend compute.Backend, spec norm.Spec, mode string, x, dy *tensors.Tensor) (func() error, error) {
	store := model.NewStore()
	args := []any{x}
	f := func(s *model.Scope, in []*Node) []*Node { return []*Node{LayerForward(spec, s, in[0])} }
	if mode == Both {
		args = append(args, dy)
		f = func(s *model.Scope, in []*Node) []*Node { return LayerBoth(spec, s, in[0], in[1]) }
	}
	if err := declare(backend, store, spec, x.Shape()); err != nil {
		return nil, err
	}
	exec, err := model.NewExec(backend, store, f)
	if err != nil {
		return nil, err
	}
	return func() error { return call(exec, args...) }, nil
}

// declare creates the layer's parameters at their first values.
func declare(backend compute.Backend, store *model.Store, spec norm.Spec, x shapes.Shape) error {
	g := NewGraph(backend, "declare")
	defer g.Finalize()
	LayerForward(spec, store.RootScope(), Parameter(g, "x", x))
	return param.Fill(store, 1)
}

// call runs exec and gives the results' memory back.
func call(exec interface {
	Call(args ...any) ([]*tensors.Tensor, error)
}, args ...any) error {
	out, err := exec.Call(args...)
	if err != nil {
		return err
	}
	for _, t := range out {
		if err := t.FinalizeAll(); err != nil {
			return err
		}
	}
	return nil
}
