package vit

import (
	"bytes"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"

	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/part"
)

// Tensor names need no table: a variable's path with dots for slashes is its name in timm's VisionTransformer, weights of
// dense layers are stored [out, in] and the patch convolution [D, C, P, P] as there. What a DyT model has beside:
// <norm>.alpha (and .shift). This file is about config.json, in both directions.

// timmConfig is config.json of a timm model, with our norm object when the norm is not timm's LayerNorm.
type timmConfig struct {
	Architecture string          `json:"architecture"`
	Classes      int             `json:"num_classes"`
	Width        int             `json:"num_features"`
	Pool         string          `json:"global_pool"`
	Args         json.RawMessage `json:"model_args,omitempty"`
	Pretrained   timmPretrained  `json:"pretrained_cfg"`
	Variant      string          `json:"variant,omitempty"`
	InitStd      float64         `json:"init_std,omitempty"`
	Norm         *norm.Config    `json:"norm,omitempty"`
	Method       part.Method     `json:"method,omitempty"`
}

// timmArgs are the arguments with which timm makes the model; what is left out the architecture's name says.
type timmArgs struct {
	Image      int     `json:"img_size,omitempty"`
	Patch      int     `json:"patch_size,omitempty"`
	Channels   int     `json:"in_chans,omitempty"`
	Classes    int     `json:"num_classes,omitempty"`
	Width      int     `json:"embed_dim,omitempty"`
	Layers     int     `json:"depth,omitempty"`
	Heads      int     `json:"num_heads,omitempty"`
	MLPRatio   float64 `json:"mlp_ratio,omitempty"`
	Pool       string  `json:"global_pool,omitempty"`
	DropPath   float64 `json:"drop_path_rate,omitempty"`
	QKVBias    *bool   `json:"qkv_bias,omitempty"`
	ClassToken *bool   `json:"class_token,omitempty"`
}

// timmPretrained is what timm wants to know of the images.
type timmPretrained struct {
	Classes    int    `json:"num_classes"`
	Input      [3]int `json:"input_size"` // C, S, S
	FixedInput bool   `json:"fixed_input_size"`
	FirstConv  string `json:"first_conv"`
	Classifier string `json:"classifier"`
}

// ours is the architecture's name when timm has no class for the network.
const ours = "dyt_vit"

// timmNames are timm's names of the paper's sizes; the others are its base model with every size given.
var timmNames = map[string]string{"Ti/16": "vit_tiny_patch16_224", "S/16": "vit_small_patch16_224", "L/16": "vit_large_patch16_224"}

// timmSizes are width, depth and heads by the word in timm's name.
var timmSizes = map[string][3]int{"tiny": {192, 12, 3}, "small": {384, 12, 6}, "base": {768, 12, 12}, "large": {1024, 24, 16}}

var timmName = regexp.MustCompile(`^vit_(tiny|small|base|large)_patch(\d+)_(\d+)(\.\w+)?$`)

// stock says whether timm's own class computes this model.
func (m *Model) stock() bool { return m.Norm == norm.Default(norm.LayerNorm) && m.Method == "" }

// ConfigJSON is config.json: a VisionTransformer of timm with global_pool avg for the stock network. Any other names an
// architecture that timm does not know and has a norm object, so that timm refuses it instead of loading it wrongly.
func (m *Model) ConfigJSON() map[string]any {
	args := timmArgs{Image: m.Image, Patch: m.Patch, Channels: m.Channels, Width: m.Width, Layers: m.Layers, Heads: m.Heads,
		MLPRatio: float64(m.Hidden) / float64(m.Width), Pool: "avg", DropPath: m.DropPath}
	c := timmConfig{
		Architecture: timmNames[m.variant], Classes: m.Labels, Width: m.Width, Pool: "avg", Variant: m.variant, InitStd: m.InitStd, Method: m.Method,
		Pretrained: timmPretrained{m.Labels, [3]int{m.Channels, m.Image, m.Image}, true, "patch_embed.proj", "head"},
	}
	if c.Architecture == "" {
		c.Architecture = "vit_base_patch16_224"
	}
	if !m.stock() {
		c.Architecture, c.Norm = ours, &m.Norm
	}
	var object map[string]any
	for _, step := range []func() error{
		func() (err error) { c.Args, err = json.Marshal(args); return },
		func() error {
			content, err := json.Marshal(c)
			if err != nil {
				return err
			}
			return json.Unmarshal(content, &object)
		},
	} {
		if err := step(); err != nil {
			panic(fmt.Errorf("vit: config.json: %w", err)) // every field has a JSON form
		}
	}
	return object
}

// FromConfigJSON returns the model that config.json describes: ours, or timm's vit_{tiny,small,base,large}_patchP_S. What
// this ViT does not compute is an error that names the key: another pooling, arguments that change the network.
func FromConfigJSON(content []byte) (*Model, error) {
	var c timmConfig
	if err := json.Unmarshal(content, &c); err != nil {
		return nil, fmt.Errorf("vit: config.json: %w", err)
	}
	args, err := c.args()
	if err != nil {
		return nil, err
	}
	n := norm.Default(norm.LayerNorm)
	if c.Norm != nil {
		n = *c.Norm
	}
	switch {
	case args.Pool != "avg":
		return nil, fmt.Errorf("vit: config.json: global_pool is %q, expected avg: this ViT's head reads the mean of the patch tokens", args.Pool)
	case args.QKVBias != nil && !*args.QKVBias, args.ClassToken != nil && !*args.ClassToken:
		return nil, fmt.Errorf("vit: config.json: model_args turns qkv_bias or class_token off, which is not supported")
	}
	return New(c.Variant, Config{Image: args.Image, Channels: args.Channels, Patch: args.Patch, Labels: args.Classes, Width: args.Width, Layers: args.Layers,
		Heads: args.Heads, Hidden: int(float64(args.Width) * args.MLPRatio), Norm: n, Method: c.Method, DropPath: args.DropPath, InitStd: c.InitStd})
}

// args returns every argument of the model: what the architecture's name says, and over it what model_args says.
func (c timmConfig) args() (timmArgs, error) {
	a := timmArgs{Channels: 3, MLPRatio: 4, Classes: c.Classes, Pool: c.Pool}
	if name := timmName.FindStringSubmatch(c.Architecture); name != nil {
		size := timmSizes[name[1]]
		a.Width, a.Layers, a.Heads = size[0], size[1], size[2]
		a.Patch, _ = strconv.Atoi(name[2])
		a.Image, _ = strconv.Atoi(name[3])
	} else if c.Architecture != ours {
		return a, fmt.Errorf("vit: config.json: architecture %q, expected vit_tiny, small, base or large _patchP_S, or %s", c.Architecture, ours)
	}
	if len(c.Args) == 0 {
		return a, nil
	}
	d := json.NewDecoder(bytes.NewReader(c.Args))
	d.DisallowUnknownFields()
	if err := d.Decode(&a); err != nil {
		return a, fmt.Errorf("vit: config.json: model_args: %w", err)
	}
	return a, nil
}
