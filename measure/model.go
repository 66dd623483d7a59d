package measure

import (
	"math/rand/v2"
	"slices"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/llama"
	"github.com/dyt-go/dyt/zoo/part"
	"github.com/gomlx/compute"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// Modes of a model.
const (
	Inference = "inference" // logits of one text
	Training  = "training"  // loss and the gradients of all parameters; no update, as in the paper's measurement
)

// Llama is the size of the model whose norms are weighed: layers as in LLaMA 7B (width 4096, 32 heads, SwiGLU of 11008) unless a
// smaller width is asked for, and a vocabulary of bytes, so that the head does not dilute what few layers show.
type Llama struct {
	Width, Layers, Tokens int
}

const modelVocab = 256

func (l Llama) config(kind norm.Kind) llama.Config {
	n := norm.Default(kind)
	n.Offset = kind == norm.LayerNorm // the paper's DyT has no beta in a LLaMA
	if spec := LayerSpec(kind); spec.Alpha == norm.Fixed {
		n.Alpha, n.Alpha0, n.Scale = norm.Fixed, norm.Alphas{Attn: spec.Alpha0, FFN: spec.Alpha0, Final: spec.Alpha0}, false
	}
	heads := max(1, l.Width/128)
	return llama.Config{Vocab: modelVocab, Width: l.Width, Layers: l.Layers, Heads: heads, KVHeads: heads, Hidden: l.Width * 43 / 16, Context: l.Tokens,
		Norm: n, RopeTheta: 10000, InitStd: 0.02}
}

// weights is the number of elements of the matrices that every token is multiplied with.
func (l Llama) weights() float64 {
	c := l.config(norm.RMSNorm)
	return float64(c.Layers)*float64(4*c.Width*c.Width+3*c.Width*c.Hidden) + float64(c.Vocab*c.Width)
}

// Flops is the arithmetic of one forward pass: a causal product needs half of its square. Training needs three times as much.
func (l Llama) Flops() float64 {
	return float64(l.Tokens) * (2*l.weights() + 2*float64(l.Layers*l.Tokens*l.Width))
}

// Bytes is about the memory that the cases of so many kinds of norms take together: weights, of which the store and the backend
// have one copy each, results of training, and for each kind its own arena, of gradients as products leave them and of what
// the backward pass needs of the forward pass.
func (l Llama) Bytes(kinds int) float64 {
	c := l.config(norm.RMSNorm)
	weights := l.weights() + float64(c.Vocab*c.Width)
	kept := float64(l.Tokens) * float64(l.Layers) * float64(16*c.Width+6*c.Hidden+3*c.Heads*l.Tokens)
	return 4 * (3*weights + float64(kinds)*(weights+kept))
}

// Models returns the cases of one model: inference with each kind of norm in turn, then training, then a norm layer of each kind
// alone, over as many rows. The models share the parameters of store, which may have those of the same width already.
func Models(backend compute.Backend, store *model.Store, kinds []norm.Kind, size Llama) ([]Case, error) {
	var inference, training []Case
	tokens := drawTokens(size.Tokens)
	for _, kind := range kinds {
		m, err := llama.New("7B layers", size.config(kind))
		if err != nil {
			return nil, err
		}
		if err := part.Initialize(backend, store, m, 1); err != nil {
			return nil, err
		}
		for _, mode := range []string{Inference, Training} {
			exec, err := model.NewExec(backend, store, modelGraph(m, mode))
			if err != nil {
				return nil, err
			}
			c := Case{Op: "model", Norm: string(kind), Mode: mode, Shape: []int{size.Layers, size.Tokens, size.Width}, Rows: size.Tokens,
				Flops: size.Flops(), Run: func() error { return call(exec, tokens) }}
			if mode == Inference {
				inference = append(inference, c)
			} else {
				c.Flops *= 3
				training = append(training, c)
			}
		}
	}
	alone, err := normsAlone(backend, kinds, size)
	return slices.Concat(inference, training, alone), err
}

// normsAlone returns cases of one norm layer of the model by itself, forward, and forward and backward.
func normsAlone(backend compute.Backend, kinds []norm.Kind, size Llama) ([]Case, error) {
	x, dy := draw(1, size.Tokens, size.Width), draw(2, size.Tokens, size.Width)
	var cases []Case
	for _, kind := range kinds {
		both, err := layerCases(backend, size.config(kind).Norm.At(norm.Attn), x, dy)
		if err != nil {
			return nil, err
		}
		cases = append(cases, both...)
	}
	return cases, nil
}

// modelGraph returns the logits of x, or its loss and the gradients of all parameters.
func modelGraph(m part.Model, mode string) func(s *model.Scope, x *Node) []*Node {
	if mode == Inference {
		return func(s *model.Scope, x *Node) []*Node { return []*Node{m.Forward(s, x)} }
	}
	return func(s *model.Scope, x *Node) []*Node {
		loss := m.Loss(s, []*Node{x, x}) // the paper's: tokens are their own labels
		return append([]*Node{loss}, s.BuildTrainableVariablesGradientsGraph(loss)...)
	}
}

func drawTokens(n int) *tensors.Tensor {
	random := rand.New(rand.NewPCG(1, 1))
	flat := make([]int32, n)
	for i := range flat {
		flat[i] = random.Int32N(modelVocab)
	}
	return tensors.FromFlatDataAndDimensions(flat, 1, n)
}
