package measure

import (
	"fmt"
	"math/rand/v2"

	"github.com/dyt-go/dyt/internal/stat"
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

// Bytes is about the memory that training takes: weights, gradients, and what the backward pass needs of the forward pass.
func (l Llama) Bytes() float64 {
	c := l.config(norm.RMSNorm)
	kept := float64(l.Tokens) * float64(l.Layers) * float64(16*c.Width+6*c.Hidden+3*c.Heads*l.Tokens)
	return 4 * (2*l.weights() + 2*float64(c.Vocab*c.Width) + kept)
}

// Models returns the cases of one model with each kind of norm in turn, inference and training. They share one set of
// matrices.
func Models(backend compute.Backend, kinds []norm.Kind, size Llama) ([]Case, error) {
	store := model.NewStore()
	tokens := drawTokens(size.Tokens)
	var cases []Case
	for _, kind := range kinds {
		m, err := llama.New("7B layers", size.config(kind))
		if err != nil {
			return nil, err
		}
		if err := part.Initialize(backend, store, m, 1); err != nil {
			return nil, err
		}
		for _, mode := range []string{Inference, Training} {
			f, flops := func(s *model.Scope, x *Node) []*Node { return []*Node{m.Forward(s, x)} }, size.Flops()
			if mode == Training {
				f, flops = func(s *model.Scope, x *Node) []*Node {
					loss := m.Loss(s, []*Node{x, x}) // the paper's: tokens are their own labels
					return append([]*Node{loss}, s.BuildTrainableVariablesGradientsGraph(loss)...)
				}, 3*flops
			}
			exec, err := model.NewExec(backend, store, f)
			if err != nil {
				return nil, err
			}
			cases = append(cases, Case{Op: "model", Norm: string(kind), Mode: mode, Shape: []int{size.Layers, size.Tokens, size.Width}, Rows: size.Tokens,
				Flops: flops, Run: func() error { return call(exec, tokens) }})
		}
	}
	return cases, nil
}

func drawTokens(n int) *tensors.Tensor {
	random := rand.New(rand.NewPCG(1, 1))
	flat := make([]int32, n)
	for i := range flat {
		flat[i] = random.Int32N(modelVocab)
	}
	return tensors.FromFlatDataAndDimensions(flat, 1, n)
}

// above sets what a model's norms take: the time beyond that of the same model with the identity in their places. The two are
// compared round by round, so that a slow minute counts for neither.
func (r *Row) above(identity *Row) {
	n := min(len(r.Samples), len(identity.Samples))
	differences := make([]float64, n)
	for i := range differences {
		differences[i] = r.Samples[i] - identity.Samples[i]
	}
	r.Norms, r.NormsCI95 = stat.Median(differences), interval(differences)
}

// paper is what arXiv:2503.10622 reports of LLaMA 7B on an H100 in bfloat16: seconds for 100 passes over 4096 tokens.
var paper = map[string]string{
	Inference: "2.1 of 14.1 s against 1.0 of 13.0 s",
	Training:  "8.3 of 42.6 s against 4.8 of 39.1 s",
}

// Verdicts says in a sentence for each mode and fusion what is left of the paper's claim that DyT's layers take less time than
// RMSNorm's; nothing of rows that have not both.
func Verdicts(rows []Row) []string {
	var list []string
	for i := range rows {
		rms := &rows[i]
		if rms.Op != "model" || rms.Norm != string(norm.RMSNorm) || rms.NormsCI95 == [2]float64{} {
			continue
		}
		for j := range rows {
			dyt := &rows[j]
			if dyt.Op == "model" && dyt.Norm == string(norm.DyT) && dyt.Mode == rms.Mode && dyt.Fusion == rms.Fusion && dyt.NormsCI95 != [2]float64{} {
				list = append(list, verdict(rms, dyt))
			}
		}
	}
	return list
}

// verdict shows a difference only where the two intervals lie apart.
func verdict(rms, dyt *Row) string {
	shown := "no difference is shown: the intervals overlap"
	switch {
	case dyt.NormsCI95[1] < rms.NormsCI95[0]:
		shown = fmt.Sprintf("DyT's layers take %.0f %% less, the model %.1f %% less", 100*(1-dyt.Norms/rms.Norms), 100*(1-dyt.Median/rms.Median))
	case rms.NormsCI95[1] < dyt.NormsCI95[0]:
		shown = fmt.Sprintf("RMSNorm's layers take %.0f %% less, the model %.1f %% less", 100*(1-rms.Norms/dyt.Norms), 100*(1-rms.Median/dyt.Median))
	}
	what := rms.Mode
	if rms.Fusion != "" {
		what += ", fusion " + rms.Fusion
	}
	return fmt.Sprintf("%s: RMSNorm's layers take %s of %s, DyT's %s of %s: %s. The paper (H100, eager): %s, and no difference once compiled.",
		what, duration(rms.Norms), duration(rms.Median), duration(dyt.Norms), duration(dyt.Median), shown, paper[rms.Mode])
}
