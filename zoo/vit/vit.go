// Package vit is the Vision Transformer of arXiv:2010.11929 as the supervised experiments of arXiv:2503.10622 use it:
// timm's VisionTransformer with global_pool='avg' (huggingface/pytorch-image-models v1.0.15, vision_transformer.py). A
// class token attends, but the head reads the mean of the patch tokens, and the last norm, fc_norm, stands behind that mean.
//
// Norm-free variant: one DyT for one LayerNorm, at norm1 and norm2 of every block and at fc_norm, with gamma and beta;
// nothing else changes (jiachenzhu/DyT @aab5dde, main.py).
//
// What differs here: the patch convolution, whose kernel is its stride, is a reshape and a dense product. Laptop sizes
// start with fan-in scaling, the output projections of both sublayers smaller by 1/sqrt(2L), because 0.02 at a small width
// leaves DyT in its linear part; the twins share it. Tensor names are timm's.
//
// Dimension letters: B batch, C channels, S height and width of the image, P of a patch, N = (S/P)^2 patches, D width,
// H heads, K head size, F feed-forward size, L blocks.
package vit

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

// Config holds every size of a ViT.
type Config struct {
	Image    int // S
	Channels int // C
	Patch    int // P, divides S
	Labels   int // classes of the head
	Width    int // D
	Layers   int // L
	Heads    int // H, divides D
	Hidden   int // F

	Norm     norm.Config
	Method   part.Method // what stands elsewhere in place of a norm; "": nothing
	DropPath float64     // rate of the last block; it rises linearly from 0 in the first
	InitStd  float64     // std of every matrix, as timm starts; 0: fan-in scaling with depth-scaled output projections

	Compute dtypes.DType // of the activations: Float32, or BFloat16 (weights stay float32)
	Remat   bool         // gradient checkpointing, a block at a time
}

// Model is a configured ViT.
type Model struct {
	Config
	variant string
}

var _ part.Model = (*Model)(nil)

// New returns the model, or an error that names the first impossible size.
func New(variant string, c Config) (*Model, error) {
	if c.Compute == dtypes.InvalidDType {
		c.Compute = dtypes.Float32
	}
	for _, f := range []struct {
		name string
		size int
	}{{"image", c.Image}, {"channels", c.Channels}, {"patch", c.Patch}, {"classes", c.Labels}, {"width", c.Width}, {"layers", c.Layers}, {"heads", c.Heads}, {"hidden", c.Hidden}} {
		if f.size <= 0 {
			return nil, fmt.Errorf("vit: %s is %d, expected a positive number", f.name, f.size)
		}
	}
	switch {
	case c.Image%c.Patch != 0:
		return nil, fmt.Errorf("vit: patches of %d pixels do not fill an image of %d", c.Patch, c.Image)
	case c.Width%c.Heads != 0:
		return nil, fmt.Errorf("vit: %d heads do not divide width %d", c.Heads, c.Width)
	case !(c.DropPath >= 0 && c.DropPath < 1):
		return nil, fmt.Errorf("vit: drop path is %g, expected a rate from 0 up to 1", c.DropPath)
	}
	return &Model{Config: c, variant: variant}, errors.Join(c.Norm.Check(), c.Method.Check())
}

func (m *Model) Arch() string    { return "vit" }
func (m *Model) Variant() string { return m.variant }
func (m *Model) Classes() int    { return m.Labels }

// patches is N.
func (m *Model) patches() int { return (m.Image / m.Patch) * (m.Image / m.Patch) }

// Forward returns the logits [B, classes] of images [B, C, S, S].
func (m *Model) Forward(s *model.Scope, images *Node) *Node {
	x := m.patchEmbed(s.In("patch_embed").In("proj"), ConvertDType(images, m.Compute)) // [B, N, D]
	x = m.Blocks(s, m.positions(s, x))                                                 // [B, 1+N, D]
	y := ReduceMean(ConvertDType(SliceAxis(x, 1, AxisRange(1)), dtypes.Float32), 1)    // [B, D]
	y = part.Norm(s.In("fc_norm"), m.Norm.At(norm.Final), ConvertDType(y, m.Compute))
	return m.Method.Dense(s.In("head"), y, m.Labels, m.Method.Last(m.start(m.Width, 1)), true) // [B, classes]
}

