// Package llama is the LLaMA of arXiv:2302.13971 and its successors: a decoder with norms before each sublayer, rotary
// positions, grouped-query attention and SwiGLU, without biases.
//
// Norm-free variant: arXiv:2503.10622, whose LLaMA code is built on fms-fsdp (foundation-model-stack/fms-fsdp @5a296af).
// Its DyT has gamma and alpha and no beta, three alpha0 (before attention, before the feed-forward network, before the
// head), and brings one learnable scalar, initially sqrt(width), that multiplies the token embedding: without it the
// first activations are too small and training stalls.
//
// What differs here: laptop sizes start with fan-in scaling, the output projections of both sublayers smaller by
// 1/sqrt(2L), because the paper's 0.02 at a small width leaves DyT in its linear part; the twins share it. Tensor names are
// those of transformers' LlamaForCausalLM.
//
// Dimension letters: B batch, T tokens, V vocabulary, D width, H heads, G key-value heads, K head size, F feed-forward
// size, L layers.
package llama

import (
	"errors"
	"fmt"
	"math"

	"github.com/dyt-go/dyt/internal/param"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"
)

// Config holds every size of a LLaMA.
type Config struct {
	Vocab   int // V
	Width   int // D
	Layers  int // L
	Heads   int // H
	KVHeads int // G, divides H
	Hidden  int // F, of SwiGLU
	Context int // T of training

	Norm       norm.Config
	Method     part.Method // what stands elsewhere in place of a norm; "": nothing
	EmbedScale bool        // the learnable scalar after the embedding, initially sqrt(D)
	Tied       bool        // the head is the embedding
	RopeTheta  float64     // base of the rotary angles
	Interleave bool        // RoPE pairs neighbours, as llama2.c; else channel i with i + K/2, as transformers
	InitStd    float64     // std of every matrix; 0: fan-in scaling with depth-scaled output projections

	Compute dtypes.DType // of the activations: Float32, or BFloat16 (weights stay float32)
	Remat   bool         // gradient checkpointing, a block at a time
}

// Model is a configured LLaMA.
type Model struct {
	Config
	variant string
}

var _ part.Decoder = (*Model)(nil)

// New returns the model, or an error that names the first impossible size.
func New(variant string, c Config) (*Model, error) {
	if c.Compute == dtypes.InvalidDType {
		c.Compute = dtypes.Float32
	}
	for name, size := range map[string]int{"vocab": c.Vocab, "width": c.Width, "layers": c.Layers, "heads": c.Heads, "kv heads": c.KVHeads, "hidden": c.Hidden, "context": c.Context} {
		if size <= 0 {
			return nil, fmt.Errorf("llama: %s is %d, expected a positive number", name, size)
		}
	}
	switch {
	case c.Width%c.Heads != 0 || c.Width/c.Heads%2 != 0:
		return nil, fmt.Errorf("llama: width %d in %d heads: expected an even number of channels in each head", c.Width, c.Heads)
	case c.Heads%c.KVHeads != 0:
		return nil, fmt.Errorf("llama: %d kv heads do not divide %d heads", c.KVHeads, c.Heads)
	}
	return &Model{Config: c, variant: variant}, errors.Join(c.Norm.Check(), c.Method.Check())
}

func (m *Model) Arch() string    { return "llama" }
func (m *Model) Variant() string { return m.variant }
func (m *Model) Classes() int    { return m.Vocab }

// Forward returns the logits [B, T, V] of tokens [B, T].
func (m *Model) Forward(s *model.Scope, tokens *Node) *Node {
	return m.Decode(s, tokens, nil)
}

// Decode returns the logits [B, T, V] of tokens [B, T] that follow what the cache holds, or begin a text without one.
func (m *Model) Decode(s *model.Scope, tokens *Node, c *part.Cache) *Node {
	b := s.In("model")
	x := m.embed(b, tokens) // [B, T, D]
	layers := b.In("layers")
	for i := range m.Layers {
		x = part.Remat(m.Remat, x, func(x *Node) *Node { return m.block(layers.In("%d", i), x, c.Layer(i)) }) // [B, T, D]
	}
	x = part.Norm(b.In("norm"), m.Norm.At(norm.Final), x) // [B, T, D]
	return m.head(s, x)                                   // [B, T, V]
}

// Cache returns the number of layers and the shape of the keys, and of the values, of each: [B, G, T of training, K].
func (m *Model) Cache(b int) (layers int, each shapes.Shape) {
	return m.Layers, shapes.Make(m.Compute, b, m.KVHeads, m.Context, m.Width/m.Heads)
}

// block is one layer: x + Attention(norm(x)), then x + SwiGLU(norm(x)).
func (m *Model) block(s *model.Scope, x *Node, past *part.Memory) *Node {
	attn, mlp := s.In("self_attn"), s.In("mlp")
	x = m.Method.Residual(attn, x, m.attention(attn, part.Norm(s.In("input_layernorm"), m.Norm.At(norm.Attn), x), past))
	return m.Method.Residual(mlp, x, m.swiGLU(mlp, part.Norm(s.In("post_attention_layernorm"), m.Norm.At(norm.FFN), x)))
}

