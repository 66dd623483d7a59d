package llama

import (
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/weights"
)

// FromLlama2C returns the model of a llama2.c checkpoint: RMSNorm, and rotary positions that pair neighbours.
func FromLlama2C(c weights.Llama2C) (*Model, error) {
	n := norm.Default(norm.RMSNorm)
	n.Eps = c.NormEps
	return New("llama2.c", Config{Vocab: c.Vocab, Width: c.Dim, Layers: c.Layers, Heads: c.Heads, KVHeads: c.KVHeads, Hidden: c.HiddenDim,
		Context: c.SeqLen, Norm: n, Tied: c.Shared, RopeTheta: c.RopeTheta, Interleave: c.RoPE == weights.RoPEInterleaved})
}
