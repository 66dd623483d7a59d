package weights

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/big"
	"os"
)

// Llama2C describes a model in llama2.c's old .bin format, and the constants that the format leaves to its program.
type Llama2C struct {
	Dim       int `json:"dim"`
	HiddenDim int `json:"hidden_dim"`
	Layers    int `json:"n_layers"`
	Heads     int `json:"n_heads"`
	KVHeads   int `json:"n_kv_heads"`
	Vocab     int `json:"vocab_size"`
	SeqLen    int `json:"seq_len"`

	// Shared says that the head is the embedding; then there is no tensor lm_head.weight.
	Shared bool `json:"shared_classifier"`

	// RoPE is the pairing that the rows of q_proj and k_proj are ordered for: always RoPEInterleaved. The rows are as in
	// the file; transformers' Llama pairs element i with i + head/2 and would need them permuted.
	RoPE      string  `json:"rope"`
	RopeTheta float64 `json:"rope_theta"` // 10000
	NormEps   float64 `json:"norm_eps"`   // 1e-5, of the RMSNorm
}

// RoPEInterleaved is the rotary pairing of neighbours: elements 2i and 2i+1 of a head.
const RoPEInterleaved = "interleaved"

const (
	llama2cHeader = 28         // bytes: seven int32
	llama2cMagic  = 0x616b3432 // first word of the newer versions of the format
)

// OpenLlama2C opens a checkpoint of karpathy/llama2.c (old format: seven int32, then float32 weights without names) and
// gives its tensors the names of transformers' LlamaForCausalLM. Like Open it reads only the header; the file's size
// must be exactly what the header asks for.
//
// Layout after dim, hidden_dim, layers, heads, kv_heads, vocab (negative: untied head), seq_len, with D dim, F hidden
// dim, K = D * kv_heads / heads, V vocab, L layers, S seq_len, P = D / heads / 2:
//
//	embedding [V,D]  rms_att [L,D]  wq [L,D,D]  wk [L,K,D]  wv [L,K,D]  wo [L,D,D]  rms_ffn [L,D]
//	w1 [L,F,D]  w2 [L,D,F]  w3 [L,F,D]  rms_final [D]  cosines [S,P]  sines [S,P] (both unused)  head [V,D] if untied
//
// Source: karpathy/llama2.c 350e04f, run.c, memory_map_weights.
func OpenLlama2C(path string) (*File, Llama2C, error) {
	osFile, err := os.Open(path)
	if err != nil {
		return nil, Llama2C{}, fmt.Errorf("weights: open: %w", err)
	}
	f, config, err := newLlama2C(path, osFile)
	if err != nil {
		osFile.Close()
		return nil, Llama2C{}, fmt.Errorf("weights: %s: llama2.c: %w", path, err)
	}
	return f, config, nil
}

func newLlama2C(path string, osFile *os.File) (*File, Llama2C, error) {
	stat, err := osFile.Stat()
	if err != nil {
		return nil, Llama2C{}, err
	}
	var head [llama2cHeader]byte
	if _, err := osFile.ReadAt(head[:], 0); errors.Is(err, io.EOF) {
		return nil, Llama2C{}, fmt.Errorf("expected a header of %d bytes, the file has %d", llama2cHeader, stat.Size())
	} else if err != nil {
		return nil, Llama2C{}, err
	}
	config, err := parseLlama2C(head)
	if err != nil {
		return nil, Llama2C{}, err
	}
	if want := config.fileSize(); want.Cmp(big.NewInt(stat.Size())) != 0 {
		return nil, Llama2C{}, fmt.Errorf("header %+v asks for a file of %d bytes, it has %d: truncated (copy or download it again) or of another format", config, want, stat.Size())
	}
	f := newFile(path, osFile, &header{infos: config.layout()})
	f.closer = osFile
	return f, config, nil
}

func parseLlama2C(head [llama2cHeader]byte) (Llama2C, error) {
	var n [7]int
	for i := range n {
		n[i] = int(int32(binary.LittleEndian.Uint32(head[4*i:])))
	}
	if n[0] == llama2cMagic {
		return Llama2C{}, fmt.Errorf("version %d of the format, expected the old one without a version: export with --version 0", n[1])
	}
	c := Llama2C{Dim: n[0], HiddenDim: n[1], Layers: n[2], Heads: n[3], KVHeads: n[4], Vocab: n[5], SeqLen: n[6],
		Shared: true, RoPE: RoPEInterleaved, RopeTheta: 10000, NormEps: 1e-5}
	if c.Vocab < 0 {
		c.Vocab, c.Shared = -c.Vocab, false
	}
	for _, v := range []int{c.Dim, c.HiddenDim, c.Layers, c.Heads, c.KVHeads, c.Vocab, c.SeqLen} {
		if v <= 0 {
			return Llama2C{}, fmt.Errorf("header %v: expected seven positive numbers (vocabulary: negative for an untied head)", n)
		}
	}
	if c.Dim%(2*c.Heads) != 0 || c.Heads%c.KVHeads != 0 {
		return Llama2C{}, fmt.Errorf("header %v: expected dim %d to be a multiple of 2 x %d heads, and %d heads of %d key-value heads",
			n, c.Dim, c.Heads, c.Heads, c.KVHeads)
	}
	return c, nil
}

// fileSize returns the bytes that the header asks for. It is exact however large the numbers are, and is compared with
// the real size before anything is allocated for them.
func (c Llama2C) fileSize() *big.Int {
	d, f, kv := c.Dim, c.HiddenDim, c.Dim/c.Heads*c.KVHeads
	products := [][]int{
		{c.Vocab, d}, {c.Layers, 2, d}, {c.Layers, 2, d, d}, {c.Layers, 2, kv, d}, {c.Layers, 3, f, d}, {d},
		{c.SeqLen, d / c.Heads},
	}
	if !c.Shared {
		products = append(products, []int{c.Vocab, d})
	}
	floats := new(big.Int)
	for _, factors := range products {
		product := big.NewInt(1)
		for _, factor := range factors {
			product.Mul(product, big.NewInt(int64(factor)))
		}
		floats.Add(floats, product)
	}
	return floats.Mul(floats, big.NewInt(4)).Add(floats, big.NewInt(llama2cHeader))
}

// layout returns where each tensor lies.
func (c Llama2C) layout() []Info {
	var infos []Info
	offset := int64(llama2cHeader)
	add := func(name string, shape ...int) {
		size := 4 * int64(elements(shape))
		infos = append(infos, Info{Name: name, DType: F32, Shape: shape, Size: size, offset: offset})
		offset += size
	}
	perLayer := func(name string, shape ...int) {
		for i := range c.Layers {
			add(fmt.Sprintf("model.layers.%d.%s.weight", i, name), shape...)
		}
	}
	d, f, kv := c.Dim, c.HiddenDim, c.Dim/c.Heads*c.KVHeads
	add("model.embed_tokens.weight", c.Vocab, d)
	perLayer("input_layernorm", d)
	perLayer("self_attn.q_proj", d, d)
	perLayer("self_attn.k_proj", kv, d)
	perLayer("self_attn.v_proj", kv, d)
	perLayer("self_attn.o_proj", d, d)
	perLayer("post_attention_layernorm", d)
	perLayer("mlp.gate_proj", f, d)
	perLayer("mlp.down_proj", d, f)
	perLayer("mlp.up_proj", f, d)
	add("model.norm.weight", d)
	offset += 4 * int64(c.SeqLen) * int64(d/c.Heads) // cosines and sines
	if !c.Shared {
		add("lm_head.weight", c.Vocab, d)
	}
	return infos
}