func (m *Model) embed(s *model.Scope, tokens *Node) *Node {
	x := part.Embedding(s.In("embed_tokens"), tokens, m.Vocab, m.Width, m.embeddingInit())
	if m.EmbedScale {
		x = Mul(x, Reshape(param.Node(s, "embed_scale", param.Constant(math.Sqrt(float64(m.Width))), x, 1)))
	}
	return ConvertDType(x, m.Compute)
}

func (m *Model) attention(s *model.Scope, x *Node, past *part.Memory) *Node {
	b, t, size := x.Shape().Dimensions[0], x.Shape().Dimensions[1], m.Width/m.Heads
	project := func(name string, heads int) *Node { // [B, T, heads, K]
		return Reshape(m.Method.Dense(s.In("%s", name), x, heads*size, m.inner(m.Width), false), b, t, heads, size)
	}
	q := part.RoPE(project("q_proj", m.Heads), m.RopeTheta, m.Interleave, past)
	k := part.RoPE(project("k_proj", m.KVHeads), m.RopeTheta, m.Interleave, past)
	v := project("v_proj", m.KVHeads)
	y := part.CachedAttention(heads(q), heads(k), heads(v), past)              // [B, H, T, K]
	y = Reshape(TransposeAllDims(y, 0, 2, 1, 3), b, t, m.Width)                // [B, T, D]
	return m.Method.Dense(s.In("o_proj"), y, m.Width, m.outer(m.Width), false) // [B, T, D]
}

// swiGLU is down(silu(gate(x)) * up(x)).
func (m *Model) swiGLU(s *model.Scope, x *Node) *Node {
	gate := m.Method.Dense(s.In("gate_proj"), x, m.Hidden, m.inner(m.Width), false) // [B, T, F]
	up := m.Method.Dense(s.In("up_proj"), x, m.Hidden, m.inner(m.Width), false)     // [B, T, F]
	gate = m.Method.Activation(s, gate)
	h := Mul(Mul(gate, Sigmoid(gate)), up)
	part.Tap(gate, part.ID(s)+".gate")
	return m.Method.Dense(s.In("down_proj"), h, m.Width, m.outer(m.Hidden), false) // [B, T, D]
}

func (m *Model) head(s *model.Scope, x *Node) *Node {
	if m.Tied {
		table := param.Node(s.At("model").At("embed_tokens"), "weight", m.embeddingInit(), x, m.Vocab, m.Width)
		return DotGeneral(x, []int{2}, nil, table, []int{1}, nil) // [B, T, V]
	}
	return m.Method.Dense(s.In("lm_head"), x, m.Vocab, m.Method.Last(m.start(m.Width, 1)), false) // [B, T, V]
}

// heads turns [B, T, H, K] into [B, H, T, K].
func heads(x *Node) *Node { return TransposeAllDims(x, 0, 2, 1, 3) }

// inner, outer and embeddingInit say how matrices start: those that read the residual stream, those that write to it, and
// the embedding. fms-fsdp truncates at +-2, which is a hundred standard deviations: a normal distribution.
func (m *Model) inner(in int) param.Init { return m.Method.Inner(m.start(in, 1), 2*m.Layers) }

func (m *Model) outer(in int) param.Init {
	return m.Method.Last(m.start(in, 1/math.Sqrt(float64(2*m.Layers))))
}

func (m *Model) embeddingInit() param.Init { return m.start(m.Width, 1) }

// start is the paper's standard deviation, or fan-in scaling with a gain.
func (m *Model) start(in int, gain float64) param.Init {
	if m.InitStd != 0 {
		return param.Normal(m.InitStd)
	}
	return part.FanIn(in, gain)
}

// Loss is the mean cross-entropy in nats of tokens and next tokens, both [B, T].
func (m *Model) Loss(s *model.Scope, batch []*Node) *Node {
	return ReduceAllMean(part.CrossEntropy(m.Forward(s, batch[0]), batch[1]))
}

// Score sums the cross-entropy and the hits over every token of the batch.
func (m *Model) Score(s *model.Scope, batch []*Node) (nll, correct, count *Node) {
	return part.Scores(m.Forward(s, batch[0]), batch[1])
}

// Inputs are tokens and next tokens, int32 [B, T].
func (m *Model) Inputs(b int) []shapes.Shape {
	tokens := shapes.Make(dtypes.Int32, b, m.Context)
	return []shapes.Shape{tokens, tokens}
}

// Sites lists the 2L+1 norms.
func (m *Model) Sites() []part.Site {
	var sites []part.Site
	for i := range m.Layers {
		at := fmt.Sprintf("model.layers.%d.", i)
		sites = append(sites,
			part.Site{ID: at + "input_layernorm", Role: norm.Attn, Spec: m.Norm.At(norm.Attn)},
			part.Site{ID: at + "post_attention_layernorm", Role: norm.FFN, Spec: m.Norm.At(norm.FFN)})
	}
	return append(sites, part.Site{ID: "model.norm", Role: norm.Final, Spec: m.Norm.At(norm.Final)})
}

// Extras names the embedding scalar, if there is one, and what the method changes.
func (m *Model) Extras() []string {
	extras := m.Method.Extras()
	if m.EmbedScale {
		extras = append(extras, fmt.Sprintf("one learnable scalar after the embedding, initially sqrt(%d)", m.Width))
	}
	return extras
}