// Blocks returns what the last block leaves of x [B, T, D], for any number of tokens T.
func (m *Model) Blocks(s *model.Scope, x *Node) *Node {
	blocks := s.In("blocks")
	for i := range m.Layers {
		x = part.Remat(m.Remat, x, func(x *Node) *Node { return m.block(blocks.In("%d", i), x, m.dropRate(i)) }) // [B, T, D]
	}
	return x
}

// block is one layer: x + Attention(norm(x)), then x + MLP(norm(x)).
func (m *Model) block(s *model.Scope, x *Node, drop float64) *Node {
	attn, mlp := s.In("attn"), s.In("mlp")
	y := m.attention(attn, part.Norm(s.In("norm1"), m.Norm.At(norm.Attn), x))
	x = m.Method.Residual(attn, x, part.DropPath(s, y, drop))
	y = m.mlp(mlp, part.Norm(s.In("norm2"), m.Norm.At(norm.FFN), x))
	return m.Method.Residual(mlp, x, part.DropPath(s, y, drop))
}

// dropRate is the rate of block i.
func (m *Model) dropRate(i int) float64 { return m.DropPath * float64(i) / float64(max(m.Layers-1, 1)) }

// patchEmbed is the convolution of kernel and stride P: weight [D, C, P, P], bias [D].
func (m *Model) patchEmbed(s *model.Scope, x *Node) *Node {
	b, side, in := x.Shape().Dimensions[0], m.Image/m.Patch, m.Channels*m.Patch*m.Patch
	x = Reshape(x, b, m.Channels, side, m.Patch, side, m.Patch)
	x = Reshape(TransposeAllDims(x, 0, 2, 4, 1, 3, 5), b, m.patches(), in) // [B, N, C*P*P]
	weight, bias := m.patchInit(in)
	w := param.Node(s, "weight", weight, x, m.Width, m.Channels, m.Patch, m.Patch)
	y := DotGeneral(x, []int{2}, nil, Reshape(w, m.Width, in), []int{1}, nil) // [B, N, D]
	return Add(y, Reshape(param.Node(s, "bias", bias, x, m.Width), 1, 1, m.Width))
}

// positions puts the class token in front and adds the learned positions.
func (m *Model) positions(s *model.Scope, x *Node) *Node {
	b, n := x.Shape().Dimensions[0], m.patches()
	class := param.Node(s, "cls_token", param.Normal(1e-6), x, 1, 1, m.Width)
	x = Concatenate([]*Node{BroadcastToDims(class, b, 1, m.Width), x}, 1) // [B, 1+N, D]
	return Add(x, param.Node(s, "pos_embed", m.positionInit(), x, 1, 1+n, m.Width))
}

func (m *Model) attention(s *model.Scope, x *Node) *Node {
	b, t, size := x.Shape().Dimensions[0], x.Shape().Dimensions[1], m.Width/m.Heads
	qkv := m.Method.Dense(s.In("qkv"), x, 3*m.Width, m.inner(m.Width), true)    // [B, T, 3D]
	qkv = TransposeAllDims(Reshape(qkv, b, t, 3, m.Heads, size), 2, 0, 3, 1, 4) // [3, B, H, T, K]
	take := func(i int) *Node { return Reshape(SliceAxis(qkv, 0, AxisElem(i)), b, m.Heads, t, size) }
	y := part.Attention(take(0), take(1), take(2), false)                   // [B, H, T, K]
	y = Reshape(TransposeAllDims(y, 0, 2, 1, 3), b, t, m.Width)             // [B, T, D]
	return m.Method.Dense(s.In("proj"), y, m.Width, m.outer(m.Width), true) // [B, T, D]
}

