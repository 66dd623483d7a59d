package llama

import (
	"encoding/json"
	"fmt"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/part"
)

// Tensor names need no table: a variable's path with dots for slashes is its name in transformers' LlamaForCausalLM, and
// weights are stored [out, in] as there. What a DyT model has beside: <norm>.alpha (and .shift, .bias), and
// model.embed_scale. This file is about config.json, in both directions.

// hfConfig is config.json of transformers' LlamaConfig, with our norm object when the norm is not RMSNorm.
type hfConfig struct {
	Architectures []string     `json:"architectures"`
	ModelType     string       `json:"model_type"`
	Vocab         int          `json:"vocab_size"`
	Width         int          `json:"hidden_size"`
	Hidden        int          `json:"intermediate_size"`
	Layers        int          `json:"num_hidden_layers"`
	Heads         int          `json:"num_attention_heads"`
	KVHeads       int          `json:"num_key_value_heads"`
	HeadSize      int          `json:"head_dim"`
	Context       int          `json:"max_position_embeddings"`
	Act           string       `json:"hidden_act"`
	Eps           *float64     `json:"rms_norm_eps"`
	RopeTheta     float64      `json:"rope_theta"`
	Rope          *hfRope      `json:"rope_parameters,omitempty"`
	RopeScaling   any          `json:"rope_scaling,omitempty"`
	Tied          bool         `json:"tie_word_embeddings"`
	AttentionBias bool         `json:"attention_bias"`
	MLPBias       bool         `json:"mlp_bias"`
	InitStd       float64      `json:"initializer_range,omitempty"` // absent: fan-in scaling; transformers demands a float
	DType         string       `json:"dtype"`
	Variant       string       `json:"variant,omitempty"`
	Interleave    bool         `json:"rope_interleaved,omitempty"`
	Norm          *norm.Config `json:"norm,omitempty"`
	Method        part.Method  `json:"method,omitempty"`
	EmbedScale    bool         `json:"embed_scale,omitempty"`
}

type hfRope struct {
	Type  string  `json:"rope_type"`
	Theta float64 `json:"rope_theta"`
}

// stock says whether transformers' own class computes this model.
func (m *Model) stock() bool {
	n := m.Norm
	return n.Kind == norm.RMSNorm && n.Scale && !n.Offset && m.Method == "" && !m.EmbedScale && !m.Interleave
}

// ConfigJSON is config.json: LlamaForCausalLM for the stock network. Any other names an architecture of its own and has a
// norm object, so that transformers' AutoModel refuses it, and rms_norm_eps null, so that LlamaForCausalLM does: without
// the key it would take its default and load the network wrongly, with a warning.
func (m *Model) ConfigJSON() map[string]any {
	c := hfConfig{
		Architectures: []string{"LlamaForCausalLM"}, ModelType: "llama", Vocab: m.Vocab, Width: m.Width, Hidden: m.Hidden, Layers: m.Layers,
		Heads: m.Heads, KVHeads: m.KVHeads, HeadSize: m.Width / m.Heads, Context: m.Context, Act: "silu", RopeTheta: m.RopeTheta,
		Rope: &hfRope{"default", m.RopeTheta}, Tied: m.Tied, InitStd: m.InitStd, DType: "float32", Variant: m.variant, Interleave: m.Interleave,
		Method: m.Method, EmbedScale: m.EmbedScale,
	}
	if m.stock() {
		c.Eps = &m.Norm.Eps
	} else {
		c.Architectures, c.ModelType, c.Norm = []string{"DyTLlamaForCausalLM"}, "dyt_llama", &m.Norm
	}
	content, err := json.Marshal(c)
	if err != nil {
		panic(fmt.Errorf("llama: config.json: %w", err)) // every field has a JSON form
	}
	var object map[string]any
	if err := json.Unmarshal(content, &object); err != nil {
		panic(fmt.Errorf("llama: config.json: %w", err))
	}
	return object
}

// FromConfigJSON returns the model that config.json describes. What this LLaMA does not compute is an error that names the
// key: other activations, biases, scaled rotary angles, head sizes apart from width / heads.
func FromConfigJSON(content []byte) (*Model, error) {
	var c hfConfig
	if err := json.Unmarshal(content, &c); err != nil {
		return nil, fmt.Errorf("llama: config.json: %w", err)
	}
	if c.ModelType != "llama" && c.ModelType != "dyt_llama" {
		return nil, fmt.Errorf("llama: config.json: model_type %q, expected llama or dyt_llama", c.ModelType)
	}
	if c.Rope != nil {
		c.RopeTheta = c.Rope.Theta
	}
	switch {
	case c.Act != "silu" && c.Act != "":
		return nil, fmt.Errorf("llama: config.json: hidden_act %q, expected silu", c.Act)
	case c.AttentionBias || c.MLPBias:
		return nil, fmt.Errorf("llama: config.json: attention_bias or mlp_bias is true; models with biases are not supported")
	case c.RopeScaling != nil || c.Rope != nil && c.Rope.Type != "default":
		return nil, fmt.Errorf("llama: config.json: scaled rotary positions are not supported")
	}
	if c.KVHeads == 0 {
		c.KVHeads = c.Heads
	}
	if c.RopeTheta == 0 {
		c.RopeTheta = 10000
	}
	if c.Heads > 0 && c.HeadSize != 0 && c.HeadSize*c.Heads != c.Width {
		return nil, fmt.Errorf("llama: config.json: head_dim %d, expected hidden_size/num_attention_heads = %d/%d", c.HeadSize, c.Width, c.Heads)
	}
	n := norm.Default(norm.RMSNorm)
	switch {
	case c.Norm != nil:
		n = *c.Norm
	case c.Eps != nil:
		n.Eps = *c.Eps
	}
	return New(c.Variant, Config{Vocab: c.Vocab, Width: c.Width, Layers: c.Layers, Heads: c.Heads, KVHeads: c.KVHeads, Hidden: c.Hidden,
		Context: c.Context, Norm: n, Method: c.Method, EmbedScale: c.EmbedScale, Tied: c.Tied, RopeTheta: c.RopeTheta, Interleave: c.Interleave, InitStd: c.InitStd})
}
