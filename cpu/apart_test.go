package cpu_test

import (
	"testing"

	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Products whose free or contracted axes lie apart, as those of grouped queries with tokens before heads, are copied together
// and multiplied here, none by the Go backend.
func TestProductsOfAxesThatLieApart(t *testing.T) {
	reference, err := compute.NewWithConfig("go:ops_sequential")
	fatal(t, err)
	defer reference.Finalize()
	const batch, tokens, groups, repeat, channels = 2, 9, 3, 2, 5
	graphs := map[string]func(x, y *Node) *Node{
		"free":         func(x, y *Node) *Node { return DotGeneral(x, []int{4}, []int{0, 2}, y, []int{3}, []int{0, 2}) },
		"free, behind": func(x, y *Node) *Node { return DotGeneral(y, []int{3}, []int{0, 2}, x, []int{4}, []int{0, 2}) },
		"contracted": func(x, y *Node) *Node {
			return DotGeneral(x, []int{1, 3}, []int{0, 2}, Tanh(x), []int{1, 3}, []int{0, 2})
		},
		"contracted, free": func(x, y *Node) *Node { return DotGeneral(x, []int{4, 1}, []int{2}, x, []int{4, 1}, []int{2}) },
		"turned round": func(x, y *Node) *Node {
			return DotGeneral(Sin(x), []int{3, 1}, nil, TransposeAllDims(x, 4, 3, 2, 1, 0), []int{1, 3}, nil)
		},
	}
	for name, graph := range graphs {
		f := func(in []*Node) []*Node {
			x, y := Reshape(in[0], batch, tokens, groups, repeat, channels), Reshape(in[1], batch, tokens, groups, channels)
			return []*Node{Reshape(graph(x, y), -1)}
		}
		results := [2][]float32{}
		backend := openPlanned(t)
		for i, b := range []compute.Backend{reference, backend} {
			e, err := NewExec(b, f)
			fatal(t, err)
			out, err := e.Call(waves(batch*tokens, groups*repeat*channels, 1), waves(batch*tokens, groups*channels, 2))
			fatal(t, err)
			results[i] = tensors.MustCopyFlatData[float32](out[0])
		}
		if left := delegated(backend.last()); len(left) > 0 {
			t.Errorf("%s: the Go backend runs %v:\n%s", name, left, backend.last())
		}
		if len(results[0]) != len(results[1]) {
			t.Fatalf("%s: %d numbers, the Go backend has %d", name, len(results[1]), len(results[0]))
		}
		for i, want := range results[0] {
			// sums of at most 90 products of numbers up to 1
			if d := results[1][i] - want; !(d <= 1e-5 && d >= -1e-5) {
				t.Fatalf("%s: element %d is %g, the Go backend has %g", name, i, results[1][i], want)
			}
		}
	}
}