// mlp is fc2(gelu(fc1(x))).
func (m *Model) mlp(s *model.Scope, x *Node) *Node {
	h := m.Method.Dense(s.In("fc1"), x, m.Hidden, m.inner(m.Width), true) // [B, T, F]
	h = gelu(m.Method.Activation(s, h))
	return m.Method.Dense(s.In("fc2"), h, m.Width, m.outer(m.Hidden), true) // [B, T, D]
}

// gelu is x * Phi(x) with the exact distribution function of the normal distribution.
func gelu(x *Node) *Node {
	return Mul(MulScalar(x, 0.5), AddScalar(Erf(MulScalar(x, 1/math.Sqrt2)), 1))
}

// inner, outer, patchInit and positionInit say how parameters start: matrices that read the residual stream, those that
// write to it, the patch convolution (timm leaves it PyTorch's default: uniform within 1/sqrt(fan-in)), the positions.
// timm truncates at +-2, which is a hundred standard deviations: a normal distribution.
func (m *Model) inner(in int) param.Init { return m.Method.Inner(m.start(in, 1), 2*m.Layers) }

func (m *Model) outer(in int) param.Init {
	return m.Method.Last(m.start(in, 1/math.Sqrt(float64(2*m.Layers))))
}

// start is timm's standard deviation, or fan-in scaling with a gain.
func (m *Model) start(in int, gain float64) param.Init {
	if m.InitStd != 0 {
		return param.Normal(m.InitStd)
	}
	return part.FanIn(in, gain)
}

func (m *Model) patchInit(in int) (weight, bias param.Init) {
	if m.InitStd != 0 {
		bound := param.Uniform(1 / math.Sqrt(float64(in)))
		return bound, bound
	}
	return part.FanIn(in, 1), param.Constant(0)
}

// positionInit of laptop sizes is large: with 0.02 a short training hardly tells patches apart. After 12,800 images of
// Fashion-MNIST the LayerNorm twin of 0.2M/7 has a top-1 of 0.777 with 0.02, 0.802 with 0.2 and 0.822 with 0.6, the DyT twin
// 0.767 with 0.2 and 0.793 with 0.6 (one seed each).
func (m *Model) positionInit() param.Init {
	if m.InitStd != 0 {
		return param.Normal(m.InitStd)
	}
	return param.Normal(0.6)
}

// Loss is the mean cross-entropy in nats of images [B, C, S, S] with labels int32 [B] or soft targets [B, classes].
func (m *Model) Loss(s *model.Scope, batch []*Node) *Node {
	return loss(m.Forward(s, batch[0]), batch[1])
}

func loss(logits, targets *Node) *Node {
	if targets.DType().IsFloat() {
		return ReduceAllMean(part.SoftCrossEntropy(logits, targets))
	}
	return ReduceAllMean(part.CrossEntropy(logits, targets))
}

// Score sums the cross-entropy and the hits over the images of the batch.
func (m *Model) Score(s *model.Scope, batch []*Node) (nll, correct, count *Node) {
	return part.Scores(m.Forward(s, batch[0]), batch[1])
}

// Inputs are images float32 [B, C, S, S] and labels int32 [B].
func (m *Model) Inputs(b int) []shapes.Shape {
	return []shapes.Shape{shapes.Make(dtypes.Float32, b, m.Channels, m.Image, m.Image), shapes.Make(dtypes.Int32, b)}
}

// Sites lists the 2L+1 norms.
func (m *Model) Sites() []part.Site {
	var sites []part.Site
	for i := range m.Layers {
		at := fmt.Sprintf("blocks.%d.", i)
		sites = append(sites,
			part.Site{ID: at + "norm1", Role: norm.Attn, Spec: m.Norm.At(norm.Attn)},
			part.Site{ID: at + "norm2", Role: norm.FFN, Spec: m.Norm.At(norm.FFN)})
	}
	return append(sites, part.Site{ID: "fc_norm", Role: norm.Final, Spec: m.Norm.At(norm.Final)})
}

// Extras says what the method changes: in a ViT a norm brings nothing along.
func (m *Model) Extras() []string { return m.Method.Extras() }
