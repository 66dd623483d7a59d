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
	if !causal {
		return attention(q, k, v, nil)
	}
	t, s := q.Shape().Dimensions[2], k.Shape().Dimensions[2]
	return attention(q, k, v, causalMask(q, t, s, Iota(q.Graph(), shape(i32, 1, 1, 1, t, s), 3)))
}

// CachedAttention is causal Attention of a text's next T positions, which it adds to the memory, over all that it has read.
// Without a memory the text begins with q.
func CachedAttention(q, k, v *Node, m *Memory) *Node {
	if m == nil {
		return Attention(q, k, v, true)
	}
	keys, values := m.Add(k, v)
	t, s := q.Shape().Dimensions[2], m.length()
	return attention(q, keys, values, causalMask(q, t, s, BroadcastToDims(Reshape(m.positions(t), 1, 1, 1, t, 1), 1, 1, 1, t, s)))
}

// attention adds mask [1, 1, 1, T, S] to the scores, if there is one.
func attention(q, k, v, mask *Node) *Node {
	b, h, t, d := dims4(q)
	_, groups, length, _ := dims4(k)
	q = Reshape(MulScalar(q, 1/math.Sqrt(float64(d))), b, groups, h/groups*t, d)
	scores := DotGeneral(q, []int{3}, []int{0, 1}, k, []int{3}, []int{0, 1}) // [B, G, H/G*T, S]
	if mask != nil {
		scores = Reshape(scores, b, groups, h/groups, t, length)
		scores = Reshape(Add(scores, mask), b, groups, h/groups*t, length)
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

// causalMask is 0 where the key is not later than the query, whose positions are int32 [1, 1, 1, T, S], and -Inf elsewhere:
// [1, 1, 1, T, S].
func causalMask(like *Node, t, s int, query *Node) *Node {
	g := like.Graph()
	key := Iota(g, shape(i32, 1, 1, 1, t, s), 4)
	zero := Scalar(g, like.DType(), 0.0)
	later := Scalar(g, like.DType(), math.Inf(-1))
	return Where(GreaterThan(key, query), BroadcastToDims(later, 1, 1, 1, t, s), BroadcastToDims(zero, 1, 1, 1, t, s))
}

func dims4(x *Node) (a, b, c, d int) {
	n := x.Shape().Dimensions
	return n[0], n[1], n[2], n[3]
}
