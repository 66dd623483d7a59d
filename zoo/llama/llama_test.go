package llama

import (
	"testing"
	"time"

	"github.com/dyt-go/dyt/internal/testbackend"
	"github.com/dyt-go/dyt/norm"
	"github.com/dyt-go/dyt/zoo/part"
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

// TestParameterCounts holds every variant and kind against the table: the RMSNorm and DyT columns as published, every other
// kind by what its norms have.
func TestParameterCounts(t *testing.T) {
	backend := testbackend.Get(t)
	for _, s := range sizes {
		fastest := time.Hour // of the kinds: the others may have waited for a processor
		kinds := norm.Kinds()
		if testing.Short() && !s.laptop() {
			kinds = []norm.Kind{norm.RMSNorm, norm.DyT} // the columns of the table; the others on laptop sizes
		}
		for _, kind := range kinds {
			sites := int64(2*s.layers + 1)
			want := s.rmsnorm
			switch kind {
			case norm.RMSNorm:
			case norm.LayerNorm:
				want += sites * int64(s.width) // beta
			case norm.DyT:
				want = s.dyt
			case norm.Derf:
				want = s.dyt + sites // shift
			default:
				want = s.dyt
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

// TestConfigJSONSaysWhatTransformersNeeds: scripts/interop_transformers.py found that each of these lines decides whether
// stock loaders read the stock network and refuse every other.
func TestConfigJSONSaysWhatTransformersNeeds(t *testing.T) {
	stock := open(t, "test", norm.RMSNorm).ConfigJSON()
	if stock["model_type"] != "llama" || stock["rms_norm_eps"] != 1e-5 || stock["norm"] != nil {
		t.Errorf("the stock network's config.json is %v", stock)
	}
	if std, has := stock["initializer_range"]; has {
		t.Errorf("initializer_range is %v with fan-in scaling, expected none: transformers refuses the integer 0", std)
	}
	for _, kind := range []norm.Kind{norm.DyT, norm.LayerNorm} {
		other := open(t, "test", kind).ConfigJSON()
		if eps, has := other["rms_norm_eps"]; other["model_type"] != "dyt_llama" || !has || eps != nil || other["norm"] == nil {
			t.Errorf("%s: config.json is %v, expected model_type dyt_llama, a norm object and rms_norm_eps null", kind, other)
		}
	}
}

func TestUnsupportedConfigsAreRefused(t *testing.T) {
	for _, text := range []string{
		`{"model_type":"mistral"}`,
		`{"model_type":"llama","hidden_act":"gelu"}`,
		`{"model_type":"llama","attention_bias":true}`,
		`{"model_type":"llama","rope_scaling":{"factor":8}}`,
		`{"model_type":"llama","num_attention_heads":4,"hidden_size":32,"head_dim":16}`,
		`{"model_type":"llama"}`,
		`[]`,
	} {
		if m, err := FromConfigJSON([]byte(text)); err == nil {
			t.Errorf("%s: accepted as %+v", text, m)
		}
	}
}

// TestTiedHeadHasNoWeightOfItsOwn: the embedding is the head, in the graph too.
func TestTiedHeadHasNoWeightOfItsOwn(t *testing.T) {
	backend := testbackend.Get(t)
	untied := open(t, "test", norm.RMSNorm)
	c := untied.Config
	c.Tied = true
	tied, err := New("test", c)
	if err != nil {
		t.Fatal(err)
	}
	a, err := part.Count(backend, untied)
	if err != nil {
		t.Fatal(err)
	}
	b, err := part.Count(backend, tied)
	if err != nil {
		t.Fatal(err)
	}
	if a-b != int64(c.Vocab*c.Width) {
		t.Errorf("%d parameters untied and %d tied, expected a difference of %d", a, b, c.Vocab*c.Width)
	}
}
