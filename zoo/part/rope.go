package part

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	. "github.com/gomlx/gomlx/core/graph"
)

// RoPE rotates pairs of channels of x [B, T, H, D] by the angle t * theta^(-2i/D) (arXiv:2104.09864): channel i with
// channel i + D/2 as transformers pairs them, or 2i with 2i+1 when interleaved, as the original code and llama2.c do.
// Positions count from start.
//
// The table of angles is computed in float32 as transformers computes it, so that both have the same cosines.
func RoPE(x *Node, theta float64, interleaved bool, start int) *Node {
	b, t, h, d := dims4(x)
	dims, pair := []int{b, t, h, 2, d / 2}, 3
	table := []int{1, t, 1, 1, d / 2}
	if interleaved {
		dims, pair, table = []int{b, t, h, d / 2, 2}, 4, []int{1, t, 1, d / 2, 1}
	}
	cos, sin := rotation(x.Graph(), t, d/2, theta, start)
	cos, sin = ConvertDType(Reshape(cos, table...), x.DType()), ConvertDType(Reshape(sin, table...), x.DType())
	both := Reshape(x, dims...)
	first, second := SliceAxis(both, pair, AxisElem(0)), SliceAxis(both, pair, AxisElem(1))
	turned := Concatenate([]*Node{Sub(Mul(first, cos), Mul(second, sin)), Add(Mul(second, cos), Mul(first, sin))}, pair)
	return Reshape(turned, b, t, h, d)
}

// rotation returns the tables of angles as constants of the graph, [T, half] each: one pair for all layers.
func rotation(g *Graph, t, half int, theta float64, start int) (cos, sin *Node) {
	key := fmt.Sprint("/rope/", t, half, theta, start)
	if known, found := model.GetGraphParam(g, key); found {
		tables := known.([2]*Node)
		return tables[0], tables[1]
	}
	cosines, sines := angles(t, half, theta, start)
	of := func(v []float32) *Node { return Const(g, tensors.FromFlatDataAndDimensions(v, t, half)) }
	tables := [2]*Node{of(cosines), of(sines)}
	model.SetGraphParam(g, key, tables)
	return tables[0], tables[1]
}

// angles returns cos and sin of (start+position) * theta^(-i/half), each [T, half].
func angles(t, half int, theta float64, start int) (cosines, sines []float32) {
	frequencies := make([]float32, half)
	for i := range frequencies {
		frequencies[i] = 1 / float32(math.Pow(theta, float64(float32(2*i)/float32(2*half))))
	}
	for position := range t {
		for _, frequency := range frequencies {
			angle := float64(float32(start+position) * frequency)
			cosines, sines = append(cosines, float32(math.Cos(angle))), append(sines, float32(math.Sin(angle)))
		}
	}
	return cosines, sines
}
