package cpu_test

import (
	"math/rand/v2"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// decoder is a language model like the benchmark's: causal attention with rotary positions, SwiGLU, DyT, byte vocabulary.
type decoder struct {
	layers, width, heads, hidden, vocab, batch, tokens int
}

var (
	smallDecoder = decoder{layers: 4, width: 128, heads: 4, hidden: 352, vocab: 256, batch: 16, tokens: 128}
	tinyDecoder  = decoder{layers: 2, width: 16, heads: 2, hidden: 24, vocab: 11, batch: 2, tokens: 6}
)

// shapes lists the parameters, layer by layer.
func (d decoder) shapes() [][]int {
	list := [][]int{{d.vocab, d.width}}
	for range d.layers {
		list = append(list, []int{1}, []int{d.width}, []int{d.width}, // attention's DyT: alpha, gamma, beta
			[]int{d.width, d.width}, []int{d.width, d.width}, []int{d.width, d.width}, []int{d.width, d.width},
			[]int{1}, []int{d.width}, []int{d.width},
			[]int{d.hidden, d.width}, []int{d.hidden, d.width}, []int{d.width, d.hidden})
	}
	return append(list, []int{1}, []int{d.width}, []int{d.width}, []int{d.vocab, d.width})
}

// values makes parameters from a seed, and tokens.
func (d decoder) values(seed uint64) (params []any, tokens []int32) {
	random := rand.New(rand.NewPCG(seed, 1))
	for _, dims := range d.shapes() {
		n := shapes.Make(dtypes.Float32, dims...).Size()
		flat := make([]float32, n)
		for i := range flat {
			switch len(dims) {
			case 2:
				flat[i] = float32(random.NormFloat64()) * 0.05
			default:
				flat[i] = 1 + float32(random.NormFloat64())*0.1
			}
		}
		params = append(params, flat)
	}
	tokens = make([]int32, d.batch*(d.tokens+1))
	for i := range tokens {
		tokens[i] = int32(random.IntN(d.vocab))
	}
	return params, tokens
}

func dyt(x, alpha, gamma, beta *Node) *Node {
	t := Tanh(Mul(x, BroadcastToDims(Reshape(alpha), x.Shape().Dimensions...)))
	return Add(Mul(t, ExpandLeftToRank(gamma, x.Rank())), ExpandLeftToRank(beta, x.Rank()))
}

// dense multiplies the last axis of x with w, [out, in].
func dense(x, w *Node) *Node {
	return DotGeneral(x, []int{x.Rank() - 1}, nil, w, []int{1}, nil)
}

// loss is the mean cross-entropy of predicting tokens[:, 1:].
func (d decoder) loss(params []*Node, tokens *Node) *Node {
	next := func() *Node { p := params[0]; params = params[1:]; return p }
	g := tokens.Graph()
	in := Slice(tokens, AxisRange(), AxisRange(0, d.tokens))
	want := Slice(tokens, AxisRange(), AxisRange(1))
	x := Gather(next(), InsertAxes(in, -1))
	for range d.layers {
		h := dyt(x, next(), next(), next())
		q, k, v := d.split(dense(h, next())), d.split(dense(h, next())), d.split(dense(h, next()))
		x = Add(x, dense(d.attention(g, d.rotate(q), d.rotate(k), v), next()))
		h = dyt(x, next(), next(), next())
		x = Add(x, dense(Mul(swish(dense(h, next())), dense(h, next())), next()))
	}
	logits := dense(dyt(x, next(), next(), next()), next())
	shifted := Sub(logits, StopGradient(ReduceAndKeep(logits, ReduceMax, -1)))
	logSum := Log(ReduceAndKeep(Exp(shifted), ReduceSum, -1))
	picked := OneHot(want, d.vocab, dtypes.Float32)
	return Neg(ReduceAllMean(ReduceSum(Mul(picked, Sub(shifted, logSum)), -1)))
}

func swish(x *Node) *Node { return Mul(x, Sigmoid(x)) }

// split turns [batch, tokens, width] into [batch, heads, tokens, width/heads].
func (d decoder) split(x *Node) *Node {
	return Transpose(Reshape(x, d.batch, d.tokens, d.heads, d.width/d.heads), 1, 2)
}

// rotate applies rotary positions to halves of the last axis.
func (d decoder) rotate(x *Node) *Node {
	g, half := x.Graph(), d.width/d.heads/2
	position := Iota(g, shapes.Make(dtypes.Float32, d.tokens, half), 0)
	pair := Iota(g, shapes.Make(dtypes.Float32, d.tokens, half), 1)
	angle := Mul(position, Exp(MulScalar(pair, -9.21/float64(half))))
	c, s := ExpandLeftToRank(Cos(angle), 4), ExpandLeftToRank(Sin(angle), 4)
	a, b := Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(0, half)), Slice(x, AxisRange(), AxisRange(), AxisRange(), AxisRange(half))
	return Concatenate([]*Node{Sub(Mul(a, c), Mul(b, s)), Add(Mul(a, s), Mul(b, c))}, -1)
}

func (d decoder) attention(g *Graph, q, k, v *Node) *Node {
	scores := DotGeneral(q, []int{3}, []int{0, 1}, k, []int{3}, []int{0, 1})
	scores = MulScalar(scores, 1/float64(d.width/d.heads))
	mask := LowerTriangular(g, d.tokens)
	scores = Where(BroadcastToDims(ExpandLeftToRank(mask, 4), scores.Shape().Dimensions...), scores, Const(g, float32(-1e9)))
	p := Exp(Sub(scores, StopGradient(ReduceAndKeep(scores, ReduceMax, -1))))
	p = Div(p, ReduceAndKeep(p, ReduceSum, -1))
	o := DotGeneral(p, []int{3}, []int{0, 1}, v, []int{2}, []int{0, 1})
	return Reshape(Transpose(o, 1, 2), d.batch, d.tokens, d.width)
}

// step is a training step: loss, gradients, AdamW with clipping by the global norm. state is parameters, first and
// second moments; it returns the loss and the new state.
func (d decoder) step(state []*Node, tokens *Node) []*Node {
	n := len(state) / 3
	params, first, second := state[:n], state[n:2*n], state[2*n:]
	loss := d.loss(params, tokens)
	grads := Gradient(loss, params...)
	norm := ScalarZero(loss.Graph(), dtypes.Float32)
	for _, grad := range grads {
		norm = Add(norm, ReduceAllSum(Square(grad)))
	}
	scale := Min(OnesLike(norm), Inverse(AddScalar(Sqrt(norm), 1e-6)))
	out := make([]*Node, 1+3*n)
	out[0] = loss
	for i, grad := range grads {
		grad = Mul(grad, scale)
		m := Add(MulScalar(first[i], 0.9), MulScalar(grad, 0.1))
		v := Add(MulScalar(second[i], 0.95), MulScalar(Square(grad), 0.05))
		update := Add(Div(m, AddScalar(Sqrt(v), 1e-8)), MulScalar(params[i], 0.1))
		out[1+i], out[1+n+i], out[1+2*n+i] = Sub(params[i], MulScalar(update, 1e-3)), m, v
	}
	return out
}
