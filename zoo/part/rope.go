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
// Positions count from 0, or from where the memory, if there is one, stands.
//
// The table of angles is computed in float32 as transformers computes it, so that both have the same cosines.
func RoPE(x *Node, theta float64, interleaved bool, m *Memory) *Node {
	b, t, h, d := dims4(x)
	dims, pair := []int{b, t, h, 2, d / 2}, 3
	angles := []int{1, t, 1, 1, d / 2}
	if interleaved {
		dims, pair, angles = []int{b, t, h, d / 2, 2}, 4, []int{1, t, 1, d / 2, 1}
	}
	cos, sin := rotation(x.Graph(), t, d/2, theta, m)
	cos, sin = ConvertDType(Reshape(cos, angles...), x.DType()), ConvertDType(Reshape(sin, angles...), x.DType())
	both := Reshape(x, dims...)
	first, second := SliceAxis(both, pair, AxisElem(0)), SliceAxis(both, pair, AxisElem(1))
	turned := Concatenate([]*Node{Sub(Mul(first, cos), Mul(second, sin)), Add(Mul(second, cos), Mul(first, sin))}, pair)
	return Reshape(turned, b, t, h, d)
}

// rotation returns the cosines and sines of t positions, [T, half] each.
func rotation(g *Graph, t, half int, theta float64, m *Memory) (cos, sin *Node) {
	if m == nil {
		return table(g, t, half, theta)
	}
	cos, sin = table(g, m.length(), half, theta)
	at := Reshape(m.positions(t), t, 1)
	return Gather(cos, at), Gather(sin, at)
}

// table holds the angles of positions 0 to n-1 as constants of the graph, [N, half] each: one pair for all layers.
func table(g *Graph, n, half int, theta float64) (cos, sin *Node) {
	key := fmt.Sprint("/rope/", n, half, theta)
	if known, found := model.GetGraphParam(g, key); found {
		tables := known.([2]*Node)
		return tables[0], tables[1]
	}
	cosines, sines := angles(n, half, theta)
	of := func(v []float32) *Node { return Const(g, tensors.FromFlatDataAndDimensions(v, n, half)) }
	tables := [2]*Node{of(cosines), of(sines)}
	model.SetGraphParam(g, key, tables)
	return tables[0], tables[1]
}

// angles returns cos and sin of position * theta^(-i/half) for n positions, each [N, half].
func angles(n, half int, theta float64) (cosines, sines []float32) {
	frequencies := make([]float32, half)
	for i := range frequencies {
		frequencies[i] = 1 / float32(math.Pow(theta, float64(float32(2*i)/float32(2*half))))
	}
	for position := range n {
		for _, frequency := range frequencies {
			angle := float64(float32(position) * frequency)
			cosines, sines = append(cosines, float32(math.Cos(angle))), append(sines, float32(math.Sin(angle)))
		}
	}
	return cosines, sines
}
