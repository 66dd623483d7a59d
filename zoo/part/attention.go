package part

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// Attention is softmax(q k^T / sqrt(D)) v for q [B, H, T, D] and k, v [B, G, S, D], where G divides H: heads in groups of
// H/G share one key and value. With causal, position t sees positions up to t. The result is [B, H, T, D].
//
// It is written as plain products, mask and softmax; the softmax of a bfloat16 q is float32.
func Attention(q, k, v *Node, causal bool) *Node {
	b, h, t, d := dims4(q)
	_, groups, length, _ := dims4(k)
	q = Reshape(MulScalar(q, 1/math.Sqrt(float64(d))), b, groups, h/groups*t, d)
	scores := DotGeneral(q, []int{3}, []int{0, 1}, k, []int{3}, []int{0, 1}) // [B, G, H/G*T, S]
	if causal {
		scores = Reshape(scores, b, groups, h/groups, t, length)
		scores = Reshape(Add(scores, causalMask(scores, t, length)), b, groups, h/groups*t, length)
	}
	p := softmax(scores)
	y := DotGeneral(p, []int{3}, []int{0, 1}, v, []int{2}, []int{0, 1}) // [B, G, H/G*T, D]
	return Reshape(y, b, h, t, d)
}

// softmax is exp(x) / sum(exp(x)) along the last axis, stable for large x.
func softmax(x *Node) *Node {
	dtype := x.DType()
	x = ConvertDType(x, f32)
	e := Exp(Sub(x, StopGradient(ReduceAndKeep(x, ReduceMax, -1))))
	return ConvertDType(Div(e, ReduceAndKeep(e, ReduceSum, -1)), dtype)
}

// causalMask is 0 where the key is not later than the query and -Inf elsewhere: [1, 1, 1, T, S].
func causalMask(like *Node, t, s int) *Node {
	g := like.Graph()
	query, key := Iota(g, shape(i32, 1, 1, 1, t, s), 3), Iota(g, shape(i32, 1, 1, 1, t, s), 4)
	zero := Scalar(g, like.DType(), 0.0)
	later := Scalar(g, like.DType(), math.Inf(-1))
	return Where(GreaterThan(key, query), BroadcastToDims(later, 1, 1, 1, t, s), BroadcastToDims(zero, 1, 1, 1, t, s))
}

func dims4(x *Node) (a, b, c, d int) {
	n := x.Shape().Dimensions
	return n[0], n[1], n[2], n[3]
}
