package vit

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/part"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

func open(t *testing.T, variant string, kind norm.Kind) *Model {
	t.Helper()
	n, err := DefaultNorm(variant, kind)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(variant, n)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// TestParameterCounts holds every variant and kind against the table: the LayerNorm and DyT columns as published, every
// other kind by what its norms have.
func TestParameterCounts(t *testing.T) {
	backend := testbackend.Get(t)
	for _, s := range sizes {
		fastest := time.Hour // of the kinds: the others may have waited for a processor
		for _, kind := range norm.Kinds() {
			sites := int64(2*s.layers + 1)
			want := s.dyt
			switch kind {
			case norm.LayerNorm:
				want = s.layernorm
			case norm.RMSNorm:
				want = s.layernorm - sites*int64(s.width) // no beta
			case norm.Derf:
				want = s.dyt + sites // shift
			}
			start := time.Now()
			got, err := part.Count(backend, open(t, s.name, kind))
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s %s: %d parameters, expected %d", s.name, kind, got, want)
			}
			fastest = min(fastest, time.Since(start))
		}
		if fastest > time.Second {
			t.Errorf("%s: counting took %v, expected milliseconds", s.name, fastest)
		}
	}
}

// TestConfigJSONKeepsDropPath, which timm's configs do not have; zoo's own test holds the rest in both directions.
func TestConfigJSONKeepsDropPath(t *testing.T) {
	m := open(t, "test", norm.DyT)
	m.DropPath = 0.25
	content, err := json.Marshal(m.ConfigJSON())
	if err != nil {
		t.Fatal(err)
	}
	back, err := FromConfigJSON(content)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(m, back) {
		t.Errorf("%+v came back as %+v", m, back)
	}
}

// TestConfigOfTimm reads what timm 1.0 writes for vit_small_patch16_224 with global_pool avg.
func TestConfigOfTimm(t *testing.T) {
	m, err := FromConfigJSON([]byte(`{"architecture":"vit_small_patch16_224.augreg_in1k","num_classes":100,"num_features":384,"global_pool":"avg","model_args":{"img_size":256,"global_pool":"avg"},"pretrained_cfg":{"input_size":[3,224,224],"mean":[0.5,0.5,0.5]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := open(t, "S/16", norm.LayerNorm).Config
	want.Image, want.Labels, want.InitStd = 256, 100, 0
	if m.Config != want {
		t.Errorf("got %+v, expected %+v", m.Config, want)
	}
}

func TestUnsupportedConfigsAreRefused(t *testing.T) {
	for text, says := range map[string]string{
		`{"architecture":"vit_base_patch16_224","num_classes":10,"global_pool":"token"}`:                                         "global_pool",
		`{"architecture":"convnext_base","num_classes":10,"global_pool":"avg"}`:                                                  "convnext_base",
		`{"architecture":"vit_base_patch16_224","num_classes":10,"global_pool":"avg","model_args":{"init_values":1e-5}}`:         "init_values",
		`{"architecture":"vit_base_patch16_224","num_classes":10,"global_pool":"avg","model_args":{"qkv_bias":false}}`:           "qkv_bias",
		`{"architecture":"vit_base_patch16_224","num_classes":10,"global_pool":"avg","model_args":{"patch_size":17}}`:            "patches",
		`{"architecture":"vit_base_patch16_224","num_classes":0,"global_pool":"avg"}`:                                            "classes",
		`{"architecture":"dyt_vit","num_classes":10,"global_pool":"avg"}`:                                                        "image",
		`{"architecture":"vit_base_patch16_224","num_classes":10,"global_pool":"avg","norm":{"kind":"batchnorm","eps":0.00001}}`: "batchnorm",
		`[]`: "config.json",
	} {
		if m, err := FromConfigJSON([]byte(text)); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %+v, %v; expected an error about %s", text, m, err, says)
		}
	}
}

// TestPatchesAreAConvolution compares the patch embedding with the sums of a convolution whose kernel is its stride.
func TestPatchesAreAConvolution(t *testing.T) {
	m := open(t, "test", norm.DyT)
	store := model.NewStore()
	if err := part.Initialize(testbackend.Get(t), store, m, 1); err != nil {
		t.Fatal(err)
	}
	images := make([]float32, 2*m.Channels*m.Image*m.Image)
	for i := range images {
		images[i] = float32(math.Sin(float64(i)))
	}
	out, err := model.CallOnce(testbackend.Get(t), store, func(s *model.Scope, x *Node) *Node {
		return m.patchEmbed(s.In("patch_embed").In("proj"), x)
	}, tensors.FromFlatDataAndDimensions(images, 2, m.Channels, m.Image, m.Image))
	if err != nil {
		t.Fatal(err)
	}
	weight := values(t, store, "/patch_embed/proj/weight")
	bias := values(t, store, "/patch_embed/proj/bias")
	got := tensors.MustCopyFlatData[float32](out)
	side, p := m.Image/m.Patch, m.Patch
	for b := range 2 {
		for n := range side * side {
			for d := range m.Width {
				sum := float64(bias[d])
				for c := range m.Channels {
					for y := range p {
						for x := range p {
							pixel := images[((b*m.Channels+c)*m.Image+n/side*p+y)*m.Image+n%side*p+x]
							sum += float64(pixel) * float64(weight[((d*m.Channels+c)*p+y)*p+x])
						}
					}
				}
				if diff := math.Abs(float64(got[(b*side*side+n)*m.Width+d]) - sum); diff > 1e-5 { // 48 products of numbers near 1 in float32
					t.Fatalf("image %d, patch %d, channel %d: off by %g", b, n, d, diff)
				}
			}
		}
	}
}

func values(t *testing.T, store *model.Store, path string) []float32 {
	t.Helper()
	v, err := store.GetVariable(path).Value()
	if err != nil {
		t.Fatal(err)
	}
	return tensors.MustCopyFlatData[float32](v)
}

// TestDropPathRisesWithDepth: from 0 in the first block to the rate in the last, as timm's linspace.
func TestDropPathRisesWithDepth(t *testing.T) {
	m := open(t, "B/16", norm.LayerNorm)
	m.DropPath = 0.11
	for i := range m.Layers {
		if got, want := m.dropRate(i), 0.01*float64(i); math.Abs(got-want) > 1e-15 {
			t.Errorf("block %d: rate %g, expected %g", i, got, want)
		}
	}
}
