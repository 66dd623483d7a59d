// Package norm holds the normalization layers of Transformers and the point-wise functions that replace them.
//
// DyT(x) = gamma * tanh(alpha * x) + beta (arXiv:2503.10622) and its family stand beside LayerNorm and RMSNorm under one
// Spec, so that one field turns a network into its norm-free twin. The package knows layers, not networks: where a norm
// stands and what else changes with it belongs to the architecture. Read this file first, then kinds.go.
package norm

// Kind names what a layer computes: "layernorm", "rmsnorm", "dyt", "derf", ... Kinds lists them all.
type Kind string

// Mode says what alpha is.
type Mode string

const (
	Learned Mode = "learned" // one learnable scalar a layer, as in the paper
	Fixed   Mode = "fixed"   // the constant Alpha0
	Channel Mode = "channel" // one learnable value a channel
)

// Spec describes one layer. The layer computes, for a point-wise kind with function f,
//
//	y = gamma * f(alpha*x + shift) + beta
//
// with gamma, beta of shape [C] along Axis, alpha of shape [1] (Learned), [C] (Channel) or a constant (Fixed), and shift
// of shape [1].
type Spec struct {
	Kind   Kind
	Alpha0 float64 // initial alpha; the value itself when Alpha is Fixed
	Alpha  Mode
	Shift  bool    // Derf's learnable s inside the function, initially 0
	Axis   int     // the channel axis; negative counts from the end
	Scale  bool    // gamma, initially 1
	Offset bool    // beta, initially 0
	Eps    float64 // LayerNorm and RMSNorm only
}

// Role is where in a network a norm stands: a recipe has one Alpha0 for each.
type Role string

const (
	Attn  Role = "attn"  // before attention, or before the token mixer
	FFN   Role = "ffn"   // before the feed-forward network
	Final Role = "final" // before the head
)
